"""Every field of a network door that takes a URI, given places that the caller may not touch: nothing touches them.

The fields are those of AWS's models of the operations that are offered, and of GraphQL's schema; new ones are tried by
themselves here, and GraphQL's have to be said to be kept or followed.
"""

import asyncio
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.httpsession
import pytest

from api.sagemaker.calls import OFFERED
from api.sagemaker.model import service as model_of
from monitors.processing.worker import Worker
from tests.api.sagemaker.conftest import Aws
from tests.api.sagemaker.test_generated import send
from tests.api.sagemaker.test_monitoring import ANALYZER, PROCESSING, definition, inline
from tests.monitors.processing.conftest import Lake

SECRET = "what nobody but the owner may read"
FORBIDDEN = ("/etc/passwd", "secret.json", "link.json", "metadata.google", "rebind.test")
KEPT = {
    "ActionInput.sourceUri",
    "ArtifactInput.sourceUri",
    "ContextInput.sourceUri",
    "CreateActionInput.sourceUri",
    "CreateArtifactInput.sourceUri",
    "CreateContextInput.sourceUri",
    "CreateTrialComponentInput.sourceUri",
    "EntityFilter.sourceUri",
    "JobOutputInput.uri",
    "TrialComponentInput.sourceUri",
    "UpdateActionInput.sourceUri",
    "UpdateContextInput.sourceUri",
    "UpdateTrialComponentInput.sourceUri",
}
FOLLOWED = {
    "AddWebhookInput.url",
    "ContainerInput.modelDataUrl",
    "ExportModelCardInput.s3OutputPath",
    "RegisterModelVersionInput.sourceUri",
}
HUB = "arn:aws:sagemaker:us-east-1:aws:hub-content/hub"
TEXTS = (
    "a",
    "s3://b/k",
    "text/csv",
    "ml.m5.large",
    ANALYZER,
    "1.0.0",
    "fs-00000000",
    "arn:aws:iam::123456789012:role/ml",
    "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1",
    f"{HUB}/DataSet/d",
    f"{HUB}/Model/m",
)
Way = tuple[str, ...]


def ways(shape: Any, seen: Way = ()) -> Iterator[Way]:
    """The ways to the members of a structure that take a URI; `[]` and `{}` go into lists and maps."""
    for name, part in shape.members.items():
        for rest in _ways(part, name, seen):
            yield name, *rest


def _ways(part: Any, name: str, seen: Way) -> Iterator[Way]:
    if part.type_name == "string":
        if re.search("uri|url", f"{name} {part.name}", re.IGNORECASE):
            yield ()
    elif part.type_name in ("list", "map"):
        mark, inner = ("[]", part.member) if part.type_name == "list" else ("{}", part.value)
        for rest in _ways(inner, name, seen):
            yield mark, *rest
    elif part.type_name == "structure" and part.name not in seen:
        yield from ways(part, (*seen, part.name))


FIELDS = {
    operation: found
    for service, operation in sorted(OFFERED)
    if service == "sagemaker"
    and (shape := model_of(service).model.operation_model(operation).input_shape) is not None
    and (found := list(ways(shape)))
}
BASES: dict[str, dict[str, Any]] = {
    "CreateProcessingJob": PROCESSING,
    "CreateMonitoringSchedule": {"MonitoringScheduleConfig": inline()},
    **{
        f"Create{kind}JobDefinition": definition(kind)
        for kind in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
    },
}
"""Requests that do something, so that what they name would be followed."""


@dataclass
class Witness:
    """What was touched that nobody may touch."""

    port: int
    forbidden: tuple[str, ...]
    seen: list[str] = field(default_factory=list)

    def address(self, address: Any) -> None:
        if isinstance(address, tuple) and (
            address[1] == self.port or not str(address[0]).startswith(("127.", "::1", "localhost"))
        ):
            self.seen.append(f"connected to {address}")

    def text(self, what: str, text: str) -> None:
        if any(part in text for part in self.forbidden):
            self.seen.append(f"{what} {text}")


