"""Outputs as AWS's protocols write them: JSON, or XML for the form protocol. A member that the model lacks is a bug."""

import base64
from typing import Any
from xml.etree import ElementTree

import cbor2
import orjson
from starlette.responses import Response

from api.sagemaker.failures import BODIES, json_body
from api.sagemaker.routing import Route
from graph.times import from_ms

JSON = "application/x-amz-json-1.1"
REST_JSON = "application/json"
XML = "text/xml"
CBOR = "application/cbor"


def answer(route: Route, output: dict[str, Any], request_id: str) -> Response:
    """The response that carries an output."""
    service, operation = route.service, route.operation
    shape = operation.output_shape
    headers = {"x-amzn-RequestId": request_id}
    if route.cbor:
        return _in_cbor({} if shape is None else _plain(shape, output, cbor=True), 200, headers)
    if service.protocol == "query":
        root = ElementTree.Element(f"{operation.name}Response", xmlns=service.model.metadata.get("xmlNamespace", ""))
        if shape is not None:
            name = shape.serialization.get("resultWrapper", f"{operation.name}Result")
            _xml(shape, output, ElementTree.SubElement(root, name))
        metadata = ElementTree.SubElement(root, "ResponseMetadata")
        ElementTree.SubElement(metadata, "RequestId").text = request_id
        return Response(_text(root), headers=headers, media_type=XML)
    content = b"{}" if shape is None else orjson.dumps(_plain(shape, output))
    if shape is None and service.protocol == "json":
        content = b""
    return Response(content, headers=headers, media_type=JSON if service.protocol == "json" else REST_JSON)


def refusal(protocol: str, code: str, message: str, status: int, request_id: str) -> Response:
    """The response that carries an error."""
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": code}
    if status in BODIES:
        # What is still to come of the body is not read.
        headers["Connection"] = "close"
    if protocol == "query":
        root = ElementTree.Element("ErrorResponse")
        error = ElementTree.SubElement(root, "Error")
        for name, value in (("Type", "Sender" if status < 500 else "Receiver"), ("Code", code), ("Message", message)):
            ElementTree.SubElement(error, name).text = _legal(value)
        ElementTree.SubElement(root, "RequestId").text = request_id
        return Response(_text(root), status, headers=headers, media_type=XML)
    if protocol == "cbor":
        return _in_cbor(json_body(code, message), status, headers)
    content = orjson.dumps(json_body(code, message))
    return Response(content, status, headers=headers, media_type=JSON if protocol == "json" else REST_JSON)


def _plain(shape: Any, value: Any, *, cbor: bool = False) -> Any:
    """A value as JSON or CBOR have it."""
    kind = shape.type_name
    if kind == "structure":
        members = shape.members
        return {name: _plain(members[name], item, cbor=cbor) for name, item in value.items() if item is not None}
    if kind == "list":
        return [_plain(shape.member, item, cbor=cbor) for item in value]
    if kind == "map":
        return {key: _plain(shape.value, item, cbor=cbor) for key, item in value.items()}
    if kind == "timestamp":
        return cbor2.CBORTag(1, value / 1000) if cbor else value / 1000
    if kind == "blob" and not cbor:
        return base64.b64encode(value).decode()
    return value


def _in_cbor(value: Any, status: int, headers: dict[str, str]) -> Response:
    return Response(cbor2.dumps(value), status, headers={**headers, "smithy-protocol": "rpc-v2-cbor"}, media_type=CBOR)


def _xml(shape: Any, value: Any, parent: ElementTree.Element) -> None:
    kind = shape.type_name
    if kind == "structure":
        for name, item in value.items():
            if item is not None:
                member = shape.members[name]
                _xml(member, item, ElementTree.SubElement(parent, member.serialization.get("name", name)))
    elif kind == "list":
        for item in value:
            _xml(shape.member, item, ElementTree.SubElement(parent, "member"))
    elif kind == "timestamp":
        parent.text = from_ms(value).isoformat().replace("+00:00", "Z")
    elif kind == "boolean":
        parent.text = "true" if value else "false"
    else:
        parent.text = _legal(str(value))


def _legal(text: str) -> str:
    return "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "?" for c in text
    )


def _text(root: ElementTree.Element) -> bytes:
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content
