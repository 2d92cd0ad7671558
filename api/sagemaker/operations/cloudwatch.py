"""CloudWatch, as far as monitors need it: what runs of schedules measured, where no CloudWatch was asked to keep it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.sagemaker.calls import Call, Input, Output, operation
from api.sagemaker.failures import ProtocolError
from graph.errors import NotFoundError
from graph.listing import Sort
from graph.monitoring import measurements, names, schedules
from graph.monitoring.measured import Measurement, Subject
from graph.monitoring.published import Datum, data, of_schedule
from graph.monitoring.schedules import Schedule
from graph.registry import lists
from graph.registry.lists import RegistryFilter
from graph.times import to_ms

SERVICE = "cloudwatch"
SCHEDULES = 10
"""Schedules whose metrics stand on one page."""
RUNS = 1_440
"""Data points that an answer may have, as at CloudWatch."""
NAMES = ("ScheduleName", "MonitoringSchedule")
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


@operation(
    "ListMetrics", service=SERVICE, note="What the last run of each schedule measured; RecentlyActive is passed over."
)
async def list_metrics(call: Call, given: Input) -> Output:
    """A page of metrics, schedule by schedule."""
    when, after = await call.page(given)
    page = await lists.page(
        *(call.catalog.store, call.account, names.SCHEDULE, when),
        filter=RegistryFilter(),
        sort=Sort.NAME,
        descending=False,
        first=SCHEDULES,
        after=after,
    )
    found = []
    for _, entity in page.items:
        schedule = schedules.read(entity)
        namespace = _namespace(call, schedule)
        measured = await measurements.newest(call.catalog.store, call.account, schedule.name)
        for datum in data(measured, of_schedule(schedule.name, schedule.endpoint)):
            if given.get("Namespace", namespace) == namespace and _fits(datum, given):
                found.append({"Namespace": namespace, "MetricName": datum.name, "Dimensions": _dimensions(datum)})
    last = page.items[-1][0] if page.more else None
    return {"Metrics": found, **call.next_token(given, when, last)}


@operation(
    "GetMetricStatistics",
    service=SERVICE,
    note="Of what runs of schedules measured, by periods of whole minutes; the dimensions have to be all of the metric's.",
)
async def get_metric_statistics(call: Call, given: Input) -> Output:
    """The statistics of one metric."""
    period = given["Period"] * 1000
    start, end = to_ms(given["StartTime"]), to_ms(given["EndTime"])
    wanted = given.get("Statistics") or []
    if period < 60_000 or period % 60_000:
        raise ProtocolError("InvalidParameterValue", "The parameter Period must be a multiple of 60.")
    if start >= end:
        raise ProtocolError("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
    if (asked := (end - start) // period) > RUNS:
        raise ProtocolError(
            "InvalidParameterCombination",
            f"You have requested up to {asked} datapoints, which exceeds the limit of {RUNS}: ask for a longer Period.",
        )
    if not wanted:
        raise ProtocolError("MissingParameter", f"The parameter Statistics is required: {', '.join(STATISTICS)}.")
    buckets: dict[int, list[Datum]] = {}
    async for datum in _found(call, given, start, end):
        buckets.setdefault((datum.at - start) // period, []).append(datum)
    points = [
        {"Timestamp": start + number * period, "Unit": "None", **_statistics(held, wanted)}
        for number, held in sorted(buckets.items())
    ]
    return {"Label": given["MetricName"], "Datapoints": points}


async def _found(call: Call, given: Input, start: int, end: int) -> Any:
    """What was measured in a time under a metric's name and dimensions."""
    asked = {item["Name"]: item["Value"] for item in given.get("Dimensions", ())}
    name = next((asked[key] for key in NAMES if key in asked), None)
    if name is None:
        return
    try:
        schedule = await schedules.find(call.catalog.store, call.place, name, await call.catalog.moment(call.account))
    except NotFoundError:
        return
    if given["Namespace"] != _namespace(call, schedule):
        return
    own = of_schedule(schedule.name, schedule.endpoint)
    # What one run measured says of which thing the metric is.
    for item in await measurements.newest(call.catalog.store, call.account, schedule.name):
        if not any(_is(datum, given["MetricName"], asked) for datum in data([item], own)):
            continue
        for held in await _series(call, schedule, item, start, end):
            for datum in data([held], own):
                if _is(datum, given["MetricName"], asked):
                    yield datum


async def _series(call: Call, schedule: Schedule, item: Measurement, start: int, end: int) -> Sequence[Measurement]:
    subject: Subject = item.subject
    return await measurements.series(
        *(call.catalog.store, call.account, schedule.name, subject, item.name),
        start=start,
        end=end,
        first=measurements.MOST,
    )


def _is(datum: Datum, name: str, dimensions: Mapping[str, str]) -> bool:
    return datum.name == name and dict(datum.dimensions) == dict(dimensions)


def _fits(datum: Datum, given: Input) -> bool:
    if given.get("MetricName", datum.name) != datum.name:
        return False
    own = datum.dimensions
    asked = given.get("Dimensions", ())
    return all(item["Name"] in own and item.get("Value", own[item["Name"]]) == own[item["Name"]] for item in asked)


def _namespace(call: Call, schedule: Schedule) -> str:
    return call.namespaces.transforms if schedule.endpoint is None else call.namespaces.endpoints


def _dimensions(datum: Datum) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in datum.dimensions.items()]


def _statistics(held: Sequence[Datum], wanted: Sequence[str]) -> dict[str, float]:
    def each(of: str) -> Iterator[float]:
        for datum in held:
            yield getattr(datum, of) if datum.value is None else datum.value

    count = sum(datum.count for datum in held)
    total = sum(each("total"))
    found = {
        "SampleCount": count,
        "Sum": total,
        "Average": total / count,
        "Minimum": min(each("minimum")),
        "Maximum": max(each("maximum")),
    }
    return {name: found[name] for name in STATISTICS if name in wanted}
