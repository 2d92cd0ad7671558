"""Records of a capture file as rows: a whole piece at once where its payloads are plain, else one record at a time."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl
from polars.exceptions import PolarsError

from monitors.analysis import json_lines
from monitors.analysis.broken import BrokenLines
from monitors.analysis.capture.layout import MEMBERS, CaptureLayout, MisfitError, Part, Shape, plan
from monitors.analysis.capture.payloads import record_rows
from monitors.analysis.errors import ColumnsError
from monitors.analysis.files import File
from monitors.analysis.lines import Piece

_PAYLOAD = pl.Struct({"data": pl.String, "encoding": pl.String})
_SCHEMA = pl.Schema(
    {
        "captureData": pl.Struct({name: _PAYLOAD for names in MEMBERS.values() for name in names}),
        "groundTruthData": _PAYLOAD,
    }
)


def parse(piece: Piece, file: File, layout: CaptureLayout) -> tuple[pl.DataFrame, BrokenLines, Mapping[str, int]]:
    """A piece's rows, its lines that can't be read or do not fit the columns, and how many of a column's floats are integers.

    Values of CSV payloads are texts; those of JSON payloads as `json_lines.parse` gives them. A blank value of CSV is missing.
    """
    block = piece.block
    plain = b"\\u" not in block
    if plain and (made := _at_once(block, file, layout)) is not None:
        return made.frame, BrokenLines(), made.integers
    records, broken = json_lines.records(piece, file)
    rows: list[dict[str, str | None]] = []
    for number, record in records:
        try:
            rows += record_rows(record, layout)
        except MisfitError as error:
            broken.add(file.name, number, str(error))
    broken.examples.sort()
    return json_lines.frame_of(rows), broken, {}


class _Made(NamedTuple):
    frame: pl.DataFrame
    integers: Mapping[str, int]


class _Table(NamedTuple):
    """One part's rows: `heights` of them a record; names where the payloads have them."""

    frame: pl.DataFrame
    shape: Shape
    heights: pl.Series | None
    integers: Mapping[str, int]


def _at_once(block: bytes, file: File, layout: CaptureLayout) -> _Made | None:
    """The rows, where all records have the same plain form and all fit; None where one has another."""
    if any(layout.takes_paths(part) for part in (*MEMBERS, "truth")):
        return None
    try:
        frame = pl.read_ndjson(block, schema=_SCHEMA)
    except PolarsError:
        return None
    if frame.height == 0 or frame.height != _lines(block):
        return None
    tables: dict[Part, _Table] = {}
    captured = frame["captureData"].struct
    given: list[tuple[Part, pl.Series]] = [
        (part, captured.field(name)) for part, names in MEMBERS.items() for name in names
    ]
    for part, payloads in [*given, ("truth", frame["groundTruthData"])]:
        data = payloads.struct.field("data")
        if data.null_count() == frame.height and payloads.struct.field("encoding").null_count() == frame.height:
            continue
        table = _table(data, payloads.struct.field("encoding"), file)
        if table is None or part in tables:
            return None
        tables[part] = table
    if not tables or not _aligned([table.heights for table in tables.values()]):
        return None
    try:
        planned = plan(layout, tuple((part, table.shape) for part, table in tables.items()))
    except MisfitError:
        # One at a time, so that each is told.
        return None
    columns, integers = [], {}
    for part, key, name in planned:
        column = str(key)
        columns.append(tables[part].frame[column].alias(name))
        if column in tables[part].integers:
            integers[name] = tables[part].integers[column]
    return _Made(pl.DataFrame(columns), integers)


def _table(data: pl.Series, encoding: pl.Series, file: File) -> _Table | None:
    if data.null_count() or encoding.null_count() or encoding.n_unique() != 1:
        return None
    if encoding[0] == "CSV":
        return _of_csv(data)
    return _of_json(data, file) if encoding[0] == "JSON" else None


def _of_csv(data: pl.Series) -> _Table | None:
    data = data.str.strip_chars_end("\r\n")
    ends = data.str.count_matches("\n", literal=True)
    fields = data.str.count_matches(",", literal=True)
    width = fields[0] // (ends[0] + 1) + 1
    # A quote may hold a comma or a line end; a line may be blank or have another number of fields.
    if (
        (fields != (width - 1) * (ends + 1)).any()
        or (data == "").any()
        or data.str.contains('"', literal=True).any()
        or data.str.contains("\r", literal=True).any()
    ):
        return None
    several = bool((ends > 0).any())
    if several and (data.str.contains("\n\n", literal=True).any() or data.str.starts_with("\n").any()):
        return None
    try:
        # A line with a field too few has as counterpart one with too many, which polars refuses.
        frame = pl.read_csv(
            "\n".join(data).encode(),
            has_header=False,
            quote_char=None,
            schema={str(position): pl.String for position in range(width)},
        )
    except PolarsError:
        return None
    if frame.height != len(data) + int(ends.sum()):
        return None
    blank = [
        pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)).alias(name)
        for name in frame.columns
        if frame[name].str.starts_with(" ").any() or frame[name].str.starts_with("\t").any()
    ]
    return _Table(frame.with_columns(blank) if blank else frame, width, (ends + 1) if several else None, {})


def _of_json(data: pl.Series, file: File) -> _Table | None:
    if data.str.contains("\n", literal=True).any() or not data.str.starts_with("{").all():
        return None
    block = "\n".join(data).encode()
    if b"\\u" in block:
        return None
    try:
        frame, broken, integers = json_lines.parse(Piece(block, 1, 0, blanks=False), file, None)
    except ColumnsError:
        return None
    if broken.count or frame.height != len(data):
        return None
    return _Table(frame, tuple(frame.columns), None, integers)


def _aligned(heights: list[pl.Series | None]) -> bool:
    """Whether all parts have as many rows of each record; None stands for one row of each."""
    first = heights[0]
    return all(
        (other is None) if first is None else (other is not None and (other == first).all()) for other in heights
    )


def _lines(block: bytes) -> int:
    count = block.count(b"\n")
    return count if block.endswith(b"\n") else count + 1