@pytest.fixture
def witness(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    """Watches connections, names looked up, requests to S3 and files opened, of this process."""
    (tmp_path / "secret.json").write_text(SECRET)
    (tmp_path / "link.json").symlink_to(tmp_path / "secret.json")
    lake.client.create_bucket(Bucket=f"their-{lake.bucket}")
    lake.client.put_object(Bucket=f"their-{lake.bucket}", Key="secret.json", Body=SECRET)
    with socket.socket() as canary:
        canary.bind(("127.0.0.1", 0))
        canary.listen()
        port = canary.getsockname()[1]
        found = Witness(
            port, (f"their-{lake.bucket}", "/etc/passwd", "secret.json", "link.json", "metadata.google", "rebind.test")
        )
        connect, look, ask = socket.socket.connect, socket.getaddrinfo, botocore.httpsession.URLLib3Session.send

        def connected(self: socket.socket, address: Any) -> None:
            found.address(address)
            connect(self, address)

        def looked(host: Any, *rest: Any, **more: Any) -> Any:
            found.text("looked up", str(host))
            return look(host, *rest, **more)

        def asked(self: Any, request: Any) -> Any:
            found.text("asked", request.url)
            return ask(self, request)

        monkeypatch.setattr(socket.socket, "connect", connected)
        monkeypatch.setattr(socket, "getaddrinfo", looked)
        monkeypatch.setattr(botocore.httpsession.URLLib3Session, "send", asked)
        watching = [True]

        def opened(event: str, arguments: tuple[Any, ...]) -> None:
            if watching and event == "open":
                found.text("opened", str(arguments[0]))

        sys.addaudithook(opened)
        yield found
        watching.clear()


def places(witness: Witness, lake: Lake, folder: Path) -> list[str]:
    """URIs that lead where the caller may not go."""
    return [
        f"s3://their-{lake.bucket}/secret.json",
        f"s3://{lake.bucket}/../their-{lake.bucket}/secret.json",
        f"https://their-{lake.bucket}.s3.amazonaws.com/secret.json",
        "file:///etc/passwd",
        f"{folder}/link.json",
        f"http://127.0.0.1:{witness.port}/secret.json",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "https://rebind.test/secret.json",
    ]


def least(shape: Any) -> Any:
    """The smallest value that fits a shape."""
    kind, minimum = shape.type_name, int(shape.metadata.get("min", 0))
    if kind == "structure":
        return {name: least(part) for name, part in shape.members.items() if name in shape.required_members}
    if kind == "list":
        return [least(shape.member)] * minimum
    if kind == "map":
        return {}
    if kind == "string":
        fitting = [text for text in (*shape.enum, *TEXTS) if _fits(shape.metadata.get("pattern", ".*"), text)]
        assert fitting, (shape.name, shape.metadata)
        return fitting[0]
    return {"boolean": True, "timestamp": 1}.get(kind, minimum)


def _fits(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        # Classes of Unicode, which `re` lacks, all admit letters.
        return True


def put(shape: Any, value: Any, way: Way, uri: str) -> Any:
    """A value of a shape with a URI at the end of a way, and what is required on the way there."""
    if not way:
        return uri
    step, rest = way[0], way[1:]
    if step == "[]":
        return [put(shape.member, value[0] if value else least(shape.member), rest, uri)]
    if step == "{}":
        return {"a": put(shape.value, least(shape.value), rest, uri)}
    part = shape.members[step]
    held = value[step] if step in value else least(part)
    return {**value, step: put(part, held, rest, uri)}


async def test_no_operation_touches_what_its_caller_may_not(
    aws: Aws, lake: Lake, worker: Worker, witness: Witness, tmp_path: Path
) -> None:
    assert sum(map(len, FIELDS.values())) > 100
    lake.client.head_object(Bucket=f"their-{lake.bucket}", Key="secret.json")
    (tmp_path / "link.json").read_bytes()
    assert [text.split()[0] for text in witness.seen] == ["asked", "opened"]
    witness.seen.clear()
    asked: list[tuple[str, Any]] = []
    for operation, found in FIELDS.items():
        shape = model_of("sagemaker").model.operation_model(operation).input_shape
        for way in found:
            for uri in places(witness, lake, tmp_path):
                request = {**least(shape), **BASES.get(operation, {})}
                named = {name: f"try-{len(asked)}" for name in request if name.endswith("Name")}
                asked.append((operation, put(shape, {**request, **named}, way, uri)))
    taken = 0
    for operation, sent in asked:
        status, answer = await send(aws.service, "sagemaker", operation, sent)
        assert status in (200, 400), (operation, sent, answer)
        assert SECRET not in str(answer)
        assert witness.seen == [], (operation, sent)
        taken += status == 200
    assert taken > len(asked) / 4
    await worker.drain()
    assert witness.seen == []
    assert [key for key in lake.keys("") if SECRET.encode() in lake.get(f"s3://{lake.bucket}/{key}")] == []


def test_every_field_of_graphql_that_takes_a_uri_is_kept_or_followed() -> None:
    text = (Path(__file__).parents[3] / "docs/reference/schema.graphql").read_text(encoding="utf-8")
    found = {
        f"{name}.{member}"
        for name, body in re.findall(r"^input (\w+) \{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE)
        for member in re.findall(r"^  (\w*(?:ur[il]|outputPath|address)\w*):", body, re.IGNORECASE | re.MULTILINE)
    }
    assert found == KEPT | FOLLOWED


async def test_graphql_touches_nothing_that_its_caller_may_not(
    aws: Aws, lake: Lake, witness: Witness, tmp_path: Path
) -> None:
    service = aws.service
    await service.data('mutation { createModelGroup(input: {name: "churn"}) { group { arn } } }')
    await service.data('mutation { createModelCard(input: {name: "churn"}) { card { arn } } }')
    for number, uri in enumerate(places(witness, lake, tmp_path)):
        made = await service.ask(
            'mutation($uri: String!) { registerModelVersion(input: {group: "churn", containers: '
            '[{image: "i", modelDataUrl: $uri}]}) { version { arn } } }',
            uri=uri,
        )
        if "errors" not in made.body:
            arn = made.data["registerModelVersion"]["version"]["arn"]
            checked = await service.ask(
                "mutation($arn: ID!) { checkModelData(input: {version: $arn}) { files { uri state } } }", arn=arn
            )
            assert SECRET not in str(checked)
            if "errors" not in checked.body:
                assert {file["state"] for file in checked.data["checkModelData"]["files"]} <= {"UNREADABLE", "MISSING"}
        refused = [
            await service.ask("mutation($uri: String!) { addWebhook(input: {url: $uri}) { webhook { id } } }", uri=uri),
            await service.ask(
                'mutation($uri: String!, $name: String!) { exportModelCard(input: {card: "churn", name: $name, '
                "s3OutputPath: $uri}) { job { arn status } } }",
                uri=uri,
                name=f"try-{number}",
            ),
        ]
        for answer in refused:
            assert "errors" in answer.body, (uri, answer)
    await asyncio.sleep(0.5)
    assert witness.seen == []
