"""Capture files as a table: a row a record, output columns first, then input columns.

Source: "Interpreting the captured data" in the SageMaker developer guide.
"""

import base64
import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from graph.errors import InvalidError
from graph.times import to_ms

SIDES = ("endpointOutput", "endpointInput")
LONGEST_LINE = 64 << 20
"""Bytes of one record at most."""


@dataclass(slots=True)
class Table:
    """What was captured, as a file.

    Attributes:
        files, records: how many were looked at.
        outside: records outside of the window.
        unreadable: lines that are no records, or whose payload can't be read.
        rows: how many the table has.
    """

    path: Path
    format: Literal["csv", "jsonl"] = "csv"
    files: int = 0
    records: int = 0
    outside: int = 0
    unreadable: int = 0
    rows: int = 0
    _values: list[list[str]] = field(default_factory=list)
    _named: list[dict[str, Any]] = field(default_factory=list)


def flatten(folder: Path, window: tuple[int, int], names: Sequence[str], path: Path) -> Table:
    """Make a table of the capture files below a folder.

    Args:
        folder: Where they lie.
        window: Records from `[start, end)` count, in epoch milliseconds.
        names: The columns' names by position, for payloads that have none.
        path: The table's, without a suffix.

    Raises:
        InvalidError: records of both kinds, with names and without, are among them.
    """
    table = Table(path)
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        table.files += 1
        with file.open("rb") as lines:
            while line := lines.readline(LONGEST_LINE):
                if line.strip():
                    _take(table, line, window)
    if table._values and table._named:
        raise InvalidError(
            f"{len(table._values)} captured records are CSV and {len(table._named)} are JSON; a run reads one of both",
            path="data",
            constraint="one encoding",
        )
    if table._named:
        table.format, table.path = "jsonl", path.with_suffix(".jsonl")
        table.path.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in table._named))
    else:
        table.path = path.with_suffix(".csv")
        _write(table, names)
    return table


def _take(table: Table, line: bytes, window: tuple[int, int]) -> None:
    table.records += 1
    try:
        record = orjson.loads(line)
        at = _time(record["eventMetadata"]["inferenceTime"])
        if not window[0] <= at < window[1]:
            table.outside += 1
            return
        sides = [_payload(record["captureData"][side]) for side in SIDES if side in record["captureData"]]
        rows = list(itertools.zip_longest(*sides, fillvalue=[]))
    except (KeyError, TypeError, ValueError):
        table.unreadable += 1
        return
    for row in rows:
        table.rows += 1
        if any(isinstance(part, dict) for part in row):
            table._named.append({name: value for part in row for name, value in dict(part).items()})
        else:
            table._values.append([value for part in row for value in part])


def _payload(side: dict[str, Any]) -> list[Any]:
    """The rows of a payload: lists of texts (CSV), or objects (JSON)."""
    data, encoding = side["data"], side.get("encoding", "CSV").upper()
    if encoding == "BASE64":
        data = base64.b64decode(data, validate=True).decode()
        encoding = "JSON" if "json" in side.get("observedContentType", "").lower() else "CSV"
    if encoding == "CSV":
        return list(csv.reader(io.StringIO(data.strip("\n"))))
    return [_object(row) for row in _documents(data)]


def _documents(data: str) -> Iterator[Any]:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        yield from (orjson.loads(line) for line in data.splitlines() if line.strip())
        return
    yield from found if isinstance(found, list) and all(isinstance(row, dict) for row in found) else [found]


def _object(row: Any) -> dict[str, Any]:
    if isinstance(row, dict):
        return row
    if isinstance(row, list):
        return {f"_c{index}": value for index, value in enumerate(row)}
    return {"prediction": row}


def _time(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def _write(table: Table, names: Sequence[str]) -> None:
    width = max((len(row) for row in table._values), default=0)
    header = [*names[:width], *(f"_c{index}" for index in range(len(names), width))]
    with table.path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(table._values)
