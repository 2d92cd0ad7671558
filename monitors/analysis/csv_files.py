"""CSV files (RFC 4180), every field kept as text so that its type can be inferred over all rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl
from polars.exceptions import PolarsError

from monitors.analysis.broken import BrokenLines
from monitors.analysis.csv_numbers import FEW_BYTES, Expected, settle
from monitors.analysis.errors import ColumnsError, EmptyFileError, EncodingError, MalformedDataError
from monitors.analysis.files import File
from monitors.analysis.lines import LONGEST_RECORD, Piece, pieces

_HINT_ROWS = 10_000
_BLANK_LINES = re.compile(rb"(?<=\n)(?:\r?\n)+")


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        delimiter: One character between fields; for `.tsv` files a tab if it is left at the comma.
        quote: One character around fields that hold delimiters or line ends, doubled inside of them; None for none.
        encoding: A name that Python knows.
        header: Whether the first line holds the columns' names.
    """

    delimiter: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8"
    header: bool = True

    def of(self, file: File) -> "Dialect":
        """The dialect of one file."""
        if self.delimiter == "," and file.name.lower().endswith(".tsv"):
            return Dialect("\t", self.quote, self.encoding, self.header)
        return self

    def reader(self, text: str) -> Iterator[list[str]]:
        """Python's own, slow and exact reader."""
        csv.field_size_limit(LONGEST_RECORD)
        lines = io.StringIO(text, newline="")
        if self.quote is None:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, strict=True)


def columns(file: File, dialect: Dialect) -> tuple[str, ...]:
    """The names in the file's first line, or `_c0`, `_c1` … by its number of fields.

    Raises:
        EmptyFileError: There is no line.
        ColumnsError: A name stands twice.
        EncodingError, MalformedDataError: The line can't be read.
    """
    dialect = dialect.of(file)
    for piece in pieces(file, 1, quote=dialect.quote, encoding=dialect.encoding):
        record = piece.block.strip(b"\r\n")
        if not record:
            continue
        try:
            first = next(dialect.reader(record.decode()))
        except UnicodeDecodeError as error:
            raise EncodingError(f"{file}, line {piece.line}: {_not_utf8(error)}") from error
        except csv.Error as error:
            raise MalformedDataError(f"{file}, line {piece.line}: {error}.") from error
        if not dialect.header:
            return tuple(f"_c{position}" for position in range(len(first)))
        repeated = [name for name, count in Counter(first).items() if count > 1]
        if repeated:
            raise ColumnsError(
                f"{file} has more than one column named {', '.join(map(repr, repeated))}. Give each a name of its "
                "own, or read the file without a header."
            )
        return tuple(first)
    raise EmptyFileError(f"{file} has no line with text in it.")


def cut(file: File, dialect: Dialect, rows: int) -> Iterator[Piece]:
    """The file in pieces of at most `rows` rows; the header is in the first of them."""
    dialect = dialect.of(file)
    first = rows + 1 if dialect.header else rows
    return pieces(file, rows, first=first, quote=dialect.quote, encoding=dialect.encoding)


def expect(file: File, dialect: Dialect, names: tuple[str, ...]) -> Expected | None:
    """Which columns the file's beginning shows to be numbers, so that they may be parsed as such; None for no guess."""
    if file.size < FEW_BYTES:
        return None
    try:
        first = next(cut(file, dialect, _HINT_ROWS), None)
    except MalformedDataError:
        return None
    return None if first is None else Expected.of(parse(first, True, names, file, dialect).frame)


class Parsed(NamedTuple):
    """Rows, the lines that can't be read, and how many of a column's floats are written as integers."""

    frame: pl.DataFrame
    broken: BrokenLines
    integers: Mapping[str, int]


