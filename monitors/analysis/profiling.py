"""One pass over a data set, by several threads or processes; the result is the same for any number of them."""

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from monitors.analysis.columns import ColumnProfile
from monitors.analysis.distinct import DistinctCounter
from monitors.analysis.errors import EncodingError, MalformedDataError
from monitors.analysis.profile import Profile
from monitors.analysis.reading import Chunk, Dataset
from monitors.analysis.tree import MergeTree, Node, merged

if TYPE_CHECKING:
    from monitors.analysis.cluster import Cluster

Progress = Callable[[int, int], None]
"""Called with the rows and the bytes (of files, as they lie there) read so far."""

BROKEN_SHARE = 0.01
"""The share of broken lines up to which a data set is taken as it is."""


@dataclass(frozen=True)
class Part:
    """Consecutive chunks of one file, to be profiled by whoever is free."""

    file: int
    first: int = 0
    stop: int | None = None


@dataclass
class PartProfile:
    """What a part came to: nodes of its file's tree, and the different values, which belong to no place in it."""

    file: int
    rows: int
    bytes_read: int
    nodes: list[Node]
    distinct: dict[str, DistinctCounter] = field(default_factory=dict)


def profile_dataset(
    dataset: Dataset,
    on_progress: Progress | None = None,
    *,
    like: Profile | None = None,
    workers: int | None = None,
    cluster: "Cluster | None" = None,
    broken_share: float = BROKEN_SHARE,
) -> Profile:
    """Profile every column of `dataset` in one pass, and columns that mix numbers and texts in a second one.

    Every chunk (`Dataset.chunks`) has a profile of its own. A file's are merged in the tree over their positions, the
    files' in the tree over the files. The result depends on the files' contents and order alone.

    Args:
        dataset: What `open_dataset` gave.
        on_progress: Told the rows and bytes read so far.
        like: A profile of no rows that says what to measure beside the columns: groups, patterns of missing values,
            the sketches' size.
        workers: Processes to spread the work over; by default one, with threads, as long as there are few bytes.
        cluster: Machines to spread it over instead.
        broken_share: The share of lines that may be broken, 0 to 1.

    Raises:
        MalformedDataError: A file can't be read to its end, or too many lines are broken; the message has examples.
        ColumnsError: Files have different columns, or a column can't be profiled.

    Example:
        >>> profile = profile_dataset(open_dataset("train.csv"))  # doctest: +SKIP
        >>> profile.columns["age"].moments.mean  # doctest: +SKIP
        38.6
    """
    like = replace(Profile() if like is None else like, counted=frozenset())
    profile = _one_pass(dataset, on_progress, like, workers, cluster)
    if mixed := profile.mixed:
        wanted = mixed if like.grouping is None else mixed | {like.grouping.column}
        narrow = replace(dataset, selected=tuple(name for name in profile.columns if name in wanted))
        again = replace(like, counted=mixed, patterns=None)
        profile.replace_columns(mixed, _one_pass(narrow, None, again, workers, cluster))
    _check_broken(profile, broken_share)
    return profile


def _one_pass(
    dataset: Dataset, on_progress: Progress | None, like: Profile, workers: int | None, cluster: "Cluster | None"
) -> Profile:
    from monitors.analysis import workers as processes

    if cluster is not None:
        results = cluster.profile_parts(dataset, like, on_progress)
    elif (count := processes.count_for(dataset) if workers is None else workers) > 1:
        results = processes.profile_parts(dataset, like, count, on_progress)
    else:
        results = _here(dataset, like, on_progress)
    trees: dict[int, MergeTree] = defaultdict(MergeTree)
    distinct: dict[str, DistinctCounter] = {}
    for part in results:
        for node in part.nodes:
            trees[part.file].add(node)
        _unite(distinct, part.distinct)
    files = [whole for file in sorted(trees) if (whole := trees[file].whole()) is not None]
    profile = merged(files) or like.empty()
    for name in dataset.read_columns:
        profile.columns.setdefault(name, ColumnProfile(name, missing=profile.rows))
    if dataset.format in ("jsonl", "capture"):
        # Where an object is always missing in a chunk, nothing tells that it is one.
        for name in [name for name, column in profile.columns.items() if column.present == 0]:
            if any(other.startswith(f"{name}.") for other in profile.columns):
                del profile.columns[name]
                distinct.pop(name, None)
    for name, counter in distinct.items():
        profile.columns[name].distinct.merge(counter)
    return profile


