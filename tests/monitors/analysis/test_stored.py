import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from monitors.analysis import reading
from monitors.analysis.errors import DocumentError
from monitors.analysis.grouping import Grouping
from monitors.analysis.missing import MissingPatterns
from monitors.analysis.profile import Profile
from monitors.analysis.profiling import profile_dataset
from monitors.analysis.reading import open_dataset
from monitors.analysis.stored import profile_from_bytes, profile_to_bytes
from monitors.analysis.summary import grouped_document, statistics_of

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[3] / "docs/reference/schemas/statistics.schema.json").read_text())
)


def frame_of(rows: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "score": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "wide": rng.integers(0, 2**60, rows),
            "city": rng.choice(["Ulm", "Köln", ""], rows),
            "code": [f"k{value}" for value in rng.integers(0, 60_000, rows)],
            "day": [f"2026-01-{1 + value:02}T05:00" for value in rng.integers(0, 4, rows)],
            "odd": rng.choice([math.inf, -math.inf, 0.5], rows),
        },
        nan_to_null=True,
    )


def profile_of(frame: pl.DataFrame) -> Profile:
    profile = Profile(grouping=Grouping("day", "1d"), patterns=MissingPatterns(), sketch_size=256)
    profile.update(frame)
    profile.broken.add("a.csv", 3, "too many fields")
    return profile


def test_a_stored_profile_goes_on_as_the_original() -> None:
    before, later = frame_of(40_000, 1), frame_of(30_000, 2)
    original, stored = profile_of(before), profile_from_bytes(profile_to_bytes(profile_of(before)))
    assert profile_to_bytes(stored) == profile_to_bytes(original)
    original.merge(profile_of(later))
    stored.merge(profile_from_bytes(profile_to_bytes(profile_of(later))))
    assert profile_to_bytes(stored) == profile_to_bytes(original)
    assert statistics_of(stored).to_json() == statistics_of(original).to_json()
    assert grouped_document(stored) == grouped_document(original)
    assert stored.columns["code"].distinct.count == pytest.approx(60_000 * (1 - math.exp(-70 / 60)), rel=0.05)


@given(values=st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=3)), max_size=30), cut=st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_any_column_is_stored(values: list[object], cut: int) -> None:
    texts = [None if value is None else value if isinstance(value, str) else repr(value) for value in values]
    texts = [text if text is None or text.isprintable() else "?" for text in texts]
    left, right = Profile(), Profile()
    left.update(pl.DataFrame({"a": pl.Series(texts[:cut], dtype=pl.String)}))
    right.update(pl.DataFrame({"a": pl.Series(texts[cut:], dtype=pl.String)}))
    stored = profile_from_bytes(profile_to_bytes(left))
    stored.merge(profile_from_bytes(profile_to_bytes(right)))
    left.merge(right)
    assert statistics_of(stored).to_json() == statistics_of(left).to_json()


def test_windows_combine_to_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 4096)
    frames = [frame_of(9000 + 1000 * day, day) for day in range(4)]
    together: Profile | None = None
    for position, frame in enumerate(frames):
        frame.write_parquet(tmp_path / f"{position}.parquet")
        day = profile_from_bytes(profile_to_bytes(profile_dataset(open_dataset(tmp_path / f"{position}.parquet"))))
        if together is None:
            together = day
        else:
            together.merge(day)
    whole = profile_dataset(open_dataset(tmp_path))
    assert together is not None
    values = pl.concat(frames)
    for name, column in whole.columns.items():
        merged = together.columns[name]
        assert (merged.present, merged.missing) == (column.present, column.missing)
        assert (merged.moments.min, merged.moments.max) == pytest.approx(
            (column.moments.min, column.moments.max), rel=0, nan_ok=True
        )
        assert merged.moments.mean == pytest.approx(column.moments.mean, rel=1e-12, nan_ok=True)
        assert merged.moments.std_dev == pytest.approx(column.moments.std_dev, rel=1e-12, nan_ok=True)
        assert merged.distinct.count == column.distinct.count
    ordered = np.sort(values["score"].drop_nulls().to_numpy())
    points = np.quantile(ordered, np.linspace(0, 1, 101))
    exact = np.searchsorted(ordered, points, side="right")
    for profile in (whole, together):
        assert np.abs(profile.columns["score"].sketch.ranks(points) - exact).max() / len(ordered) < 0.0025


def test_a_sensitive_column_is_counted_and_not_kept() -> None:
    frame = pl.DataFrame({"name": ["Ada", "Alan", None], "age": [36, 41, 7], "open": ["x", "y", "y"]})
    profile = Profile(sensitive=frozenset(["name", "age"]))
    profile.update(frame)
    for data in (statistics_of(profile).to_json(), profile_to_bytes(profile)):
        assert b"Ada" not in data
        assert b"36" not in data
    [name, age, _] = statistics_of(profile).document["features"]
    assert name == {
        "name": "name",
        "inferred_type": "String",
        "sensitive": True,
        "string_statistics": {
            "common": {"num_present": 2, "num_missing": 1},
            "distinct_count": 2.0,
            "distinct_count_exact": True,
        },
        "type_counts": {"Integral": 0, "Fractional": 0, "String": 2},
    }
    assert age["numerical_statistics"] == {"common": {"num_present": 3, "num_missing": 0}}
    SCHEMA.validate(json.loads(statistics_of(profile).to_json()))
    stored = profile_from_bytes(profile_to_bytes(profile))
    stored.merge(profile)
    SCHEMA.validate(json.loads(statistics_of(stored).to_json()))
    [name, *_] = statistics_of(stored).document["features"]
    assert (name["string_statistics"]["common"]["num_present"], name["string_statistics"]["distinct_count"]) == (
        4,
        "NaN",
    )


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:40], lambda data: b"x" + data])
def test_a_damaged_profile_is_refused(damage: object) -> None:
    data = profile_to_bytes(profile_of(frame_of(100, 0)))
    with pytest.raises(DocumentError):
        profile_from_bytes(damage(data))  # type: ignore[operator]