def parse(
    piece: Piece,
    first: bool,
    names: tuple[str, ...],
    file: File,
    dialect: Dialect,
    expected: Expected | None = None,
) -> Parsed:
    """A piece's rows as texts, or numbers where that is expected and found, and its lines that can't be read.

    A field without characters is null; a line with fewer fields than the first lacks the last of them. Blank lines
    are passed over, except where the only column may be missing.

    Args:
        piece: What to read.
        first: Whether it is the file's first piece.
        names: The columns.
        file: Where the piece comes from.
        dialect: How it is written.
        expected: Which columns may be numbers.
    """
    dialect = dialect.of(file)
    # Before the first line that says something, blank ones mean nothing even in a single column.
    block = piece.block.lstrip(b"\r\n") if first else piece.block
    if len(names) > 1 and piece.blanks:
        block = _without_blank_lines(block, dialect.quote)
    skip = 1 if first and dialect.header else 0
    schema = dict.fromkeys(names, pl.String)
    if not block:
        return Parsed(pl.DataFrame(schema=schema), BrokenLines(), {})
    if expected is not None and expected.kinds and not skip:
        try:
            return _parse_numbers(block, names, dialect, expected)
        except PolarsError as error:
            expected.give_up(error)
    try:
        frame = pl.read_csv(block, **_options(dialect, len(names)))
    except PolarsError:
        return Parsed(*_parse_slowly(piece, skip, names, file, dialect), {})
    frame.columns = list(schema)
    return Parsed(frame.slice(skip) if skip else frame, BrokenLines(), {})


def _parse_numbers(block: bytes, names: tuple[str, ...], dialect: Dialect, expected: Expected) -> Parsed:
    options, kinds = _options(dialect, len(names)), expected.kinds
    schema = options["schema"] | {str(place): kind for place, kind in kinds.items()}
    frame, integers = settle(block, pl.read_csv(block, **(options | {"schema": schema})), kinds, options)
    frame.columns = list(names)
    return Parsed(frame, BrokenLines(), {names[int(place)]: count for place, count in integers.items()})


def _options(dialect: Dialect, width: int) -> dict[str, Any]:
    """How to read a block as texts, with columns called by their place."""
    return {
        "has_header": False,
        "separator": dialect.delimiter,
        "quote_char": dialect.quote,
        "schema": {f"{position}": pl.String for position in range(width)},
    }


def _parse_slowly(
    piece: Piece, skip: int, names: tuple[str, ...], file: File, dialect: Dialect
) -> tuple[pl.DataFrame, BrokenLines]:
    """The same one record at a time, so that only the broken ones are lost."""
    broken = BrokenLines()
    rows: list[list[str | None]] = []
    width = len(names)
    for line, record, whole in _records(piece, dialect.quote):
        if not record.strip(b"\r\n") and (width > 1 or (skip and not rows)):
            continue
        if skip:
            skip = 0
            continue
        try:
            fields = next(dialect.reader(record.decode()), [])
        except UnicodeDecodeError as error:
            broken.add(file.name, line, _not_utf8(error))
            continue
        except csv.Error as error:
            broken.add(file.name, line, f"{error}")
            # Whatever an open quote swallowed is lost as well.
            broken.count += 0 if whole else record.count(b"\n")
            continue
        if len(fields) > width:
            broken.add(
                file.name,
                line,
                f"{len(fields)} fields where the first line has {width}; quote fields that hold delimiters",
            )
            continue
        rows.append([field or None for field in fields] + [None] * (width - len(fields)))
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"), broken


def _records(piece: Piece, quote: str | None) -> Iterator[tuple[int, bytes, bool]]:
    """The records of a piece with the number of their first line and whether their quotes are closed."""
    line = start = piece.line
    held: list[bytes] = []
    odd = False
    for text in _lines(piece.block):
        held.append(text)
        if quote is not None:
            odd ^= text.count(quote.encode()) % 2 == 1
        line += 1
        if not odd:
            yield start, b"".join(held), True
            held, start = [], line
    if held:
        yield start, b"".join(held), False


def _lines(block: bytes) -> list[bytes]:
    """Lines that end in a line feed only: a lone carriage return is part of a text."""
    lines = [line + b"\n" for line in block.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _without_blank_lines(block: bytes, quote: str | None) -> bytes:
    block = block.lstrip(b"\r\n")
    if b"\n\n" not in block and b"\n\r\n" not in block:
        return block
    if quote is None:
        return _BLANK_LINES.sub(b"", block)
    parts = block.split(quote.encode())
    # Every second part lies inside quotes, where an empty line is part of the text.
    parts[::2] = [_BLANK_LINES.sub(b"", part) for part in parts[::2]]
    return quote.encode().join(parts)


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"byte 0x{error.object[error.start]:02x} is not UTF-8; name the file's encoding"
