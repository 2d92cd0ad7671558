"""`constraint_violations.json`: where a data set breaks its constraints, and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from monitors.analysis.errors import DocumentError
from monitors.analysis.intervals import Interval
from monitors.analysis.jsonfile import Document, dump, load, number, parse_number

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


def parse_violations(data: bytes | str) -> list[Violation]:
    """Read a `constraint_violations.json` of data quality, ours or one that SageMaker wrote, which says less of each.

    Raises:
        DocumentError: It is not JSON or not of the format.
    """
    return [_read(item) for item in listed_violations(load(data, "constraint_violations.json"))]


def listed_violations(document: Document) -> list[Document]:
    """The violations of any monitor's `constraint_violations.json`, as they stand there.

    Raises:
        DocumentError: It has no list of objects `violations`.
    """
    items = document.get("violations")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DocumentError("constraint_violations.json has no list of objects `violations`.")
    return items


def optional_number(item: Document, key: str) -> float | None:
    """A number of a violation, or None where its file does not say it.

    Raises:
        DocumentError: It is something else.
    """
    value = item.get(key)
    return None if value is None else parse_number(value, f"constraint_violations.json: {key}")


def _read(item: Document) -> Violation:
    interval: Any = item.get("interval")
    if not isinstance(item.get("feature_name"), str):
        raise DocumentError("constraint_violations.json holds a violation without a `feature_name`.")
    return Violation(
        feature_name=item["feature_name"],
        constraint_check_type=item.get("constraint_check_type", ""),
        description=str(item.get("description", "")),
        expected=item.get("expected"),
        observed=optional_number(item, "observed"),
        threshold=optional_number(item, "threshold"),
        sample_size=int(optional_number(item, "sample_size") or 0),
        baseline_sample_size=None if item.get("baseline_sample_size") is None else int(item["baseline_sample_size"]),
        method=item.get("method"),
        interval=(float(interval[0]), float(interval[1]))
        if isinstance(interval, list) and len(interval) == 2
        else None,
        unexpected=item.get("unexpected"),
    )


def _json(value: object) -> object:
    if isinstance(value, float):
        return number(value)
    return [_json(item) for item in value] if isinstance(value, tuple) else value
