"""`invoke_endpoint` of boto3 against the service, a real model server behind it and moto's S3 beside it."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import pytest_asyncio
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.server import Server, bind
from tests.api.conftest import Serve, Service
from tests.api.sagemaker.conftest import Aws
from tests.api.sagemaker.test_hosting import CONTAINER, config, variant


@dataclass
class Model:
    """A model server that remembers the headers it was sent."""

    origin: str = ""
    heard: list[dict[str, str]] = field(default_factory=list)

    async def invocations(self, request: Request) -> Response:
        body = await request.body()
        self.heard.append(dict(request.headers))
        if body == b"bad":
            return Response("no such feature", 400)
        return Response(b"0.5", media_type="text/csv", headers={"X-Amzn-SageMaker-Custom-Attributes": "seen"})


def _no_signals() -> Any:
    return contextlib.nullcontext()


@pytest_asyncio.fixture
async def model() -> AsyncIterator[Model]:
    made = Model()
    app = Starlette(routes=[Route("/invocations", made.invocations, methods=["POST"])])
    with bind("127.0.0.1", 0) as listener:
        started = asyncio.Event()
        server = Server(uvicorn.Config(app, log_config=None, lifespan="off"), started.set)
        server.capture_signals = _no_signals  # type: ignore[method-assign]  # the tests' process has its own
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await started.wait()
        made.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield made
        server.should_exit = True
        await serving


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("LAKE_ID", "id")
    monkeypatch.setenv("LAKE_SECRET", "secret")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@dataclass
class Room:
    service: Service
    aws: Aws
    runtime: Any
    bucket: str
    s3: Any

    async def invoke(self, **given: Any) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            answer: dict[str, Any] = self.runtime.invoke_endpoint(
                **{"EndpointName": "shop", "ContentType": "text/csv", **given}
            )
            answer["Body"] = answer["Body"].read()
            return answer

        return await asyncio.to_thread(call)

    async def refused(self, **given: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            await self.invoke(**given)
        return dict(caught.value.response)


@pytest_asyncio.fixture
async def room(serve: Serve, account: str, tmp_path: Path, model: Model, lake: str) -> Room:
    bucket = f"captured-{account}"
    policy = tmp_path / "policy.toml"
    policy.write_text(
        f'[credentials.lake]\nkey_id_variable = "LAKE_ID"\nsecret_variable = "LAKE_SECRET"\nendpoint = "{lake}"\n'
        f'region = "us-east-1"\n[accounts.{account}]\noutbound = ["{model.origin}"]\n'
        f's3 = [{{ prefix = "s3://{bucket}/", credentials = "lake" }}]\n'
    )
    policy.chmod(0o600)
    service = serve(policy=policy)
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    plain = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    url = str(service.client.base_url)
    s3 = boto3.client("s3", endpoint_url=lake, **keys)
    await asyncio.to_thread(s3.create_bucket, Bucket=bucket)
    aws = Aws(boto3.client("sagemaker", endpoint_url=url, config=plain, **keys), service)
    made = Room(service, aws, boto3.client("sagemaker-runtime", endpoint_url=url, config=plain, **keys), bucket, s3)
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/live",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    await aws("create_model", ModelName="m", PrimaryContainer=CONTAINER)
    await config(aws, "c", variant("blue", "m", 3.0), variant("green", "m", 1.0), DataCaptureConfig=capture)
    tags = [{"Key": "stemma:address", "Value": model.origin}]
    await aws("create_endpoint", EndpointName="shop", EndpointConfigName="c", Tags=tags)
    return made


async def test_an_invocation_reaches_the_model_and_is_captured(room: Room, model: Model) -> None:
    answer = await room.invoke(
        Body=b"1,2", Accept="text/csv", InferenceId="mine", CustomAttributes="trace", TargetVariant="green"
    )
    assert (answer["Body"], answer["ContentType"]) == (b"0.5", "text/csv; charset=utf-8")
    assert (answer["InvokedProductionVariant"], answer["CustomAttributes"]) == ("green", "seen")
    heard = model.heard[0]
    assert heard["x-amzn-sagemaker-target-variant"] == "green"
    assert (heard["x-amzn-sagemaker-custom-attributes"], heard["accept"]) == ("trace", "text/csv")
    assert "authorization" not in heard
    said = [(await room.invoke(Body=b"3,4"))["InvokedProductionVariant"] for _ in range(60)]
    assert 25 <= said.count("blue") < 60
    await room.service.checked.app.state.gateway.close()  # type: ignore[attr-defined]
    listed = (await asyncio.to_thread(room.s3.list_objects_v2, Bucket=room.bucket))["Contents"]
    found = []
    for held in listed:
        body = (await asyncio.to_thread(room.s3.get_object, Bucket=room.bucket, Key=held["Key"]))["Body"].read()
        found += [(held["Key"], json.loads(line)) for line in body.splitlines()]
    assert len(found) == 61
    key, mine = next((key, item) for key, item in found if item["eventMetadata"].get("inferenceId") == "mine")
    assert key.startswith(f"live/shop/green/{time.strftime('%Y/%m', time.gmtime())}")
    assert [part["data"] for part in mine["captureData"].values()] == ["1,2", "0.5"]
    assert mine["eventMetadata"]["customAttributes"] == ["trace"]


async def test_what_can_not_be_invoked_is_refused_as_sagemaker_does(room: Room, model: Model) -> None:
    refused = await room.refused(EndpointName="other", Body=b"1")
    assert refused["Error"]["Code"] == "ValidationError"
    assert refused["Error"]["Message"] == f"Endpoint other of account {room.service.account} not found."
    refused = await room.refused(Body=b"1", TargetVariant="red")
    assert refused["Error"]["Message"] == "Variant red not found for endpoint shop; it has blue, green."
    refused = await room.refused(Body=b"bad")
    assert (refused["Error"]["Code"], refused["ResponseMetadata"]["HTTPStatusCode"]) == ("ModelError", 424)
    assert (refused["OriginalStatusCode"], refused["OriginalMessage"]) == (400, "no such feature")
    await room.aws("create_endpoint", EndpointName="bare", EndpointConfigName="c")
    assert "tag it stemma:address" in (await room.refused(EndpointName="bare", Body=b"1"))["Error"]["Message"]
    tags = [{"Key": "stemma:address", "Value": "http://169.254.169.254/latest"}]
    await room.aws("create_endpoint", EndpointName="sly", EndpointConfigName="c", Tags=tags)
    refused = await room.refused(EndpointName="sly", Body=b"1")
    assert refused["Error"]["Code"] == "AccessDeniedException"
    assert len(model.heard) == 1


async def test_a_destination_that_the_policy_does_not_list_fails_no_invocation(room: Room) -> None:
    elsewhere = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://elsewhere/live",
        "CaptureOptions": [{"CaptureMode": "Output"}],
    }
    await config(room.aws, "d", variant("blue", "m"), DataCaptureConfig=elsewhere)
    await room.aws("update_endpoint", EndpointName="shop", EndpointConfigName="d")
    assert (await room.invoke(Body=b"1"))["Body"] == b"0.5"


async def test_only_who_holds_a_key_may_invoke(serve: Serve) -> None:
    service = serve(keys="required")
    answer = await service.client.post(
        "/endpoints/shop/invocations", content=b"1", headers={"Content-Type": "text/csv"}
    )
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")


async def test_labels_lie_where_schedules_look_for_them(room: Room) -> None:
    async def post(content: bytes | str, name: str = "shop") -> Any:
        return await room.service.client.post(f"/api/v1/endpoints/{name}/ground-truth", content=content)

    at = "2026-11-25T03:59:59+01:00"
    lines = [
        {"inferenceId": "a", "label": 1, "time": at},
        {"eventId": "b", "label": "no", "time": "2026-11-25T03:00:00"},
        {"eventId": "c", "label": {"class": "x"}, "time": at},
        {"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "d", "inferenceTime": at}},
    ]
    said = await post("\n".join(map(json.dumps, lines)))
    assert said.status_code == 200, said.text
    root = f"s3://{room.bucket}/live/ground-truth/shop/2026/11/25"
    assert [uri.rpartition("/")[0] for uri in said.json()["uris"]] == [f"{root}/02", f"{root}/03"]
    assert said.json()["labels"] == 4
    # What comes again changes nothing.
    assert (await post(json.dumps(lines))).json() == said.json()

    def read(uri: str) -> list[Any]:
        held = room.s3.get_object(Bucket=room.bucket, Key=uri.removeprefix(f"s3://{room.bucket}/"))
        return [json.loads(line) for line in held["Body"].read().splitlines()]

    first = await asyncio.to_thread(read, said.json()["uris"][0])
    assert [(item["eventMetadata"]["eventId"], item["groundTruthData"]) for item in first] == [
        ("a", {"data": "1", "encoding": "CSV"}),
        ("c", {"data": '{"class":"x"}', "encoding": "JSON"}),
        ("d", {"data": "1", "encoding": "CSV"}),
    ]
    tags = [{"Key": "stemma:ground-truth", "Value": f"s3://{room.bucket}/labels/"}]
    await room.aws("create_endpoint", EndpointName="told", EndpointConfigName="c", Tags=tags)
    (uri,) = (await post('{"eventId": "a", "label": 0}', "told")).json()["uris"]
    assert uri.startswith(f"s3://{room.bucket}/labels/{time.strftime('%Y/%m', time.gmtime())}")
    # Another account's bucket is not touched, and what can't be read is told.
    tags = [{"Key": "stemma:ground-truth", "Value": "s3://elsewhere/labels"}]
    await room.aws("create_endpoint", EndpointName="sly", EndpointConfigName="c", Tags=tags)
    assert (await post('{"eventId": "a", "label": 0}', "sly")).status_code == 403
    assert (await post('{"eventId": "a", "label": 0}', "none")).status_code in (400, 404)
    for body, expected in (
        ("[]", "there are 0 labels"),
        ("[1]", "label 1 can't be read: it is no object"),
        ('{"eventId": "a", "label": 1}\n{', "line 2 is not JSON"),
        ('{"eventId": "a"}', "it has no label"),
        ('{"label": 1}', "no eventId or inferenceId"),
        ('{"eventId": "a", "label": 1, "time": "noon"}', "its time is 'noon'"),
        ('{"eventId": "a", "label": 1, "when": 1}', "it has when; known are"),
        (
            '{"groundTruthData": {"data": "1", "encoding": "XML"}, "eventMetadata": {"eventId": "a"}}',
            "its encoding is 'XML'",
        ),
    ):
        refused = await post(body)
        assert refused.status_code == 400, body
        assert expected in refused.json()["detail"]


async def test_only_who_may_write_gives_labels(serve: Serve) -> None:
    service = serve(keys="required")
    answer = await service.client.post("/api/v1/endpoints/shop/ground-truth", content=b'{"eventId": "a", "label": 1}')
    assert answer.status_code == 401
