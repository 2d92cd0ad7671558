"""What texts look like: numbers, missing values, or just texts."""

from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import polars as pl

LONGEST_TEXT = 1024
"""Bytes up to which a text is kept whole; what is longer is no category, and would fill memory and files."""

_INTEGER = r"^\s*[+-]?[0-9]+\s*$"
_SAMPLE = 64
# What pandas, polars and C write. "Nan" is left a text, since it is a name.
NOT_A_NUMBER = ("nan", "NaN", "NAN", "-nan", "-NaN")


class Numbers(NamedTuple):
    """Texts that are all numbers, none of them NaN: their values and how many are written without point or exponent."""

    values: pl.Series
    integral: int


def as_numbers(texts: pl.Series) -> Numbers | None:
    """Texts (no nulls) as numbers; None unless all of them are, so that they must be looked at one by one."""
    sample = texts.head(_SAMPLE)
    if sample.cast(pl.Float64, strict=False).null_count() and _stripped(sample).null_count():
        return None
    if sample.cast(pl.Int64, strict=False).null_count() == 0:
        integers = texts.cast(pl.Int64, strict=False)
        if integers.null_count() == 0:
            return Numbers(integers, len(texts))
    numbers = texts.cast(pl.Float64, strict=False)
    if numbers.null_count():
        numbers = _stripped(texts)
    if numbers.null_count() or len(numbers) == 0:
        return None
    values = numbers.to_numpy()
    if np.isnan(values.min()):
        return None
    # A number with a fraction was written with one; only the others must be looked at.
    whole = np.floor(values) == values
    return Numbers(numbers, count_integers(texts.filter(pl.Series(whole))) if whole.any() else 0)


def count_integers(texts: pl.Series) -> int:
    """How many texts are written as integers."""
    return int(texts.str.contains(_INTEGER).sum())


def count(values: pl.Series) -> pl.DataFrame:
    """Every different text (`value`) and how often it occurs (`count`).

    Very long ones stand abridged, with a hash to tell them apart.
    """
    counts = values.alias("value").value_counts(name="count")
    if not (counts["value"].str.len_bytes() > LONGEST_TEXT).any():
        return counts
    texts = [text if len(text.encode()) <= LONGEST_TEXT else _abridged(text) for text in counts["value"]]
    return counts.with_columns(pl.Series("value", texts, dtype=pl.String))


class Kinds(NamedTuple):
    """Texts by what they look like: how many values of each type, and the texts and numbers among them.

    `present` are the counts of all texts that are not missing, `numbers` what those that are numbers stand for.
    """

    missing: int
    integral: int
    fractional: int
    string: int
    present: pl.DataFrame
    numbers: pl.Series


def classify(counts: pl.DataFrame, *, blanks_missing: bool) -> Kinds:
    """What the texts of `counts` (as `count` made them) look like.

    Args:
        counts: Every text and how often it occurs.
        blanks_missing: Whether a text that is empty or only blanks is missing rather than a String.
    """
    bare = counts["value"].str.strip_chars()
    numbers = bare.cast(pl.Float64, strict=False)
    gone = bare == "" if blanks_missing else None
    if numbers.null_count() == len(numbers) and (gone is None or not gone.any()):
        return Kinds(0, 0, 0, int(counts["count"].sum() or 0), counts, numbers.drop_nulls())
    unsaid = bare.is_in(NOT_A_NUMBER)
    gone = unsaid if gone is None else gone | unsaid
    number = numbers.is_not_null() & numbers.is_not_nan().fill_null(value=False)
    integral = number & bare.str.contains(_INTEGER)
    times = counts["count"]
    sums = [int(times.filter(rows).sum() or 0) for rows in (gone, integral, number)]
    present = counts.filter(~gone) if sums[0] else counts
    return Kinds(
        missing=sums[0],
        integral=sums[1],
        fractional=sums[2] - sums[1],
        string=int(times.sum() or 0) - sums[0] - sums[2],
        present=present,
        numbers=numbers.filter(number),
    )


def no_numbers(texts: pl.Series) -> pl.Series:
    """Those of the texts that are no number."""
    numbers = _stripped(texts)
    return texts.filter(numbers.is_null() | numbers.is_nan())


def _stripped(texts: pl.Series) -> pl.Series:
    return texts.str.strip_chars().cast(pl.Float64, strict=False)


def _abridged(text: str) -> str:
    return f"{text[:64]}… ({len(text)} characters, {blake2b(text.encode(), digest_size=8).hexdigest()})"
