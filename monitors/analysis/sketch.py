"""The deterministic quantile sketch that Deequ and SageMaker Model Monitor write into `statistics.json`."""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DEFAULT_SIZE = 2048
DEFAULT_SHRINKING = 0.64

_FEW_POINTS = 16
"""Up to so many points, comparing all items with each is faster than sorting the items."""


class QuantileSketch:
    """Deequ's `QuantileNonSample`: a KLL sketch without randomness.

    Level `i` holds items of weight 2^i in the order of their arrival. When the items exceed the sum of the levels'
    capacities, the first level that has reached its own is sorted and every second item moves up one level; an odd
    last item stays. The result depends on the order of the rows and on nothing else, and is the same as if the items
    were added one at a time (`tests/monitors/analysis/literal_sketch.py` is that slow form).

    Sources: Karnin, Lang, Liberty, "Optimal Quantile Approximation in Streams" (FOCS 2016);
    `com.amazon.deequ.analyzers.QuantileNonSample`.

    Args:
        size: k, the number of items about which the topmost level is built.
        shrinking: c, by which a level is smaller than the one above.

    Example:
        >>> sketch = QuantileSketch()
        >>> sketch.update(np.arange(1000.0))
        >>> sketch.total_weight
        1000
    """

    def __init__(self, size: int = DEFAULT_SIZE, shrinking: float = DEFAULT_SHRINKING) -> None:
        self.size = size
        self.shrinking = shrinking
        self._levels: list[list[Floats]] = []
        self._lengths: list[int] = []
        self._compressions: list[int] = []
        self._offsets: list[int] = []
        self._capacities: list[int] = []
        self._capacity = 0
        self._count = 0
        self._expand()

    @classmethod
    def from_levels(
        cls, levels: Iterable[Sequence[float] | Floats], size: int = DEFAULT_SIZE, shrinking: float = DEFAULT_SHRINKING
    ) -> "QuantileSketch":
        """The sketch whose items are `levels` (item weight 2^i in level i), as stored in `statistics.json`.

        The file does not keep how often each level was compressed, so ranks are exact but adding further items may
        give another layout than the original would have had.
        """
        sketch = cls(size, shrinking)
        for height, items in enumerate(levels):
            if height:
                sketch._expand()
            array = np.asarray(items, dtype=np.float64)
            sketch._levels[height] = [array]
            sketch._lengths[height] = len(array)
            sketch._count += len(array)
        return sketch

    @classmethod
    def from_state(
        cls,
        levels: Sequence[Floats],
        compressions: Sequence[int],
        offsets: Sequence[int],
        size: int = DEFAULT_SIZE,
        shrinking: float = DEFAULT_SHRINKING,
    ) -> "QuantileSketch":
        """The sketch with these `levels` and what else `state` said of it: it goes on as the original would have."""
        sketch = cls.from_levels(levels, size, shrinking)
        sketch._compressions, sketch._offsets = list(compressions), list(offsets)
        if not len(levels) == len(compressions) == len(offsets):
            raise ValueError("the levels and their compressions differ in number")
        return sketch

    def state(self) -> dict[str, list[int]]:
        """How long each level is, how often it was compressed, and which items move up next time."""
        return {"lengths": self._lengths, "compressions": self._compressions, "offsets": self._offsets}

    def __len__(self) -> int:
        """How many items are held, of whatever weight."""
        return self._count

    @classmethod
    def of_rows(
        cls, matrix: Floats, size: int = DEFAULT_SIZE, shrinking: float = DEFAULT_SHRINKING
    ) -> list["QuantileSketch"]:
        """A sketch of every row of `matrix`, each the same as `update` gives, many times as fast.

        What is compacted when depends on the number of values alone, so all rows are compacted together, and in place:
        a level's items lie one after the other, and an odd last item already lies where the next ones follow.

        Args:
            matrix: Values (sketches × values, float64, C-contiguous, no NaN). Its content is lost.
            size: k.
            shrinking: c.
        """
        rows, total = matrix.shape
        plan = _plan(total, size, shrinking)
        heights = range(len(plan.lengths))
        buffers = [matrix, *(np.empty((rows, plan.pushed[height])) for height in heights[1:])]
        for height, offset, begin, half, place in plan.steps:
            items = buffers[height][:, begin : begin + 2 * half]
            items.sort(axis=1)
            buffers[height + 1][:, place : place + half] = items[:, offset::2]
        sketches = []
        for row in range(rows):
            sketch = cls.__new__(cls)
            sketch.size, sketch.shrinking = size, shrinking
            # Copies, so that a sketch does not keep the matrix alive.
            sketch._levels = [
                [buffers[height][row, plan.pushed[height] - length : plan.pushed[height]].copy()] if length else []
                for height, length in enumerate(plan.lengths)
            ]
            sketch._lengths, sketch._count = list(plan.lengths), sum(plan.lengths)
            sketch._compressions, sketch._offsets = list(plan.compressions), list(plan.offsets)
            sketch._capacities, sketch._capacity = list(plan.capacities), sum(plan.capacities)
            sketches.append(sketch)
        return sketches

    def update(self, values: Floats) -> None:
        """Add `values` (1-D, float64, no NaN; infinities are kept) in their order."""
        position = 0
        total = len(values)
        while position < total:
            # Nothing happens until the capacity is passed, so everything up to that item goes in at once.
            taken = min(total - position, self._capacity - self._count + 1)
            self._append(0, values[position : position + taken])
            position += taken
            if self._count > self._capacity:
                self._condense()
        # Slices would keep the caller's whole batch alive.
        self._levels[0] = [np.concatenate(self._levels[0])] if self._levels[0] else []

    def merge(self, other: "QuantileSketch") -> None:
        """Take in `other`'s items level by level, as Deequ merges two states; `other` is unchanged."""
        while len(self._levels) < len(other._levels):
            self._expand()
        for height, pieces in enumerate(other._levels):
            for piece in pieces:
                self._append(height, piece)
        while self._count >= self._capacity:
            self._condense()

    def levels(self) -> list[Floats]:
        """The items of every level, lowest first; an item of level i stands for 2^i values."""
        return [np.concatenate(pieces) if pieces else np.empty(0) for pieces in self._levels]

    @property
    def total_weight(self) -> int:
        """How many values were added: compaction never changes the total."""
        return sum(length << height for height, length in enumerate(self._lengths))

    def weighted_items(self) -> tuple[Floats, NDArray[np.int64]]:
        """All items ascending and, beside each, the number of values it stands for (two arrays of one length)."""
        levels = self.levels()
        items = np.concatenate(levels)
        weights = np.repeat(
            np.left_shift(np.int64(1), np.arange(len(levels), dtype=np.int64)), [len(level) for level in levels]
        )
        order = np.argsort(items, kind="stable")
        return items[order], weights[order]

    def ranks(self, points: Floats, *, inclusive: bool = True) -> NDArray[np.int64]:
        """How many values are at or below each point (below, when not inclusive), as estimated by the sketch."""
        if len(points) <= _FEW_POINTS:
            levels = self.levels()
            lower = np.less_equal if inclusive else np.less
            below = lower(np.concatenate(levels), points[:, np.newaxis])
            weights = np.repeat(np.exp2(np.arange(len(levels))), [len(level) for level in levels])
            # Whole numbers below 2^53, so the sums are exact.
            few: NDArray[np.int64] = (below.astype(np.float64) @ weights).astype(np.int64)
            return few
        items, weights = self.weighted_items()
        cumulative = np.concatenate(([0], np.cumsum(weights)))
        ranks: NDArray[np.int64] = cumulative[np.searchsorted(items, points, side="right" if inclusive else "left")]
        return ranks

    def _level_capacity(self, height: int) -> int:
        return 2 * (math.ceil(self.size * self.shrinking**height / 2) + 1)

    def _expand(self) -> None:
        self._capacities.append(self._level_capacity(len(self._levels)))
        self._levels.append([])
        self._lengths.append(0)
        self._compressions.append(0)
        self._offsets.append(0)
        self._capacity = sum(self._capacities)

    def _append(self, height: int, items: Floats) -> None:
        if len(items):
            self._levels[height].append(items)
            self._lengths[height] += len(items)
            self._count += len(items)

    def _condense(self) -> None:
        """Halve the first level that has reached its capacity."""
        height, offset = self._next_compaction()
        length = self._lengths[height]
        pieces = self._levels[height]
        buffer = np.concatenate(pieces) if len(pieces) > 1 else pieces[0]
        even = length - length % 2
        promoted = np.sort(buffer[:even])[offset::2]
        # The copy lets the batch that the odd last item came from be freed.
        self._levels[height] = [buffer[even:].copy()] if even < length else []
        self._lengths[height] = length - even
        self._count -= even
        self._append(height + 1, promoted)

    def _next_compaction(self) -> tuple[int, int]:
        """The level to halve and the offset of the items that move up; the level above is made when it is missing.

        One level always has reached its capacity, since all together exceed theirs.
        """
        height = next(height for height, length in enumerate(self._lengths) if length >= self._capacities[height])
        if height + 1 == len(self._lengths):
            self._expand()
        if self._compressions[height] % 2 == 1:
            self._offsets[height] = 1 - self._offsets[height]
        self._compressions[height] += 1
        return height, self._offsets[height]


