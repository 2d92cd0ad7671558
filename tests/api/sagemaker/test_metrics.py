"""BatchPutMetrics and BatchGetMetrics through boto3, and what DescribeTrialComponent says of the points."""

import asyncio
import json
import statistics
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from graph.access import Caller
from graph.commands import create_named, update
from graph.entities import Kind
from tests.api.sagemaker.conftest import Aws, AwsOf

START = 1_760_000_000
"""A second of 2025."""


def points(name: str, *values: float, start: int = START, step: int | None = 0) -> list[dict[str, Any]]:
    return [
        {"MetricName": name, "Timestamp": start + i, "Value": value, **({} if step is None else {"Step": step + i})}
        for i, value in enumerate(values)
    ]


async def put(metrics: Aws, *data: dict[str, Any], name: str = "c") -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = []
    for start in range(0, len(data), 10):
        answer = await metrics("batch_put_metrics", TrialComponentName=name, MetricData=list(data[start : start + 10]))
        errors += answer.get("Errors", [])
    return errors


async def shown(aws: Aws, name: str = "c") -> dict[str, dict[str, Any]]:
    found = await aws("describe_trial_component", TrialComponentName=name)
    return {item["MetricName"]: item for item in found["Metrics"]}


@pytest.fixture
async def both(aws_of: AwsOf) -> tuple[Aws, Aws]:
    """A client of SageMaker, with the component `c`, and one of its metrics service."""
    aws = aws_of("sagemaker")
    await aws("create_trial_component", TrialComponentName="c")
    return aws, aws_of("sagemaker-metrics")


async def test_a_summary_is_right_at_once(both: tuple[Aws, Aws]) -> None:
    aws, metrics = both
    assert (await aws("describe_trial_component", TrialComponentName="c"))["Metrics"] == []
    values: list[float] = []
    for number, value in enumerate([0.9, 0.1, 1e-320, -3.5, 0.30000000000000004, 1e16]):
        values.append(value)
        assert await put(metrics, *points("loss", value, start=START + number, step=number)) == []
        summary = (await shown(aws))["loss"]
        assert (summary["Min"], summary["Max"], summary["Last"]) == (min(values), max(values), value)
        assert (summary["Count"], summary["Avg"]) == (len(values), statistics.mean(values))
        assert summary["StdDev"] == pytest.approx(statistics.pstdev(values), rel=1e-12)
        assert summary["TimeStamp"] == datetime.fromtimestamp(START + number, UTC)
        assert summary["SourceArn"] == aws.arn("experiment-trial-component/c")
    await put(metrics, *points("loss", 7.0, start=START - 100, step=99), *points("auc", 0.5))
    found = await shown(aws)
    assert list(found) == ["auc", "loss"]
    assert (found["loss"]["Last"], found["loss"]["Count"]) == (1e16, 7)
    assert (found["auc"]["StdDev"], found["auc"]["Count"]) == (0.0, 1)


async def test_points_without_a_step_are_all_kept(both: tuple[Aws, Aws]) -> None:
    aws, metrics = both
    same = points("x", 1.0, step=None) * 5
    await put(metrics, *same)
    await put(metrics, *same)
    assert (await shown(aws))["x"]["Count"] == 10
    await put(metrics, *points("x", 4.0, 5.0, 6.0, start=START, step=None))
    assert (await shown(aws))["x"]["Last"] == 6.0


async def test_a_point_that_comes_again_is_the_same_point(both: tuple[Aws, Aws]) -> None:
    aws, metrics = both
    first = points("loss", *(i / 7 for i in range(10)))
    await put(metrics, *first)
    before = await shown(aws)
    await put(metrics, *first)
    await put(metrics, *first[:3], *first[:3])
    assert await shown(aws) == before
    await put(metrics, {**first[0], "Value": 5.0})
    assert (await shown(aws))["loss"]["Count"] == 11


async def test_an_attempt_that_boto3_repeats_adds_nothing(both: tuple[Aws, Aws]) -> None:
    aws, metrics = both
    body = json.dumps({"TrialComponentName": "c", "MetricData": points("x", 1.0, 2.0, step=None)})
    for invocation, count in (("one", 2), ("one", 2), ("two", 4), (None, 6), (None, 8)):
        headers = {"content-type": "application/json", **({"amz-sdk-invocation-id": invocation} if invocation else {})}
        answer = await aws.service.client.put("/BatchPutMetrics", content=body, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {})
        assert (await shown(aws))["x"]["Count"] == count
    assert metrics is not None


async def test_concurrent_writers_lose_and_double_nothing(both: tuple[Aws, Aws]) -> None:
    aws, metrics = both
    values = {worker: [worker + i / 10 for i in range(20)] for worker in range(12)}

    async def work(worker: int) -> None:
        for number in range(0, 20, 5):
            data = points(
                "shared", *values[worker][number : number + 5], start=START + 100 * worker + number, step=number
            )
            assert await put(metrics, *data, *points(f"own-{worker}", *values[worker][number : number + 5])) == []

    await asyncio.gather(*(work(worker) for worker in values))
    every = [value for worker in values.values() for value in worker]
    found = await shown(aws)
    assert (found["shared"]["Count"], found["shared"]["Avg"]) == (240, statistics.mean(every))
    assert (found["shared"]["Min"], found["shared"]["Max"], found["shared"]["Last"]) == (0.0, 12.9, 12.9)
    assert found["shared"]["StdDev"] == pytest.approx(statistics.pstdev(every), rel=1e-12)
    assert {found[f"own-{worker}"]["Count"] for worker in values} == {20}


