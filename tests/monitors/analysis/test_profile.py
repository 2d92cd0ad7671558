import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.analysis import lines, reading
from monitors.analysis.csv_files import Dialect
from monitors.analysis.errors import WorkersError
from monitors.analysis.frames import profile_frame
from monitors.analysis.grouping import Grouping
from monitors.analysis.missing import MissingPatterns
from monitors.analysis.profile import Profile
from monitors.analysis.profiling import profile_dataset
from monitors.analysis.reading import open_dataset
from monitors.analysis.stored import profile_from_bytes, profile_to_bytes
from monitors.analysis.summary import grouped_statistics, statistics_of
from monitors.analysis.tree import MergeTree, merged
from tests.monitors.analysis.literal_sketch import LiteralSketch


def frame_of(rows: int, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "score": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "age": rng.integers(0, 90, rows),
            "city": rng.choice(["Ulm", "Köln", "Łódź", ""], rows),
            "flag": rng.random(rows) < 0.5,
            'odd name, "quoted"\nand 🦉': rng.integers(0, 3, rows),
        },
        nan_to_null=True,
    )


def store(frame: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_ndjson(path)


def profile_of(frame: pl.DataFrame) -> Profile:
    profile = Profile()
    profile.update(frame)
    return profile


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_every_format_gives_the_same_statistics(tmp_path: Path, rows: int) -> None:
    frame = frame_of(rows)
    csv = frame.with_columns(pl.col("city").replace("", None))
    csv.write_csv(tmp_path / "a.csv")
    csv.write_parquet(tmp_path / "a.parquet")
    csv.write_ndjson(tmp_path / "a.jsonl")
    of_csv, of_parquet, of_lines = (
        profile_dataset(open_dataset(tmp_path / f"a.{suffix}")) for suffix in ("csv", "parquet", "jsonl")
    )
    assert list(of_lines.columns) == csv.columns
    # A whole float is written `1.0` by all of them, so the types are the same as well.
    assert statistics_of(of_csv).document == statistics_of(of_lines).document
    assert statistics_of(of_csv).document == statistics_of(of_parquet).document
    assert of_csv.rows == of_parquet.rows == rows


def test_against_polars(tmp_path: Path) -> None:
    frame = frame_of(300_000)
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=70_000)
    profile = profile_dataset(open_dataset(tmp_path / "a.parquet"))
    assert profile.rows == frame.height
    for name in ("score", "age"):
        column, series = profile.columns[name], frame[name]
        assert column.present == series.count()
        assert column.missing == series.null_count()
        assert column.moments.mean == pytest.approx(series.mean(), rel=1e-12)
        assert column.moments.sum == pytest.approx(series.sum(), rel=1e-12)
        assert column.moments.std_dev == pytest.approx(series.std(ddof=0), rel=1e-12)
        assert (column.moments.min, column.moments.max) == (series.min(), series.max())
    expected = dict(frame["city"].value_counts().iter_rows())
    assert dict(profile.columns["city"].categories.top(10)) == expected
    assert profile.columns["flag"].categories.top(1)[0][1] == max(int(frame["flag"].sum()), int((~frame["flag"]).sum()))


def test_the_result_does_not_depend_on_how_a_reader_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = frame_of(20_000)
    found = set()
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2048)
    for group, block in [(100, 1000), (7777, 8001), (20_000, 1 << 20)]:
        monkeypatch.setattr(lines, "_READ", block)
        file = tmp_path / f"{group}.parquet"
        frame.write_parquet(file, row_group_size=group)
        frame.write_csv(tmp_path / "a.csv")
        found.add(statistics_of(profile_dataset(open_dataset(file))).to_json())
        found.add(statistics_of(profile_dataset(open_dataset(tmp_path / "a.csv"))).to_json())
    # One for Parquet, where "" is a text, and one for CSV, where it is missing.
    assert len(found) == 2


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_any_number_of_processes_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    frame = frame_of(150_000)
    for position, part in enumerate([frame.head(140_000), frame.tail(10_000), frame.head(1)]):
        store(part, tmp_path / f"{position}.{suffix}")
    dataset = open_dataset(tmp_path)
    found = {statistics_of(profile_dataset(dataset, workers=workers)).to_json() for workers in (1, 2, 3)}
    assert len(found) == 1


def test_the_result_is_that_of_merging_the_chunks_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2048)
    frame = frame_of(9000)
    frame.write_parquet(tmp_path / "a.parquet")
    parts = [profile_of(frame.slice(start, 2048)) for start in range(0, 9000, 2048)]
    plain = merged(parts)
    assert plain is not None
    assert statistics_of(profile_dataset(open_dataset(tmp_path))).to_json() == statistics_of(plain).to_json()


