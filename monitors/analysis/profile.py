"""What is known of a data set or of a part of it: a mergeable state per column."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from monitors.analysis.broken import BrokenLines
from monitors.analysis.columns import ColumnProfile, update_columns
from monitors.analysis.distinct import DistinctCounter
from monitors.analysis.errors import ColumnsError
from monitors.analysis.flattening import flatten
from monitors.analysis.grouping import Grouping
from monitors.analysis.missing import MissingPatterns, missing_of
from monitors.analysis.sketch import DEFAULT_SIZE, QuantileSketch

MOST_GROUPS = 1000


@dataclass
class Profile:
    """What is known of the rows seen so far.

    Attributes:
        rows: The number of rows.
        columns: State by column name, in the data set's order.
        sketch_size: k of the columns' quantile sketches.
        grouping: By what the rows are divided as well, if by anything.
        groups: The profile of each group's rows by the group's name; the grouping column itself is left out.
        sensitive: Columns of which no value may stand in anything that is written.
        patterns: Which columns are missing together, when that was asked for.
        broken: Lines that could not be read and are no rows.
        counted: Columns whose different numbers are counted, which costs as much as sketching them; None for all.
            Only a column that has texts as well tells how many different values it has.
    """

    rows: int = 0
    columns: dict[str, ColumnProfile] = field(default_factory=dict)
    sketch_size: int = DEFAULT_SIZE
    grouping: Grouping | None = None
    groups: dict[str, "Profile"] = field(default_factory=dict)
    patterns: MissingPatterns | None = None
    sensitive: frozenset[str] = frozenset()
    broken: BrokenLines = field(default_factory=BrokenLines)
    counted: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.grouping is not None and self.grouping.column in self.sensitive:
            raise ColumnsError(f"{self.grouping.column!r} is sensitive, so rows can't be grouped by its values.")

    def update(
        self,
        frame: pl.DataFrame,
        *,
        blanks_missing: bool = False,
        integers: Mapping[str, int] | None = None,
        counter_of: Callable[[str], DistinctCounter] | None = None,
    ) -> None:
        """Take in a batch of rows; a column that the batch lacks is missing in all of them.

        Args:
            frame: The rows. Objects in them become columns named by their path, `parent.child`.
            blanks_missing: Whether blank texts are missing values (so in CSV).
            integers: How many of a column's floats were written as integers, where that is known.
            counter_of: Gives a column's counter of different values; parts that are merged later may share them.

        Raises:
            ColumnsError: A column can't be profiled, or the grouping column is not there or has too many values.
        """
        frame = flatten(frame)
        update_columns(
            [(self._column(name, counter_of), frame[name]) for name in frame.columns],
            blanks_missing=blanks_missing,
            integers=integers,
            counted=self.counted,
        )
        for name in self.columns.keys() - set(frame.columns):
            self.columns[name].missing += frame.height
        if self.patterns is not None:
            self.patterns.update(missing_of(frame, blanks_missing=blanks_missing))
        if self.grouping is not None:
            for name, part in self.grouping.divide(frame):
                self._group(name).update(part, blanks_missing=blanks_missing)
        self.rows += frame.height

    def merge(self, other: "Profile") -> None:
        """Take in the profile of the rows that follow; `other` is unchanged.

        Counts, moments up to rounding, extremes and distinct values are what one pass over all rows gives. The
        sketch has the same guarantee but another layout: Deequ's layout depends on where partitions begin.

        Raises:
            ColumnsError: Together they have too many groups.
        """
        for name, column in other.columns.items():
            self._column(name).merge(column)
        for name in self.columns.keys() - other.columns.keys():
            self.columns[name].missing += other.rows
        for name, group in other.groups.items():
            self._group(name).merge(group)
        if self.patterns is not None and other.patterns is not None:
            self.patterns.merge(other.patterns)
        self.broken.merge(other.broken)
        self.rows += other.rows

    def empty(self) -> "Profile":
        """A profile of no rows that measures the same."""
        patterns = None if self.patterns is None else MissingPatterns()
        return Profile(
            sketch_size=self.sketch_size,
            grouping=self.grouping,
            patterns=patterns,
            sensitive=self.sensitive,
            counted=self.counted,
        )

    @property
    def mixed(self) -> frozenset[str]:
        """Columns of numbers and texts whose different numbers were passed over, here or in a group."""
        own = {
            name
            for name, column in self.columns.items()
            if column.string and column.distinct.is_partial and not column.categories.is_exact
        }
        return frozenset(own.union(*(group.mixed for group in self.groups.values())))

    def replace_columns(self, names: Iterable[str], other: "Profile") -> None:
        """Take these columns, and those of the groups, from another profile of the same rows."""
        for name in names:
            if name in self.columns:
                self.columns[name] = other.columns[name]
        for name, group in self.groups.items():
            group.replace_columns(names, other.groups[name])

    def _column(self, name: str, counter_of: Callable[[str], DistinctCounter] | None = None) -> ColumnProfile:
        column = self.columns.get(name)
        if column is None:
            # The rows before had no such column, so it is missing in them.
            column = self.columns[name] = ColumnProfile(
                name,
                missing=self.rows,
                sketch=QuantileSketch(self.sketch_size),
                distinct=DistinctCounter() if counter_of is None else counter_of(name),
            )
        return column

    def _group(self, name: str) -> "Profile":
        group = self.groups.get(name)
        if group is None:
            if len(self.groups) == MOST_GROUPS:
                assert self.grouping is not None
                raise ColumnsError(
                    f"{self.grouping.column!r} divides the rows into more than {MOST_GROUPS} groups. Group by a column "
                    "with fewer values, or by longer times."
                )
            group = Profile(sketch_size=self.sketch_size, sensitive=self.sensitive, counted=self.counted)
            self.groups[name] = group
        return group
