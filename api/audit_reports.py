"""An audit report: made, kept in the artifact store, and recorded as derived from what it rests on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graph.access import Caller, Permission
from graph.artifacts import ArtifactStore, Stored
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.commands import Command, associate, create_artifact
from graph.contents import sha256
from graph.times import Moment
from reports.audit import bundle, excerpt
from reports.audit.bundle import File
from reports.audit.covered import REPORT_TYPE, Covered, cover
from reports.audit.forms import Form
from reports.audit.report import report
from reports.audit.scope import Scope, scope
from reports.documents import Document
from reports.rendering import plain

MOST_SOURCES = 1_000
"""Entities that a report is recorded as derived from: the subject, then those that it names, first named first."""
STEPS = ("reading the graph", "writing the document", "excerpting the ledger", "making the file", "recording it")

Progress = Callable[[int, int], None]
"""Told how many of `STEPS` are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Audited:
    """A report that was made.

    Attributes:
        stored: where it is kept, and its artifact's ARN; None for a caller who may only read, whose reports are not kept.
        entities: how many entities it speaks of.
    """

    scope: Scope
    file: File
    stored: tuple[Stored, str] | None
    entities: int


async def audit(
    catalog: Catalog,
    caller: Caller,
    asked: str,
    when: Moment,
    *,
    form: Form,
    question: str | None = None,
    artifacts: ArtifactStore | None = None,
    on_progress: Progress = lambda _done, _all: None,
) -> Audited:
    """Make a report of an entity as of a moment.

    Args:
        catalog: The graph.
        caller: Who asks.
        asked: The entity's ARN, or its resource's.
        when: At which moment.
        form: As what.
        question: What whoever asks wants to know, in their words.
        artifacts: Where the report is kept; None not to keep it.
        on_progress: Told how far it has come.

    Raises:
        NotFoundError: the entity is not there at the moment.
        InvalidError: the question can't be printed.
        TooExpensiveError: a PDF of it would need more than one may; other forms have no such bound.
        TimeLimitError: the same.
    """
    resolved = await scope(catalog, caller.account, asked, when, question)
    on_progress(0, len(STEPS))
    met = await cover(catalog.store, resolved)
    on_progress(1, len(STEPS))
    document = await asyncio.to_thread(report, met)
    on_progress(2, len(STEPS))
    proof = await excerpt.excerpt(catalog.store, catalog.checkpoints, met)
    on_progress(3, len(STEPS))
    file = await bundle.made(form, met, document, proof, catalog.checkpoints)
    on_progress(4, len(STEPS))
    stored = None
    if artifacts is not None and caller.role.may(Permission.WRITE):
        kept = await asyncio.to_thread(artifacts.put, file.content, file.name)
        artifact, commands = await asyncio.to_thread(_recorded, catalog, met, document, file, kept)
        await catalog.write(caller, commands, operation="auditReport")
        stored = (kept, artifact)
    on_progress(5, len(STEPS))
    return Audited(resolved, file, stored, len(met.revisions))


def _recorded(
    catalog: Catalog, met: Covered, document: Document, file: File, kept: Stored
) -> tuple[str, list[Command]]:
    """The ARN of the report's artifact; the commands that make it, derived from what it rests on."""
    asked = met.scope
    made = create_artifact(
        catalog.place(asked.account),
        kept.uri,
        name=file.name,
        type=REPORT_TYPE,
        source_types=[sha256(kept.digest)],
        properties={
            "subject": asked.arn,
            "question": asked.question,
            "as_of": asked.as_of,
            "known_at": asked.known_at,
            "known_at_sequence": str(asked.head.sequence),
            "sha256": kept.digest,
            "bytes": str(kept.size),
        },
    )
    of = {revision.source: arn for arn, revision in met.revisions.items()}
    data: dict[str, Any] = plain(document)[0]
    named = dict.fromkeys([asked.arn, *(of[source] for source in data["sources"] if source in of)])
    derived = AssociationType.DERIVED_FROM
    return made.arn, [made, *(associate(arn, made.arn, derived) for arn in list(named)[:MOST_SOURCES])]
