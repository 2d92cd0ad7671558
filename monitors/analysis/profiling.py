"""One pass over a data set, by several threads or processes; the result is the same for any number of them."""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from monitors.analysis.columns import ColumnProfile
from monitors.analysis.distinct import DistinctCounter
from monitors.analysis.errors import EncodingError, MalformedDataError
from monitors.analysis.parts import Part, Progress, ahead, work_on
from monitors.analysis.profile import Profile
from monitors.analysis.reading import Chunk, Dataset
from monitors.analysis.tree import MergeTree, Node, merged

if TYPE_CHECKING:
    from monitors.analysis.cluster import Cluster

BROKEN_SHARE = 0.01
"""The share of broken lines up to which a data set is taken as it is."""


@dataclass
class PartProfile:
    """What a part came to: nodes of its file's tree, and the different values, which belong to no place in it."""

    file: int
    rows: int
    bytes_read: int
    nodes: list[Node[Profile]]
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
    work = partial(profile_part, like=like)
    results: Iterator[PartProfile] = work_on(dataset, work, on_progress, workers=workers, cluster=cluster)
    trees: dict[int, MergeTree[Profile]] = defaultdict(MergeTree)
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
    dataset: Dataset, part: Part, on_progress: Progress | None, threads: int, like: Profile
) -> PartProfile:
    """Profile some chunks of one file.

    Args:
        dataset: The data set.
        part: Which chunks.
        on_progress: Told the rows and bytes of this part read so far.
        threads: Chunks profiled at once; sorting, parsing and counting release the interpreter's lock.
        like: What to measure.
    """
    tree: MergeTree[Profile] = MergeTree()
    result = PartProfile(part.file, 0, 0, [])
    before = part.bytes_before(dataset)
    with ThreadPoolExecutor(threads) as pool:
        counters = _Counters()
        # Groups are named by what their texts are.
        chunks = part.chunks(dataset, numbers=like.grouping is None)
        for chunk, profile in ahead(pool, chunks, lambda chunk: _profile(chunk, like, counters), threads + 1):
            tree.add((0, chunk.position, profile))
            result.rows += profile.rows
            result.bytes_read = chunk.bytes_read - before
            if on_progress:
                on_progress(result.rows, result.bytes_read)
    result.nodes = tree.nodes()
    result.distinct = counters.united()
    return result


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
