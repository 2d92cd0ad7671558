"""One pass over a data set: a mergeable state per column."""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field

import polars as pl

from monitors.analysis.columns import ColumnProfile
from monitors.analysis.reading import Dataset

THREADS = 2
"""Columns profiled at once: sorting and counting release the interpreter's lock, the rest of the work does not."""

Progress = Callable[[int, int], None]
"""Called after each batch with the rows and the bytes (of files, as they lie on disk) read so far."""


@dataclass
class Profile:
    """What is known of a data set or of a part of it.

    Attributes:
        rows: The number of rows.
        columns: State by column name, in the data set's order.
    """

    rows: int = 0
    columns: dict[str, ColumnProfile] = field(default_factory=dict)

    def update(self, frame: pl.DataFrame, *, blanks_missing: bool = False, pool: Executor | None = None) -> None:
        """Take in a batch of rows; a column that the batch lacks is missing in all of them.

        Args:
            frame: The rows.
            blanks_missing: Whether blank texts are missing values (so in CSV).
            pool: Threads to spread the columns over; each column is its own, so the result is the same without.

        Raises:
            ColumnsError: A column is not flat.
        """
        pairs = [(self._column(name), frame[name]) for name in frame.columns]

        def update(pair: tuple[ColumnProfile, pl.Series]) -> None:
            pair[0].update(pair[1], blanks_missing=blanks_missing)

        # Consuming the results raises what a thread raised.
        for _ in pool.map(update, pairs) if pool else map(update, pairs):
            pass
        for name in self.columns.keys() - set(frame.columns):
            self.columns[name].missing += frame.height
        self.rows += frame.height

    def merge(self, other: "Profile") -> None:
        """Take in the profile of the rows that follow; `other` is unchanged.

        Counts, moments up to rounding, extremes and distinct values are what one pass over all rows gives. The
        sketch has the same guarantee but another layout: Deequ's layout depends on where partitions begin.
        """
        for name, column in other.columns.items():
            self._column(name).merge(column)
        for name in self.columns.keys() - other.columns.keys():
            self.columns[name].missing += other.rows
        self.rows += other.rows

    def _column(self, name: str) -> ColumnProfile:
        column = self.columns.get(name)
        if column is None:
            # The rows before had no such column, so it is missing in them.
            column = self.columns[name] = ColumnProfile(name, missing=self.rows)
        return column


def profile_dataset(dataset: Dataset, on_progress: Progress | None = None) -> Profile:
    """Profile every column of `dataset` in one pass.

    Each file is profiled in the order of its rows, in batches of a fixed size; the files' profiles are merged as a
    tree of neighbours. The result depends on the files' contents and order alone.

    Args:
        dataset: What `open_dataset` gave.
        on_progress: Told the rows and bytes read so far after each batch.

    Raises:
        MalformedDataError: A file can't be read to its end.
        ColumnsError: Files have different columns, or a column is not flat.

    Example:
        >>> profile = profile_dataset(open_dataset("train.csv"))  # doctest: +SKIP
        >>> profile.columns["age"].moments.mean  # doctest: +SKIP
        38.6
    """
    rows = 0

    def profiles(pool: Executor) -> Iterable[Profile]:
        nonlocal rows
        for file in dataset.files:
            profile = Profile(columns={name: ColumnProfile(name) for name in dataset.read_columns})
            for batch in dataset.batches(file):
                profile.update(batch.frame, blanks_missing=dataset.blanks_missing, pool=pool)
                rows += batch.frame.height
                if on_progress:
                    on_progress(rows, batch.bytes_read)
            yield profile

    with ThreadPoolExecutor(THREADS) as pool:
        return merge_as_tree(profiles(pool))


def merge_as_tree(profiles: Iterable[Profile]) -> Profile:
    """Merge neighbours, then neighbours of the merged, and so on; holds only log2(n) profiles at a time.

    The shape depends on the number of profiles alone, so it does not matter who computed which of them.
    """
    waiting: list[tuple[int, Profile]] = []
    for merged in profiles:
        height = 0
        while waiting and waiting[-1][0] == height:
            left = waiting.pop()[1]
            left.merge(merged)
            merged = left
            height += 1
        waiting.append((height, merged))
    whole = Profile() if not waiting else waiting.pop()[1]
    while waiting:
        left = waiting.pop()[1]
        left.merge(whole)
        whole = left
    return whole
