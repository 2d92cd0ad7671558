"""What is known of one column: counts by type, moments, quantile sketch, frequent texts, number of values."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
import polars as pl

from monitors.analysis import texts
from monitors.analysis.categories import CategoryCounts
from monitors.analysis.distinct import DistinctCounter
from monitors.analysis.errors import ColumnsError
from monitors.analysis.moments import Moments
from monitors.analysis.sketch import Floats, QuantileSketch

InferredType = Literal["Integral", "Fractional", "String", "Unknown"]

NUMBERS_WITHOUT_END = 4096
"""With more different texts than this in one batch, all of them numbers, texts are not counted one by one."""

_SAMPLE = 8192
_TOGETHER = 4
"""Columns whose numbers are sketched in one matrix: enough to share the work of planning, few enough for the cache."""


@dataclass
class ColumnProfile:
    """The mergeable state of one column.

    Types follow Deequ (`com.amazon.deequ.analyzers.DataType`), decided by what the values look like:

    * A column of an integer type, or of decimals without fraction digits, holds Integral values; floats and other
      decimals Fractional ones. NaN is missing; infinities are values.
    * A text is Integral when it is digits with an optional sign, Fractional when it is any other number (with point,
      exponent, or `inf`), else a String; blanks around a number do not matter. `nan` in its usual spellings is missing.
      (Deequ also takes a lone point or sign for a number and takes exponents for text; we do not.)
    * Booleans (as `true`, `false`), dates, times and durations (in ISO 8601), categoricals and enumerations are
      Strings; so are bytes (in hexadecimal digits) and lists (as JSON).

    One String makes the column String, else one Fractional makes it Fractional, else it is Integral; without any
    value it is Unknown. Once a column is String its numbers are no longer followed.

    Attributes:
        forgotten: Whether part of it was stored as a sensitive column: then only the counts are known.
    """

    name: str
    missing: int = 0
    integral: int = 0
    fractional: int = 0
    string: int = 0
    moments: Moments = field(default_factory=Moments)
    sketch: QuantileSketch = field(default_factory=QuantileSketch)
    distinct: DistinctCounter = field(default_factory=DistinctCounter)
    categories: CategoryCounts = field(default_factory=CategoryCounts)
    forgotten: bool = False

    @property
    def present(self) -> int:
        """How many values are there."""
        return self.integral + self.fractional + self.string

    @property
    def inferred_type(self) -> InferredType:
        """The type of the column by the rule above."""
        if self.string:
            return "String"
        if self.fractional:
            return "Fractional"
        return "Integral" if self.integral else "Unknown"

    def update(self, values: pl.Series, *, blanks_missing: bool = False) -> None:
        """Take in one batch's values of this column.

        Args:
            values: The values, of any type but structs and objects.
            blanks_missing: Whether a text that is empty or only blanks is missing (so in CSV) rather than a String.

        Raises:
            ColumnsError: The values are structs or objects.
        """
        update_columns([(self, values)], blanks_missing=blanks_missing)

    def merge(self, other: "ColumnProfile") -> None:
        """Take in the state of the same column in the rows that follow; `other` is unchanged."""
        self.missing += other.missing
        self.integral += other.integral
        self.fractional += other.fractional
        self.string += other.string
        self.forgotten |= other.forgotten
        self.moments.merge(other.moments)
        self.sketch.merge(other.sketch)
        if other.distinct is not self.distinct:
            self.distinct.merge(other.distinct)
        # Nothing is hashed while every text is listed; from when one is forgotten on, all must have been.
        listed = [column.categories.counts for column in (self, other) if column.categories.is_exact]
        self.categories.merge(other.categories)
        self._hash_forgotten(listed)

    def _take(self, values: pl.Series, *, blanks_missing: bool) -> tuple[pl.Series, bool] | None:
        """Count a batch's values; the numbers among them are returned, and whether they may hold NaN."""
        kind = values.dtype
        if nulls := values.null_count():
            self.missing += nulls
            values = values.drop_nulls()
        if len(values) == 0 or kind == pl.Null:
            return None
        if kind.is_numeric():
            if kind.is_integer() or (isinstance(kind, pl.Decimal) and kind.scale == 0):
                self.integral += len(values)
            else:
                self.fractional += len(values)
            self.categories.skip(len(values))
            return values, kind.is_float()
        if kind == pl.String or isinstance(kind, pl.Categorical | pl.Enum):
            return self._take_texts(values.cast(pl.String), blanks_missing=blanks_missing)
        self.string += len(values)
        self._tally(texts.count(_as_texts(values, self.name)))
        return None

    def _take_texts(self, values: pl.Series, *, blanks_missing: bool) -> tuple[pl.Series, bool] | None:
        if self.string == 0 and (numbers := texts.as_numbers(values)) is not None:
            self.integral += numbers.integral
            self.fractional += len(values) - numbers.integral
            counts = None if looks_endless(values) else texts.count(values)
            if counts is None or counts.height > NUMBERS_WITHOUT_END:
                self.categories.skip(len(values))
            else:
                self._tally(counts)
            return numbers.values, False
        kinds = texts.classify(texts.count(values), blanks_missing=blanks_missing)
        self.missing += kinds.missing
        self.integral += kinds.integral
        self.fractional += kinds.fractional
        self.string += kinds.string
        if self.string == 0 and kinds.present.height > NUMBERS_WITHOUT_END:
            self.categories.skip(len(values) - kinds.missing)
        else:
            self._tally(kinds.present)
        if self.string == 0:
            numbers_or_nan = values.str.strip_chars().cast(pl.Float64, strict=False).drop_nulls()
            return numbers_or_nan.filter(numbers_or_nan.is_not_nan()), False
        self.distinct.add_numbers(kinds.numbers.to_numpy() + 0.0)
        return None

    def _tally(self, counts: pl.DataFrame) -> None:
        listed = [self.categories.counts, counts] if self.categories.is_exact else [counts]
        self.categories.update(counts)
        self._hash_forgotten(listed)

    def _hash_forgotten(self, listed: Iterable[pl.DataFrame]) -> None:
        if not self.categories.is_exact:
            for counts in listed:
                self.distinct.add_texts(texts.no_numbers(counts["value"]))


