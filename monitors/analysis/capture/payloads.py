"""A captured payload as rows of values, one record at a time: slow, exact, and for whatever a client may have sent."""

import base64
import binascii
import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from jmespath.exceptions import JMESPathError

from monitors.analysis.capture.layout import MEMBERS, CaptureLayout, MisfitError, Part, Shape, compiled, plan
from monitors.analysis.json_lines import flat, json_text
from monitors.analysis.lines import LONGEST_RECORD

Row = list[str | None] | dict[str, str | None]
"""Values by position or by name."""


def record_rows(record: Mapping[str, Any], layout: CaptureLayout) -> list[dict[str, str | None]]:
    """A record's rows: several where its payloads have several lines.

    Raises:
        MisfitError: It is no capture record, a payload can't be read, or its values are not the columns.
    """
    tables = _tables(record, layout)
    heights = {part: len(rows) for part, (rows, _) in tables.items()}
    if len(set(heights.values())) != 1:
        told = " and ".join(f"{height} rows of {part}" for part, height in heights.items())
        raise MisfitError(told if heights else "it has neither a request nor an answer")
    made: list[dict[str, str | None]] = []
    for position in range(next(iter(heights.values()))):
        rows = {part: table[position] for part, (table, _) in tables.items()}
        shapes: tuple[tuple[Part, Shape], ...] = tuple((part, _shape(row)) for part, row in rows.items())
        values = {name: rows[part][key] for part, key, name in plan(layout, shapes)}  # type: ignore[index]
        for _, found in tables.values():
            values |= {name: column[position] for name, column in found.items() if name not in layout.excluded}
        made.append(values)
    return made


def _tables(
    record: Mapping[str, Any], layout: CaptureLayout
) -> dict[Part, tuple[list[Row], dict[str, list[str | None]]]]:
    captured = record.get("captureData")
    if not isinstance(captured, dict):
        raise MisfitError("it has no captureData")
    given: dict[Part, Any] = {
        part: next((captured[name] for name in names if captured.get(name) is not None), None)
        for part, names in MEMBERS.items()
    }
    given["truth"] = record.get("groundTruthData")
    tables: dict[Part, tuple[list[Row], dict[str, list[str | None]]]] = {}
    for part, payload in given.items():
        if payload is None:
            continue
        if not isinstance(payload, dict):
            raise MisfitError(f"its {part} is no object")
        documents = _documents(payload, part)
        if layout.takes_paths(part):
            tables[part] = _looked_up(documents, part, layout)
        else:
            tables[part] = ([row for document in documents for row in _rows(document)], {})
    return tables


def _documents(payload: Mapping[str, Any], part: Part) -> list[Any]:
    """What a payload holds: its JSON values, or a list of texts for each line of CSV."""
    data, encoding = payload.get("data"), payload.get("encoding")
    if encoding == "BASE64":
        kind = str(payload.get("observedContentType") or "").lower()
        try:
            data = base64.b64decode(data or "", validate=True).decode()
        except (binascii.Error, TypeError, ValueError) as error:
            raise MisfitError(f"its {part} is no text in Base64") from error
        encoding = "JSON" if "json" in kind else "CSV" if "csv" in kind or kind.startswith("text/plain") else kind[:80]
    if encoding == "JSON":
        return [data] if isinstance(data, dict | list) else _json_values(data, part)
    if encoding == "CSV" and isinstance(data, str):
        csv.field_size_limit(LONGEST_RECORD)
        try:
            lines = [line for line in csv.reader(io.StringIO(data, newline=""), strict=True) if line]
        except csv.Error as error:
            raise MisfitError(f"its {part} is no CSV: {error}") from error
        return [[value if value and not value.isspace() else None for value in line] for line in lines]
    raise MisfitError(f"its {part} is in {encoding!r}, and CSV and JSON can be read")


def _json_values(data: Any, part: Part) -> list[Any]:
    if not isinstance(data, str):
        raise MisfitError(f"its {part} is no text")
    try:
        return [_json(data)]
    except (ValueError, RecursionError):
        pass
    try:
        return [_json(line) for line in data.split("\n") if line and not line.isspace()]
    except (ValueError, RecursionError) as error:
        raise MisfitError(f"its {part} is no JSON") from error


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
        return value


def _rows(document: Any) -> list[Row]:
    if isinstance(document, list) and document and all(isinstance(item, dict | list) for item in document):
        return [_row(item) for item in document]
    return [_row(document)]


def _row(document: Any) -> Row:
    if isinstance(document, dict):
        try:
            return {key: json_text(value) for key, value in flat(document).items()}
        except RecursionError as error:
            raise MisfitError("its JSON is nested too deeply") from error
    return [json_text(value) for value in (document if isinstance(document, list) else [document])]


def _looked_up(
    documents: Sequence[Any], part: Part, layout: CaptureLayout
) -> tuple[list[Row], dict[str, list[str | None]]]:
    """The rows of features, if any, and the columns that JMESPaths (and positions and names beside them) give."""
    columns: dict[str, list[str | None]] = {}
    for name, attribute in layout.columns:
        if attribute.part != part:
            continue
        key = attribute.key
        expression = f"[{key}]" if isinstance(key, int) else key
        columns[name] = [
            json_text(value) for document in documents for value in _listed(_search(expression, document, part))
        ]
    rows: list[Row] = []
    if part == "input" and layout.features is not None:
        for document in documents:
            rows += _rows(_search(layout.features, document, part))
    heights = {len(column) for column in columns.values()} | ({len(rows)} if rows else set())
    if len(heights) > 1:
        raise MisfitError(f"the paths of its {part} find {' and '.join(map(str, sorted(heights)))} values")
    return rows or [{} for _ in range(heights.pop() if heights else 0)], columns


def _search(expression: str, document: Any, part: Part) -> Any:
    try:
        found = compiled(expression).search(document)
    except (JMESPathError, RecursionError, TypeError) as error:
        raise MisfitError(f"{expression!r} can't be looked up in its {part}") from error
    if found is None:
        raise MisfitError(f"{expression!r} finds nothing in its {part}")
    return found


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _shape(row: Row) -> Shape:
    return tuple(row) if isinstance(row, dict) else len(row)
