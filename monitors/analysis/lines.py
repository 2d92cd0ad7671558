"""A text file cut into pieces of whole records, always at the same places."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from monitors.analysis.errors import EncodingError, MalformedDataError
from monitors.analysis.files import File

MOST_BYTES = 28 << 20
"""Bytes after which a piece ends at the next record's end, however few records it has. The C library takes memory of
more than 32 MB from the system each time anew, which costs as much as parsing it."""

LONGEST_RECORD = 64 << 20

_READ = 1 << 20
_BOM = b"\xef\xbb\xbf"
_NEWLINE = 10
_UNREADABLE = (OSError, EOFError, zlib.error)


@dataclass(frozen=True)
class Piece:
    """Consecutive records.

    Attributes:
        block: Their bytes, line ends included.
        line: The number of the first line, from 1.
        bytes_read: The bytes of the file (as it lies there) read so far.
        blanks: Whether there may be blank lines.
    """

    block: bytes
    line: int
    bytes_read: int
    blanks: bool = True


def pieces(
    file: File, records: int, *, first: int | None = None, quote: str | None = None, encoding: str = "utf-8"
) -> Iterator[Piece]:
    """The file in UTF-8, cut after every `records` lines, or at the first line end beyond `MOST_BYTES`.

    Args:
        file: A text file; `.gz` is unpacked.
        records: Lines in a piece.
        first: Lines in the first piece, when it has a line more, such as a header.
        quote: A character between two of which a line end is part of a text.
        encoding: A name that Python knows, such as `utf-8`, `latin-1`, `utf-16`.

    Raises:
        MalformedDataError: The file can't be read, or a record is longer than 64 MB.
        EncodingError: The file is not of the encoding, when it is another than UTF-8.
    """
    with file.open() as raw:
        counted = _Counted(raw)
        held: list[bytes] = []
        size = lines = ends = 0
        line, wanted, inside, blanks = 1, first or records, False, False
        scratch = np.empty(_READ, dtype=np.bool_)
        for read in _reads(file, counted, encoding):
            rest = read
            while rest:
                if len(rest) > len(scratch):
                    scratch = np.empty(len(rest), dtype=np.bool_)
                found, newlines, after = _record_ends(rest, quote, inside, scratch)
                # A first line of at most one byte may be blank, or be the rest of one: look closely then.
                blanks |= bool(len(found)) and bool(found[0] <= 1 or (np.diff(found) <= 2).any())
                missing = wanted - ends
                cut = 0
                if len(found) >= missing:
                    cut = int(found[missing - 1]) + 1
                if size + len(rest) >= MOST_BYTES:
                    later = found[np.searchsorted(found, MOST_BYTES - size - 1) :]
                    if len(later):
                        cut = min(cut or len(rest), int(later[0]) + 1)
                if not cut:
                    held.append(rest)
                    size += len(rest)
                    lines += newlines
                    ends += len(found)
                    inside = after
                    if size > MOST_BYTES + LONGEST_RECORD:
                        raise MalformedDataError(
                            f"{file}: a record from line {line} on does not end within {LONGEST_RECORD >> 20} MB; a "
                            "quote is probably not closed."
                        )
                    break
                held.append(rest[:cut])
                block = b"".join(held)
                yield Piece(block, line, counted.count, blanks)
                line += lines + (newlines if cut == len(rest) else rest.count(b"\n", 0, cut))
                held, size, lines, ends, wanted, inside = [], 0, 0, 0, records, False
                blanks = False
                rest = rest[cut:]
        if held:
            yield Piece(b"".join(held), line, counted.count, blanks or len(held[-1]) <= 2)


class _Counted:
    """A stream that knows how many bytes were read from it; not every source can tell."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        read = self._stream.read(size)
        self.count += len(read)
        return read


def _reads(file: File, counted: _Counted, encoding: str) -> Iterator[bytes]:
    stream = cast("IO[bytes]", counted)
    if file.name.lower().endswith(".gz"):
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    plain = codecs.lookup(encoding).name in ("utf-8", "ascii")
    decoder = codecs.getincrementaldecoder(encoding)()
    start = True
    while True:
        try:
            read = stream.read(_READ)
        except _UNREADABLE as error:
            raise MalformedDataError(f"{file} can't be read after {counted.count} bytes: {error}.") from error
        done = not read
        if not plain:
            try:
                read = decoder.decode(read, final=done).encode()
            except UnicodeError as error:
                raise EncodingError(f"{file} is not {encoding}: {error}. Name its encoding.") from error
        if start and read:
            read, start = read.removeprefix(_BOM), False
        if read:
            yield read
        if done:
            return


def _record_ends(
    block: bytes, quote: str | None, inside: bool, scratch: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], int, bool]:
    """Where records end in a block, how many line ends it has, and whether its end is inside quotes.

    A line end is inside quotes when the quotes before it are odd in number: a quote inside a quoted text is doubled.
    """
    characters = np.frombuffer(block, dtype=np.uint8)
    mask = scratch[: len(block)]
    newlines = np.flatnonzero(np.equal(characters, _NEWLINE, out=mask))
    if quote is None or quote.encode() not in block:
        return (newlines[:0] if inside else newlines), len(newlines), inside
    quotes = np.flatnonzero(np.equal(characters, ord(quote), out=mask))
    odd = (np.searchsorted(quotes, newlines) + inside) % 2 == 1
    return newlines[~odd], len(newlines), bool((len(quotes) + inside) % 2)
