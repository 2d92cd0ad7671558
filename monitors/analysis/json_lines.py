"""JSON Lines files: one object a line, nested ones flattened by path (`monitors/analysis/flattening.py`)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from monitors.analysis.broken import BrokenLines
from monitors.analysis.errors import MalformedDataError
from monitors.analysis.files import File
from monitors.analysis.flattening import flatten
from monitors.analysis.lines import Piece, line_ends, pieces

_HINT_ROWS = 1000
_LOOK = 1 << 18
_QUOTE, _COLON, _BLANK, _N = 34, 58, 32, 110

Schema = dict[str, pl.DataType]


def cut(file: File, rows: int) -> Iterator[Piece]:
    """The file in pieces of at most `rows` lines."""
    return pieces(file, rows)


def expect(file: File) -> Schema | None:
    """What the file's first lines look like, which makes reading the others fast; None if they say nothing."""
    try:
        first = next(pieces(file, _HINT_ROWS), None)
        schema = None if first is None else dict(pl.read_ndjson(first.block, infer_schema_length=None).schema)
    except (PolarsError, MalformedDataError):
        return None
    return None if schema is None or any(map(_holds_objects, schema.values())) else schema


def parse(piece: Piece, file: File, expected: Schema | None) -> tuple[pl.DataFrame, BrokenLines, Mapping[str, int]]:
    """A piece's rows as flat columns, its lines that can't be read, and how many of a column's floats are integers.

    A column of numbers stays one; so do booleans. In any other, every value is kept as its JSON text, so that it may
    hold numbers in one line and texts in another. A key that a line lacks, or whose value is null, is missing there.
    Blank lines are passed over. A key that the expected ones lack, and that is null in every line, may not be seen.

    JSON tells 2 from 2.0, and a column of floats does not. Which of its whole numbers were written without a point is
    looked up in the lines, and returned by column.
    """
    block = piece.block
    # polars takes half a surrogate pair for a zero byte
    if b"\\" not in block or (b"\\ud" not in block and b"\\uD" not in block):
        frame = _read(block, expected) if expected else None
        if frame is None:
            frame = _read(block, None)
        if frame is not None:
            frame = flatten(frame)
            return frame, BrokenLines(), _integers(frame, block)
    found, broken = records(piece, file)
    return frame_of([flat(record) for _, record in found]), broken, {}


def _read(block: bytes, expected: Schema | None) -> pl.DataFrame | None:
    """The block as polars reads it; None where that fails, passes over a key, or writes a number anew as a text."""
    try:
        frame = pl.read_ndjson(block, schema=expected, infer_schema_length=None)
    except PolarsError:
        return None
    if expected is None:
        return None if any(map(_may_hold_numbers, frame)) else frame
    looks = _Looks.of(block)
    values, texts = (sum(_values(column, of_text) for column in frame) for of_text in (False, True))
    complete = looks.keys in (values, values + looks.nulls)
    return frame if complete and looks.texts == texts else None


class _Looks(NamedTuple):
    """How many keys a block has, and how many of them are null or have a text; -1 keys where their look does not tell.

    A key is what stands in quotes before a colon. A quote inside of a text has a backslash before it, and is counted as
    well, as is a text that begins with a colon: there are never more keys than this says.
    """

    keys: int
    nulls: int
    texts: int

    @classmethod
    def of(cls, block: bytes) -> "_Looks":
        characters = np.frombuffer(block, dtype=np.uint8)
        keys = nulls = texts = 0
        # Small enough for the cache: fresh memory would cost more than looking at it.
        colons, blanks, other = (np.empty(_LOOK, dtype=np.bool_) for _ in range(3))
        # The last three characters are the end of a value, or of an empty object, or do not belong to one.
        for begin in range(0, len(block) - 3, _LOOK):
            width = min(_LOOK, len(block) - 3 - begin)
            first, second, third, fourth = (characters[begin + ahead : begin + ahead + width] for ahead in range(4))
            key, blank, held = colons[:width], blanks[:width], other[:width]
            np.equal(second, _COLON, out=key)
            np.less_equal(first, _BLANK, out=held)
            held &= key
            if held.any():
                return cls(-1, 0, 0)
            key &= np.equal(first, _QUOTE, out=held)
            keys += int(np.count_nonzero(key))
            # Some writers put a blank between.
            np.equal(third, _BLANK, out=blank)
            blank &= key
            spaced = blank.any()
            counts = []
            for begins in (_N, _QUOTE):
                np.equal(third, begins, out=held)
                held &= key
                counts.append(int(np.count_nonzero(held)))
                if spaced:
                    counts[-1] += int(np.count_nonzero(blank & (fourth == begins)))
            nulls, texts = nulls + counts[0], texts + counts[1]
        return cls(keys, nulls, texts)


