from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from monitors.analysis import reading
from monitors.analysis.errors import ColumnsError
from monitors.analysis.frames import profile_frame
from monitors.analysis.profiling import profile_dataset
from monitors.analysis.reading import open_dataset
from monitors.analysis.summary import statistics_of


def frame_of(rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(rows)
    return pl.DataFrame({"x": rng.normal(size=rows), "n": rng.integers(0, 9, rows), "t": rng.choice(["a", "b"], rows)})


def test_a_frame_is_profiled_as_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1024)
    for rows in (1, 1024, 5000):
        frame = frame_of(rows)
        frame.write_parquet(tmp_path / "a.parquet")
        expected = statistics_of(profile_dataset(open_dataset(tmp_path))).to_json()
        assert statistics_of(profile_frame(frame)).to_json() == expected
        assert statistics_of(profile_frame(frame.lazy())).to_json() == expected
        assert statistics_of(profile_frame(Stream(frame))).to_json() == expected
    assert profile_frame(frame_of(0)).rows == 0


class Stream:
    """What any library with Arrow memory looks like from outside."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return self._frame.__arrow_c_stream__(requested_schema)


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(ColumnsError, match="A list is no frame"):
        profile_frame([1])
