"""Parts of a data set, each worked on by whoever is free: here, by processes, or by machines."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from monitors.analysis.files import File
from monitors.analysis.reading import Chunk, Dataset

if TYPE_CHECKING:
    from monitors.analysis.cluster import Cluster

Progress = Callable[[int, int], None]
"""Called with the rows and the bytes (of files, as they lie there) read so far."""

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """Consecutive chunks of one file.

    Attributes:
        file: The file's place in the data set.
        first: The first chunk's position.
        stop: That after the last; None for all.
        at: Where the file stands in the data set that is worked on, if that has fewer files.
    """

    file: int
    first: int = 0
    stop: int | None = None
    at: int | None = None

    def file_in(self, dataset: Dataset) -> File:
        """The file."""
        return dataset.files[self.file if self.at is None else self.at]

    def bytes_before(self, dataset: Dataset) -> int:
        """About how many bytes of the file lie before the part."""
        return dataset.bytes_before(self.file_in(dataset), self.first)

    def chunks(self, dataset: Dataset, *, numbers: bool = False) -> Iterator[Chunk]:
        """The chunks; `numbers` as for `Dataset.chunks`."""
        return dataset.chunks(self.file_in(dataset), self.first, self.stop, numbers=numbers)


class Done(Protocol):
    """What became of a part."""

    rows: int
    bytes_read: int


R = TypeVar("R", bound=Done)
Work = Callable[[Dataset, Part, Progress | None, int], R]
"""Work on a part: told whom to report its rows and bytes, and how many threads to use. It must be picklable."""


def work_on(
    dataset: Dataset,
    work: Work[R],
    on_progress: Progress | None = None,
    *,
    workers: int | None = None,
    cluster: "Cluster | None" = None,
) -> Iterator[R]:
    """What became of the parts as they are done, in any order.

    Args:
        dataset: The data set.
        work: What is done with a part.
        on_progress: Told the rows and bytes read so far.
        workers: Processes to spread the work over; by default one, with threads, as long as there are few bytes.
        cluster: Machines to spread it over instead.

    Raises:
        WorkersError: A process, or every machine that was given a part, ended before its work.
        AnalysisError: As `work` raises them.
    """
    from monitors.analysis import workers as processes

    if cluster is not None:
        return cluster.work_on(dataset, work, on_progress)
    count = processes.count_for(dataset) if workers is None else workers
    return processes.work_on(dataset, work, count, on_progress) if count > 1 else _here(dataset, work, on_progress)


def ahead(pool: Executor, chunks: Iterator[Chunk], work: Callable[[Chunk], T], most: int) -> Iterator[tuple[Chunk, T]]:
    """Work on up to `most` chunks at once; results come in the chunks' order."""
    waiting: deque[tuple[Chunk, Future[T]]] = deque()
    for chunk in chunks:
        waiting.append((chunk, pool.submit(work, chunk)))
        if len(waiting) >= most:
            first, done = waiting.popleft()
            yield first, done.result()
    while waiting:
        first, done = waiting.popleft()
        yield first, done.result()


def _here(dataset: Dataset, work: Work[R], on_progress: Progress | None) -> Iterator[R]:
    rows = done = 0

    def report(more_rows: int, more_bytes: int) -> None:
        if on_progress:
            on_progress(rows + more_rows, done + more_bytes)

    threads = min(os.cpu_count() or 1, 4)
    for position, file in enumerate(dataset.files):
        result = work(dataset, Part(position), report, threads)
        rows += result.rows
        done += file.size
        yield result
