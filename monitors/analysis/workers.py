"""Parts of a data set worked on by processes."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from monitors.analysis.errors import WorkersError
from monitors.analysis.parts import Part, Progress, R, Work
from monitors.analysis.reading import Dataset

BYTES_A_WORKER = 1 << 30
"""Bytes from which another process is worth its start."""

_PARTS_A_WORKER = 4


def count_for(dataset: Dataset) -> int:
    """How many processes a data set is worth: one for each GB, but no more than there are cores or parts."""
    wanted = min(os.cpu_count() or 1, dataset.total_bytes // BYTES_A_WORKER)
    return min(wanted, len(parts_of(dataset, wanted))) if wanted > 1 else 1


def parts_of(dataset: Dataset, workers: int) -> list[Part]:
    """The data set in parts: its files, and large ones in several where their rows can be counted without reading."""
    parts: list[Part] = []
    wanted = dataset.total_bytes / (workers * _PARTS_A_WORKER)
    for position, file in enumerate(dataset.files):
        chunks = dataset.chunk_count(file)
        pieces = max(1, round(file.size / wanted)) if wanted else 1
        if chunks is None or min(pieces, chunks) <= 1:
            parts.append(Part(position))
            continue
        step = -(-chunks // pieces)
        parts += [Part(position, first, min(first + step, chunks)) for first in range(0, chunks, step)]
    return parts


def work_on(dataset: Dataset, work: Work[R], workers: int, on_progress: Progress | None = None) -> Iterator[R]:
    """What became of the parts as they are done, in any order, by `workers` processes.

    Raises:
        WorkersError: A process ended before its work.
    """
    rows = done = 0
    parts = parts_of(dataset, workers)
    processes = min(workers, len(parts))
    # Forking a process whose threads hold locks (polars has its own) may leave them held for ever.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        waiting = {pool.submit(work, dataset, part, None, workers // processes) for part in parts}
        try:
            while waiting:
                ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ended:
                    result = future.result()
                    rows, done = rows + result.rows, done + result.bytes_read
                    if on_progress:
                        on_progress(rows, done)
                    yield result
        except BrokenProcessPool as error:
            raise WorkersError(
                f"One of {processes} worker processes ended before its work, perhaps for want of memory. Use fewer."
            ) from error
        finally:
            # Whoever gives up, or was told to, must not wait for what has not begun.
            pool.shutdown(wait=False, cancel_futures=True)
