"""The quality of a binary classifier beside scikit-learn computing the same list: `python -m benchmarks.quality`."""

import argparse
import time
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn import metrics as peer

from benchmarks import machine
from monitors.analysis.quality import QualityConfig, quality_statistics

ROUNDS = 3


def scikit_learn(truth: NDArray[np.int64], chance: NDArray[np.float64]) -> dict[str, float]:
    """What our list has and scikit-learn has too; neither deviations nor intervals, nor constants."""
    said = (chance > 0.5).astype(np.int64)
    x, y, _ = peer.roc_curve(truth, chance)
    precision, recall, _ = peer.precision_recall_curve(truth, chance)
    matrix = peer.confusion_matrix(truth, said)
    made = {
        "recall": peer.recall_score(truth, said, zero_division=0),
        "precision": peer.precision_score(truth, said, zero_division=0),
        "accuracy": peer.accuracy_score(truth, said),
        "true_negative_rate": matrix[0, 0] / matrix[0].sum(),
        "auc": peer.auc(x, y),
        "average_precision": peer.average_precision_score(truth, chance),
        "au_prc": peer.auc(recall, precision),
        "log_loss": peer.log_loss(truth, chance),
        "brier_score": peer.brier_score_loss(truth, chance),
    }
    for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0)):
        made[name] = peer.fbeta_score(truth, said, beta=beta, zero_division=0)
    return made


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    arguments = parser.parse_args()
    print(machine.describe())
    rng = np.random.default_rng(1)
    chance = rng.random(arguments.rows)
    truth = (rng.random(arguments.rows) < chance).astype(np.int64)
    frame = pl.DataFrame({"label": truth, "probability": chance})
    config = QualityConfig("BinaryClassification", "label", probability="probability")
    ours = quality_statistics(frame, config)
    for name, value in scikit_learn(truth, chance).items():
        assert abs(ours.metrics[name].value - value) < 1e-9, name
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(timed(lambda: quality_statistics(frame, config)))
        theirs.append(timed(lambda: scikit_learn(truth, chance)))
    print(f"{arguments.rows:,} rows, all probabilities different, {ROUNDS} rounds")
    print(f"  ours, with deviations, intervals and calibration  {machine.ms(mine)}")
    print(f"  scikit-learn, without                             {machine.ms(theirs)}")
    print(f"  scikit-learn takes {machine.median(theirs) / machine.median(mine):.1f} times as long", flush=True)


if __name__ == "__main__":
    main()
