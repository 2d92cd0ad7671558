"""A seeded, mergeable sample of whole rows."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

PRIORITY = "\x00priority"


@dataclass
class RowSample:
    """The rows with the smallest random priorities: a sample without replacement; all rows while they are few enough.

    Args:
        columns: The columns kept; a batch may lack some of them.
        most: How many rows are kept.
        seed, part: Of the priorities. Parts that are sampled apart and merged need numbers of their own.
    """

    columns: tuple[str, ...] | None
    most: int
    seed: int = 0
    part: int = 0
    seen: int = 0
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)

    def update(self, frame: pl.DataFrame) -> None:
        """Take in a batch of rows."""
        wanted = frame if self.columns is None else frame.select(name for name in self.columns if name in frame.columns)
        priority = np.random.default_rng([self.seed, self.part, self.seen]).random(frame.height)
        self.seen += frame.height
        if frame.height > self.most:
            kept = np.sort(np.argpartition(priority, self.most)[: self.most])
            wanted, priority = wanted[kept], priority[kept]
        self._keep(wanted.with_columns(pl.Series(PRIORITY, priority)))

    def merge(self, other: "RowSample") -> None:
        """Take in the sample of other rows; `other` is unchanged."""
        self.seen += other.seen
        if other.frame.height:
            self._keep(other.frame)

    @property
    def rows(self) -> pl.DataFrame:
        """The rows in the order in which they were seen."""
        return self.frame.drop(PRIORITY, strict=False)

    def _keep(self, frame: pl.DataFrame) -> None:
        whole = frame if self.frame.is_empty() else pl.concat([self.frame, frame], how="diagonal_relaxed")
        if whole.height > self.most:
            priority = whole[PRIORITY].to_numpy()
            whole = whole[np.sort(np.argpartition(priority, self.most)[: self.most])]
        self.frame = whole
