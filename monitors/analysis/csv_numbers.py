"""Columns of numbers in CSV, parsed as numbers at once rather than as texts first.

What is made of a column is the same either way: a column is parsed as numbers only where its texts would all be taken for
numbers without end, and told apart by type alone (`ColumnProfile`); where a block has anything else, it is read as texts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from monitors.analysis import texts
from monitors.analysis.columns import looks_endless
from monitors.analysis.lines import line_ends

FEW_BYTES = 4 << 20
"""A file with less is not worth a look at its beginning."""

_MOST_WHOLE = 0.1
"""The share of numbers without fraction up to which it is worth looking up how they were written."""

_PLACE = re.compile(r"column number (\d+)")


@dataclass
class Expected:
    """Which columns of a file are numbers, by their place; a wrong guess costs time and nothing else."""

    kinds: dict[int, pl.DataType] = field(default_factory=dict)

    @classmethod
    def of(cls, sample: pl.DataFrame) -> "Expected":
        """What the first rows, as texts, let expect."""
        kinds: dict[int, pl.DataType] = {}
        for place, column in enumerate(sample.iter_columns()):
            values = column.drop_nulls()
            numbers = texts.as_numbers(values) if looks_endless(values) else None
            if numbers is None or not looks_endless(numbers.values):
                continue
            if numbers.values.dtype.is_integer():
                kinds[place] = pl.Int64()
            elif numbers.integral + _whole(numbers.values).sum() <= _MOST_WHOLE * len(values):
                kinds[place] = pl.Float64()
        return cls(kinds)

    def give_up(self, error: PolarsError) -> None:
        """Note that a column was not as expected."""
        place = _PLACE.search(str(error))
        if place is None:
            self.kinds = {}
        else:
            self.kinds = {other: kind for other, kind in self.kinds.items() if other != int(place[1]) - 1}


def settle(
    block: bytes, frame: pl.DataFrame, kinds: Mapping[int, pl.DataType], options: Mapping[str, Any]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Read what should have been texts as texts, and look up how whole floats are written.

    Args:
        block: What was read.
        frame: What was made of it, columns called by their place.
        kinds: The columns that were read as numbers.
        options: How to read the block.

    Returns:
        The frame, and how many of a column's floats are written as integers.
    """
    again: list[str] = []
    whole: dict[str, pl.Series] = {}
    for place, kind in kinds.items():
        column = frame[str(place)]
        values = column.drop_nulls()
        if not looks_endless(values) or (kind.is_float() and values.is_nan().any()):
            again.append(column.name)
        elif kind.is_float():
            rows = _whole(column)
            share = rows.sum() / frame.height
            if share > _MOST_WHOLE:
                again.append(column.name)
            elif share:
                whole[column.name] = rows
    integers: dict[str, int] = {}
    if whole:
        some = np.zeros(frame.height, dtype=bool)
        for rows in whole.values():
            some |= rows.to_numpy()
        lines = _lines(block, some)
        if lines is None:
            again += whole
        else:
            found = _as_texts(lines, list(whole), options)
            for name, rows in whole.items():
                written = found[name].filter(rows.filter(pl.Series(some)))
                integers[name] = texts.count_integers(written)
    if again:
        frame = frame.with_columns(_as_texts(block, again, options))
    return frame, integers


def _as_texts(block: bytes, names: list[str], options: Mapping[str, Any]) -> pl.DataFrame:
    return pl.read_csv(block, columns=[int(name) for name in names], **options)


def _whole(column: pl.Series) -> pl.Series:
    return (column == column.floor()).fill_null(value=False)


def _lines(block: bytes, rows: NDArray[np.bool_]) -> bytes | None:
    """The lines of some rows; None where a line is not a row."""
    if b'"' in block:
        return None
    ends = line_ends(block)
    if len(ends) != len(rows):
        return None
    begins = np.concatenate(([0], ends[:-1] + 1))
    chosen = np.flatnonzero(rows)
    return b"\n".join(block[begins[line] : ends[line]] for line in chosen.tolist())
