"""Every answer to AWS's clients, held to the service models of the installed botocore.

`Checked(app)` stands before the application in the tests' servers, so that the answers to every client are checked, to
unmodified ones in other environments too.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import cbor2
from botocore.model import OperationModel, ServiceModel
from botocore.session import Session
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.conformance.shapes import json_problems, plain, xml_problems

SERVICES = (
    "sagemaker",
    "sagemaker-metrics",
    "sagemaker-runtime",
    "resource-groups",
    "resourcegroupstaggingapi",
    "logs",
    "cloudwatch",
    "sts",
    "iam",
)
QUERY = ("sts", "iam")
"""Services whose clients send forms and read XML."""
COMMON = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAction",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MalformedQueryString",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestEntityTooLargeException",
    "RequestExpired",
    "RequestTimeout",
    "RequestTimeoutException",
    "SerializationException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SignatureDoesNotMatch",
    "Throttling",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
}
"""What every operation may answer with, beside the errors of its model (AWS's pages of common errors)."""
UNAVAILABLE = 503
REQUEST_ID = "x-amzn-requestid"


class BadResponseError(AssertionError):
    """An answer that does not fit the service's model."""


@cache
def service_model(name: str) -> ServiceModel:
    """botocore's model of a service."""
    return Session().get_service_model(name)


def problems(operation: OperationModel, status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    """What is wrong with an answer of an operation, as texts; header names in lower case."""
    found = [] if headers.get(REQUEST_ID) else [f"the header {REQUEST_ID} is missing"]
    query = operation.service_model.service_name in QUERY
    if status >= 300:
        body = _plain(headers, body)
        return found + (_xml_error if query else _json_error)(operation, status, body)
    if status != operation.http.get("responseCode", 200):
        found.append(f"status {status}")
    shape = operation.output_shape
    body = _plain(headers, body)
    if query:
        return found + _xml(operation, body)
    if shape is None:
        return found if body in (b"", b"{}") else [*found, f"an answer was not expected: {body[:80]!r}"]
    if shape.serialization.get("payload"):
        return found
    try:
        value = json.loads(body, parse_constant=_refuse)
    except ValueError as error:
        return [*found, f"not JSON: {error}: {body[:80]!r}"]
    return found + json_problems(shape, value)


def check(operation: OperationModel, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Hold an answer to its model.

    Raises:
        BadResponseError: it does not fit.
    """
    if found := problems(operation, status, headers, body):
        name = f"{operation.service_model.service_name}:{operation.name}"
        raise BadResponseError(f"{name} answered {status} {body[:2000]!r}:\n  " + "\n  ".join(found))


class Checked:
    """An ASGI application whose answers to AWS's clients are held to their models.

    Attributes:
        found: one text for each answer that did not fit; a fixture asserts that it is empty.
        answers: how many answers each operation gave, by `service:Operation` and status.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.found: list[str] = []
        self.answers: dict[tuple[str, int], int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = bytearray()
        answered = bytearray()
        status, headers = 0, {}

        async def listen() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def tell(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
            else:
                answered.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, listen, tell)
        operation = asked_for(scope, bytes(asked))
        if operation is None or status == 0:
            return
        name = f"{operation.service_model.service_name}:{operation.name}"
        self.answers[name, status] = self.answers.get((name, status), 0) + 1
        try:
            check(operation, status, headers, bytes(answered))
        except BadResponseError as error:
            self.found.append(str(error))


def asked_for(scope: Scope, body: bytes) -> OperationModel | None:
    """The operation that a request asks for; None when it is none of AWS's."""
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    target = headers.get("x-amz-target", "")
    if named := re.fullmatch(r"/service/(\w+)/operation/(\w+)", scope["path"]):
        target = ".".join(named.groups())
    for name in SERVICES:
        model = service_model(name)
        if target:
            prefix, _, operation = target.rpartition(".")
            if prefix == model.metadata.get("targetPrefix") and operation in model.operation_names:
                return model.operation_model(operation)
        elif model.metadata["protocol"] == "rest-json":
            if (
                operation := _by_path(model, scope["method"], scope["path"])
            ) and f"/{model.signing_name}/" in headers.get("authorization", f"/{model.signing_name}/"):
                return model.operation_model(operation)
        elif name in QUERY and scope["method"] == "POST" and body.startswith(b"Action="):
            fields = parse_qs(body.decode("utf-8", "replace"))
            if fields.get("Version") == [model.api_version] and fields["Action"][0] in model.operation_names:
                return model.operation_model(fields["Action"][0])
    return None


def _plain(headers: Mapping[str, str], body: bytes) -> bytes:
    """A body as JSON: what is CBOR is rewritten."""
    if headers.get("smithy-protocol") != "rpc-v2-cbor":
        return body
    return json.dumps(cbor2.loads(body)).encode()


def _by_path(model: ServiceModel, method: str, path: str) -> str | None:
    for name in model.operation_names:
        http = model.operation_model(name).http
        pattern = "".join(
            (".+" if part.endswith("+}") or part == "{Arn}" else "[^/]+") if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{\w+\+?\})", http["requestUri"].partition("?")[0])
        )
        if http["method"] == method and re.fullmatch(pattern, path):
            return name
    return None


def _json_error(operation: OperationModel, status: int, body: bytes) -> list[str]:
    try:
        value = json.loads(body)
    except ValueError:
        return [f"an error without JSON: {body[:80]!r}"]
    if not isinstance(value, dict) or not isinstance(value.get("__type"), str):
        return ["an error without __type"]
    message = value.get("message", value.get("Message"))
    return _error(operation, status, value["__type"].rpartition("#")[2], message)


def _xml_error(operation: OperationModel, status: int, body: bytes) -> list[str]:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        return [f"an error without XML: {error}"]
    texts = {plain(element.tag): element.text for element in root.iter()}
    if (
        plain(root.tag) != "ErrorResponse"
        or texts.get("Type") not in ("Sender", "Receiver")
        or not texts.get("RequestId")
    ):
        return [f"not an error of the form protocol: {body[:200]!r}"]
    return _error(operation, status, texts.get("Code") or "", texts.get("Message"))


def _error(operation: OperationModel, status: int, code: str, message: Any) -> list[str]:
    found = []
    modelled = {shape.metadata.get("error", {}).get("code", shape.name): shape for shape in operation.error_shapes}
    if code not in COMMON and code not in modelled:
        found.append(f"{code!r} is neither a common error nor one of {sorted(modelled)}")
    if not isinstance(message, str) or not message:
        found.append(f"the error's message is {message!r}")
    if status >= 500 and status != UNAVAILABLE:
        found.append(f"status {status}")
    return found


def _xml(operation: OperationModel, body: bytes) -> list[str]:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        return [f"not XML: {error}: {body[:80]!r}"]
    found = [] if plain(root.tag) == f"{operation.name}Response" else [f"the root is {root.tag}"]
    space = operation.service_model.metadata.get("xmlNamespace")
    if space and not root.tag.startswith(f"{{{space}}}"):
        found.append(f"the namespace is not {space}")
    parts = {plain(child.tag): child for child in root}
    if "ResponseMetadata" not in parts:
        found.append("ResponseMetadata is missing")
    shape = operation.output_shape
    if shape is None:
        return found
    wrapper = shape.serialization.get("resultWrapper")
    if wrapper not in parts:
        return [*found, f"{wrapper} is missing"]
    return found + xml_problems(shape, parts[wrapper])


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
