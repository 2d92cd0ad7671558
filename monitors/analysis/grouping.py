"""Rows divided by the value of a column, or by the time in it."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from polars.exceptions import PolarsError

from monitors.analysis.errors import ColumnsError

MISSING = "(missing)"


@dataclass(frozen=True)
class Grouping:
    """By what rows are divided: segments of a population, or buckets of time.

    Attributes:
        column: The column whose value decides. Its text is the group's name; rows without one are `(missing)`.
        every: For times, the length of a bucket in polars' language (`1h`, `1d`, `1w`, `1mo`); the group's name is then
            the bucket's beginning in ISO 8601. Texts are read as ISO 8601, whole numbers as seconds since 1970 (UTC).

    Example:
        >>> frame = pl.DataFrame({"day": ["2026-01-01T10:00", "2026-01-02T11:00"], "x": [1, 2]})
        >>> [name for name, part in Grouping("day", "1d").divide(frame)]
        ['2026-01-01T00:00:00', '2026-01-02T00:00:00']
    """

    column: str
    every: str | None = None

    def divide(self, frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        """The groups of some rows, ordered by name; the column itself is not in them.

        Raises:
            ColumnsError: The column is not there, holds lists, or holds what is no time where one is needed.
        """
        if self.column not in frame.columns:
            raise ColumnsError(
                f"There is no column {self.column!r} to group by; there are {', '.join(map(repr, frame.columns))}."
            )
        values = frame[self.column]
        if isinstance(values.dtype, pl.List | pl.Array | pl.Binary):
            raise ColumnsError(f"Rows can't be grouped by {self.column!r}, which is of type {values.dtype}.")
        names = self._buckets(values) if self.every else _texts(values)
        rest = frame.drop(self.column).with_columns(names.fill_null(MISSING).alias("\0group"))
        parts = rest.partition_by("\0group", as_dict=True, include_key=False, maintain_order=True)
        for (name,), part in sorted(parts.items()):
            yield str(name), part

    def _buckets(self, values: pl.Series) -> pl.Series:
        assert self.every is not None
        try:
            if values.dtype == pl.String:
                numbers = values.cast(pl.Int64, strict=False)
                if numbers.null_count() > values.null_count():
                    times = values.str.to_datetime(time_unit="us", time_zone="UTC", strict=True)
                    return times.dt.truncate(self.every).dt.strftime("%Y-%m-%dT%H:%M:%S")
                values = numbers
            if values.dtype.is_numeric():
                values = pl.from_epoch(values.cast(pl.Int64), "s")
            truncated = values.cast(pl.Datetime("us")).dt.truncate(self.every)
            return truncated.dt.strftime("%Y-%m-%dT%H:%M:%S")
        except PolarsError as error:
            reason = (str(error).strip().splitlines() or ["unknown"])[0]
            raise ColumnsError(
                f"{self.column!r} can't be divided into times of {self.every}: {reason}. Times are needed, or texts in "
                "ISO 8601, or seconds since 1970; lengths are such as 1h, 1d, 1w, 1mo."
            ) from error


def _texts(values: pl.Series) -> pl.Series:
    return values.dt.to_string("iso") if values.dtype.is_temporal() else values.cast(pl.String)