def _values(column: pl.Series, of_text: bool) -> int:
    """How many values there are, those inside of objects included; or how many of them are in columns of texts."""
    count = 0 if of_text and column.dtype != pl.String else len(column) - column.null_count()
    if isinstance(column.dtype, pl.Struct):
        count += sum(_values(column.struct.field(name), of_text) for name in column.struct.fields)
    return count


def _may_hold_numbers(column: pl.Series) -> bool:
    """Whether a column of texts has some that look like numbers, and may have been numbers: polars writes 2.0 as 2."""
    if isinstance(column.dtype, pl.Struct):
        return any(_may_hold_numbers(column.struct.field(name)) for name in column.struct.fields)
    return column.dtype == pl.String and column.cast(pl.Float64, strict=False).null_count() < len(column)


def _holds_objects(kind: pl.DataType) -> bool:
    """Whether there are objects inside of lists, whose keys can't be counted."""
    if isinstance(kind, pl.Struct):
        return any(_holds_objects(field.dtype) for field in kind.fields)  # type: ignore[arg-type]
    inner: Any = kind
    while isinstance(inner, pl.List | pl.Array):
        inner = inner.inner
    return inner is not kind and isinstance(inner, pl.Struct)


def _integers(frame: pl.DataFrame, block: bytes) -> dict[str, int]:
    """How many values of each float column are written without point and exponent."""
    whole = {
        column.name: (column == column.floor()).fill_null(value=False) for column in frame if column.dtype == pl.Float64
    }
    whole = {name: rows for name, rows in whole.items() if rows.any()}
    if not whole:
        return {}
    some = np.zeros(frame.height, dtype=bool)
    for rows in whole.values():
        some |= rows.to_numpy()
    begins, ends = _line_bounds(block, frame.height)
    chosen = np.flatnonzero(some)
    lines = [block[begin:end] for begin, end in zip(begins[chosen].tolist(), ends[chosen].tolist(), strict=True)]
    if b"\\" not in block and not any("." in name for name in whole):
        # A name in quotes before a colon is a key: a quote inside of a text would have a backslash before it.
        texts = pl.Series([line.decode() for line in lines])
        return {
            name: int(
                texts.filter(rows.filter(pl.Series(some))).str.contains(_integer_of(name)).sum(),
            )
            for name, rows in whole.items()
        }
    counts = dict.fromkeys(whole, 0)
    for line in lines:
        record = flat(orjson.loads(line))
        for name in whole:
            counts[name] += type(record.get(name)) is int
    return counts


def _integer_of(name: str) -> str:
    """A pattern of a key whose value is written as an integer."""
    return rf'"{pl.escape_regex(name)}"\s*:\s*-?[0-9]+\s*[,}}]'


def _line_bounds(block: bytes, rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the `rows` lines that are not blank begin and end."""
    ends = line_ends(block)
    begins = np.concatenate(([0], ends[:-1] + 1))
    if len(ends) > rows:
        kept = [not block[begin:end].isspace() and end > begin for begin, end in zip(begins, ends, strict=True)]
        begins, ends = begins[kept], ends[kept]
    return begins, ends


def records(piece: Piece, file: File) -> tuple[list[tuple[int, dict[str, Any]]], BrokenLines]:
    """A piece's objects with the numbers of their lines, and the lines that are none."""
    found: list[tuple[int, dict[str, Any]]] = []
    broken = BrokenLines()
    for number, line in enumerate(piece.block.split(b"\n"), piece.line):
        if not line or line.isspace():
            continue
        try:
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                # Python writes NaN and Infinity bare, and others write numbers of any length.
                text = line.decode()
                record = json.loads(text)
                json.dumps(record, ensure_ascii=False).encode()
        except UnicodeDecodeError as error:
            broken.add(file.name, number, f"not UTF-8 ({error.reason})")
        except (ValueError, RecursionError) as error:
            broken.add(file.name, number, f"not JSON ({_reason(error)})")
        else:
            if isinstance(record, dict):
                found.append((number, record))
            else:
                broken.add(file.name, number, f"a JSON {type(record).__name__} where an object is needed")
    return found, broken


def _reason(error: Exception) -> str:
    """What is wrong, without the text in which it is: it may be confidential."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, character {error.pos + 1}"
    return "half of a surrogate pair" if isinstance(error, UnicodeEncodeError) else type(error).__name__


def flat(record: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """An object's fields, those of objects inside of it named by their path."""
    if not any(isinstance(value, dict) for value in record.values()):
        return {path + key: value for key, value in record.items()} if path else dict(record)
    fields: dict[str, Any] = {}
    for key, value in record.items():
        fields |= flat(value, f"{path}{key}.") if isinstance(value, dict) else {path + key: value}
    return fields


def frame_of(records: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as columns of texts; a field that a row lacks is missing there."""
    names: dict[str, None] = {}
    for record in records:
        if not record.keys() <= names.keys():
            names.update(dict.fromkeys(record))
    columns = {name: [json_text(record.get(name)) for record in records] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String), height=len(records))


def json_text(value: Any) -> str | None:
    """A value as it is written in JSON; a text as it is."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
