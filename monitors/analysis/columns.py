"""What is known of one column: counts by type, moments, quantile sketch, frequent texts, number of values."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.categories import CategoryCounts
from monitors.analysis.distinct import DistinctCounter
from monitors.analysis.errors import ColumnsError
from monitors.analysis.moments import Moments
from monitors.analysis.sketch import QuantileSketch

InferredType = Literal["Integral", "Fractional", "String", "Unknown"]

NUMBERS_WITHOUT_END = 4096
"""With more different texts than this in one batch, all of them numbers, texts are not counted one by one."""

LONGEST_TEXT = 1024
"""Bytes up to which a text is kept whole; what is longer is no category, and would fill memory and files."""

_INTEGER = r"^[+-]?[0-9]+$"
# What pandas, polars and C write. "Nan" is left a text, since it is a name.
_NOT_A_NUMBER = ("nan", "NaN", "NAN", "-nan", "-NaN")


@dataclass
class ColumnProfile:
    """The mergeable state of one column.

    Types follow Deequ (`com.amazon.deequ.analyzers.DataType`), decided by what the values look like:

    * A column of an integer type, or of decimals without fraction digits, holds Integral values; floats and other
      decimals Fractional ones. NaN is missing; infinities are values.
    * A text is Integral when it is digits with an optional sign, Fractional when it is any other number (with point,
      exponent, or `inf`), else a String; blanks around a number do not matter. `nan` in its usual spellings is missing.
      (Deequ also takes a lone point or sign for a number and takes exponents for text; we do not.)
    * Booleans (as `true`, `false`), dates, times and durations (in ISO 8601) are Strings.

    One String makes the column String, else one Fractional makes it Fractional, else it is Integral; without any
    value it is Unknown. Once a column is String its numbers are no longer followed.
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
            values: The values, of any flat type.
            blanks_missing: Whether a text that is empty or only blanks is missing (so in CSV) rather than a String.

        Raises:
            ColumnsError: The values are lists, structs, objects or bytes.
        """
        kind = values.dtype
        self.missing += values.null_count()
        values = values.drop_nulls()
        if kind.is_numeric():
            whole = kind.is_integer() or (isinstance(kind, pl.Decimal) and kind.scale == 0)
            self._update_numbers(values.cast(pl.Float64).to_numpy(), whole=whole)
        elif kind == pl.String or isinstance(kind, pl.Categorical | pl.Enum):
            self._update_texts(values.cast(pl.String), blanks_missing=blanks_missing)
        elif kind == pl.Boolean:
            self._update_strings(values.cast(pl.String))
        elif kind.is_temporal():
            self._update_strings(values.dt.to_string("iso"))
        elif kind != pl.Null:
            raise ColumnsError(
                f"Column {self.name!r} is of type {kind}, which is not flat. Numbers, texts, booleans and times can be "
                "profiled: leave the column out or flatten it."
            )

    def merge(self, other: "ColumnProfile") -> None:
        """Take in the state of the same column in the rows that follow; `other` is unchanged."""
        self.missing += other.missing
        self.integral += other.integral
        self.fractional += other.fractional
        self.string += other.string
        self.moments.merge(other.moments)
        self.sketch.merge(other.sketch)
        self.distinct.merge(other.distinct)
        self.categories.merge(other.categories)

    def _update_numbers(self, values: NDArray[np.float64], *, whole: bool) -> None:
        if not whole:
            held = values[~np.isnan(values)]
            self.missing += len(values) - len(held)
            values = held
        if whole:
            self.integral += len(values)
        else:
            self.fractional += len(values)
        self.categories.skip(len(values))
        self._follow(values)

    def _follow(self, values: NDArray[np.float64]) -> None:
        # Adding 0.0 makes −0.0 an ordinary zero: it would sort and hash apart from the zero it equals.
        values = values + 0.0
        self.distinct.add_numbers(values)
        self.moments.update(values)
        self.sketch.update(values)

    def _update_strings(self, values: pl.Series) -> None:
        self.string += len(values)
        counts = _count(values)
        self.categories.update(counts)
        self.distinct.add_texts(counts["value"])

    def _update_texts(self, values: pl.Series, *, blanks_missing: bool) -> None:
        counts = _classified(_count(values), blanks_missing=blanks_missing)
        weight = dict(counts.group_by("kind").agg(pl.col("count").sum()).iter_rows())
        gone = int(weight.get("missing", 0))
        self.missing += gone
        self.integral += int(weight.get("Integral", 0))
        self.fractional += int(weight.get("Fractional", 0))
        self.string += int(weight.get("String", 0))
        present = counts.filter(pl.col("kind") != "missing") if gone else counts
        if self.string == 0:
            numbers = values.str.strip_chars().cast(pl.Float64, strict=False).drop_nulls().to_numpy()
            self._follow(numbers[~np.isnan(numbers)] if gone else numbers)
            if present.height > NUMBERS_WITHOUT_END:
                self.categories.skip(len(numbers) - int(np.count_nonzero(np.isnan(numbers))))
                return
        else:
            self.distinct.add_numbers(present["number"].drop_nulls().to_numpy() + 0.0)
            self.distinct.add_texts(present.filter(pl.col("kind") == "String")["value"])
        self.categories.update(present)


def _count(values: pl.Series) -> pl.DataFrame:
    """Every different text and how often it occurs; very long ones stand abridged, with a hash to tell them apart."""
    counts = values.alias("value").value_counts(name="count")
    if not (counts["value"].str.len_bytes() > LONGEST_TEXT).any():
        return counts
    texts = [text if len(text.encode()) <= LONGEST_TEXT else _abridged(text) for text in counts["value"]]
    return counts.with_columns(pl.Series("value", texts, dtype=pl.String))


def _abridged(text: str) -> str:
    return f"{text[:64]}… ({len(text)} characters, {blake2b(text.encode(), digest_size=8).hexdigest()})"


def _classified(counts: pl.DataFrame, *, blanks_missing: bool) -> pl.DataFrame:
    """`counts` with `kind` (Integral, Fractional, String, missing) and `number` (null for what is no number)."""
    text = pl.col("value").str.strip_chars()
    number = pl.col("number")
    counts = counts.with_columns(text.alias("text"), text.cast(pl.Float64, strict=False).alias("number"))
    gone = pl.col("text").is_in(_NOT_A_NUMBER)
    if blanks_missing:
        gone |= pl.col("text") == ""
    kind = (
        pl.when(gone)
        .then(pl.lit("missing"))
        .when(number.is_null() | number.is_nan())
        .then(pl.lit("String"))
        .when(pl.col("text").str.contains(_INTEGER))
        .then(pl.lit("Integral"))
        .otherwise(pl.lit("Fractional"))
    )
    return counts.select(
        "value", "count", kind.alias("kind"), pl.when(number.is_not_nan()).then(number).alias("number")
    )
