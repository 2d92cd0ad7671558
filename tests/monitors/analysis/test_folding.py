"""Model quality and bias of a data set, by any number of processes: the same bytes."""

from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monitors.analysis import open_dataset
from monitors.analysis.bias import BiasConfig, Facet, analysis_to_json, bias_counts, bias_report
from monitors.analysis.errors import ColumnsError
from monitors.analysis.folding import Begin, Folded, fold_dataset
from monitors.analysis.quality import QualityConfig, QualityState, quality_statistics

ROWS = 150_000
CONFIGS = {
    "binary": QualityConfig(
        "BinaryClassification", "y", probability="p", weight="w", segments=("city",), time="at", every="1d"
    ),
    "regression": QualityConfig("Regression", "x", prediction="p", weight="w"),
    "multiclass": QualityConfig("MulticlassClassification", "city", prediction="said"),
}
BIAS = BiasConfig(
    "y", (1,), (Facet("city", ("a",)), Facet("age", (40,), "continuous")), predicted_label="z", group_variable="said"
)


def frame_of(rows: int, seed: int) -> pl.DataFrame:
    dice = np.random.default_rng(seed)
    chance = dice.random(rows)
    return pl.DataFrame(
        {
            "y": (dice.random(rows) < chance).astype(int),
            "z": (chance > 0.5).astype(int),
            "p": chance,
            "w": dice.random(rows) * 3,
            "x": chance + dice.normal(size=rows),
            "age": dice.uniform(18, 90, rows),
            "city": dice.choice(["a", "b", "c"], rows),
            "said": dice.choice(["a", "b", "c"], rows),
            "at": [f"2026-03-0{1 + position * 3 // rows}T00:00:00" for position in range(rows)],
        }
    )


def written(folder: Path, suffix: str = "parquet", rows: int = ROWS) -> Path:
    """A file of more than one chunk, a small one and one of a row."""
    folder.mkdir(exist_ok=True)
    for position, count in enumerate((rows, 10_000, 1)):
        frame = frame_of(count, position)
        path = folder / f"{position}.{suffix}"
        frame.write_parquet(path) if suffix == "parquet" else frame.write_csv(path)
    return folder


def quality(config: QualityConfig, folder: Path, **by: object) -> bytes:
    begin: Begin[QualityState] = partial(QualityState, config)
    made: Folded[QualityState] = fold_dataset(open_dataset(folder), begin, config.columns, **by)  # type: ignore[arg-type]
    return quality_statistics(made.state).to_json()


def bias(folder: Path, **by: object) -> bytes:
    made = fold_dataset(open_dataset(folder), partial(bias_counts, BIAS), **by)  # type: ignore[arg-type]
    return analysis_to_json(bias_report(made.state, replicates=20))


@pytest.mark.parametrize("name", CONFIGS)
def test_model_quality_by_any_number_of_processes(name: str, tmp_path: Path) -> None:
    folder = written(tmp_path / "data")
    found = {quality(CONFIGS[name], folder, workers=workers) for workers in (1, 2, 3)}
    assert len(found) == 1


def test_bias_by_any_number_of_processes(tmp_path: Path) -> None:
    folder = written(tmp_path / "data", "csv", 140_000)
    assert bias(folder, workers=1) == bias(folder, workers=3)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_whole_is_what_one_state_of_all_rows_is(name: str, tmp_path: Path) -> None:
    folder = written(tmp_path / "data")
    whole = QualityState(CONFIGS[name])
    whole.update(pl.concat(pl.read_parquet(path) for path in sorted(folder.iterdir())))
    expected = quality_statistics(whole)
    made = fold_dataset(open_dataset(folder), partial(QualityState, CONFIGS[name]), CONFIGS[name].columns)
    assert (made.rows, made.columns[:2]) == (ROWS + 10_001, ("y", "z"))
    found = quality_statistics(made.state)
    assert found.item_count == expected.item_count
    for metric, value in expected.metrics.items():
        assert found.metrics[metric].value == pytest.approx(value.value, rel=1e-12), metric


def test_a_state_s_refusal_comes_back_from_a_process(tmp_path: Path) -> None:
    for position in range(3):
        pl.DataFrame({"y": [1, 2], "p": ["0.5", "much"]}).write_csv(tmp_path / f"{position}.csv")
    config = QualityConfig("Regression", "y", prediction="p")
    for workers in (1, 2):
        with pytest.raises(ColumnsError, match="'p'"):
            fold_dataset(open_dataset(tmp_path), partial(QualityState, config), config.columns, workers=workers)


def test_a_data_set_without_rows_has_an_empty_state(tmp_path: Path) -> None:
    frame_of(0, 0).write_parquet(tmp_path / "a.parquet")
    made = fold_dataset(open_dataset(tmp_path), partial(QualityState, CONFIGS["binary"]), ["y"])
    assert (made.rows, made.state.whole.rows) == (0, 0)
    assert "said" in made.columns


def test_progress_counts_over_files(tmp_path: Path) -> None:
    dataset = open_dataset(written(tmp_path / "data"))
    for workers in (1, 2):
        told: list[tuple[int, int]] = []
        begin = partial(QualityState, CONFIGS["regression"])
        columns = CONFIGS["regression"].columns
        fold_dataset(dataset, begin, columns, lambda rows, done, told=told: told.append((rows, done)), workers=workers)  # type: ignore[misc]
        assert told[-1] == (ROWS + 10_001, dataset.total_bytes)
        assert told == sorted(told)
