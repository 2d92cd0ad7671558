"""Events on this machine's disk: a folder a run, with its segments and a state that outlives a killed process."""

import fcntl
import hashlib
import mmap
import os
import shutil
import struct
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_STATE = "state"
_LAYOUT = struct.Struct("<QQ")
_READ = 1 << 20


class State:
    """Two numbers in a file that is mapped into memory: the kernel keeps them when the process is killed.

    Attributes:
        accepted: The sequence number of the last event that was taken.
        settled: Up to which every event is durable, or was given up on purpose.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b")
        try:
            # Whoever holds this lives.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file.truncate(_LAYOUT.size)
            self._map = mmap.mmap(self._file.fileno(), _LAYOUT.size)
        except BaseException:
            self._file.close()
            raise
        self.accepted, self.settled = _LAYOUT.unpack_from(self._map)

    def note(self, accepted: int, settled: int) -> None:
        """Keep both numbers."""
        self.accepted, self.settled = accepted, settled
        _LAYOUT.pack_into(self._map, 0, accepted, settled)

    def close(self) -> None:
        """Let go of it."""
        self._map.close()
        self._file.close()


@dataclass(slots=True)
class Segment:
    """Consecutive events of one hour of a variant."""

    path: Path
    descriptor: int
    born: float
    size: int = 0


class Run:
    """What one process spools. One thread writes.

    Args:
        spool: The folder of all runs.

    Raises:
        OSError: it can't be written.
    """

    def __init__(self, spool: Path) -> None:
        self.folder = spool / f"run-{uuid.uuid4().hex}"
        self.folder.mkdir(mode=0o700, parents=True)
        self.state = State(self.folder / _STATE)
        self._open: dict[str, Segment] = {}
        self._made = 0

    def write(self, folder: str, at: float, lines: list[bytes]) -> int:
        """Append events to the segment of a folder at the destination; the number of bytes.

        Raises:
            OSError: the disk is full, or gone; nothing of it counts as written.
        """
        segment = self._open.get(folder)
        if segment is None:
            self._made += 1
            begun = time.strftime("%M-%S-", time.gmtime(at)) + f"{int(at * 1000) % 1000:03}"
            path = self.folder / f"{folder.replace('/', '~')}~{begun}~{self._made}.jsonl"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
            segment = self._open[folder] = Segment(path, descriptor, time.monotonic())
        block = b"".join(lines)
        try:
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(segment.descriptor, rest) :]
        except OSError:
            os.ftruncate(segment.descriptor, segment.size)
            raise
        segment.size += len(block)
        return len(block)

    def sync(self) -> None:
        """Bring what was written to the disk."""
        for segment in self._open.values():
            os.fsync(segment.descriptor)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def seal(self, most_bytes: int = 0, most_seconds: float = 0.0) -> list[Path]:
        """Close the segments that are large or old enough; they can be uploaded."""
        now = time.monotonic()
        full = [name for name, held in self._open.items() if held.size >= most_bytes or now - held.born >= most_seconds]
        sealed = []
        for name in full:
            segment = self._open.pop(name)
            os.close(segment.descriptor)
            sealed.append(segment.path)
        return sealed

    def close(self) -> None:
        """Let go of the run; its folder stays as long as a segment is in it."""
        self.seal()
        self.state.close()
        if not any(self.folder.glob("*.jsonl")):
            shutil.rmtree(self.folder, ignore_errors=True)


def left(spool: Path, own: Path) -> Iterator[tuple[State, list[Path]]]:
    """Runs whose processes are gone: their states, and their segments without a line that was cut in two."""
    for folder in sorted(spool.glob("run-*")):
        if folder == own or not (folder / _STATE).exists():
            continue
        try:
            state = State(folder / _STATE)
        except (BlockingIOError, FileNotFoundError):
            continue
        segments = sorted(folder.glob("*.jsonl"))
        for path in segments:
            _whole_lines(path)
        yield state, segments
        state.close()
        if not any(folder.glob("*.jsonl")):
            shutil.rmtree(folder, ignore_errors=True)


def key(segment: Path) -> str:
    """What a segment is called below the destination: a folder, its first event's time, and its content's digest."""
    *folder, begun, _ = segment.name.split("~")
    with segment.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return "/".join((*folder, f"{begun}-{uuid.UUID(bytes=digest[:16])}.jsonl"))


def lines_in(segment: Path) -> int:
    """How many events a segment has."""
    with segment.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_READ), b""))


def _whole_lines(path: Path) -> None:
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            begin = max(0, end - _READ)
            file.seek(begin)
            newline = file.read(end - begin).rfind(b"\n")
            if newline >= 0:
                file.truncate(begin + newline + 1)
                return
            end = begin
        file.truncate(0)
