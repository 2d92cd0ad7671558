"""What texts look like: numbers, missing values, or just texts."""

from hashlib import blake2b
from typing import NamedTuple

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
    if numbers.null_count() or numbers.is_nan().any():
        return None
    # A number with a fraction was written with one; only the others must be looked at.
    whole = texts.filter(numbers == numbers.floor())
    return Numbers(numbers, int(whole.str.contains(_INTEGER).sum()))


def count(values: pl.Series) -> pl.DataFrame:
    """Every different text (`value`) and how often it occurs (`count`).

    Very long ones stand abridged, with a hash to tell them apart.
    """
    counts = values.alias("value").value_counts(name="count")
    if not (counts["value"].str.len_bytes() > LONGEST_TEXT).any():
        return counts
    texts = [text if len(text.encode()) <= LONGEST_TEXT else _abridged(text) for text in counts["value"]]
    return counts.with_columns(pl.Series("value", texts, dtype=pl.String))


def classified(counts: pl.DataFrame, *, blanks_missing: bool) -> pl.DataFrame:
    """`counts` with `kind` (Integral, Fractional, String, missing) and `number` (null for what is no number)."""
    text = pl.col("value").str.strip_chars()
    number = pl.col("number")
    counts = counts.with_columns(text.alias("text"), text.cast(pl.Float64, strict=False).alias("number"))
    gone = pl.col("text").is_in(NOT_A_NUMBER)
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


def no_numbers(texts: pl.Series) -> pl.Series:
    """Those of the texts that are no number."""
    numbers = _stripped(texts)
    return texts.filter(numbers.is_null() | numbers.is_nan())


def _stripped(texts: pl.Series) -> pl.Series:
    return texts.str.strip_chars().cast(pl.Float64, strict=False)


def _abridged(text: str) -> str:
    return f"{text[:64]}… ({len(text)} characters, {blake2b(text.encode(), digest_size=8).hexdigest()})"
