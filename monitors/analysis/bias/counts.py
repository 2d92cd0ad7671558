"""One grouped count a batch, from which every metric but FT follows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from monitors.analysis.bias.config import BiasConfig, Scalar
from monitors.analysis.bias.splits import Values, numbers, plain
from monitors.analysis.distinct import DistinctCounter
from monitors.analysis.errors import ColumnsError
from monitors.analysis.frames import to_polars
from monitors.analysis.sampling import RowSample

MOST_CELLS = 1 << 16
"""Combinations of values in one batch from which numbers with given values are counted by where they lie to them."""

MOST_VALUES = 1 << 20
"""Combinations that are kept in all: what follows from memory, and far more than metrics could be read for."""

LABEL, PREDICTED, STRATUM, FACET, ROWS = "label", "predicted", "stratum", "facet", "rows"


@dataclass
class ColumnCuts:
    """A column that is counted by where its numbers lie to given values v₁ < v₂ …, because it has too many of them.

    Code 2i lies between vᵢ and vᵢ₊₁ (0 below all), code 2i − 1 equals vᵢ.

    Attributes:
        values: The given values, sorted.
        whole: Whether all numbers seen are whole in writing.
        different: How many different numbers there are; only whole ones are counted, since floats are continuous.
        largest: The largest number.
    """

    values: tuple[float, ...]
    whole: bool = True
    different: DistinctCounter = field(default_factory=DistinctCounter)
    largest: float | None = None

    def follow(self, as_numbers: pl.Series) -> None:
        """Note the numbers of a batch, or those counted before."""
        self.whole &= as_numbers.dtype.is_integer()
        self.largest = _largest(self.largest, as_numbers.max())
        if self.whole:
            self.different.add_numbers(as_numbers.drop_nulls().unique().cast(pl.Float64).to_numpy() + 0.0)

    def merge(self, other: "ColumnCuts") -> None:
        """Take in what is known of the same column in other rows."""
        self.whole &= other.whole
        self.largest = _largest(self.largest, other.largest)
        self.different.merge(other.different)

    def codes(self, expression: pl.Expr) -> pl.Expr:
        """The codes of numbers; null where they are missing."""
        code = pl.lit(0, dtype=pl.UInt16)
        for value in self.values:
            code = code + (expression > value).cast(pl.UInt16) + (expression >= value).cast(pl.UInt16)
        return pl.when(expression.is_not_null()).then(code)

    def representatives(self, codes: pl.Series) -> pl.Series:
        """A number that lies where each code says."""
        values = self.values
        ends = [values[0] - 1.0 - abs(values[0])]
        for position, value in enumerate(values):
            last = position + 1 == len(values)
            # Above the last value there are rows only if the largest number is.
            above = max(self.largest or 0.0, value) if last else (value + values[position + 1]) / 2
            ends += [value, above]
        return pl.Series(codes.name, [None if code is None else ends[code] for code in codes], dtype=pl.Float64)


@dataclass
class BiasCounts:
    """The mergeable state of a bias analysis: for every facet, rows by facet, stratum, label and prediction.

    Values are counted as they are and divided into groups only in the report, when all are known. A column of many
    different numbers is counted by where they lie to the values given for it.

    Attributes:
        config: What is analysed.
        rows: How many rows were seen.
        tables: Per facet the columns facet, stratum, label, predicted and rows.
        cuts: Columns that are counted by codes.
        sample: Rows for the flip test; None if it is not asked for.
    """

    config: BiasConfig
    rows: int = 0
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    cuts: dict[str, ColumnCuts] = field(default_factory=dict)
    sample: RowSample | None = None

    def update(self, batch: Any) -> None:
        """Take in a batch of rows: a frame of polars or pandas, or anything that gives Arrow's C stream.

        Raises:
            ColumnsError: A column is missing, is not flat, or has too many different values to be counted.
        """
        frame = to_polars(batch)
        self._check(frame.columns)
        if self.sample is not None:
            self.sample.update(frame)
        self.rows += frame.height
        joint = self._joint(frame)
        if joint.height > MOST_CELLS and self._cut(joint):
            joint = self._joint(frame)
        for facet in self.config.facets:
            self._add(facet.name, self._marginal(joint, facet.name))
        self._bound()

    def merge(self, other: "BiasCounts") -> None:
        """Take in the counts of other rows; `other` is unchanged."""
        for name, cut in other.cuts.items():
            self._begin_cut(name, cut.values)
            self.cuts[name].merge(cut)
        for name, table in other.tables.items():
            self._add(name, self._recoded(name, table, other.cuts))
        self.rows += other.rows
        if self.sample is not None and other.sample is not None:
            self.sample.merge(other.sample)
        self._bound()

    def table(self, facet: str) -> pl.DataFrame:
        """One facet's counts; without rows while there are none."""
        return self.tables.get(facet, _empty())

    def column(self, facet: str, column: str) -> Values:
        """What is known of one column of a facet's table."""
        table = self.table(facet)
        source = self._source(facet, column)
        values = table[column].alias(source or column)
        present = int(table.filter(values.is_not_null())[ROWS].sum())
        cut = None if source is None else self.cuts.get(source)
        if cut is not None:
            return Values(cut.representatives(values), cut.different.count, present, cut.whole)
        as_numbers = numbers(values)
        whole = as_numbers is not None and as_numbers.dtype.is_integer()
        return Values(values, values.drop_nulls().n_unique(), present, whole)

    def _source(self, facet: str, column: str) -> str | None:
        if column == PREDICTED:
            return self.config.predicted_label
        return {FACET: facet, STRATUM: self.config.group_variable, LABEL: self.config.label}[column]

    def _check(self, columns: Sequence[str]) -> None:
        absent = [name for name in self.config.columns if name not in columns]
        if absent:
            raise ColumnsError(
                f"The data has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, columns))}."
            )

    def _given(self, name: str) -> tuple[Scalar, ...]:
        if name in (self.config.label, self.config.predicted_label):
            return self.config.label_values
        return next((facet.values for facet in self.config.facets if facet.name == name), ())

    def _joint(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The count of all facets together: one `group_by`, whose table is small."""
        config = self.config
        named = [config.label, *(facet.name for facet in config.facets), config.predicted_label, config.group_variable]
        columns = dict.fromkeys(name for name in named if name is not None)
        keys = []
        for name in columns:
            values = plain(frame[name])
            cut = self.cuts.get(name)
            # One threshold for floats is sure to be needed: they are continuous.
            if cut is None and values.dtype.is_float() and self._cut_column(name, values):
                cut = self.cuts[name]
            if cut is None:
                keys.append(values.alias(_key(name)))
                continue
            as_numbers = numbers(values)
            if as_numbers is None:
                raise ColumnsError(f"Column {name!r} holds numbers in some rows and texts in others.")
            cut.follow(as_numbers)
            keys.append(pl.select(cut.codes(pl.lit(as_numbers)).alias(_key(name))).to_series())
        if config.predicted_label is None and config.probability is not None:
            keys.append(probable(frame[config.probability], config.probability_threshold).alias(_key(PREDICTED)))
        return pl.DataFrame(keys).group_by(pl.all()).agg(pl.len().cast(pl.Int64).alias(ROWS))

    def _marginal(self, joint: pl.DataFrame, facet: str) -> pl.DataFrame:
        """The joint count by one facet alone."""
        config = self.config
        predicted = config.predicted_label or (None if config.probability is None else PREDICTED)
        sources = {FACET: facet, STRATUM: config.group_variable, LABEL: config.label, PREDICTED: predicted}
        keys = [
            pl.lit(None).alias(column) if source is None else pl.col(_key(source)).alias(column)
            for column, source in sources.items()
        ]
        return _summed(joint.select(*keys, ROWS))

    def _cut(self, joint: pl.DataFrame) -> bool:
        """Count more columns by codes, if there are such as can be."""
        names = dict.fromkeys([self.config.label, self.config.predicted_label, *(f.name for f in self.config.facets)])
        cut = [self._cut_column(name, joint[_key(name)]) for name in names if name and name not in self.cuts]
        return any(cut)

    def _bound(self) -> None:
        """Count by codes what has come to too many values over the batches."""
        for facet, table in list(self.tables.items()):
            if table.height > MOST_CELLS:
                for column in (FACET, LABEL, PREDICTED):
                    source = self._source(facet, column)
                    if source is not None and source not in self.cuts:
                        self._cut_column(source, table[column])

    def _cut_column(self, name: str, values: pl.Series) -> bool:
        given = self._given(name)
        if not given or numbers(values) is None:
            return False
        try:
            wanted = tuple(sorted({float(value) for value in given}))
        except ValueError:
            return False
        if len(wanted) > 16:
            return False
        self._begin_cut(name, wanted)
        return True

    def _begin_cut(self, name: str, values: tuple[float, ...]) -> None:
        if name in self.cuts:
            return
        before = dict(self.cuts)
        cut = self.cuts[name] = ColumnCuts(values)
        for facet, table in self.tables.items():
            for column in (FACET, LABEL, PREDICTED):
                if self._source(facet, column) == name and (seen := numbers(table[column])) is not None:
                    cut.follow(seen)
            self.tables[facet] = _summed(self._recoded(facet, table, before))

    def _recoded(self, facet: str, table: pl.DataFrame, cuts: dict[str, ColumnCuts]) -> pl.DataFrame:
        """A table that was counted with `cuts`, by this state's codes."""
        for column in (FACET, STRATUM, LABEL, PREDICTED):
            source = self._source(facet, column)
            if source is None or source not in self.cuts or source in cuts:
                continue
            as_numbers = numbers(table[column])
            if as_numbers is None:
                raise ColumnsError(f"Column {source!r} holds numbers in some rows and texts in others.")
            cut = self.cuts[source]
            table = table.with_columns(pl.select(cut.codes(pl.lit(as_numbers)).alias(column)).to_series())
        return table

    def _add(self, name: str, table: pl.DataFrame) -> None:
        held = self.tables.get(name)
        if held is not None:
            table = _summed(pl.concat(_alike(held, table), how="vertical_relaxed"))
        if table.height > MOST_VALUES:
            raise ColumnsError(
                f"Facet {name!r}, its strata and labels have more than {MOST_VALUES:,} combinations of values. Name the "
                "values or the threshold of the facet and of the label, or choose a coarser group variable."
            )
        self.tables[name] = table


def probable(values: pl.Series, threshold: float) -> pl.Series:
    """Which probabilities lie above the threshold; null where there is none.

    Raises:
        ColumnsError: A value is no number from 0 to 1.
    """
    as_numbers = numbers(plain(values))
    if as_numbers is None or not as_numbers.drop_nulls().cast(pl.Float64).is_between(0, 1).all():
        raise ColumnsError(f"Column {values.name!r} was named as probability, but holds what is no number from 0 to 1.")
    return as_numbers > threshold


def _key(name: str) -> str:
    return f"key {name}"


def _empty() -> pl.DataFrame:
    return pl.DataFrame(schema={FACET: pl.Null, STRATUM: pl.Null, LABEL: pl.Null, PREDICTED: pl.Null, ROWS: pl.Int64})


def _alike(held: pl.DataFrame, new: pl.DataFrame) -> list[pl.DataFrame]:
    """Two tables with the same types: what is a text in one of them is a text in both."""
    for column in (FACET, STRATUM, LABEL, PREDICTED):
        left, right = held[column].dtype, new[column].dtype
        if left == right or pl.Null in (left, right) or (left.is_numeric() and right.is_numeric()):
            continue
        held, new = held.with_columns(pl.col(column).cast(pl.String)), new.with_columns(pl.col(column).cast(pl.String))
    return [held, new]


def _summed(table: pl.DataFrame) -> pl.DataFrame:
    return table.group_by(FACET, STRATUM, LABEL, PREDICTED).agg(pl.col(ROWS).sum())


def _largest(held: float | None, new: object) -> float | None:
    if new is None:
        return held
    assert isinstance(new, int | float)
    return float(new) if held is None else max(held, float(new))