def profile_part(
    dataset: Dataset, like: Profile, part: Part, on_progress: Progress | None = None, threads: int = 1
) -> PartProfile:
    """Profile some chunks of one file.

    Args:
        dataset: The data set.
        like: What to measure.
        part: Which chunks.
        on_progress: Told the rows and bytes of this part read so far.
        threads: Chunks profiled at once; sorting, parsing and counting release the interpreter's lock.
    """
    tree = MergeTree()
    result = PartProfile(part.file, 0, 0, [])
    begin: int | None = None
    with ThreadPoolExecutor(threads) as pool:
        counters = _Counters()
        # Groups are named by what their texts are.
        numbers = like.grouping is None
        chunks = dataset.chunks(dataset.files[part.file], part.first, part.stop, numbers=numbers)
        for chunk, profile in _ahead(pool, chunks, lambda chunk: _profile(chunk, like, counters), threads + 1):
            tree.add((0, chunk.position, profile))
            result.rows += profile.rows
            begin = chunk.bytes_read if begin is None and part.first else begin or 0
            result.bytes_read = chunk.bytes_read - begin
            if on_progress:
                on_progress(result.rows, result.bytes_read)
    result.nodes = tree.nodes()
    result.distinct = counters.united()
    return result


def _here(dataset: Dataset, like: Profile, on_progress: Progress | None) -> Iterator[PartProfile]:
    rows = done = 0

    def report(more_rows: int, more_bytes: int) -> None:
        if on_progress:
            on_progress(rows + more_rows, done + more_bytes)

    threads = min(os.cpu_count() or 1, 4)
    for position, file in enumerate(dataset.files):
        result = profile_part(dataset, like, Part(position), report, threads)
        rows += result.rows
        done += file.size
        yield result


class _Counters:
    """Counters of different values: one a column and thread, since their union does not depend on who saw what."""

    def __init__(self) -> None:
        self._free: list[dict[str, DistinctCounter]] = []
        self._all: list[dict[str, DistinctCounter]] = []

    def take(self) -> dict[str, DistinctCounter]:
        try:
            return self._free.pop()
        except IndexError:
            counters: dict[str, DistinctCounter] = defaultdict(DistinctCounter)
            self._all.append(counters)
            return counters

    def give(self, counters: dict[str, DistinctCounter]) -> None:
        self._free.append(counters)

    def united(self) -> dict[str, DistinctCounter]:
        united: dict[str, DistinctCounter] = {}
        for counters in self._all:
            _unite(united, counters)
        return united


def _unite(united: dict[str, DistinctCounter], counters: dict[str, DistinctCounter]) -> None:
    for name, counter in counters.items():
        if name in united:
            united[name].merge(counter)
        else:
            united[name] = counter


def _profile(chunk: Chunk, like: Profile, counters: _Counters) -> Profile:
    frame, broken, integers = chunk.rows()
    profile = like.empty()
    profile.broken = broken
    taken = counters.take()
    profile.update(frame, blanks_missing=chunk.dataset.blanks_missing, integers=integers, counter_of=taken.__getitem__)
    for column in profile.columns.values():
        column.distinct = DistinctCounter()
    counters.give(taken)
    return profile


def _ahead(
    pool: Executor, chunks: Iterator[Chunk], work: Callable[[Chunk], Profile], most: int
) -> Iterator[tuple[Chunk, Profile]]:
    """Work on up to `most` chunks at once; results come in the chunks' order."""
    waiting: deque[tuple[Chunk, Future[Profile]]] = deque()
    for chunk in chunks:
        waiting.append((chunk, pool.submit(work, chunk)))
        if len(waiting) >= most:
            first, done = waiting.popleft()
            yield first, done.result()
    while waiting:
        first, done = waiting.popleft()
        yield first, done.result()


def _check_broken(profile: Profile, share: float) -> None:
    broken = profile.broken
    if broken.count <= share * (broken.count + profile.rows):
        return
    encoded = all("not UTF-8" in example.reason for example in broken.examples)
    first = broken.examples[0]
    examples = "".join(f"\n  {example.file}, line {example.line}: {example.reason}." for example in broken.examples[:5])
    raise (EncodingError if encoded else MalformedDataError)(
        f"{broken.count} of {broken.count + profile.rows} lines can't be read, more than the {100 * share:g} % that "
        f"may be broken; the first is in {first.file}.{examples}"
    )
