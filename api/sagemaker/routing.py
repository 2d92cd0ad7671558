"""Which operation a request asks for, and its input: by target, by method and path, or by the form's `Action`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

import cbor2
import orjson
from starlette.convertors import Convertor, register_url_convertor

from api.sagemaker.failures import ProtocolError
from api.sagemaker.model import SERVICES, OperationModel, Service, service

FORM = "application/x-www-form-urlencoded"
SIGNED = "AWS4-HMAC-SHA256"
SCOPE = re.compile(r"Credential=[^/,\s]*/\d*/[^/,\s]*/([a-z0-9-]+)/aws4_request", re.ASCII)
FORM_FIELDS = 1000
RPC = re.compile(r"/service/(\w+)/operation/(\w+)", re.ASCII)
"""The paths of Smithy's RPC v2."""
LABEL = "[\\s\\S]+"
_TEMPLATE = re.compile(r"\{(\w+)(\+?)\}")


class Label(Convertor[str]):
    """A part of a path with whatever is in it."""

    regex = LABEL

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("label", Label())


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it arrived: the path with its percent signs; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Route:
    """The operation that a request asks for; `labels` are what its path holds."""

    service: Service
    operation: OperationModel
    labels: Mapping[str, str]
    cbor: bool = False

    @property
    def protocol(self) -> str:
        """In which its answer is written."""
        return "cbor" if self.cbor else self.service.protocol


def is_aws(method: str, path: str, headers: Mapping[str, str]) -> bool:
    """Whether a request speaks one of AWS's protocols, so that this door answers it."""
    if headers.get("authorization", "").startswith(SIGNED) or "x-amz-target" in headers:
        return True
    if method == "POST" and (path == "/" or RPC.fullmatch(path) is not None):
        return True
    return next(_by_path(method, path, None), None) is not None


def paths() -> Iterator[tuple[str, str]]:
    """Methods and paths of the operations that have a path of their own, as routes write them."""
    for known in map(service, SERVICES):
        if known.cbor and known.target is not None:
            yield "POST", f"/service/{known.target}/operation/{{name}}"
        if known.protocol == "rest-json":
            for name in sorted(known.names):
                http = known.model.operation_model(name).http
                path = http["requestUri"].partition("?")[0].replace("+}", ":path}")
                # A label may hold an ARN, whose slashes are encoded in the path as it was sent.
                yield http["method"], path.replace("{Arn}", "{Arn:label}")


def find(sent: Sent) -> Route:
    """The operation of a request.

    Raises:
        ProtocolError: the model of no service that is answered has it.
    """
    scope = _scope(sent)
    if (target := sent.headers.get("x-amz-target")) is not None:
        return _by_target(target)
    if (named := RPC.fullmatch(sent.path)) is not None and sent.method == "POST":
        return _by_rpc(*named.groups())
    route = next(_by_path(sent.method, sent.path, scope), None)
    if route is not None:
        return route
    if sent.headers.get("content-type", "").startswith(FORM) and sent.path == "/":
        return _by_action(sent, scope)
    raise ProtocolError(
        "UnknownOperationException",
        f"{sent.method} {sent.path[:100]} is no operation of {scope or 'any service that is answered here'}",
        404,
    )


def read(route: Route, sent: Sent) -> Any:
    """The input of an operation as it was sent, not yet checked.

    Raises:
        ProtocolError: the body can't be read.
    """
    shape = route.operation.input_shape
    if route.service.protocol == "query":
        return _form(shape, dict(_fields(sent)))
    found: Any = {}
    if route.cbor:
        return _cbor(sent.body)
    if sent.body.strip():
        try:
            found = orjson.loads(sent.body)
        except orjson.JSONDecodeError as error:
            raise ProtocolError("SerializationException", f"the body is not JSON: {error}") from None
    if route.service.protocol == "json" or shape is None or not isinstance(found, dict):
        return found
    for name, member in shape.members.items():
        place = member.serialization
        key = place.get("name", name)
        if place.get("location") == "uri" and key in route.labels:
            found[name] = route.labels[key]
        elif place.get("location") == "header" and key.lower() in sent.headers:
            found[name] = sent.headers[key.lower()]
        elif place.get("location") == "querystring":
            values = [value for field, value in parse_qsl(sent.query, keep_blank_values=True) if field == key]
            if values:
                found[name] = values if member.type_name == "list" else values[0]
    return found


def _scope(sent: Sent) -> str | None:
    found = SCOPE.search(sent.headers.get("authorization", ""))
    if found is None and "X-Amz-Credential" in sent.query:
        credential = dict(parse_qsl(sent.query)).get("X-Amz-Credential", "")
        found = SCOPE.search(f"Credential={credential}")
    return None if found is None else found[1]