def test_every_chunk_has_the_layout_of_one_item_at_a_time(tmp_path: Path) -> None:
    frame = frame_of(reading.CHUNK_ROWS)
    frame.write_parquet(tmp_path / "a.parquet")
    columns = profile_dataset(open_dataset(tmp_path)).columns
    for name in ("score", "age"):
        literal = LiteralSketch()
        for value in frame[name].drop_nulls().cast(pl.Float64):
            literal.update(value)
        assert [level.tolist() for level in columns[name].sketch.levels()] == literal.levels


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_numbers_of_a_column_that_turns_out_to_have_texts_are_counted_in_a_second_pass(
    tmp_path: Path, suffix: str
) -> None:
    """One file has numbers alone, without end, and the next one a text among them."""
    rows = 30_000
    values: list[str | float] = [position % 20_000 + 0.5 for position in range(rows)]
    values[15_000] = "N/A"
    table = [
        {"n": position, "x": value, "g": "a" if position < 5_000 else "b", "y": position + 0.5}
        for position, value in enumerate(values)
    ]
    for position, begin in enumerate((0, 10_000)):
        part = table[begin : rows if position else 10_000]
        path = tmp_path / f"{position}.{suffix}"
        if suffix == "csv":
            pl.DataFrame(part, schema_overrides={"x": pl.String}, strict=False).write_csv(path)
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in part))
    dataset = open_dataset(tmp_path)
    like = Profile(grouping=Grouping("g"), patterns=MissingPatterns())
    profile = profile_dataset(dataset, like=like)
    whole = merged(like_updated(chunk, like) for chunk in dataset)
    assert whole is not None
    column, expected = profile.columns["x"], whole.columns["x"]
    assert (column.string, column.fractional) == (1, rows - 1)
    assert column.distinct.count == expected.distinct.count == pytest.approx(20_001, rel=0.04)
    assert not column.distinct.is_partial
    assert profile.groups["b"].columns["x"].distinct.count == whole.groups["b"].columns["x"].distinct.count
    assert profile.columns["y"].distinct.is_partial, "nobody asks how many different numbers there are"
    assert list(profile.columns) == list("nxgy")
    assert statistics_of(profile).document == statistics_of(whole).document
    assert grouped_statistics(profile)["b"].document == grouped_statistics(whole)["b"].document
    by_two = profile_dataset(dataset, like=like, workers=2)
    assert profile_to_bytes(by_two) == profile_to_bytes(profile)


def like_updated(chunk: reading.Chunk, like: Profile) -> Profile:
    profile = like.empty()
    frame, _, integers = chunk.rows()
    profile.update(frame, blanks_missing=chunk.dataset.blanks_missing, integers=integers)
    return profile


def test_of_days_that_were_profiled_apart_the_merged_count_says_what_it_lacks() -> None:
    numbers = profile_frame(pl.DataFrame({"x": [f"{position}.5" for position in range(10_000)]}))
    texts = profile_frame(pl.DataFrame({"x": ["N/A", "none"]}))
    stored = profile_from_bytes(profile_to_bytes(numbers))
    for first in (numbers, stored):
        first.merge(texts)
        feature = statistics_of(first).features["x"]
        assert feature.distinct_count == 2.0
        common = feature.type_counts
        assert common == {"Integral": 0, "Fractional": 10_000, "String": 2}
        assert statistics_of(first).document["features"][0]["string_statistics"]["distinct_count_exact"] is False


def test_the_sketch_has_the_size_asked_for(tmp_path: Path) -> None:
    frame_of(9000).write_parquet(tmp_path / "a.parquet")
    profile = profile_dataset(open_dataset(tmp_path), like=Profile(sketch_size=64))
    assert len(profile.columns["age"].sketch) < 400
    [_, age, *_] = statistics_of(profile).document["features"]
    assert age["numerical_statistics"]["distribution"]["kll"]["sketch"]["parameters"]["k"] == 64.0


