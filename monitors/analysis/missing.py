"""Which columns are missing together."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from monitors.analysis.texts import NOT_A_NUMBER

MOST_PATTERNS = 1000


@dataclass
class MissingPatterns:
    """How many rows lack exactly which columns; rows that lack nothing have the empty pattern.

    Attributes:
        counts: Rows by the names of the missing columns, in the data set's order. At most 1,000 patterns are kept.
        other: Rows whose pattern is not kept: once there are more, the rarest give way.
    """

    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    other: int = 0

    def update(self, counts: Counter[tuple[str, ...]]) -> None:
        """Take in one batch's patterns."""
        self.counts.update(counts)
        if len(self.counts) > MOST_PATTERNS:
            kept = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_PATTERNS]
            self.other += sum(self.counts.values()) - sum(count for _, count in kept)
            self.counts = Counter(dict(kept))

    def merge(self, other: "MissingPatterns") -> None:
        """Take in the patterns of other rows; `other` is unchanged."""
        self.other += other.other
        self.update(other.counts)

    def top(self, limit: int) -> list[tuple[tuple[str, ...], int]]:
        """The most frequent patterns with their rows, most frequent first."""
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:limit]


def missing_of(frame: pl.DataFrame, *, blanks_missing: bool) -> Counter[tuple[str, ...]]:
    """How many rows of `frame` lack exactly which columns, with the same idea of missing as a column's profile."""
    lacking = {column.name: missing for column in frame if (missing := _missing(column, blanks_missing)).any()}
    if not lacking:
        return Counter({(): frame.height}) if frame.height else Counter()
    names = list(lacking)
    bits = np.packbits(np.stack([series.to_numpy() for series in lacking.values()], axis=1), axis=1)
    patterns, rows = np.unique(bits, axis=0, return_counts=True)
    flags = np.unpackbits(patterns, axis=1, count=len(names)).astype(bool)
    return Counter(
        {
            tuple(name for name, gone in zip(names, row, strict=True) if gone): int(count)
            for row, count in zip(flags.tolist(), rows.tolist(), strict=True)
        }
    )


def _missing(column: pl.Series, blanks_missing: bool) -> pl.Series:
    gone = column.is_null()
    if column.dtype.is_float():
        return gone | column.is_nan().fill_null(value=False)
    if column.dtype == pl.String:
        text = column.str.strip_chars()
        unsaid = text.is_in(NOT_A_NUMBER)
        if blanks_missing:
            unsaid |= text == ""
        return gone | unsaid.fill_null(value=False)
    return gone