def _by_target(target: str) -> Route:
    prefix, _, name = target.rpartition(".")
    for known in map(service, SERVICES):
        if known.protocol == "json" and known.target == prefix:
            return Route(known, _known(known, name), {})
    raise ProtocolError(
        "UnknownOperationException", f"X-Amz-Target {target[:100]!r} is of no service that is answered here"
    )


def _by_rpc(target: str, name: str) -> Route:
    for known in map(service, SERVICES):
        if known.cbor and known.target == target:
            return Route(known, _known(known, name), {}, cbor=True)
    raise ProtocolError("UnknownOperationException", f"{target[:100]!r} is no service that is answered here")


def _cbor(body: bytes) -> Any:
    if not body:
        return {}
    try:
        return cbor2.loads(body)
    except (cbor2.CBORDecodeError, ValueError, RecursionError, OverflowError, TypeError):
        raise ProtocolError("SerializationException", "the body is not CBOR") from None


def _by_path(method: str, path: str, scope: str | None) -> Iterator[Route]:
    for known in map(service, SERVICES):
        if known.protocol != "rest-json" or scope not in (None, known.scope):
            continue
        for pattern, name in _paths(known.name).get(method, ()):
            if found := pattern.fullmatch(path):
                labels = {label: unquote(value) for label, value in found.groupdict().items()}
                operation = known.operation(name)
                assert operation is not None
                yield Route(known, operation, labels)


_compiled: dict[str, dict[str, list[tuple[re.Pattern[str], str]]]] = {}


def _paths(name: str) -> dict[str, list[tuple[re.Pattern[str], str]]]:
    if name not in _compiled:
        found: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        known = service(name)
        for operation in sorted(known.names):
            http = known.model.operation_model(operation).http
            parts = _TEMPLATE.split(http["requestUri"].partition("?")[0])
            pattern = re.escape(parts[0])
            for label, greedy, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
                pattern += f"(?P<{label}>{LABEL if greedy or label == 'Arn' else '[^/]+'})" + re.escape(rest)
            found.setdefault(http["method"], []).append((re.compile(pattern), operation))
        _compiled[name] = found
    return _compiled[name]


def _by_action(sent: Sent, scope: str | None) -> Route:
    fields = dict(_fields(sent))
    action, version = fields.get("Action", ""), fields.get("Version")
    for known in map(service, SERVICES):
        if known.protocol == "query" and (
            known.scope == scope or (scope is None and known.model.api_version == version)
        ):
            return Route(known, _known(known, action), {})
    raise ProtocolError("InvalidAction", f"Could not find operation {action[:100]} for version {str(version)[:40]}")


def _known(known: Service, name: str) -> OperationModel:
    operation = known.operation(name)
    if operation is None:
        raise ProtocolError("UnknownOperationException", f"{known.name} has no operation {name[:100]!r}")
    return operation


def _fields(sent: Sent) -> list[tuple[str, str]]:
    try:
        return parse_qsl(sent.body.decode("utf-8"), keep_blank_values=True, max_num_fields=FORM_FIELDS, errors="strict")
    except ValueError:
        raise ProtocolError("MalformedQueryString", "the body is not a form in UTF-8") from None


def _form(shape: Any, fields: dict[str, str]) -> Any:
    """A form's flat fields (`Tags.member.1.Key`) as the shape's nested value."""
    if shape is None:
        return {}
    kind = shape.type_name
    if kind == "structure":
        members = {
            name: _inner(member.serialization.get("name", name), fields) for name, member in shape.members.items()
        }
        return {name: _form(shape.members[name], inner) for name, inner in members.items() if inner}
    if kind == "list":
        prefix = "" if shape.serialization.get("flattened") else shape.member.serialization.get("name", "member") + "."
        numbers = {key.removeprefix(prefix).partition(".")[0] for key in fields if key.startswith(prefix)}
        ordered = sorted((number for number in numbers if number.isdecimal()), key=int)
        return [_form(shape.member, _inner(prefix + number, fields)) for number in ordered]
    text = fields.get("", "")
    if kind in ("integer", "long", "float", "double"):
        try:
            return int(text) if kind in ("integer", "long") else float(text)
        except ValueError:
            return text
    return {"true": True, "false": False}.get(text.lower(), text) if kind == "boolean" else text


def _inner(name: str, fields: dict[str, str]) -> dict[str, str]:
    found = {key[len(name) + 1 :]: value for key, value in fields.items() if key.startswith(f"{name}.")}
    return {**found, "": fields[name]} if name in fields else found
