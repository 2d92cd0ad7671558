"""Captured records and ground truth by the piece of a file: at once where its lines are plain, else one by one."""

from collections.abc import Mapping
from typing import Any

import orjson
import polars as pl
from polars.exceptions import PolarsError

from monitors.analysis import json_lines
from monitors.analysis.broken import BrokenLines
from monitors.analysis.files import File
from monitors.analysis.lines import Piece
from monitors.capture.labels import SCHEMA

CAPTURED = pl.Schema({"number": pl.Int64, "line": pl.String, "event": pl.String, "time": pl.String})
"""A record's line, itself as the text of a JSON object without ground truth, what it is joined on, and when it was."""

_METADATA = pl.Struct({"eventId": pl.String, "inferenceId": pl.String, "inferenceTime": pl.String})
_TOP: dict[str, pl.DataType] = {
    "eventMetadata": _METADATA,
    "eventVersion": pl.String(),
    "groundTruthData": pl.Struct({"data": pl.String}),
}
_BEGINNING = '{"captureData":{'
_INSIDE = {"captureData": pl.Struct({"endpointInput": pl.Struct({"mode": pl.String})})}
# A quote inside of a text has a backslash before it, so these are keys.
_TRUTH = r'"groundTruthData":\s*(\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})'
_DATA = r'"data":\s*"'
_DEEP = "it is nested more than 254 deep"
_ID_NO_TEXT = r'"(?:eventId|inferenceId)":\s*[^"\sn]'


def captured(piece: Piece, file: File, broken: BrokenLines) -> pl.DataFrame:
    """A piece's records (of `CAPTURED`); lines that are none are counted."""
    frame = _captured_at_once(piece)
    if frame is not None:
        return frame
    records, lost = json_lines.records(piece, file)
    broken.merge(lost)
    rows: list[tuple[int, str, str, str | None]] = []
    for number, record in records:
        event = _id(record, "inferenceId") or _id(record, "eventId")
        if event is None or not isinstance(record.get("captureData"), dict):
            broken.add(file.name, number, "no captureData, no eventId, or no time")
            continue
        kept = {
            "eventVersion": record.get("eventVersion", "0"),
            "captureData": record["captureData"],
            "eventMetadata": record["eventMetadata"],
        }
        time = record["eventMetadata"].get("inferenceTime")
        text = _text(kept)
        if text is None:
            broken.add(file.name, number, _DEEP)
            continue
        rows.append((number, text, event, time if isinstance(time, str) else None))
    return pl.DataFrame(rows, schema=CAPTURED, orient="row")


def labels(piece: Piece, file: File, broken: BrokenLines) -> pl.DataFrame:
    """A piece's labels (of `labels.SCHEMA`); lines that are none are counted."""
    frame = _labels_at_once(piece.block)
    if frame is not None:
        return frame
    records, lost = json_lines.records(piece, file)
    broken.merge(lost)
    rows: list[tuple[str, str]] = []
    for number, record in records:
        given, event = record.get("groundTruthData"), _id(record, "eventId")
        if not isinstance(given, dict) or not isinstance(given.get("data"), str) or event is None:
            broken.add(file.name, number, "no groundTruthData with data, or no eventId")
            continue
        text = _text(given)
        if text is None:
            broken.add(file.name, number, _DEEP)
            continue
        rows.append((event, text))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _text(value: Mapping[str, Any]) -> str | None:
    """JSON of what was read; none where it is nested deeper than is written, which is less than what is read."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return None


def _captured_at_once(piece: Piece) -> pl.DataFrame | None:
    lines = _lines(piece.block)
    if lines is None or not lines.str.starts_with("{").all():
        return None
    plain = lines.str.starts_with(_BEGINNING).all()
    parsed = _parsed(piece.block, _TOP if plain else _TOP | _INSIDE, lines)
    if parsed is None:
        return None
    if parsed["groundTruthData"].null_count() < parsed.height or parsed["eventVersion"].null_count():
        return None
    if not plain and parsed["captureData"].null_count():
        return None
    metadata = parsed["eventMetadata"].struct
    own = metadata.field("inferenceId")
    event = pl.select(pl.when(own != "").then(own).otherwise(metadata.field("eventId"))).to_series()
    if not _are_ids(event, lines):
        return None
    numbers = pl.int_range(piece.line, piece.line + len(lines), eager=True)
    return pl.DataFrame({"number": numbers, "line": lines, "event": event, "time": metadata.field("inferenceTime")})


def _labels_at_once(block: bytes) -> pl.DataFrame | None:
    lines = _lines(block)
    parsed = None if lines is None else _parsed(block, {"eventMetadata": _METADATA}, lines)
    if lines is None or parsed is None:
        return None
    event, truth = parsed["eventMetadata"].struct.field("eventId"), lines.str.extract(_TRUTH)
    if truth.null_count() or not truth.str.contains(_DATA).all() or not _are_ids(event, lines):
        return None
    return pl.DataFrame({"event": event, "truth": truth})


def _lines(block: bytes) -> pl.Series | None:
    """The lines of a block, of which none is blank."""
    if b"\\" in block and (b"\\ud" in block or b"\\uD" in block):
        return None
    try:
        # No line that is JSON has this character in it.
        lines = pl.read_csv(block, has_header=False, separator="\x01", quote_char=None, schema={"line": pl.String})
    except PolarsError:
        return None
    return None if lines["line"].null_count() else lines["line"]


def _parsed(block: bytes, schema: Mapping[str, pl.DataType], lines: pl.Series) -> pl.DataFrame | None:
    try:
        parsed = pl.read_ndjson(block, schema=schema)
    except PolarsError:
        return None
    return parsed if parsed.height == len(lines) else None


def _are_ids(events: pl.Series, lines: pl.Series) -> bool:
    """Whether all events have an id, and all ids are texts: polars makes a text of a number."""
    if events.null_count() or (events == "").any():
        return False
    numbers = events.cast(pl.Float64, strict=False).null_count() < len(events)
    return not (
        (numbers or events.is_in(["true", "false"]).any() or events.str.starts_with("{").any())
        and lines.str.contains(_ID_NO_TEXT).any()
    )


def _id(record: Mapping[str, Any], name: str) -> str | None:
    metadata = record.get("eventMetadata")
    value = metadata.get(name) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) and value else None
