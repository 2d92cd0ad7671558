"""Audit reports through GraphQL."""

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api import audit_jobs
from api.audit_jobs import AT_ONCE, OPEN, AuditJobs, Status
from graph.access import Caller, Role
from graph.errors import InvalidError, NotFoundError, ThrottledError
from tests.api.conftest import Service
from tests.api.keys import Keys
from tests.reports.audit.story import tell

MAKE = """mutation($i: CreateAuditReportInput!) { createAuditReport(input: $i) {
  name mediaType bytes sha256 content uri artifact asOf knownAt knownAtSequence entities } }"""

JOB = "id status step done steps failure { code message } downloadPath report { sha256 name knownAtSequence }"
START = f"mutation($i: CreateAuditReportInput!) {{ startAuditReport(input: $i) {{ {JOB} }} }}"
LOOK = f"query($id: ID!) {{ auditReportJob(id: $id) {{ {JOB} }} }}"


async def test_a_report_is_made_kept_and_made_again(service: Service, tmp_path: Path) -> None:
    story = await tell(service.catalog, Caller(service.account, "tester", "test", Role.WRITER))
    made = (await service.data(MAKE, i={"arn": story.version, "format": "JSON"}))["createAuditReport"]
    content = base64.b64decode(made["content"])
    assert made["sha256"] == hashlib.sha256(content).hexdigest()
    assert int(made["bytes"]) == len(content)
    assert json.loads(content)["scope"]["arn"] == story.version
    assert await asyncio.to_thread(Path(made["uri"].removeprefix("file://")).read_bytes) == content
    read = await service.data("query($a: ID!) { entity(arn: $a) { type name } }", a=made["artifact"])
    assert read["entity"] == {"type": "AuditReport", "name": made["name"]}
    again = {"arn": story.version, "format": "JSON", "asOf": made["asOf"], "knownAt": made["knownAt"]}
    assert (await service.data(MAKE, i=again))["createAuditReport"] == made
    page = (await service.data(MAKE, i={"arn": story.endpoint, "format": "PDF", "question": "Who?"}))[
        "createAuditReport"
    ]
    assert base64.b64decode(page["content"]).startswith(b"%PDF-1.7")


async def test_what_can_not_be_reported_is_said(service: Service) -> None:
    missing = await service.ask(MAKE, i={"arn": f"arn:aws:sagemaker:us-east-1:{service.account}:artifact/{'0' * 32}"})
    assert missing.code == "NOT_FOUND"
    foreign = await service.ask(MAKE, i={"arn": "arn:aws:sagemaker:us-east-1:000000000001:artifact/" + "0" * 32})
    assert foreign.code == "NOT_FOUND"
    assert (await service.ask(MAKE, i={"arn": "what"})).code == "INVALID"
    both = {"arn": "what", "knownAt": "2026-01-01T00:00:00Z", "knownAtSequence": 1}
    assert (await service.ask(MAKE, i=both)).code == "INVALID"


async def test_a_report_is_begun_watched_and_fetched(service: Service) -> None:
    story = await tell(service.catalog, Caller(service.account, "tester", "test", Role.WRITER))
    begun = (await service.data(START, i={"arn": story.version, "format": "HTML"}))["startAuditReport"]
    assert (begun["done"], begun["steps"], begun["downloadPath"], begun["report"]) == (0, 5, None, None)
    assert begun["status"] in ("WAITING", "RUNNING")
    found = begun
    while found["status"] in ("WAITING", "RUNNING"):
        await asyncio.sleep(0.02)
        found = (await service.data(LOOK, id=begun["id"]))["auditReportJob"]
    assert (found["status"], found["done"], found["step"], found["failure"]) == ("COMPLETED", 5, None, None)
    fetched = await service.client.get(found["downloadPath"])
    assert fetched.status_code == 200
    assert hashlib.sha256(fetched.content).hexdigest() == found["report"]["sha256"]
    assert fetched.headers["content-disposition"] == f'attachment; filename="{found["report"]["name"]}"'
    assert fetched.headers["content-security-policy"].startswith("sandbox")
    missing = await service.ask(START, i={"arn": service.arn(f"artifact/{'0' * 32}")})
    assert missing.code == "NOT_FOUND"
    assert (await service.ask(LOOK, id="none")).code == "NOT_FOUND"
    assert (await service.client.get("/api/v1/audit-reports/none")).status_code == 404


async def test_a_report_is_seen_by_whoever_began_it(keys: Keys) -> None:
    service = keys.service
    story = await tell(service.catalog, Caller(service.account, "tester", "test", Role.WRITER))
    ana, eve = [keys.as_(await keys.make(name, Role.READER)) for name in ("ana", "eve")]
    begun = (await keys.post(ana, START, i={"arn": story.version, "format": "JSON"})).json()["data"]["startAuditReport"]
    path = f"/api/v1/audit-reports/{begun['id']}"
    while True:
        fetched = await service.client.get(path, headers={"Authorization": ana})
        if fetched.status_code != 409:
            break
        await asyncio.sleep(0.02)
    assert fetched.json()["scope"]["arn"] == story.version
    assert (await service.client.get(path, headers={"Authorization": eve})).status_code == 404
    assert (await service.client.get(path)).status_code == 401
    (seen,) = (await keys.post(eve, LOOK, id=begun["id"])).json()["errors"]
    assert seen["extensions"]["code"] == "NOT_FOUND"
    assert ("reports", "downloadAuditReport") in {(door, operation) for _, _, door, operation, *_ in await keys.log()}


async def test_many_reports_in_one_request_are_too_expensive(service: Service) -> None:
    many = " ".join(f'a{n}: createAuditReport(input: {{arn: "x"}}) {{ name }}' for n in range(6))
    assert (await service.ask(f"mutation {{ {many} }}")).code == "TOO_EXPENSIVE"


async def test_reports_are_made_few_at_a_time_and_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs, go, running, most = AuditJobs(), asyncio.Event(), 0, 0
    ana, eve = (Caller("123456789012", name, "test", Role.READER) for name in ("ana", "eve"))

    async def work(_: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await go.wait()
        running -= 1
        return SimpleNamespace(file=SimpleNamespace(content=b"x" * 10))

    begun = [jobs.start(ana, "arn", work) for _ in range(OPEN)]
    with pytest.raises(ThrottledError, match="are being made"):
        jobs.start(ana, "arn", work)
    other = jobs.start(eve, "arn", work)
    await asyncio.sleep(0)
    assert [job.status for job in begun].count(Status.RUNNING) == AT_ONCE
    go.set()
    await _settled()
    assert most == AT_ONCE

    async def refused(_: Any) -> Any:
        raise InvalidError("no")

    async def broken(_: Any) -> Any:
        raise RuntimeError("a secret")

    failed = [jobs.start(eve, "arn", each) for each in (refused, broken)]
    await _settled()
    assert [job.failure and job.failure.message for job in failed] == ["no", "internal error"]
    monkeypatch.setattr(audit_jobs, "KEPT_BYTES", 15)
    kept = [job for job in (*begun, other) if _there(jobs, job)]
    assert kept == [other]
    monkeypatch.setattr(audit_jobs, "KEPT_SECONDS", -1.0)
    assert not _there(jobs, other)
    await jobs.close()


async def _settled() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


def _there(jobs: AuditJobs, job: audit_jobs.Job) -> bool:
    try:
        return jobs.find(job.account, job.actor, job.id) is job
    except NotFoundError:
        return False
