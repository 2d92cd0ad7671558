"""Metrics of trial components: their summaries, their series, and putting points."""

from datetime import datetime

import strawberry

from api.graphql.context import Context, Info
from api.graphql.inputs import RepeatableInput
from api.graphql.scalars import BigInt
from graph import metrics
from graph.entities import Entity
from graph.metric_writer import Refused
from graph.metrics import Point, Summary
from graph.times import Moment, from_ms, now_ms, to_ms

SERIES = 5_000
"""Points of a series when `first` is not given."""
strawberry.enum(Refused, name="MetricRefusal", description="Why a point was not kept.")


@strawberry.type
class MetricSummary:
    """What a metric's points came to.

    The deviation is that of a whole population; the last point is the newest by time, then by step.
    """

    name: str
    count: BigInt
    minimum: float
    maximum: float
    average: float
    standard_deviation: float
    last: float
    last_at: datetime


@strawberry.type
class MetricPoint:
    """One value of a metric; what follows it is asked for after its cursor."""

    value: float
    step: int | None
    at: datetime
    cursor: str


@strawberry.input
class MetricPointInput:
    """One value of a metric: at a time, now by default, and at a step, if it has one."""

    name: str
    value: float
    step: int | None = None
    at: datetime | None = None


@strawberry.input
class PutMetricsInput(RepeatableInput):
    """Points of a trial component's metrics, at most 10,000.

    A point with a step is kept once; one without is kept once a clientRequestId.
    """

    arn: strawberry.ID
    points: list[MetricPointInput]


@strawberry.type
class RefusedPoint:
    """A point that was not kept, by its place in the request, counted from 0."""

    index: int
    reason: Refused


@strawberry.type
class MetricsPayload:
    """Points that were put; the summaries hold them already."""

    arn: strawberry.ID
    refused: list[RefusedPoint]


@strawberry.type
class MetricMutations:
    """What can be said of metrics."""

    @strawberry.mutation
    async def put_metrics(self, info: Info, input: PutMetricsInput) -> MetricsPayload:
        """Keeps points of a trial component's metrics, beside the ledger."""
        context = info.context
        arn = await context.lineage_arn(input.arn)
        now = now_ms()
        points = [
            Point(item.name, item.value, now if item.at is None else to_ms(item.at), item.step) for item in input.points
        ]
        refused = await context.catalog.put_metrics(context.caller, arn, points, request_id=input.client_request_id)
        named = [RefusedPoint(index=index, reason=reason) for index, reason in enumerate(refused) if reason is not None]
        return MetricsPayload(arn=strawberry.ID(arn), refused=named)


async def summaries(context: Context, component: Entity, when: Moment) -> list[MetricSummary]:
    """The summaries of a component's metrics at a moment, by name."""
    return [_shown(summary) for summary in await context.summaries.load((component, when))]


async def series(
    context: Context, component: Entity, when: Moment, name: str, first: int, after: str | None
) -> list[MetricPoint]:
    """Some points of a component's metric as known at a moment, by time, then by step."""
    found = await metrics.series(
        context.catalog.store, context.account, component, name, when, first=first, after=after
    )
    return [MetricPoint(value=point.value, step=point.step, at=from_ms(point.at), cursor=key) for key, point in found]


def _shown(summary: Summary) -> MetricSummary:
    return MetricSummary(
        name=summary.name,
        count=BigInt(summary.count),
        minimum=summary.minimum,
        maximum=summary.maximum,
        average=summary.average,
        standard_deviation=summary.deviation,
        last=summary.last,
        last_at=from_ms(summary.last_at),
    )
