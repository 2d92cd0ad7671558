"""The report on an analysis that asks for bias, for attributions, or for both."""

from typing import Protocol

from monitors.bias import BiasFound
from monitors.runs import Subject
from reports.documents import Document
from reports.monitoring.attribution import AttributionFound, attribution_document
from reports.monitoring.bias import bias_document


class ClarifyFound(Protocol):
    """What the report is made of."""

    @property
    def bias(self) -> BiasFound | None: ...  # noqa: D102  # the class says it
    @property
    def attribution(self) -> AttributionFound | None: ...  # noqa: D102


def clarify_document(subject: Subject, found: ClarifyFound) -> Document:
    """The report of a run, or of a baseline; of both, one after the other in one document."""
    made = [] if found.bias is None else [bias_document(subject, found.bias)]
    made += [] if found.attribution is None else [attribution_document(subject, found.attribution)]
    if len(made) == 1:
        return made[0]
    first, second = made
    # What was looked at comes first in each, and how to do it again last: both say the same.
    sections = (*first.sections[:-1], *second.sections[1:-1], first.sections[-1])
    return Document(
        f"Bias and attribution of {subject.data.name}",
        first.subtitle,
        (*first.parts, *second.parts),
        sections,
        footer=first.footer,
    )
