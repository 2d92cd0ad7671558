"""What a run measured, as numbers by what they are of.

It goes through the process that computes, so nothing that takes long to import stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Subject(StrEnum):
    """What numbers are of."""

    FEATURE = "FEATURE"
    MODEL = "MODEL"
    BIAS = "BIAS"
    ATTRIBUTION = "ATTRIBUTION"


@dataclass(frozen=True, slots=True)
class Measurement:
    """Numbers that one run measured of one thing.

    Attributes:
        name: of the feature, the facet's group or the model's output; empty for the model as a whole.
        values: by metric.
        limits: what a metric may not pass, where a baseline says so.
        dimensions: what the thing is, in CloudWatch's words: `Facet`, `FacetValue` and so on.
        at: the time for which the run was due, epoch milliseconds.
        job: the run's processing job.
    """

    subject: Subject
    name: str
    values: Mapping[str, float]
    limits: Mapping[str, float] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)
    at: int = 0
    job: str = ""
