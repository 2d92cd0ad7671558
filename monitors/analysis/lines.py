"""A text file cut into pieces of whole records, always at the same places."""

import codecs
import gzip
import threading
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

_READ = 1 << 18
"""Small enough for the cache."""
_NEAR = 4096
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
        held = _Held()
        lines = ends = begun = 0
        line, wanted, inside, blanks = 1, first or records, False, False
        for read in _reads(file, counted, encoding):
            rest = memoryview(read)
            while rest:
                marks = _Marks.of(rest, quote, inside)
                blanks = blanks or marks.may_have_blanks(begun)
                cut = _cut(marks, wanted - ends, MOST_BYTES - held.size)
                if not cut:
                    held.add(rest)
                    lines += marks.newlines
                    ends += marks.ends
                    inside, begun = marks.inside, marks.begun(begun)
                    if held.size > MOST_BYTES + LONGEST_RECORD:
                        raise MalformedDataError(
                            f"{file}: a record from line {line} on does not end within {LONGEST_RECORD >> 20} MB; a "
                            "quote is probably not closed."
                        )
                    break
                held.add(rest[:cut])
                yield Piece(held.take(), line, counted.count, blanks)
                line += lines + marks.newlines_before(cut)
                lines, ends, begun, wanted, inside, blanks = 0, 0, 0, records, False, False
                rest = rest[cut:]
        if held.size:
            yield Piece(held.take(), line, counted.count, blanks or begun == 1)


def _cut(marks: "_Marks", records: int, room: int) -> int:
    """Where to cut a block that may take so many records and bytes more; 0 for nowhere."""
    if marks.ends < records and len(marks.newline) < room:
        return 0
    found = marks.record_ends()
    cut = int(found[records - 1]) + 1 if len(found) >= records else 0
    if len(marks.newline) >= room:
        later = found[np.searchsorted(found, room - 1) :]
        if len(later):
            cut = min(cut or len(marks.newline), int(later[0]) + 1)
    return cut


class _Held:
    """Bytes until their piece is whole, in memory that is used again: fresh pages cost as much as looking at them."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.size = 0

    def add(self, some: memoryview) -> None:
        end = self.size + len(some)
        if end > len(self._buffer):
            self._buffer.extend(bytes(max(end, 2 * len(self._buffer)) - len(self._buffer)))
        self._buffer[self.size : end] = some
        self.size = end

    def take(self) -> bytes:
        with memoryview(self._buffer) as view, view[: self.size] as held:
            self.size = 0
            return bytes(held)


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


def line_ends(block: bytes) -> NDArray[np.intp]:
    """Where the lines of a block end, its own end included."""
    characters = np.frombuffer(block, dtype=np.uint8)
    found = []
    for begin in range(0, len(block), _READ):
        some = characters[begin : begin + _READ]
        ends = np.flatnonzero(np.equal(some, _NEWLINE, out=_scratch.arrays(len(some))[0]))
        ends += begin
        found.append(ends)
    if not block.endswith(b"\n"):
        found.append(np.array([len(block)]))
    return np.concatenate(found)


class _Scratch(threading.local):
    """Two arrays a thread, for whether each byte of a block is something."""

    def __init__(self) -> None:
        self._arrays = (np.empty(0, dtype=np.bool_),) * 2

    def arrays(self, length: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        if len(self._arrays[0]) < length:
            self._arrays = (np.empty(length, dtype=np.bool_), np.empty(length, dtype=np.bool_))
        return self._arrays[0][:length], self._arrays[1][:length]


_scratch = _Scratch()


@dataclass
class _Marks:
    """Where lines and records end in a block; valid until the next block is looked at.

    A line end is inside quotes when the quotes before it are odd in number: a quote inside a quoted text is doubled.

    Attributes:
        newline: Of each byte, whether it is a line end.
        newlines: How many are.
        ends: How many of them end a record.
        inside: Whether the block's end is inside quotes.
    """

    newline: NDArray[np.bool_]
    newlines: int
    ends: int
    inside: bool
    found: NDArray[np.intp] | None = None

    @classmethod
    def of(cls, block: memoryview, quote: str | None, inside: bool) -> "_Marks":
        characters = np.frombuffer(block, dtype=np.uint8)
        newline, other = _scratch.arrays(len(block))
        np.equal(characters, _NEWLINE, out=newline)
        newlines = int(np.count_nonzero(newline))
        quotes = 0
        if quote is not None:
            np.equal(characters, ord(quote), out=other)
            quotes = int(np.count_nonzero(other))
        if not quotes:
            return cls(newline, newlines, 0 if inside else newlines, inside, np.empty(0, np.intp) if inside else None)
        found = np.flatnonzero(newline)
        odd = (np.searchsorted(np.flatnonzero(other), found) + inside) % 2 == 1
        found = found[~odd]
        return cls(newline, newlines, len(found), bool((quotes + inside) % 2), found)

    def may_have_blanks(self, begun: int) -> bool:
        """Whether a line has at most one byte, where `begun` bytes of the first one came before."""
        if not self.newlines:
            return False
        newline, other = self.newline, _scratch.arrays(len(self.newline))[1]
        return begun + int(newline.argmax()) <= 1 or any(
            bool(np.logical_and(newline[ahead:], newline[:-ahead], out=other[ahead:]).any()) for ahead in (1, 2)
        )

    def begun(self, before: int) -> int:
        """How many bytes of a line there are after the last line end."""
        if not self.newlines:
            return before + len(self.newline)
        found = np.flatnonzero(self.newline[-_NEAR:])
        if not len(found):
            return len(self.newline) - 1 - int(np.flatnonzero(self.newline)[-1])
        return min(_NEAR, len(self.newline)) - 1 - int(found[-1])

    def record_ends(self) -> NDArray[np.intp]:
        """Where records end."""
        if self.found is None:
            self.found = np.flatnonzero(self.newline)
        return self.found

    def newlines_before(self, end: int) -> int:
        """How many line ends there are before a byte."""
        return self.newlines if end == len(self.newline) else int(np.count_nonzero(self.newline[:end]))