async def test_what_can_not_be_kept_is_named_and_the_rest_is_kept(both: tuple[Aws, Aws]) -> None:
    aws, metrics = both
    good = points("good", 1.0)[0]
    late = {**good, "Timestamp": int(time.time()) + 3 * 3600}
    body = {
        "TrialComponentName": "c",
        "MetricData": [{**good, "Value": "NaN"}, good, late, {**good, "MetricName": "a\tb"}],
    }
    answer = await aws.service.client.put("/BatchPutMetrics", json=body)
    assert answer.json() == {"Errors": [{"Code": "VALIDATION_ERROR", "MetricIndex": i} for i in (0, 2, 3)]}
    assert {name: item["Count"] for name, item in (await shown(aws)).items()} == {"good": 1}
    code, message = await metrics.refused("batch_put_metrics", TrialComponentName="c", MetricData=[good] * 11)
    assert code == "ValidationException"
    assert "less than or equal to 10" in message
    code, message = await metrics.refused("batch_put_metrics", TrialComponentName="none", MetricData=[good])
    assert code == "ValidationException"
    assert "experiment-trial-component/none does not exist" in message


async def test_a_component_has_so_many_metrics_and_no_more(
    both: tuple[Aws, Aws], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws, metrics = both
    monkeypatch.setattr("graph.metric_writer.METRICS", 12)
    assert await put(metrics, *(points(f"m{i}", 1.0)[0] for i in range(10))) == []
    more = [points(name, 2.0)[0] for name in ("m0", "m10", "m11", "m12", "m1", "m13")]
    found = await put(metrics, *more)
    assert found == [{"Code": "METRIC_LIMIT_EXCEEDED", "MetricIndex": i} for i in (3, 5)]
    assert {name: item["Count"] for name, item in (await shown(aws)).items()} == {
        **{f"m{i}": 1 for i in range(2, 12)},
        "m0": 2,
        "m1": 2,
    }


async def test_a_component_that_is_made_again_begins_without_metrics(both: tuple[Aws, Aws]) -> None:
    aws, metrics = both
    await put(metrics, *points("loss", 1.0))
    await aws("delete_trial_component", TrialComponentName="c")
    await aws("create_trial_component", TrialComponentName="c")
    assert await shown(aws) == {}
    await put(metrics, *points("loss", 2.0))
    assert (await shown(aws))["loss"]["Count"] == 1


async def test_metrics_that_another_door_set_are_shown(aws: Aws, caller: Caller, aws_of: AwsOf) -> None:
    catalog = aws.service.catalog
    put_ = create_named(
        catalog.place(aws.service.account), Kind.TRIAL_COMPONENT, "c", metrics={"auc": {"number": "0.875"}}
    )
    await catalog.write(caller, [put_], operation="test")
    found = (await shown(aws))["auc"]
    assert (found["Count"], found["Last"], found["Avg"], found["StdDev"]) == (1, 0.875, 0.875, 0.0)
    await catalog.write(
        caller, [update(put_.arn, Kind.TRIAL_COMPONENT, metrics={"auc": {"number": "0.5"}})], operation="test"
    )
    assert (await shown(aws))["auc"]["Last"] == 0.5


async def test_series_are_read_by_step_and_by_time(both: tuple[Aws, Aws]) -> None:
    aws, metrics = both
    arn = aws.arn("experiment-trial-component/c")
    await put(metrics, *points("loss", 4.0, 3.0, 2.0, 1.0, start=START - START % 3600, step=0))
    await put(metrics, *points("loss", 10.0, start=START - START % 3600 + 61, step=3))
    minute = (START - START % 3600) * 1000

    async def read(**fields: Any) -> dict[str, Any]:
        asked = {"MetricName": "loss", "ResourceArn": arn, "MetricStat": "Max", "Period": "IterationNumber"}
        query = {**asked, "XAxisType": "IterationNumber", **fields}
        return dict((await metrics("batch_get_metrics", MetricQueries=[query]))["MetricQueryResults"][0])

    assert await read() == {"Status": "Complete", "XAxisValues": [0, 1, 2, 3], "MetricValues": [4.0, 3.0, 2.0, 10.0]}
    assert (await read(Start=1, End=2))["XAxisValues"] == [1, 2]
    assert (await read(MetricStat="Count"))["MetricValues"] == [1.0, 1.0, 1.0, 2.0]
    by_minute = {"Period": "OneMinute", "XAxisType": "Timestamp"}
    found = await read(MetricStat="Avg", **by_minute)
    assert (found["XAxisValues"], found["MetricValues"]) == ([minute, minute + 60_000], [2.5, 10.0])
    assert (await read(MetricStat="StdDev", **by_minute))["MetricValues"] == [pytest.approx(5**0.5 / 2), 0.0]
    assert (await read(MetricStat="Last", **{**by_minute, "Period": "OneHour"}))["MetricValues"] == [10.0]
    assert (await read(MetricName="none"))["XAxisValues"] == []
    for wrong in ({"Period": "OneHour"}, {"ResourceArn": arn + "x"}, {"ResourceArn": aws.arn("training-job/none")}):
        found = await read(**wrong)
        assert (found["Status"], found["XAxisValues"]) == ("ValidationError", [])


async def test_the_names_of_components_are_lower_case_there(both: tuple[Aws, Aws]) -> None:
    aws, metrics = both
    await aws("create_trial_component", TrialComponentName="Mixed-Case")
    assert await put(metrics, *points("x", 1.0), name="mixed-case") == []
    assert (await shown(aws, "Mixed-Case"))["x"]["Count"] == 1
    refused = partial(metrics.refused, "batch_put_metrics", MetricData=points("x", 1.0))
    assert (await refused(TrialComponentName="Mixed-Case"))[0] == "ValidationException"
