"""Audit reports through GraphQL."""

import asyncio
import base64
import hashlib
import json
from pathlib import Path

from graph.access import Caller, Role
from tests.api.conftest import Service
from tests.reports.audit.story import tell

MAKE = """mutation($i: CreateAuditReportInput!) { createAuditReport(input: $i) {
  name mediaType bytes sha256 content uri artifact asOf knownAt knownAtSequence entities } }"""


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
