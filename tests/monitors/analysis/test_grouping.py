import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from monitors.analysis import reading
from monitors.analysis.errors import ColumnsError
from monitors.analysis.grouping import Grouping
from monitors.analysis.missing import MissingPatterns, missing_of
from monitors.analysis.profile import Profile
from monitors.analysis.profiling import profile_dataset
from monitors.analysis.reading import open_dataset
from monitors.analysis.summary import grouped_document, grouped_statistics, statistics_of

SCHEMAS = Path(__file__).parents[3] / "docs/reference/schemas"


def validate(name: str, document: dict[str, Any]) -> None:
    registry: Registry[Any] = Registry()
    for file in SCHEMAS.glob("*.schema.json"):
        registry = registry.with_resource(file.name, Resource.from_contents(json.loads(file.read_text())))
    schema = json.loads((SCHEMAS / name).read_text())
    Draft202012Validator(schema, registry=registry).validate(json.loads(json.dumps(document)))


def test_segments_are_the_statistics_of_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1024)
    frame = pl.DataFrame({"kind": ["a", "b", None] * 1000, "x": [float(i) for i in range(3000)]})
    frame.write_parquet(tmp_path / "a.parquet")
    profile = profile_dataset(open_dataset(tmp_path), like=Profile(grouping=Grouping("kind")))
    found = grouped_statistics(profile)
    assert list(found) == ["(missing)", "a", "b"]
    for name, statistics in found.items():
        rows = frame.filter(pl.col("kind").is_null() if name == "(missing)" else pl.col("kind") == name)
        assert list(statistics.features) == ["x"]
        numerical = statistics.features["x"].numerical
        assert numerical is not None
        assert (numerical.mean, numerical.min, numerical.max) == (rows["x"].mean(), rows["x"].min(), rows["x"].max())
    assert list(profile.columns) == ["kind", "x"]
    validate("statistics_by_group.schema.json", grouped_document(profile))
    same = profile_dataset(open_dataset(tmp_path), like=Profile(grouping=Grouping("kind")), workers=2)
    assert grouped_document(same) == grouped_document(profile)


@pytest.mark.parametrize(
    "times",
    [
        ["2026-01-01T10:00:00Z", "2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z"],
        ["2026-01-01 10:00:00", "2026-01-01 23:59:59", "2026-01-02 00:00:00"],
        ["2026-01-01T12:00:00+02:00", "2026-01-01T23:59:59+00:00", "2026-01-02T00:00:00+00:00"],
        [1767261600, 1767311999, 1767312000],
        ["1767261600", "1767311999", "1767312000"],
        [datetime(2026, 1, 1, 10, tzinfo=UTC), datetime(2026, 1, 1, 23, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)],
        ["2026-01-01", "2026-01-01", "2026-01-02"],
    ],
)
def test_times_fall_into_buckets(times: list[object]) -> None:
    frame = pl.DataFrame({"at": [*times, None], "x": [1, 2, 3, 4]})
    profile = Profile(grouping=Grouping("at", "1d"))
    profile.update(frame)
    assert {name: group.rows for name, group in profile.groups.items()} == {
        "2026-01-01T00:00:00": 2,
        "2026-01-02T00:00:00": 1,
        "(missing)": 1,
    }


@pytest.mark.parametrize(
    ("grouping", "message"),
    [
        (Grouping("gone"), "no column 'gone' to group by; there are 'a', 'b'"),
        (Grouping("a", "1d"), "'a' can't be divided into times of 1d"),
        (Grouping("b"), "more than 1000 groups"),
    ],
)
def test_what_can_t_be_grouped_is_said(grouping: Grouping, message: str) -> None:
    profile = Profile(grouping=grouping)
    with pytest.raises(ColumnsError, match=message):
        profile.update(pl.DataFrame({"a": ["x"] * 1001, "b": range(1001)}))


def test_no_groups_by_what_is_sensitive() -> None:
    with pytest.raises(ColumnsError, match="sensitive"):
        Profile(grouping=Grouping("a"), sensitive=frozenset("a"))


cells = st.sampled_from([None, "", " ", "nan", "x", "1"])


@given(
    rows=st.lists(st.tuples(cells, cells, st.sampled_from([None, float("nan"), 1.0])), max_size=30),
    cut=st.integers(0, 30),
    blanks=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_patterns_are_what_columns_call_missing(rows: list[tuple[object, ...]], cut: int, blanks: bool) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String, "c": pl.Float64}, orient="row")
    gone = {None, "nan"} | ({"", " "} if blanks else set())
    expected = Counter(
        tuple(name for name, cell in zip("abc", row, strict=True) if cell in gone or cell != cell) for row in rows
    )
    patterns = MissingPatterns()
    patterns.update(missing_of(frame.slice(0, cut), blanks_missing=blanks))
    later = MissingPatterns()
    later.update(missing_of(frame.slice(cut), blanks_missing=blanks))
    patterns.merge(later)
    assert patterns.counts == expected
    profile = Profile(patterns=MissingPatterns())
    profile.update(frame, blanks_missing=blanks)
    for name, column in profile.columns.items():
        assert column.missing == sum(count for names, count in expected.items() if name in names)
    document = statistics_of(profile).document
    validate("statistics.schema.json", document)
    assert document["dataset"]["missing_patterns"]["other_count"] == 0
