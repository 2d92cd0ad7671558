"""What real clients send over real HTTP is what the signature speaks about, as uvicorn hands it on."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.server import bind
from api.signatures import SignedRequest
from tests.api.signatures.signing import KEY_ID, REGION, SECRET, verify

SERVICES = ["sagemaker", "resource-groups", "sts", "iam", "tagging", "logs", "monitoring"]
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("sagemaker", "list_artifacts", {"SourceUri": "s3://b/é"}),
    (
        "sagemaker-metrics",
        "batch_put_metrics",
        {
            "TrialComponentName": "t",
            "MetricData": [{"MetricName": "loss", "Timestamp": datetime(2026, 3, 3, tzinfo=UTC), "Value": 0.5}],
        },
    ),
    ("resource-groups", "list_group_resources", {"Group": "g"}),
    ("sts", "get_caller_identity", {}),
    ("iam", "get_role", {"RoleName": "r+x@y"}),
    ("resourcegroupstaggingapi", "get_resources", {}),
    ("logs", "describe_log_streams", {"logGroupName": "/aws/sagemaker/ProcessingJobs"}),
    ("cloudwatch", "list_metrics", {}),
    # Names in the path and in the query, with what has to be encoded in either.
    (
        "sagemaker-runtime",
        "invoke_endpoint",
        {"EndpointName": "end-point", "Body": b"\x00\xff", "ContentType": "text/csv"},
    ),
    ("apigateway", "get_model", {"restApiId": "a b/c:é+~", "modelName": "..%2F."}),
    ("lambda", "list_functions", {"Marker": "a b/c:é+~&=%", "MaxItems": 5}),
    (
        "lambda",
        "get_function",
        {"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f", "Qualifier": "$LATEST"},
    ),
]


class Recorder:
    """Keeps each request as the door will read it, and refuses it."""

    def __init__(self) -> None:
        self.requests: list[SignedRequest] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.requests.append(
            SignedRequest(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"], body)
        )
        await Response(b"{}", 400)(scope, receive, send)


@pytest.fixture(scope="module")
def recorder() -> Iterator[tuple[str, Recorder]]:
    recorder = Recorder()
    listening = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(recorder, log_config=None, lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", recorder
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize(
    ("service", "operation", "arguments"), CALLS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_requests_of_boto3(
    recorder: tuple[str, Recorder], service: str, operation: str, arguments: dict[str, Any]
) -> None:
    url, kept = recorder
    client = boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
    )
    with pytest.raises((ClientError, ResponseParserError)):
        getattr(client, operation)(**arguments)
    found = verify(kept.requests[-1], now=datetime.now(UTC), services=[*SERVICES, "apigateway", "lambda"])
    assert found.key_id == KEY_ID


def test_a_presigned_request_of_boto3(recorder: tuple[str, Recorder]) -> None:
    import httpx

    url, kept = recorder
    client = boto3.client(
        "sts", region_name=REGION, endpoint_url=url, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET
    )
    address = client.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    httpx.get(address)
    assert verify(kept.requests[-1], now=datetime.now(UTC), services=["sts"]).life == 60
