"""Jobs that run elsewhere: reported through GraphQL, over HTTP with a key or the job's own token, and from the command line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.job_reports import JobTokens, read, status
from graph import jobs
from graph.access import Caller, Role
from graph.entities import Status
from graph.errors import InvalidError
from graph.jobs import File, JobKind
from tests.api.conftest import Service

MUTATION = """mutation($input: ReportJobInput!) {
  reportJob(input: $input) { sequence entity { status name outputs { key value } } }
}"""
OUTPUT = {"key": "model", "uri": "s3://b/m", "type": "Model", "sourceTypes": {"S3ETag": "abc"}}


async def begun(service: Service, name: str = "Job-1") -> str:
    place = service.catalog.place(service.account)
    made = jobs.create(place, JobKind.TRAINING, name, specification="{}", inputs=[File("train", "s3://b/train")])
    caller = Caller(service.account, "tester", "test", Role.WRITER)
    await service.catalog.write(caller, made, operation="createJob")
    return jobs.job_arn(place, JobKind.TRAINING, name)


async def post(service: Service, path: str, body: Any = None, token: str | None = None) -> tuple[int, dict[str, Any]]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    response = await service.client.post(f"/api/v1/jobs/{path}", json=body, headers=headers)
    return response.status_code, response.json()


async def test_graphql_reports_on_a_job_under_either_of_its_names(service: Service) -> None:
    arn = await begun(service)
    output = {**OUTPUT, "sourceTypes": [{"type": "S3_ETAG", "value": "abc"}]}
    given = {"arn": arn, "status": "COMPLETED", "outputs": [output], "metrics": [{"key": "auc", "number": 0.9}]}
    told = (await service.data(MUTATION, input=given))["reportJob"]
    assert told["entity"] == {
        "status": "COMPLETED",
        "name": "Job-1-aws-training-job",
        "outputs": [{"key": "model", "value": "s3://b/m"}],
    }
    component = service.arn("experiment-trial-component/job-1-aws-training-job")
    assert (await service.data(MUTATION, input={**given, "arn": component}))["reportJob"]["sequence"] is None
    reply = await service.ask(MUTATION, input={"arn": arn, "status": "FAILED"})
    assert reply.code == "CONFLICT"
    assert "has ended as COMPLETED" in reply.error["message"]


@pytest.mark.parametrize(
    ("arn", "code"),
    [("context/x", "INVALID"), ("training-job/none", "NOT_FOUND"), ("experiment-trial-component/x", "INVALID")],
)
async def test_what_is_no_job_can_not_be_reported_on(service: Service, arn: str, code: str) -> None:
    assert (await service.ask(MUTATION, input={"arn": service.arn(arn), "status": "FAILED"})).code == code
    foreign = service.arn(arn).replace(service.account, "0" * 12)
    assert (await service.ask(MUTATION, input={"arn": foreign, "status": "FAILED"})).code == "NOT_FOUND"


async def test_a_job_reports_over_http(service: Service) -> None:
    await begun(service)
    body = {"status": "InProgress", "step": "Training", "startedAt": "2026-03-01T09:00:00Z"}
    code, told = await post(service, "training-job/Job-1", body)
    assert code == 200
    assert told["arn"] == service.arn("experiment-trial-component/job-1-aws-training-job")
    assert told["sequence"] > 1
    ended = {"status": "Completed", "outputs": [OUTPUT], "metrics": {"auc": 0.9}, "endedAt": "2026-03-01T10:00:00Z"}
    assert (await post(service, "training-job/job-1", ended))[0] == 200
    assert (await post(service, "training-job/job-1", ended))[1]["sequence"] is None
    entity = await service.catalog.entity(service.account, told["arn"])
    assert (entity.status, dict(entity.metrics or {})) == (Status.COMPLETED, {"auc": {"number": "0.9"}})
    assert (await post(service, "training-job/job-1", {"status": "Failed"}))[0] == 409
    assert (await post(service, "training-job/none", {"status": "Failed"}))[0] == 404
    assert (await post(service, "walk/job-1", {"status": "Failed"}))[0] == 404


async def test_a_token_reports_on_its_own_job_alone(service: Service) -> None:
    await begun(service)
    await begun(service, "other")
    code, made = await post(service, "training-job/Job-1/token", {"days": 0.5})
    assert code == 200
    life = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=11) < life <= timedelta(hours=12)
    token = made["token"]
    assert (await post(service, "training-job/job-1", {"status": "Completed"}, token))[0] == 200
    entity = await service.catalog.entity(
        service.account, service.arn("experiment-trial-component/job-1-aws-training-job")
    )
    assert entity.modified_by == "job/training-job/job-1"
    for path in ("training-job/other", "processing-job/job-1"):
        assert (await post(service, path, {"status": "Completed"}, token))[0] == 401
    assert (await post(service, "training-job/job-1/token", None, token))[0] == 403
    for wrong in (token[:-1], token + "A", f"stemma-job.{'A' * 3000}.x", "stemma-job.é.é"):
        response = await service.client.post(
            "/api/v1/jobs/training-job/job-1",
            json={"status": "Completed"},
            headers={b"Authorization": f"Bearer {wrong}".encode()},
        )
        assert response.status_code == 401
    ended = JobTokens(service.settings).make(service.account, JobKind.TRAINING, "job-1", 1)
    assert (await post(service, "training-job/job-1", {"status": "Completed"}, ended))[0] == 401
    assert (await post(service, "training-job/none/token"))[0] == 404
    assert (await post(service, "training-job/job-1/token", {"days": 1000}))[0] == 400


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "not JSON"),
        (b"[]", "the report is an object"),
        (b"{}", "status is None"),
        (b'{"status": "Done"}', "known are IN_PROGRESS"),
        (b'{"status": "Failed", "why": 1}', "the report has 'why'"),
        (b'{"status": "Failed", "message": 1}', "message has to be text"),
        (b'{"status": "Failed", "endedAt": "today"}', "endedAt is 'today'"),
        (b'{"status": "Failed", "metrics": {"a": "1"}}', "is no number"),
        (b'{"status": "Failed", "outputs": {}}', "outputs has to be a list"),
        (b'{"status": "Failed", "outputs": [{"key": "a"}]}', "an output needs key and uri"),
        (b'{"status": "Failed", "outputs": [{"key": "a", "uri": "b", "sourceTypes": {"x": 1}}]}', "holds text"),
    ],
)
def test_a_report_that_can_not_be_read_says_why(body: bytes, problem: str) -> None:
    with pytest.raises(InvalidError, match=problem):
        read(body)


def test_a_status_is_written_in_either_way() -> None:
    assert status("InProgress") is status("IN_PROGRESS") is Status.IN_PROGRESS
