"""The calls of CloudWatch Logs that SDK clients make while they wait for a job."""

from typing import Any

import pytest

from graph.entities import Status
from graph.jobs import JobKind
from tests.api.sagemaker.conftest import AwsOf
from tests.api.sagemaker.test_jobs import TRAINING, report

GROUP = {"logGroupName": "/aws/sagemaker/TrainingJobs"}


async def test_a_wait_reads_what_is_recorded_of_a_job(aws_of: AwsOf) -> None:
    """As `sagemaker.session.logs_for_job` asks: streams by prefix, then events until a page is empty."""
    aws, logs = aws_of("sagemaker"), aws_of("logs")
    asked = {**GROUP, "logStreamNamePrefix": "Job-1/", "orderBy": "LogStreamName", "limit": 1}
    assert await logs("describe_log_streams", **asked) == {"logStreams": []}
    await aws("create_training_job", TrainingJobName="Job-1", **TRAINING)
    await aws("create_training_job", TrainingJobName="Job-11", **TRAINING)
    (stream,) = (await logs("describe_log_streams", **asked))["logStreams"]
    name = stream["logStreamName"]
    assert name.startswith("Job-1/algo-1-")
    position: dict[str, Any] = {"logStreamName": name, "startTime": 0, "startFromHead": True, **GROUP}

    async def read() -> list[str]:
        messages: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = await logs("get_log_events", **position, **token)
            token = {"nextToken": page["nextForwardToken"]}
            if not page["events"]:
                return messages
            messages += [event["message"] for event in page["events"]]

    arn = aws.arn("training-job/job-1")
    assert await read() == [f"{arn} recorded by local-admin", f"{arn} status IN_PROGRESS"]
    await report(aws, JobKind.TRAINING, "Job-1", Status.FAILED, message="out of memory")
    assert (await read())[2:] == [f"{arn} status FAILED: out of memory"]
    assert await logs("describe_log_streams", **{**asked, "logStreamNamePrefix": name})
    events = (await logs("get_log_events", **position))["events"]
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    newest = await logs("get_log_events", logStreamName=name, limit=1, **GROUP)
    assert newest["events"] == events[-1:]
    older = await logs("get_log_events", **GROUP, logStreamName=name, limit=1, nextToken=newest["nextBackwardToken"])
    assert older["events"] == events[1:2]
    late = {**position, "startTime": events[-1]["timestamp"]}
    assert events[-1] in (await logs("get_log_events", **late))["events"]


@pytest.mark.parametrize(
    ("operation", "asked", "code"),
    [
        ("describe_log_streams", {"logGroupName": "/aws/sagemaker/Endpoints/e"}, "ResourceNotFoundException"),
        ("get_log_events", {**GROUP, "logStreamName": "none/algo-1-1"}, "ResourceNotFoundException"),
        ("get_log_events", {**GROUP, "logStreamName": "j/algo-1-1"}, "ResourceNotFoundException"),
        ("get_log_events", {"logStreamName": "j/algo-1-1"}, "InvalidParameterException"),
    ],
)
async def test_what_is_not_there_is_named_as_clients_expect(
    aws_of: AwsOf, operation: str, asked: dict[str, str], code: str
) -> None:
    await aws_of("sagemaker")("create_training_job", TrainingJobName="j", **TRAINING)
    assert (await aws_of("logs").refused(operation, **asked))[0] == code


async def test_streams_without_a_job_s_name_are_none(aws_of: AwsOf) -> None:
    aws, logs = aws_of("sagemaker"), aws_of("logs")
    await aws("create_training_job", TrainingJobName="j", **TRAINING)
    assert (await logs("describe_log_streams", **GROUP))["logStreams"] == []
    other = {"logGroupName": "/aws/sagemaker/ProcessingJobs", "logStreamNamePrefix": "j/"}
    assert (await logs("describe_log_streams", **other))["logStreams"] == []
    by_arn = {
        "logGroupIdentifier": f"arn:aws:logs:us-east-1:{aws.service.account}:log-group:/aws/sagemaker/TrainingJobs"
    }
    (stream,) = (await logs("describe_log_streams", **by_arn, logStreamNamePrefix="j/"))["logStreams"]
    for token in ("x", "f/x", "f/-1"):
        asked = {**GROUP, "logStreamName": stream["logStreamName"], "nextToken": token}
        assert (await logs.refused("get_log_events", **asked))[0] == "InvalidParameterException"
