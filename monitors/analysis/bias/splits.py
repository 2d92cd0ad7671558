"""How a column's values are divided: into positive and negative labels, into a group of interest and the others.

A column is continuous or categorical. Unless the configuration says which, Clarify's rule decides:

* more than one value given: categorical;
* floating-point numbers: continuous;
* integers: continuous when at least 5 % of the values are different, else categorical. A column of at most two
  different integers is always categorical here: by Clarify's rule a 0/1 column would change its meaning with the number
  of rows. So are integers and texts for which no value is given: each is a group;
* texts and booleans: categorical. A column of texts that are all numbers, as CSV files give them, is taken for numbers.

A continuous column is cut at thresholds into intervals (t, max]; a value at the threshold lies below it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from monitors.analysis.bias.config import Kind, Scalar
from monitors.analysis.errors import ColumnsError, DocumentError

UNIQUENESS = 0.05
"""The share of different values from which integers are continuous."""

_TRUE, _FALSE = ("true", "1", "1.0"), ("false", "0", "0.0")


@dataclass(frozen=True)
class Values:
    """What is known of a column: `plain` values, one a row of a count, how many differ, how many rows have one.

    `whole` says that all of them are whole numbers.
    """

    values: pl.Series
    different: int
    present: int
    whole: bool


@dataclass(frozen=True)
class Group:
    """A part of a column's values: a text for the file, and which values are in it (null where it is unknown)."""

    text: str
    mask: pl.Series


def plain(values: pl.Series) -> pl.Series:
    """Values as they are compared: categories and times as texts, decimals as floats, NaN as missing, −0.0 as 0.

    Raises:
        ColumnsError: The values are lists, structs, objects or bytes.
    """
    kind = values.dtype
    if kind.is_float():
        return (values.cast(pl.Float64).fill_nan(None) + 0.0).alias(values.name)
    if isinstance(kind, pl.Decimal):
        return values.cast(pl.Float64)
    if isinstance(kind, pl.Categorical | pl.Enum):
        return values.cast(pl.String)
    if kind.is_temporal():
        return values.dt.to_string("iso") if kind == pl.Duration else values.cast(pl.String)
    if kind.is_integer():
        return values.cast(pl.Float64) if kind in (pl.UInt64, pl.Int128) else values.cast(pl.Int64)
    if kind in (pl.String, pl.Boolean, pl.Null):
        return values
    raise ColumnsError(f"Column {values.name!r} is of type {kind}, which is not flat; bias can't be measured on it.")


def numbers(values: pl.Series) -> pl.Series | None:
    """`plain` values as numbers (integers if all are whole in writing); None if one of them is none."""
    if values.dtype.is_numeric():
        return values
    if values.dtype == pl.Null:
        return values.cast(pl.Int64)
    if values.dtype != pl.String:
        return None
    for kind in (pl.Int64, pl.Float64):
        cast = values.str.strip_chars().cast(kind, strict=False)
        if cast.null_count() == values.null_count():
            return cast if kind == pl.Int64 else cast.fill_nan(None)
    return None


def kind_of(column: Values, given: Sequence[Scalar], asked: Kind | None) -> Kind:
    """Whether a column is continuous, by the module's rule; `asked` is what the configuration says, which wins.

    Raises:
        DocumentError: The column is continuous and there is no threshold for it.
    """
    values = column.values
    as_numbers = numbers(values)
    kind: Kind = "categorical"
    if asked is not None:
        kind = asked
    elif not given:
        kind = "continuous" if values.dtype.is_float() and column.present else "categorical"
    elif len(given) == 1 and as_numbers is not None and column.present:
        many = column.different > 2 and column.different >= UNIQUENESS * column.present
        kind = "continuous" if many or not column.whole else "categorical"
    if kind == "continuous" and (not given or as_numbers is None):
        why = "its values are not numbers" if given else "there is no threshold for it"
        raise DocumentError(
            f"Column {values.name!r} is continuous, but {why}. Give one or more thresholds, or the kind categorical."
        )
    return kind


def groups(column: Values, kind: Kind, given: Sequence[Scalar]) -> list[Group]:
    """The groups that a facet or label makes of `plain` values.

    Categorical with values: one group of them all. Without: one group a value, in the values' order. Continuous: one
    group an interval between neighbouring thresholds, the last up to the largest value.
    """
    values = column.values
    if kind == "continuous":
        return _intervals(column, given)
    if given:
        return [Group(",".join(map(str, given)), equal(values, given))]
    different = values.drop_nulls().unique().sort()
    return [Group(str(value), values == value) for value in different]


def equal(values: pl.Series, given: Sequence[Scalar]) -> pl.Series:
    """Where `plain` values are among those given, which are read as the column's type; null where they are missing.

    Raises:
        DocumentError: The column holds numbers or booleans and a given value can't be read as one.
    """
    as_numbers = numbers(values)
    if as_numbers is not None:
        wanted: list[Scalar] = [_number(value, values.name) for value in given]
        return as_numbers.cast(pl.Float64).is_in(wanted)
    if values.dtype == pl.Boolean:
        return values.is_in([_boolean(value, values.name) for value in given])
    return values.is_in([str(value) for value in given])


def positive(values: pl.Series, kind: Kind, given: Sequence[Scalar]) -> pl.Series:
    """Which labels are positive: among the given values, or above the lowest threshold."""
    if kind == "categorical":
        return equal(values, given)
    as_numbers = numbers(values)
    assert as_numbers is not None, "kind_of has looked"
    return as_numbers > min(_number(value, values.name) for value in given)


def label_text(column: Values, kind: Kind, given: Sequence[Scalar]) -> str:
    """`label_value_or_threshold` as the file has it."""
    return ",".join(map(str, given)) if kind == "categorical" else ",".join(g.text for g in _intervals(column, given))


def _intervals(column: Values, given: Sequence[Scalar]) -> list[Group]:
    values = column.values
    as_numbers = numbers(values)
    assert as_numbers is not None, "kind_of has looked"
    thresholds = sorted({_number(value, values.name) for value in given})
    largest = as_numbers.max()
    # As pandas writes intervals: all of them whole numbers, or all with a point.
    whole = column.whole and all(threshold.is_integer() for threshold in thresholds)

    def write(bound: float) -> str:
        return str(int(bound)) if whole else str(bound)

    made = []
    for position, low in enumerate(thresholds):
        if position + 1 < len(thresholds):
            high = thresholds[position + 1]
            made.append(Group(f"({write(low)}, {write(high)}]", (as_numbers > low) & (as_numbers <= high)))
        else:
            end = low if largest is None else max(float(largest), low)  # type: ignore[arg-type]
            made.append(Group(f"({write(low)}, {write(end)}]", as_numbers > low))
    return made


def _number(value: Scalar, column: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise DocumentError(
            f"Column {column!r} holds numbers, but {value!r} was given as a value of it. Give a number."
        ) from None


def _boolean(value: Scalar, column: str) -> bool:
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise DocumentError(f"Column {column!r} holds booleans, but {value!r} was given as a value of it.")
