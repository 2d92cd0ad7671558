"""Metrics: putting points of trial components, reading them by step or time."""

from collections.abc import Callable
from typing import Any

from api.sagemaker.calls import Call, Input, Output, operation
from graph import metrics
from graph.entities import Entity, Kind
from graph.errors import NotFoundError, StemmaError
from graph.experiments import COMPONENT
from graph.metric_writer import Refused
from graph.metrics import Point, Summary
from graph.times import to_ms

CODES = {Refused.LIMIT: "METRIC_LIMIT_EXCEEDED", Refused.INVALID: "VALIDATION_ERROR"}
PERIODS = {"OneMinute": 60_000, "FiveMinute": 300_000, "OneHour": 3_600_000}
"""In milliseconds."""
VALUES = 10_000
"""What one result of BatchGetMetrics holds at most."""
STATISTICS: dict[str, Callable[[Summary], float]] = {
    "Min": lambda summary: summary.minimum,
    "Max": lambda summary: summary.maximum,
    "Avg": lambda summary: summary.average,
    "Count": lambda summary: float(summary.count),
    "StdDev": lambda summary: summary.deviation,
    "Last": lambda summary: summary.last,
}


@operation(
    "BatchPutMetrics",
    service="sagemaker-metrics",
    note="A point with a step is kept once: the same name, step, time and value again adds nothing. Attempts that boto3 "
    "repeats by itself add nothing either.",
)
async def batch_put_metrics(call: Call, given: Input) -> Output:
    """Keep points; those that can't be kept are named."""
    arn = call.place.arn(f"{COMPONENT}/{given['TrialComponentName']}")
    call.arns.append(arn)
    points = [
        Point(item["MetricName"], item["Value"], to_ms(item["Timestamp"]), item.get("Step"))
        for item in given["MetricData"]
    ]
    refused = await call.catalog.put_metrics(call.caller, arn, points, request_id=call.invocation)
    errors = [
        {"Code": CODES[reason], "MetricIndex": index} for index, reason in enumerate(refused) if reason is not None
    ]
    return {"Errors": errors or None}


@operation(
    "BatchGetMetrics",
    service="sagemaker-metrics",
    note="Times are epoch milliseconds. IterationNumber goes with the period IterationNumber, Timestamp with the others.",
)
async def batch_get_metrics(call: Call, given: Input) -> Output:
    """Statistics of series, by step or by period."""
    return {"MetricQueryResults": [await _result(call, query) for query in given["MetricQueries"]]}


def summaries_shown(entity: Entity, summaries: list[Summary]) -> list[dict[str, Any]]:
    """The member `Metrics` of a trial component."""
    return [
        {
            "MetricName": summary.name,
            "SourceArn": entity.arn,
            "TimeStamp": summary.last_at,
            "Max": summary.maximum,
            "Min": summary.minimum,
            "Last": summary.last,
            "Count": min(summary.count, 2**31 - 1),
            "Avg": summary.average,
            "StdDev": summary.deviation,
        }
        for summary in summaries
    ]


async def _result(call: Call, query: Input) -> dict[str, Any]:
    by_step = query["XAxisType"] == "IterationNumber"
    if by_step != (query["Period"] == "IterationNumber"):
        return _invalid(f"XAxisType {query['XAxisType']} does not go with Period {query['Period']}")
    try:
        entity = await call.entity(await call.arn(query["ResourceArn"]))
    except StemmaError as error:
        return _invalid(error.message)
    if entity.kind is not Kind.TRIAL_COMPONENT:
        return _invalid(NotFoundError(f"{entity.arn} has no metrics: it is no trial component").message)
    low, high = query.get("Start"), query.get("End")
    folded: dict[int, Summary] = {}
    after: str | None = None
    name = query["MetricName"]
    empty = Summary(name)
    number = 0
    while found := await metrics.series(call.catalog.store, call.account, entity, name, after=after):
        for _, point in found:
            place = point.step if by_step else point.at // PERIODS[query["Period"]] * PERIODS[query["Period"]]
            if place is not None and (low is None or place >= low) and (high is None or place <= high):
                folded[place] = folded.get(place, empty).add([(point, number, 0)])
            number += 1
        after = max(key for key, _ in found)
        if len(found) < metrics.PAGE:
            break
    places = sorted(folded)[:VALUES]
    return {
        "Status": "Complete" if len(folded) <= VALUES else "Truncated",
        "XAxisValues": places,
        "MetricValues": [STATISTICS[query["MetricStat"]](folded[place]) for place in places],
    }


def _invalid(message: str) -> dict[str, Any]:
    return {"Status": "ValidationError", "Message": message[:2048], "XAxisValues": [], "MetricValues": []}
