"""JSON Lines files: one flat object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from monitors.analysis.errors import ColumnsError, EncodingError, MalformedDataError

_ROWS = 16_384


def read(file: Path) -> Iterator[tuple[pl.DataFrame, int]]:
    """Frames of texts (null where missing) in the order of the lines, each with the bytes of the file read so far.

    Every value is kept as its JSON text, so that a column may hold numbers in one line and texts in another and its
    type is inferred over all of them. A key that a line lacks, or whose value is null, is missing there. Blank lines
    are passed over.

    Raises:
        MalformedDataError: A line is not a JSON object; the message gives its number.
        EncodingError: The file is not UTF-8.
        ColumnsError: A value is a list or an object.
    """
    rows: dict[str, list[str | None]] = {}
    height = read_bytes = 0
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                read_bytes += len(line)
                if line.isspace():
                    continue
                record = _record(line, file, number)
                for name, value in record.items():
                    column = rows.get(name)
                    if column is None:
                        column = rows[name] = [None] * height
                    column.append(_text(value, name, file, number))
                height += 1
                if len(record) < len(rows):
                    for column in rows.values():
                        if len(column) < height:
                            column.append(None)
                if height == _ROWS:
                    yield _frame(rows), read_bytes
                    rows, height = {name: [] for name in rows}, 0
    except OSError as error:
        raise MalformedDataError(f"{file} can't be read: {error.strerror or error}.") from error
    if height:
        yield _frame(rows), read_bytes


def _frame(rows: dict[str, list[str | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String))


def _record(line: bytes, file: Path, number: int) -> dict[str, Any]:
    if number == 1:
        line = line.removeprefix(b"\xef\xbb\xbf")
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        record = _lenient(line, file, number)
    if not isinstance(record, dict):
        raise MalformedDataError(
            f"{file}, line {number}: a JSON {type(record).__name__} where an object is needed. JSON Lines holds one "
            "object a line."
        )
    return record


def _lenient(line: bytes, file: Path, number: int) -> Any:
    """What orjson refused: Python writes NaN and Infinity bare, and others write numbers of any length."""
    try:
        text = line.decode()
        record = json.loads(text)
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise EncodingError(f"{file}, line {number}: not UTF-8 ({error.reason}). Write the file as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise MalformedDataError(
            f"{file}, line {number}: not JSON ({error}). JSON Lines holds one object a line."
        ) from error
    return record


def _text(value: Any, name: str, file: Path, number: int) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise ColumnsError(
        f"{file}, line {number}: {name!r} holds a {'list' if isinstance(value, list) else 'nested object'}. Only flat "
        "records can be profiled: leave the key out or flatten it."
    )