def looks_endless(values: pl.Series) -> bool:
    """Whether there are too many different ones among the first of a batch's values (no nulls) to count each."""
    return values.head(_SAMPLE).n_unique() > NUMBERS_WITHOUT_END


def update_columns(
    batch: Iterable[tuple[ColumnProfile, pl.Series]],
    *,
    blanks_missing: bool = False,
    integers: Mapping[str, int] | None = None,
    counted: Collection[str] | None = None,
) -> None:
    """Take in one batch of several columns; the same as updating each, but their numbers are sketched together.

    Args:
        batch: Each column with its values.
        blanks_missing: As for `ColumnProfile.update`.
        integers: How many of a column's floats were written as integers, where that is known.
        counted: Columns whose different numbers are counted; None for all.

    Raises:
        ColumnsError: Values are structs or objects.
    """
    follow = partial(_follow, counted=counted)
    waiting: dict[int, list[tuple[ColumnProfile, pl.Series, bool]]] = defaultdict(list)
    for column, values in batch:
        taken = column._take(values, blanks_missing=blanks_missing)
        whole = integers.get(column.name, 0) if integers else 0
        column.integral += whole
        column.fractional -= whole
        if taken is None or len(taken[0]) == 0:
            continue
        group = waiting[len(taken[0])]
        group.append((column, *taken))
        if len(group) == _TOGETHER:
            follow(waiting.pop(len(taken[0])))
    for group in waiting.values():
        follow(group)


def _follow(group: list[tuple[ColumnProfile, pl.Series, bool]], counted: Collection[str] | None) -> None:
    """Take in numbers of several columns, the same count of each."""
    matrix = np.empty((len(group), len(group[0][1])))
    fresh: list[int] = []
    for row, (column, values, maybe_nan) in enumerate(group):
        held = matrix[row]
        _fill(held, values)
        if maybe_nan and np.isnan(held.min()):
            gone = np.isnan(held)
            held = held[~gone]
            missing = int(np.count_nonzero(gone))
            column.missing += missing
            column.fractional -= missing
            column.categories.skip(-missing)
        if counted is None or column.name in counted:
            column.distinct.add_numbers(held)
        elif len(held):
            column.distinct.pass_over()
        column.moments.update(held)
        if len(held) == matrix.shape[1] and len(column.sketch) == 0:
            fresh.append(row)
        else:
            column.sketch.update(held)
    if fresh:
        sketch = group[0][0].sketch
        rows = matrix if len(fresh) == len(group) else matrix[fresh]
        sketches = QuantileSketch.of_rows(rows, sketch.size, sketch.shrinking)
        for row, made in zip(fresh, sketches, strict=True):
            group[row][0].sketch = made


def _fill(held: Floats, values: pl.Series) -> None:
    if isinstance(values.dtype, pl.Decimal) or values.dtype in (pl.Int128, pl.UInt128):
        values = values.cast(pl.Float64)
    begin = 0
    for piece in values.get_chunks():
        # Adding 0.0 makes −0.0 an ordinary zero: it would sort and hash apart from the zero it equals.
        np.add(piece.to_numpy(), 0.0, out=held[begin : begin + len(piece)])
        begin += len(piece)


def _as_texts(values: pl.Series, name: str) -> pl.Series:
    kind = values.dtype
    if kind == pl.Boolean:
        return values.cast(pl.String)
    if kind.is_temporal():
        return values.dt.to_string("iso")
    if kind == pl.Binary:
        return values.bin.encode("hex")
    inner = kind
    while isinstance(inner, pl.List | pl.Array):
        inner = inner.inner  # type: ignore[assignment]
    if inner is not kind and inner not in (pl.Binary, pl.Object):
        # Polars writes structs as JSON, and nothing else: the list is what stands between `{"a":` and `}`.
        return values.alias("a").to_frame().to_struct().struct.json_encode().str.slice(5).str.head(-1)
    raise ColumnsError(
        f"Column {name!r} is of type {kind}, which can't be profiled. Numbers, texts, booleans, times, bytes and lists "
        "can be: leave the column out or convert it."
    )
