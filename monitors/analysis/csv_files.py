"""CSV files (RFC 4180, UTF-8, comma), every field kept as text so that its type can be inferred over all rows."""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import polars as pl
from polars.exceptions import PolarsError

from monitors.analysis.errors import ColumnsError, EmptyFileError, EncodingError, MalformedDataError

_BLOCK = 8 * 1024 * 1024
_LONGEST_RECORD = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_BLANK_LINES = re.compile(rb"(?<=\n)(?:\r?\n)+")
_UNREADABLE = (OSError, EOFError, zlib.error)


def columns(file: Path, header: bool) -> tuple[str, ...]:
    """The names in the file's first line, or `_c0`, `_c1` … by its number of fields.

    Raises:
        EmptyFileError: There is no line.
        ColumnsError: A name stands twice.
        EncodingError, MalformedDataError: The line can't be read.
    """
    for block, line, _ in _blocks(file):
        record = _first_record(block)
        if not record:
            continue
        try:
            first = next(csv.reader(io.StringIO(record.decode(), newline=""), strict=True))
        except UnicodeDecodeError as error:
            raise _not_utf8(file, block, line) from error
        except csv.Error as error:
            raise MalformedDataError(f"{file}, line {line}: {error}.") from error
        if not header:
            return tuple(f"_c{position}" for position in range(len(first)))
        repeated = [name for name, count in Counter(first).items() if count > 1]
        if repeated:
            raise ColumnsError(
                f"{file} has more than one column named {', '.join(map(repr, repeated))}. Give each a name of its "
                "own, or read the file without a header."
            )
        return tuple(first)
    raise EmptyFileError(f"{file} has no line with text in it.")


def read(file: Path, names: tuple[str, ...], header: bool) -> Iterator[tuple[pl.DataFrame, int]]:
    """Frames of texts in the order of the rows, each with the bytes of the file (as on disk) read so far.

    A field without characters is null; a line with fewer fields than the first lacks the last of them. Blank lines
    are passed over, except where the only column may be missing.

    Raises:
        EncodingError: The file is not UTF-8.
        MalformedDataError: A line has too many fields or a quote never ends.
    """
    schema = dict.fromkeys(names, pl.String)
    skip = 1 if header else 0
    begun = False
    for raw, line, done in _blocks(file):
        # Before the first line that says something, blank ones mean nothing even in a single column.
        block = raw if begun else raw.lstrip(b"\r\n")
        if len(names) > 1:
            block = _without_blank_lines(block)
        if not block:
            continue
        begun = True
        try:
            frame = pl.read_csv(
                block,
                has_header=False,
                schema={f"{position}": pl.String for position in range(len(names))},
            )
        except PolarsError as error:
            raise _located(file, raw, line, len(names), error) from error
        frame.columns = list(schema)
        yield (frame.slice(skip) if skip else frame), done
        skip = 0


def _blocks(file: Path) -> Iterator[tuple[bytes, int, int]]:
    """Whole records of about `_BLOCK` bytes, with the number of their first line and the bytes of the file read.

    A block ends at the last line end that stands outside quotes, which is where the quotes before it are even in
    number: quotes inside a quoted field are doubled.
    """
    line = 1
    rest = b""
    with file.open("rb") as on_disk:
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=on_disk)) if file.name.lower().endswith(".gz") else on_disk
        first = True
        while True:
            try:
                read = stream.read(_BLOCK)
            except _UNREADABLE as error:
                raise MalformedDataError(f"{file} can't be read after line {line}: {error}.") from error
            if first:
                read, first = read.removeprefix(_BOM), False
            block = rest + read
            if not read:
                if block:
                    yield block, line, on_disk.tell()
                return
            end = _last_record_end(block)
            if end == 0 and len(block) > _LONGEST_RECORD:
                raise MalformedDataError(
                    f"{file}: the record at line {line} does not end within {_LONGEST_RECORD >> 20} MB; a quote is "
                    "probably not closed."
                )
            if end:
                yield block[:end], line, on_disk.tell()
                line += block.count(b"\n", 0, end)
            rest = block[end:]


def _first_record(block: bytes) -> bytes:
    block = block.lstrip(b"\r\n")
    end = quotes = 0
    while end < len(block):
        following = block.find(b"\n", end) + 1 or len(block)
        quotes += block.count(b'"', end, following)
        end = following
        if quotes % 2 == 0:
            break
    return block[:end]


def _last_record_end(block: bytes) -> int:
    quotes = block.count(b'"')
    end = len(block)
    while True:
        previous = block.rfind(b"\n", 0, end) + 1
        if previous == 0:
            return 0
        quotes -= block.count(b'"', previous, end)
        if quotes % 2 == 0:
            return previous
        end = previous - 1


def _without_blank_lines(block: bytes) -> bytes:
    block = block.lstrip(b"\r\n")
    if b"\n\n" not in block and b"\n\r\n" not in block:
        return block
    pieces = block.split(b'"')
    # Every second piece lies inside quotes, where an empty line is part of the text.
    pieces[::2] = [_BLANK_LINES.sub(b"", piece) for piece in pieces[::2]]
    return b'"'.join(pieces)


def _not_utf8(file: Path, block: bytes, line: int) -> EncodingError:
    try:
        block.decode()
    except UnicodeDecodeError as error:
        at = line + block.count(b"\n", 0, error.start)
        return EncodingError(
            f"{file}, line {at}: byte 0x{block[error.start]:02x} is not UTF-8. Write the file as UTF-8."
        )
    return EncodingError(f"{file}, from line {line} on: not UTF-8. Write the file as UTF-8.")


def _located(file: Path, block: bytes, line: int, width: int, error: PolarsError) -> MalformedDataError:
    """The error with the line that causes it, found by reading the block again, slowly."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return _not_utf8(file, block, line)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = line
    try:
        for fields in reader:
            if len(fields) > width:
                return MalformedDataError(
                    f"{file}, line {start}: {len(fields)} fields where the first line has {width}. Quote fields that "
                    "hold commas."
                )
            start = line + reader.line_num
    except csv.Error as reason:
        # Python's reader also refuses very long fields, which are not what is wrong here.
        if "field limit" not in str(reason):
            return MalformedDataError(f"{file}, line {start}: {reason}.")
    return MalformedDataError(f"{file}, from line {line} on: {str(error).strip().splitlines()[0]}.")
