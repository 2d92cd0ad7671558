"""The columns that a model is asked with: how their values are read, and which of them are one feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from monitors.analysis.errors import ColumnsError, DocumentError

Kind = Literal["integer", "number", "boolean", "text"]
KINDS: tuple[Kind, ...] = ("integer", "number", "boolean", "text")


@dataclass(frozen=True)
class Feature:
    """What an attribution is given to: a column, or the columns that encode one thing, such as one-hot columns."""

    name: str
    columns: tuple[str, ...]


def features_of(columns: Sequence[str], groups: Mapping[str, Sequence[str]]) -> tuple[Feature, ...]:
    """The features of a model's columns, a group in the place of its first column.

    Raises:
        DocumentError: A group has no columns, names one that is not the model's or is in another group, or is called like a
            column outside of it.

    Example:
        >>> [feature.name for feature in features_of(["age", "red", "blue"], {"colour": ["red", "blue"]})]
        ['age', 'colour']
    """
    member: dict[str, str] = {}
    for name, grouped in groups.items():
        if not grouped:
            raise DocumentError(f"The group {name!r} has no columns.")
        if name in columns and name not in grouped:
            raise DocumentError(f"The group {name!r} is called like a column that does not belong to it.")
        for column in grouped:
            if column not in columns:
                raise DocumentError(f"The group {name!r} names {column!r}, which is none of the model's columns.")
            if column in member:
                raise DocumentError(f"The column {column!r} is in the groups {member[column]!r} and {name!r}.")
            member[column] = name
    made: dict[str, tuple[str, ...]] = {}
    for column in columns:
        name = member.get(column, column)
        made[name] = (*made.get(name, ()), column)
    return tuple(Feature(name, grouped) for name, grouped in made.items())


def kinds_of(frame: pl.DataFrame, columns: Sequence[str], given: Mapping[str, Kind] | None = None) -> dict[str, Kind]:
    """How the values of columns are to be read.

    Texts that are all numbers, as CSV files give them, are numbers: say that a column is a text where digits are names,
    such as postal codes.

    Args:
        frame: Rows to learn from.
        columns: Which.
        given: What is known already, which wins.

    Raises:
        ColumnsError: A column is missing or has a type that is not flat.
    """
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise ColumnsError(
            f"The data has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, frame.columns))}."
        )
    return {name: (given or {}).get(name) or _kind(frame[name]) for name in columns}


def typed(frame: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
    """The columns of `kinds` in their order, read as their kinds say; NaN is missing.

    Integers that are no longer whole, or leave 64 bits, become numbers.

    Raises:
        ColumnsError: A column is missing, or a value can't be read; the message names both.
    """
    absent = [name for name in kinds if name not in frame.columns]
    if absent:
        raise ColumnsError(
            f"The data has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, frame.columns))}."
        )
    return pl.DataFrame([_read(frame[name], kind) for name, kind in kinds.items()])


def _kind(values: pl.Series) -> Kind:
    kind = values.dtype
    if kind == pl.Boolean:
        return "boolean"
    if kind.is_integer():
        return "integer"
    if kind == pl.String:
        filled = _stripped(values).drop_nulls()
        if filled.cast(pl.Int64, strict=False).null_count() == 0 and len(filled):
            return "integer"
        return "text" if filled.cast(pl.Float64, strict=False).null_count() or not len(filled) else "number"
    if kind.is_numeric() or kind == pl.Null:
        return "number"
    if isinstance(kind, pl.Categorical | pl.Enum):
        return "text"
    raise ColumnsError(
        f"Column {values.name!r} is of type {kind}; attributions are given to numbers, truth values and categories. "
        "Times can be given as numbers; images and vectors are out of scope."
    )


def _read(values: pl.Series, kind: Kind) -> pl.Series:
    name, dtype = values.name, values.dtype
    if dtype.is_nested() or dtype.is_temporal() or dtype in (pl.Binary, pl.Object):
        _kind(values)  # says why not
    if kind == "text":
        texts = values.fill_nan(None) if dtype.is_float() else values
        return texts.cast(pl.String)
    source = _stripped(values.cast(pl.String)) if not (dtype.is_numeric() or dtype == pl.Boolean) else values
    if kind == "boolean" and source.dtype == pl.String:
        lowered = source.str.to_lowercase()
        truths = lowered.replace_strict({"true": True, "false": False, "1": True, "0": False}, default=None)
        return _checked(source, truths.cast(pl.Boolean), name, "true or false")
    if kind == "boolean":
        return source.cast(pl.Boolean)
    if kind == "integer":
        whole = source.cast(pl.Int64, strict=False)
        same = source.dtype == pl.Boolean or not source.dtype.is_float() or bool((whole == source).all())
        if same and whole.null_count() == source.null_count():
            return whole
    numbers = source.cast(pl.Float64, strict=False)
    return _checked(source, numbers, name, "a number").fill_nan(None)


def _stripped(values: pl.Series) -> pl.Series:
    """Texts without blanks around them; those of nothing but blanks are missing."""
    stripped = values.str.strip_chars()
    return stripped.set(stripped == "", None)


def _checked(source: pl.Series, read: pl.Series, name: str, wanted: str) -> pl.Series:
    if read.null_count() > source.null_count():
        wrong = source.filter(read.is_null() & source.is_not_null())[0]
        raise ColumnsError(f"Column {name!r} holds {wrong!r:.100}, where {wanted} is needed as in the baseline.")
    return read.alias(name)