def test_files_are_merged_as_a_tree_of_neighbours(tmp_path: Path) -> None:
    frame = frame_of(40_000)
    parts = [frame.slice(start, length) for start, length in [(0, 9000), (9000, 1), (9001, 20_000), (29_001, 10_999)]]
    for position, part in enumerate([*parts, frame.head(0)]):
        part.write_parquet(tmp_path / f"{position}.parquet")
    whole = profile_dataset(open_dataset(tmp_path))

    left, right, third, fourth = map(profile_of, parts)
    left.merge(right)
    third.merge(fourth)
    left.merge(third)
    left.merge(profile_of(frame.head(0)))
    assert statistics_of(whole).to_json() == statistics_of(left).to_json()

    single = profile_of(frame)
    for name, column in single.columns.items():
        merged = whole.columns[name]
        assert (merged.present, merged.missing) == (column.present, column.missing)
        assert merged.sketch.total_weight == column.sketch.total_weight
        assert merged.moments.mean == pytest.approx(column.moments.mean, rel=1e-12, nan_ok=True)
        assert merged.categories.top(9) == column.categories.top(9)
        assert merged.distinct.count == column.distinct.count or (merged.distinct.is_partial and not merged.string)


def test_columns_that_were_not_chosen_are_not_profiled(tmp_path: Path) -> None:
    frame_of(10).write_csv(tmp_path / "a.csv")
    assert list(profile_dataset(open_dataset(tmp_path / "a.csv", columns=["city", "age"])).columns) == ["city", "age"]


def test_a_data_set_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    frame_of(0).write_parquet(tmp_path / "a.parquet")
    profile = profile_dataset(open_dataset(tmp_path / "a.parquet"))
    assert profile.rows == 0
    assert [column.inferred_type for column in profile.columns.values()] == ["Unknown"] * 5


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8, 13])
def test_the_tree_keeps_the_order(count: int) -> None:
    whole = merged(profile_of(pl.DataFrame({"a": [float(i)]})) for i in range(count))
    assert (whole is None) == (count == 0)
    if whole is not None:
        assert whole.rows == count
        assert whole.columns["a"].sketch.levels()[0].tolist() == list(range(count))


@given(count=st.integers(1, 20), cut=st.integers(0, 20), seed=st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_tree_does_not_depend_on_who_merges_what(count: int, cut: int, seed: Random) -> None:
    values = [0.1 * 3**i for i in range(count)]

    def leaf(position: int) -> Profile:
        return profile_of(pl.DataFrame({"a": [values[position]]}))

    parts = [list(range(min(cut, count))), list(range(min(cut, count), count))]
    whole: MergeTree[Profile] = MergeTree()
    for part in parts:
        seed.shuffle(part)
        tree: MergeTree[Profile] = MergeTree()
        for position in part:
            tree.add((0, position, leaf(position)))
        for node in tree.nodes():
            whole.add(node)
    one_by_one = merged(leaf(position) for position in range(count))
    found = whole.whole()
    assert found is not None
    assert one_by_one is not None
    assert found.columns["a"].moments == one_by_one.columns["a"].moments


def test_a_column_that_comes_late_was_missing_before() -> None:
    profile = profile_of(pl.DataFrame({"a": ["1", "2"]}))
    profile.update(pl.DataFrame({"b": ["x"]}))
    later = profile_of(pl.DataFrame({"c": [1.5, None]}))
    profile.merge(later)
    counts = {name: (column.present, column.missing) for name, column in profile.columns.items()}
    assert profile.rows == 5
    assert counts == {"a": (2, 3), "b": (1, 4), "c": (1, 4)}


def test_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1024)
    for name in ("a", "b"):
        frame_of(2500).write_parquet(tmp_path / f"{name}.parquet")
    told: list[tuple[int, int]] = []
    dataset = open_dataset(tmp_path)
    profile_dataset(dataset, on_progress=lambda rows, read: told.append((rows, read)))
    assert [rows for rows, _ in told] == [1024, 2048, 2500, 3524, 4548, 5000]
    assert [read for _, read in told] == sorted(read for _, read in told)
    assert told[-1][1] == dataset.total_bytes


def test_giving_up_does_not_wait_for_the_rest(tmp_path: Path) -> None:
    for position in range(40):
        frame_of(20_000).write_parquet(tmp_path / f"{position:02}.parquet")
    told: list[int] = []

    def give_up(rows: int, read: int) -> None:
        told.append(rows)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        profile_dataset(open_dataset(tmp_path), give_up, workers=2)
    assert len(told) == 1


def test_a_lost_process_is_said(tmp_path: Path) -> None:
    for position in range(4):
        frame_of(10).write_parquet(tmp_path / f"{position}.parquet")
    dataset = open_dataset(tmp_path)
    with pytest.raises(WorkersError, match="One of 2 worker processes ended"):
        profile_dataset(replace(dataset, dialect=Deadly()), workers=2)


@dataclass(frozen=True)
class Deadly(Dialect):
    """Ends the process that it is sent to."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (3,)
