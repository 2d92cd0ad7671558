"""Labels that come one by one, as SageMaker keeps ground truth: a line an event, in folders of the hours of the data."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from graph.errors import InvalidError
from graph.times import from_ms, now_ms
from monitors.capture.layout import time_at

MOST = 100_000
"""Labels that come at once."""
FIELDS = ("eventId", "inferenceId", "label", "time")


@dataclass(frozen=True, slots=True)
class Label:
    """What really happened.

    Attributes:
        event: the inference id of the captured record, or its event id where it has none.
        data: the label, as a field of CSV or as JSON.
        encoding: `CSV` or `JSON`.
        at: when the inference was, in UTC.
    """

    event: str
    data: str
    encoding: str
    at: datetime


def read_labels(body: bytes) -> list[Label]:
    """Labels of a request: a JSON object, a list of them, or one a line.

    An object is `{"inferenceId": …, "label": …, "time": …}` (or `eventId`; `time` is that of the inference, now if it is not
    given), or a record as SageMaker has it: `{"groundTruthData": {"data", "encoding"}, "eventMetadata": {"eventId"}}`.

    Raises:
        InvalidError: it is something else; the message says which object.
    """
    try:
        whole = orjson.loads(body)
        given = whole if isinstance(whole, list) else [whole]
    except orjson.JSONDecodeError:
        given = [_line(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
    if not 0 < len(given) <= MOST:
        raise InvalidError(
            f"there are {len(given)} labels; 1 to {MOST} can be given at once", path="body", constraint="labels"
        )
    now = from_ms(now_ms())
    return [_label(number, item, now) for number, item in enumerate(given, 1)]


def files(labels: Sequence[Label]) -> dict[str, bytes]:
    """Files by their place below a folder: `yyyy/mm/dd/hh/<digest>.jsonl`, so that labels that come again change nothing."""
    hours: dict[str, list[bytes]] = {}
    for label in labels:
        record = {
            "groundTruthData": {"data": label.data, "encoding": label.encoding},
            "eventMetadata": {"eventId": label.event},
            "eventVersion": "0",
        }
        hours.setdefault(f"{label.at:%Y/%m/%d/%H}", []).append(orjson.dumps(record) + b"\n")
    made = {}
    for hour, lines in hours.items():
        content = b"".join(lines)
        made[f"{hour}/{hashlib.sha256(content).hexdigest()[:32]}.jsonl"] = content
    return made


def _line(number: int, line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidError(
            f"line {number} is not JSON: {error}", path="body", constraint="JSON, or JSON Lines"
        ) from None


def _label(number: int, given: Any, now: datetime) -> Label:
    if not isinstance(given, dict):
        raise _wrong(number, "it is no object")
    if "groundTruthData" in given:
        truth, metadata = given["groundTruthData"], given.get("eventMetadata")
        event = metadata.get("eventId") if isinstance(metadata, dict) else None
        if not isinstance(truth, dict) or not isinstance(truth.get("data"), str):
            raise _wrong(number, "its groundTruthData has no data")
        encoding = truth.get("encoding", "CSV")
        if encoding not in ("CSV", "JSON"):
            raise _wrong(number, f"its encoding is {encoding!r:.40}; CSV or JSON is needed")
        time = metadata.get("inferenceTime") if isinstance(metadata, dict) else None
        return Label(_event(number, event), truth["data"], encoding, _at(number, time, now))
    unknown = [name for name in given if name not in FIELDS]
    if unknown or given.get("label") is None:
        why = f"it has {', '.join(unknown)[:80]}" if unknown else "it has no label"
        raise _wrong(number, f"{why}; known are {', '.join(FIELDS)}")
    label = given["label"]
    plain = isinstance(label, str | int | float) and not (isinstance(label, str) and set(label) & set(',"\r\n'))
    try:
        data = str(int(label) if isinstance(label, bool) else label) if plain else orjson.dumps(label).decode()
    except orjson.JSONEncodeError:
        raise _wrong(number, "its label is nested more than 254 deep") from None
    event = _event(number, given.get("inferenceId") or given.get("eventId"))
    return Label(event, data, "CSV" if plain else "JSON", _at(number, given.get("time"), now))


def _event(number: int, event: Any) -> str:
    if not isinstance(event, str) or not 0 < len(event) <= 256:
        raise _wrong(number, "it has no eventId or inferenceId of 1 to 256 characters")
    return event


def _at(number: int, time: Any, now: datetime) -> datetime:
    if time is None:
        return now.astimezone(UTC)
    at = time_at(time)
    if at is None:
        raise _wrong(number, f"its time is {time!r:.40}; ISO 8601 is needed, such as 2026-11-25T03:04:05Z")
    return at


def _wrong(number: int, why: str) -> InvalidError:
    return InvalidError(f"label {number} can't be read: {why}", path="body", constraint="an event and its label")
