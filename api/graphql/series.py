"""What the runs of a schedule measured, over time."""

from datetime import datetime

import strawberry

from api.graphql.context import Info
from api.graphql.documents import DocumentFigure, shown_figure
from api.graphql.names import MonitoringSubject
from graph.monitoring import measurements
from graph.monitoring.measured import Measurement, Subject
from graph.monitoring.schedules import Schedule
from graph.times import FOREVER, from_ms, to_ms
from reports.charts.lines import Point, over_time

MOST_DRAWN = 200
"""Points of a picture: the last ones."""


@strawberry.type
class MonitoringMeasurement:
    """Numbers that a run measured of one thing, and of what they are."""

    subject: MonitoringSubject
    name: str = strawberry.field(description="Of the feature, the facet's group or the output; empty for the model.")
    metrics: list[str] = strawberry.field(description="Names of what was measured, of which there are series.")


@strawberry.type
class MonitoringPoint:
    """A value of a series: what one run measured."""

    at: datetime = strawberry.field(description="The time for which the run was due.")
    value: float
    limit: float | None = strawberry.field(description="What it was held against.")
    job: str = strawberry.field(description="The run's processing job.")


async def measured(info: Info, schedule: Schedule) -> list[MonitoringMeasurement]:
    """What there are series of: what the last run measured."""
    context = info.context
    found = await measurements.newest(context.catalog.store, context.account, schedule.name)
    return [MonitoringMeasurement(subject=item.subject, name=item.name, metrics=sorted(item.values)) for item in found]


async def series(
    info: Info,
    schedule: Schedule,
    subject: MonitoringSubject,
    name: str,
    metric: str,
    times: tuple[datetime | None, datetime | None],
    first: int,
) -> list[MonitoringPoint]:
    """The values of a metric, oldest first; runs that did not measure it are left out."""
    found = await _read(info, schedule, subject, name, times, first, last=False)
    return [
        MonitoringPoint(at=from_ms(item.at), value=item.values[metric], limit=item.limits.get(metric), job=item.job)
        for item in found
        if metric in item.values
    ]


async def picture(
    info: Info,
    schedule: Schedule,
    subject: MonitoringSubject,
    name: str,
    metric: str,
    times: tuple[datetime | None, datetime | None],
) -> DocumentFigure:
    """The same as a picture with its threshold, and as a table; the last `MOST_DRAWN` points of it."""
    found = await _read(info, schedule, subject, name, times, MOST_DRAWN, last=True)
    limit = next((item.limits[metric] for item in reversed(found) if metric in item.limits), None)
    points = [
        Point(f"{from_ms(item.at):%Y-%m-%d %H:%M}", item.values.get(metric), _beyond(item, metric)) for item in found
    ]
    thing = f"{metric} of {name}" if name else metric
    return shown_figure(over_time(f"{thing}, {schedule.name}", points, measure=metric, threshold=limit))


async def _read(
    info: Info,
    schedule: Schedule,
    subject: MonitoringSubject,
    name: str,
    times: tuple[datetime | None, datetime | None],
    first: int,
    *,
    last: bool,
) -> list[Measurement]:
    start, end = times
    context = info.context
    return await measurements.series(
        *(context.catalog.store, context.account, schedule.name, Subject(subject), name),
        start=0 if start is None else to_ms(start),
        end=FOREVER if end is None else to_ms(end),
        first=first,
        last=last,
    )


def _beyond(item: Measurement, metric: str) -> bool:
    """Whether a value is a violation, as far as its metric tells which side is worse."""
    limit, value = item.limits.get(metric), item.values.get(metric)
    if limit is None or value is None:
        return False
    if metric == "baseline_drift":
        return value > limit
    if metric in ("completeness", "ndcg"):
        return value < limit
    return False
