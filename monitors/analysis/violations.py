"""`constraint_violations.json`: where a data set breaks its constraints, and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from monitors.analysis.intervals import Interval
from monitors.analysis.jsonfile import Document, dump, number

CheckType = Literal[
    "data_type_check",
    "completeness_check",
    "missing_column_check",
    "extra_column_check",
    "baseline_drift_check",
    "non_negative_check",
    "categorical_values_check",
]


@dataclass(frozen=True)
class Violation:
    """One broken constraint.

    Attributes:
        feature_name: The column.
        constraint_check_type: What was checked.
        description: For people, in the wording of SageMaker Model Monitor where one is known.
        expected: What the constraint asks for: a type, a share, a domain, a number of columns, a smallest value.
        observed: What there was instead: a share, a distance, a p-value, a number of columns, a value.
        threshold: The number that `observed` was held against; None for columns.
        sample_size: How many values (or, for completeness and columns, rows) `observed` rests on.
        baseline_sample_size: How many values the baseline's side rests on; only for drift.
        method: `linf_simple`, `linf_robust`, `chi_squared`; only for drift.
        interval: Between what `observed` lies at 95 % confidence, where that can be told.
        unexpected: Up to 20 texts outside of the domain, most frequent first; only for categorical values.
    """

    feature_name: str
    constraint_check_type: CheckType
    description: str
    expected: float | int | str | Sequence[str] | None
    observed: float | int | None
    threshold: float | None
    sample_size: int
    baseline_sample_size: int | None = None
    method: str | None = None
    interval: Interval | None = None
    unexpected: Sequence[str] | None = None

    def to_document(self) -> Document:
        """The violation as it stands in the file; what does not apply to its check is left out."""
        document: Document = {
            "feature_name": self.feature_name,
            "constraint_check_type": self.constraint_check_type,
            "description": self.description,
            "expected": _json(self.expected),
            "observed": _json(self.observed),
            "threshold": _json(self.threshold),
            "sample_size": self.sample_size,
        }
        for key in ("baseline_sample_size", "method", "interval", "unexpected"):
            if getattr(self, key) is not None:
                document[key] = _json(getattr(self, key))
        return document


def violations_document(violations: Sequence[Violation]) -> Document:
    """The whole of `constraint_violations.json`."""
    return {"violations": [violation.to_document() for violation in violations]}


def violations_to_json(violations: Sequence[Violation]) -> bytes:
    """The bytes of `constraint_violations.json`: strict JSON, the same for the same violations."""
    return dump(violations_document(violations))


def _json(value: object) -> object:
    if isinstance(value, float):
        return number(value)
    return [_json(item) for item in value] if isinstance(value, tuple) else value
