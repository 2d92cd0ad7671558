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
    records: list[dict[str, Any]] = []
    numbers: list[int] = []
    read_bytes = 0
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                read_bytes += len(line)
                if line.isspace():
                    continue
                records.append(_record(line, file, number))
                numbers.append(number)
                if len(records) == _ROWS:
                    yield _frame(records, numbers, file), read_bytes
                    records, numbers = [], []
    except OSError as error:
        raise MalformedDataError(f"{file} can't be read: {error.strerror or error}.") from error
    if records:
        yield _frame(records, numbers, file), read_bytes


def _frame(records: list[dict[str, Any]], numbers: list[int], file: Path) -> pl.DataFrame:
    names: dict[str, None] = {}
    for record in records:
        if not record.keys() <= names.keys():
            names.update(dict.fromkeys(record))
    columns: dict[str, list[str | None] | pl.Series] = {}
    for name in names:
        values = [record.get(name) for record in records]
        # One kind of value in a whole column is the rule, and is done without looking at each.
        kinds = set(map(type, values))
        if kinds <= {str, type(None)}:
            columns[name] = values
        elif kinds == {float}:
            columns[name] = pl.Series(values, dtype=pl.Float64).cast(pl.String)
        elif kinds == {int}:
            columns[name] = list(map(str, values))
        else:
            columns[name] = [_text(value, name, file, number) for value, number in zip(values, numbers, strict=True)]
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String), height=len(records))


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
