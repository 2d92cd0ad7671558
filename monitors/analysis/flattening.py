"""Nested data as flat columns.

A field of an object becomes a column of its own, named by its path with points between: `{"user": {"age": 3}}` is the
column `user.age`. An object that is missing leaves all its fields missing. A list is one value, its JSON text, so a
list of objects is not taken apart.
"""

from collections import Counter

import polars as pl

from monitors.analysis.errors import ColumnsError


def flatten(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with every object's fields as columns in the place of the object.

    Raises:
        ColumnsError: A path is also the name of another column.
    """
    while any(isinstance(kind, pl.Struct) for kind in frame.dtypes):
        columns: list[pl.Series] = []
        for column in frame:
            if isinstance(column.dtype, pl.Struct):
                columns += [column.struct.field(name).alias(f"{column.name}.{name}") for name in column.struct.fields]
            else:
                columns.append(column)
        twice = [name for name, count in Counter(column.name for column in columns).items() if count > 1]
        if twice:
            raise ColumnsError(
                f"The nested field {twice[0]!r} and a column are called the same. Rename one of them, or leave it out."
            )
        frame = pl.DataFrame(columns)
    return frame
