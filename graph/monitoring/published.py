"""What runs measured as CloudWatch has it: namespaces, dimensions and names of metrics.

Source: "CloudWatch Metrics" of Model Monitor and "Monitoring Clarify" in the SageMaker developer guide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph.monitoring.measured import Measurement, Subject

LARGEST = 2.0**360
"""What CloudWatch takes; beyond it, values are clipped."""
PLAIN = ("non_null", "null", "completeness", "baseline_drift")
TYPE = "type_"
EXPECTED = "expected_value"


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Where metrics go: of endpoints, and of batch transforms."""

    endpoints: str = "/aws/sagemaker/Endpoints/data-metric"
    transforms: str = "/aws/sagemaker/ModelMonitoring/data-metric"


@dataclass(frozen=True, slots=True)
class Datum:
    """One metric of one run.

    Attributes:
        value: the number, or
        minimum, maximum, total, count: of many numbers.
        at: epoch milliseconds.
    """

    name: str
    dimensions: Mapping[str, str]
    at: int
    value: float | None = None
    minimum: float = 0.0
    maximum: float = 0.0
    total: float = 0.0
    count: float = 1.0


def of_schedule(schedule: str, endpoint: str | None) -> dict[str, str]:
    """The dimensions that all metrics of a schedule have."""
    if endpoint is None:
        return {"MonitoringSchedule": schedule}
    return {"EndpointName": endpoint, "ScheduleName": schedule}


def data(measured: Sequence[Measurement], dimensions: Mapping[str, str]) -> Iterator[Datum]:
    """What runs measured as metrics.

    Args:
        measured: The numbers.
        dimensions: Those of their schedule.
    """
    for item in measured:
        own = dict(dimensions)
        if item.subject in (Subject.BIAS, Subject.ATTRIBUTION):
            own |= item.dimensions
        for name, value in item.values.items():
            if (called := _called(item, name)) is not None:
                of = {**own, "ValueType": _type(name)} if item.subject is Subject.ATTRIBUTION else own
                yield Datum(called, of, item.at, clipped(value))
        values = item.values
        if item.subject is Subject.FEATURE and "sum" in values and values.get("non_null"):
            low, high, total = (clipped(values[key]) for key in ("min", "max", "sum"))
            yield Datum(f"feature_data_{item.name}", own, item.at, None, low, high, total, values["non_null"])


def clipped(value: float) -> float:
    """A number as CloudWatch takes it."""
    return max(-LARGEST, min(LARGEST, value))


def _called(item: Measurement, name: str) -> str | None:
    """What a metric is called; None for what CloudWatch gets as a set, or not at all."""
    if item.subject is Subject.FEATURE:
        return f"feature_{name}_{item.name}" if name in PLAIN or name.startswith(TYPE) else None
    if item.subject is Subject.BIAS:
        return f"bias_metric_{name}"
    return "ExpectedValue" if name == EXPECTED else name


def _type(name: str) -> str:
    return "ExpectedValue" if name == EXPECTED else "GlobalShapValues" if name.startswith("feature_") else "Drift"
