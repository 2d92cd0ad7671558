"""An exchange with a model as a record of SageMaker's data capture.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from stemma_capture.redaction import UnreadableError, redacted
from stemma_capture.settings import Settings

Part = Literal["input", "output"]
MEMBERS: dict[Part, str] = {"input": "endpointInput", "output": "endpointOutput"}


@dataclass(frozen=True, slots=True)
class Payload:
    """A body and its content type."""

    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a model was asked and what it answered.

    Attributes:
        input: The request, when it is captured.
        output: The answer, when it is captured.
        variant: Which variant answered.
        inference_id: The caller's own id of it.
        custom_attributes: What the caller said of it.
        at: When it was, in seconds since 1970.
        event: Its id.
    """

    input: Payload | None
    output: Payload | None
    variant: str
    inference_id: str | None = None
    custom_attributes: str | None = None
    at: float = field(default_factory=time.time)
    event: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def size(self) -> int:
        """About how much memory it takes, in bytes."""
        return 500 + sum(len(payload.data) for payload in (self.input, self.output) if payload is not None)


def line(exchange: Exchange, settings: Settings) -> bytes | None:
    """The record with its line end; None where nothing of it may be written."""
    captured: dict[str, Any] = {}
    given: tuple[tuple[Part, Payload | None], ...] = (("input", exchange.input), ("output", exchange.output))
    for part, payload in given:
        if payload is None:
            continue
        try:
            data, encoding = _encoded(payload, part, settings)
        except UnreadableError:
            continue
        captured[MEMBERS[part]] = {
            "observedContentType": payload.content_type,
            "mode": part.upper(),
            "data": data,
            "encoding": encoding,
        }
    if not captured:
        return None
    metadata: dict[str, Any] = {"eventId": exchange.event}
    if exchange.custom_attributes is not None:
        metadata["customAttributes"] = [exchange.custom_attributes]
    if exchange.inference_id is not None:
        metadata["inferenceId"] = exchange.inference_id
    metadata["inferenceTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(exchange.at))
    record = {"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"}
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _encoded(payload: Payload, part: Part, settings: Settings) -> tuple[str, str]:
    """The data as text, and its encoding.

    Raises:
        UnreadableError: there are rules for it, and it can't be told what in it they are about.
    """
    kind = payload.content_type.partition(";")[0].strip().lower()
    encoding = (
        "CSV" if kind in settings.csv_content_types else "JSON" if kind in settings.json_content_types else "BASE64"
    )
    rules = [rule for rule in settings.redactions if rule.part in (None, part)]
    if encoding != "BASE64":
        try:
            text = payload.data.decode()
        except UnicodeDecodeError:
            encoding = "BASE64"
        else:
            return redacted(text, encoding, rules, settings.hash_key), encoding
    if rules:
        raise UnreadableError
    return base64.b64encode(payload.data).decode(), encoding
