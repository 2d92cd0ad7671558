"""How often each text of a column occurs: exact while there are few texts, bounded below afterwards."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

DEFAULT_BOUND = 32_768
_NOTHING = pl.DataFrame(schema={"value": pl.String, "count": pl.Int64})


@dataclass
class CategoryCounts:
    """Counts of the most frequent texts in bounded memory.

    Up to `bound` different texts every count is exact. Beyond, the smallest are forgotten as Misra and Gries do: the
    (bound + 1)-th largest count is taken off all of them, and what is left is a lower bound that misses at most
    `error`, itself at most `total / bound` when nothing was skipped. Summaries merge with the same guarantee (Agarwal
    et al., "Mergeable Summaries", PODS 2012).

    Attributes:
        total: How many texts were seen, forgotten ones included.
        error: By how much a count may be too small; 0 means that every count is exact and every text is listed.
    """

    bound: int = DEFAULT_BOUND
    total: int = 0
    error: int = 0
    counts: pl.DataFrame = field(default_factory=lambda: _NOTHING)

    def update(self, counts: pl.DataFrame) -> None:
        """Take in one batch's counts: a frame of `value` (text, unique) and `count` (integer)."""
        self.total += int(counts["count"].sum())
        self._add(counts)

    def skip(self, values: int) -> None:
        """Note `values` texts that were not counted, because the column so far is of numbers without end."""
        self.total += values
        self.error += values

    def merge(self, other: "CategoryCounts") -> None:
        """Take in another state; `other` is unchanged."""
        self.total += other.total
        self.error += other.error
        self._add(other.counts)

    @property
    def is_exact(self) -> bool:
        """Whether every text is listed with its true count."""
        return self.error == 0

    def top(self, limit: int) -> list[tuple[str, int]]:
        """The `limit` most frequent texts with their counts, most frequent first, equals by text."""
        frame = self.counts.sort(["count", "value"], descending=[True, False]).head(limit)
        return list(zip(frame["value"].to_list(), frame["count"].to_list(), strict=True))

    def _add(self, counts: pl.DataFrame) -> None:
        if counts.height == 0:
            return
        merged = counts.select("value", pl.col("count").cast(pl.Int64))
        if self.counts.height:
            merged = pl.concat([self.counts, merged]).group_by("value").agg(pl.col("count").sum())
        if merged.height > self.bound:
            numbers = merged["count"].to_numpy()
            place = len(numbers) - self.bound - 1
            cut = int(np.partition(numbers, place)[place])
            merged = merged.filter(pl.Series(numbers > cut)).with_columns(pl.col("count") - cut)
            self.error += cut
        self.counts = merged
