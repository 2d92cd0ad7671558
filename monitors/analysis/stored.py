"""Profiles as bytes, to be kept beside the files they describe and merged with later ones.

The layout is a line that names it, a line with the length of a JSON header, the header, and the numbers of all sketches
and counters one after the other (little-endian, 8 bytes each). The same profile always gives the same bytes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import orjson
import polars as pl

from monitors.analysis.broken import BrokenLine, BrokenLines
from monitors.analysis.categories import CategoryCounts
from monitors.analysis.columns import ColumnProfile
from monitors.analysis.distinct import DistinctCounter
from monitors.analysis.errors import DocumentError
from monitors.analysis.grouping import Grouping
from monitors.analysis.jsonfile import number, parse_number
from monitors.analysis.missing import MissingPatterns
from monitors.analysis.moments import Moments
from monitors.analysis.profile import Profile
from monitors.analysis.sketch import QuantileSketch

_LAYOUT = b"stemma-profile 1\n"
_EIGHT = 8


def profile_to_bytes(profile: Profile) -> bytes:
    """The profile, to be read by `profile_from_bytes`.

    Of a sensitive column only the counts are kept, so that no value of it can be read from the bytes; after reading it
    is not known how many different values it has.

    Example:
        >>> stored = profile_to_bytes(Profile(rows=3))
        >>> profile_from_bytes(stored).rows
        3
    """
    arrays: list[bytes] = []
    header = orjson.dumps(_profile(profile, arrays))
    return b"".join([_LAYOUT, b"%d\n" % len(header), header, *arrays])


def profile_from_bytes(data: bytes) -> Profile:
    """The profile that `profile_to_bytes` wrote.

    Raises:
        DocumentError: The bytes are no profile, are cut, or are of a later layout.
    """
    if not data.startswith(_LAYOUT):
        raise DocumentError("This is no stored profile, or one of a later version.")
    try:
        end = data.index(b"\n", len(_LAYOUT))
        begin = end + 1 + int(data[len(_LAYOUT) : end])
        return _read_profile(orjson.loads(data[end + 1 : begin]), _Arrays(data, begin))
    except (ValueError, KeyError, TypeError, IndexError, RuntimeError) as error:
        raise DocumentError(f"The stored profile is damaged ({type(error).__name__}).") from error


class _Arrays:
    """The numbers behind the header, handed out in the order in which they were written."""

    def __init__(self, data: bytes, begin: int) -> None:
        self._data = data
        self._begin = begin

    def take(self, length: int, kind: str) -> np.ndarray[Any, Any]:
        end = self._begin + length * _EIGHT
        if end > len(self._data):
            raise ValueError("cut")
        taken = np.frombuffer(self._data[self._begin : end], dtype=kind).astype(kind[1:])
        self._begin = end
        return taken


def _profile(profile: Profile, arrays: list[bytes]) -> dict[str, Any]:
    return {
        "rows": profile.rows,
        "sketch_size": profile.sketch_size,
        "sensitive": sorted(profile.sensitive),
        "grouping": None if profile.grouping is None else asdict(profile.grouping),
        "patterns": None if profile.patterns is None else _patterns(profile.patterns),
        "broken": {"count": profile.broken.count, "examples": [asdict(line) for line in profile.broken.examples]},
        "columns": [_column(column, arrays, column.name in profile.sensitive) for column in profile.columns.values()],
        "groups": [[name, _profile(group, arrays)] for name, group in profile.groups.items()],
    }


def _patterns(patterns: MissingPatterns) -> dict[str, Any]:
    return {"other": patterns.other, "counts": [[list(names), count] for names, count in patterns.top(1 << 30)]}


def _column(column: ColumnProfile, arrays: list[bytes], sensitive: bool) -> dict[str, Any]:
    counts = {key: getattr(column, key) for key in ("name", "missing", "integral", "fractional", "string")}
    if sensitive:
        return counts
    sketch, distinct, categories = column.sketch, column.distinct, column.categories
    arrays += [level.astype("<f8").tobytes() for level in sketch.levels()]
    arrays.append(distinct.hashes.astype("<u8").tobytes())
    top = categories.top(categories.bound)
    return {
        **counts,
        "moments": {key: number(value) for key, value in asdict(column.moments).items()},
        "sketch": {"size": sketch.size, "shrinking": sketch.shrinking, **sketch.state()},
        "distinct": {
            "bound_bits": distinct.bound_bits,
            "hashes": len(distinct.hashes),
            "exact": not distinct.is_full,
            "partial": distinct.is_partial,
        },
        "categories": {
            "bound": categories.bound,
            "total": categories.total,
            "error": categories.error,
            "values": [value for value, _ in top],
            "counts": [count for _, count in top],
        },
    }


def _read_profile(header: dict[str, Any], arrays: _Arrays) -> Profile:
    grouping, patterns, broken = header["grouping"], header["patterns"], header["broken"]
    sensitive = frozenset(header["sensitive"])
    columns = [_read_column(column, arrays, header["sketch_size"]) for column in header["columns"]]
    return Profile(
        rows=header["rows"],
        columns={column.name: column for column in columns},
        sketch_size=header["sketch_size"],
        sensitive=sensitive,
        grouping=None if grouping is None else Grouping(**grouping),
        groups={name: _read_profile(group, arrays) for name, group in header["groups"]},
        patterns=None
        if patterns is None
        else MissingPatterns(Counter({tuple(names): count for names, count in patterns["counts"]}), patterns["other"]),
        broken=BrokenLines(broken["count"], [BrokenLine(**line) for line in broken["examples"]]),
    )


def _read_column(stored: dict[str, Any], arrays: _Arrays, sketch_size: int) -> ColumnProfile:
    column = ColumnProfile(
        **{key: stored[key] for key in ("name", "missing", "integral", "fractional", "string")},
        sketch=QuantileSketch(sketch_size),
    )
    if "moments" not in stored:
        column.forgotten = True
        return column
    column.moments = _read_moments(stored["moments"])
    sketch = stored["sketch"]
    levels = [arrays.take(length, "<f8") for length in sketch["lengths"]]
    column.sketch = QuantileSketch.from_state(
        levels, sketch["compressions"], sketch["offsets"], sketch["size"], sketch["shrinking"]
    )
    distinct = stored["distinct"]
    column.distinct = DistinctCounter.from_hashes(
        arrays.take(distinct["hashes"], "<u8"),
        not distinct["exact"],
        distinct.get("partial", False),
        distinct["bound_bits"],
    )
    categories = stored["categories"]
    column.categories = CategoryCounts(
        bound=categories["bound"],
        total=categories["total"],
        error=categories["error"],
        counts=_frame(categories["values"], categories["counts"]),
    )
    return column


def _frame(values: Sequence[str], counts: Sequence[int]) -> pl.DataFrame:
    return pl.DataFrame({"value": values, "count": counts}, schema={"value": pl.String, "count": pl.Int64})


def _read_moments(stored: dict[str, Any]) -> Moments:
    numbers = {key: parse_number(value, key) for key, value in stored.items()}
    whole = ("finite", "positive_infinities", "negative_infinities")
    return Moments(**{key: int(value) if key in whole else value for key, value in numbers.items()})  # type: ignore[arg-type]
