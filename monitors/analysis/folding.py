"""Any mergeable state of a data set's rows, by several threads, processes or machines; the same for any number of them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import polars as pl

from monitors.analysis.broken import BrokenLines
from monitors.analysis.parts import Part, Progress, ahead, work_on
from monitors.analysis.reading import Chunk, Dataset
from monitors.analysis.tree import MergeTree, Node, merged

if TYPE_CHECKING:
    from monitors.analysis.cluster import Cluster

_CHUNKS = 1 << 32


class State(Protocol):
    """What is known of some rows."""

    def update(self, batch: Any, /) -> None:
        """Take in a batch of rows."""

    def merge(self, other: Any, /) -> None:
        """Take in the state of the rows that follow."""


S = TypeVar("S", bound=State)
Begin = Callable[[int], S]
"""An empty state by the number of its part, which seeds what is drawn there. It must be picklable."""


@dataclass
class Folded(Generic[S]):
    """The state of a data set's rows, the names of the columns that were there, and the lines that can't be read."""

    state: S
    rows: int
    columns: tuple[str, ...]
    broken: BrokenLines


@dataclass
class PartState(Generic[S]):
    """What a part came to: nodes of its file's tree."""

    file: int
    rows: int = 0
    bytes_read: int = 0
    nodes: list[Node[S]] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    broken: BrokenLines = field(default_factory=BrokenLines)


def fold_dataset(
    dataset: Dataset,
    begin: Begin[S],
    columns: Sequence[str] | None = None,
    on_progress: Progress | None = None,
    *,
    workers: int | None = None,
    cluster: "Cluster | None" = None,
) -> Folded[S]:
    """The state of all rows.

    Every chunk (`Dataset.chunks`) has a state of its own. A file's are merged in the tree over their positions, the
    files' in the tree over the files, so the result depends on the files' contents and order alone.

    Args:
        dataset: What `open_dataset` gave.
        begin: Makes an empty state.
        columns: Which columns states are given, null where a chunk lacks one; all if None.
        on_progress: Told the rows and bytes read so far.
        workers: Processes, as for `profile_dataset`.
        cluster: Machines to spread the work over instead.

    Raises:
        MalformedDataError: A file can't be read to its end.
        ColumnsError: Files have different columns, or a state refuses what is in one.
    """
    work = partial(_fold, begin=begin, columns=None if columns is None else tuple(columns))
    parts: list[PartState[S]] = list(work_on(dataset, work, on_progress, workers=workers, cluster=cluster))
    trees: dict[int, MergeTree[S]] = defaultdict(MergeTree)
    broken, found = BrokenLines(), dict.fromkeys(dataset.columns)
    for part in sorted(parts, key=lambda part: part.file):
        for node in part.nodes:
            trees[part.file].add(node)
        broken.merge(part.broken)
        found |= part.columns
    files = [whole for file in sorted(trees) if (whole := trees[file].whole()) is not None]
    return Folded(merged(files) or begin(0), sum(part.rows for part in parts), tuple(found), broken)


def _fold(
    dataset: Dataset,
    part: Part,
    on_progress: Progress | None,
    threads: int,
    begin: Begin[S],
    columns: tuple[str, ...] | None,
) -> PartState[S]:
    tree: MergeTree[S] = MergeTree()
    result: PartState[S] = PartState(part.file)

    def state_of(chunk: Chunk) -> tuple[S, int, tuple[str, ...], BrokenLines]:
        frame, broken, _ = chunk.rows()
        state = begin(part.file * _CHUNKS + chunk.position)
        state.update(frame if columns is None else chosen(frame, columns))
        return state, frame.height, tuple(frame.columns), broken

    before = part.bytes_before(dataset)
    with ThreadPoolExecutor(threads) as pool:
        for chunk, (state, rows, names, broken) in ahead(pool, part.chunks(dataset), state_of, threads + 1):
            tree.add((0, chunk.position, state))
            result.rows += rows
            result.bytes_read = chunk.bytes_read - before
            result.columns |= dict.fromkeys(names)
            result.broken.merge(broken)
            if on_progress:
                on_progress(result.rows, result.bytes_read)
    result.nodes = tree.nodes()
    return result


def chosen(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """These columns of a frame, null where it lacks one."""
    return frame.select(name if name in frame.columns else pl.lit(None).alias(name) for name in columns)