class _Plan(NamedTuple):
    """What `of_rows` does, and what is left on each level afterwards.

    A step sorts the `2 · half` items from `begin` on of a level, and puts every second one from `offset` on to `place` of
    the level above. `pushed` is how many items came to a level in all.
    """

    steps: list[tuple[int, int, int, int, int]]
    lengths: list[int]
    pushed: list[int]
    compressions: list[int]
    offsets: list[int]
    capacities: list[int]


@lru_cache(64)
def _plan(total: int, size: int, shrinking: float) -> _Plan:
    sketch = QuantileSketch(size, shrinking)
    lengths, pushed = sketch._lengths, [0]
    steps: list[tuple[int, int, int, int, int]] = []
    while pushed[0] < total:
        taken = min(total - pushed[0], sketch._capacity - sketch._count + 1)
        pushed[0] += taken
        lengths[0] += taken
        sketch._count += taken
        if sketch._count <= sketch._capacity:
            break
        height, offset = sketch._next_compaction()
        if height + 1 == len(pushed):
            pushed.append(0)
        half = lengths[height] // 2
        steps.append((height, offset, pushed[height] - lengths[height], half, pushed[height + 1]))
        pushed[height + 1] += half
        lengths[height] -= 2 * half
        lengths[height + 1] += half
        sketch._count -= half
    return _Plan(steps, lengths, pushed, sketch._compressions, sketch._offsets, sketch._capacities)
