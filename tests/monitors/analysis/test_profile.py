from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monitors.analysis import csv_files, parquet_files, reading
from monitors.analysis.profile import Profile, merge_as_tree, profile_dataset
from monitors.analysis.reading import open_dataset
from monitors.analysis.summary import statistics_of


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
        assert column.distinct.count == pytest.approx(series.drop_nulls().n_unique(), rel=0.04)
    expected = dict(frame["city"].value_counts().iter_rows())
    assert dict(profile.columns["city"].categories.top(10)) == expected
    assert profile.columns["flag"].categories.top(1)[0][1] == max(int(frame["flag"].sum()), int((~frame["flag"]).sum()))


def test_the_result_does_not_depend_on_how_a_reader_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = frame_of(20_000)
    found = set()
    monkeypatch.setattr(reading, "BATCH_ROWS", 3000)
    for group, size, block in [(100, 500, 1000), (7777, 3000, 8000), (20_000, 20_000, 1 << 20)]:
        monkeypatch.setattr(parquet_files, "_ROWS", size)
        monkeypatch.setattr(csv_files, "_BLOCK", block)
        file = tmp_path / f"{group}.parquet"
        frame.write_parquet(file, row_group_size=group)
        frame.write_csv(tmp_path / "a.csv")
        found.add(statistics_of(profile_dataset(open_dataset(file))).to_json())
        found.add(statistics_of(profile_dataset(open_dataset(tmp_path / "a.csv"))).to_json())
    # One for Parquet, where "" is a text, and one for CSV, where it is missing.
    assert len(found) == 2


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
        assert merged.distinct.count == column.distinct.count


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
    whole = merge_as_tree(profile_of(pl.DataFrame({"a": [float(i)]})) for i in range(count))
    assert whole.rows == count
    if count:
        assert whole.columns["a"].sketch.levels()[0].tolist() == list(range(count))


def test_a_column_that_comes_late_was_missing_before() -> None:
    profile = profile_of(pl.DataFrame({"a": ["1", "2"]}))
    profile.update(pl.DataFrame({"b": ["x"]}))
    later = profile_of(pl.DataFrame({"c": [1.5, None]}))
    profile.merge(later)
    counts = {name: (column.present, column.missing) for name, column in profile.columns.items()}
    assert profile.rows == 5
    assert counts == {"a": (2, 3), "b": (1, 4), "c": (1, 4)}


def test_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH_ROWS", 400)
    for name in ("a", "b"):
        frame_of(1000).write_parquet(tmp_path / f"{name}.parquet")
    told: list[tuple[int, int]] = []
    dataset = open_dataset(tmp_path)
    profile_dataset(dataset, on_progress=lambda rows, read: told.append((rows, read)))
    assert [rows for rows, _ in told] == [400, 800, 1000, 1400, 1800, 2000]
    assert [read for _, read in told] == sorted(read for _, read in told)
    assert told[-1][1] == dataset.total_bytes
