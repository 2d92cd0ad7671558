"""Every metric against scikit-learn."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as oracle

from monitors.analysis.quality import QualityConfig, QualityStatistics, quality_statistics
from monitors.analysis.quality.confusion import CONSTANT
from monitors.analysis.quality.curves import area_under

ROUNDS = 40
BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}


def values(statistics: QualityStatistics) -> dict[str, float]:
    return {name: metric.value for name, metric in statistics.metrics.items()}


def agree(ours: dict[str, float], theirs: dict[str, float]) -> None:
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=1e-11, abs=1e-12), name


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("weighted", [False, True])
def test_regression(round_: int, weighted: bool) -> None:
    rng = np.random.default_rng(round_)
    rows = int(rng.choice([2, 3, 50, 1_000]))
    truth = rng.normal(1e6 if round_ % 3 == 0 else 0, 1, rows) if round_ % 5 else np.full(rows, 7.0)
    predicted = truth + rng.normal(0, rng.choice([0.0, 0.5, 2]), rows)
    weight = rng.random(rows) + 0.1 if weighted else None
    frame = pl.DataFrame({"y": truth, "said": predicted, "w": np.ones(rows) if weight is None else weight})
    config = QualityConfig("Regression", "y", prediction="said", weight="w" if weighted else None)
    theirs = {
        "mae": oracle.mean_absolute_error(truth, predicted, sample_weight=weight),
        "mse": oracle.mean_squared_error(truth, predicted, sample_weight=weight),
        "rmse": oracle.root_mean_squared_error(truth, predicted, sample_weight=weight),
        "r2": oracle.r2_score(truth, predicted, sample_weight=weight),
    }
    ours = values(quality_statistics(frame, config))
    if weighted and round_ % 5 == 0:
        # Its weighted mean of a constant is not that constant, so that it divides by a rounding error.
        theirs["r2"] = float(theirs["mse"] == 0)
    assert ours["r2"] == pytest.approx(theirs.pop("r2"), rel=1e-8, abs=1e-9)
    agree(ours, theirs)


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("weighted", [False, True])
def test_two_classes(round_: int, weighted: bool) -> None:
    rng = np.random.default_rng(100 + round_)
    rows = int(rng.choice([2, 5, 60, 3_000]))
    chance = rng.random(rows).round(int(rng.choice([1, 2, 15])))
    truth = (rng.random(rows) < chance * rng.choice([0.1, 1])).astype(int)
    truth[:2] = [0, 1]
    threshold = float(rng.choice([0.2, 0.5]))
    said = (chance > threshold).astype(int)
    weight = rng.random(rows) + 0.1 if weighted else None
    frame = pl.DataFrame({"y": truth, "p": chance, "w": np.ones(rows) if weight is None else weight})
    config = QualityConfig(
        *("BinaryClassification", "y"),
        probability="p",
        probability_threshold=threshold,
        weight="w" if weighted else None,
        curve_points=5_000,
    )
    statistics = quality_statistics(frame, config)
    given: dict[str, Any] = {"sample_weight": weight}
    zero: dict[str, Any] = {**given, "zero_division": 0}
    always = np.ones(rows, dtype=int)
    theirs = {
        "recall": oracle.recall_score(truth, said, **zero),
        "precision": oracle.precision_score(truth, said, **zero),
        "accuracy": oracle.accuracy_score(truth, said, **given),
        "true_negative_rate": oracle.recall_score(truth, said, pos_label=0, **zero),
        "auc": oracle.roc_auc_score(truth, chance, **given),
        "average_precision": oracle.average_precision_score(truth, chance, **given),
        "log_loss": oracle.log_loss(truth, chance, labels=[0, 1], **given),
        "brier_score": oracle.brier_score_loss(truth, chance, **given),
        f"accuracy{CONSTANT}": oracle.accuracy_score(truth, always, **given),
        f"precision{CONSTANT}": oracle.precision_score(truth, always, **zero),
        f"recall{CONSTANT}": 1.0,
    }
    theirs |= {name: oracle.fbeta_score(truth, said, beta=beta, **zero) for name, beta in BETAS.items()}
    theirs |= {f"{n}{CONSTANT}": oracle.fbeta_score(truth, always, beta=beta, **zero) for n, beta in BETAS.items()}
    ours = values(statistics)
    agree(ours, theirs)
    assert ours["false_positive_rate"] == pytest.approx(1 - ours["true_negative_rate"], abs=1e-12)
    assert ours["false_negative_rate"] == pytest.approx(1 - ours["recall"], abs=1e-12)
    section = statistics.document["binary_classification_metrics"]
    matrix = [[section["confusion_matrix"][row][column] for column in "01"] for row in "01"]
    assert np.allclose(matrix, oracle.confusion_matrix(truth, said, labels=[0, 1], **given), rtol=1e-12)
    x, y, _ = oracle.roc_curve(truth, chance, drop_intermediate=False, **given)
    curve = section["receiver_operating_characteristic_curve"]
    assert np.allclose(curve["false_positive_rates"], x, atol=1e-12)
    assert np.allclose(curve["true_positive_rates"], y, atol=1e-12)
    precision, recall, _ = oracle.precision_recall_curve(truth, chance, **given)
    curve = section["precision_recall_curve"]
    # scikit-learn's begins at precision 1, Model Monitor's with the first threshold's.
    assert np.allclose(curve["recalls"][1:], recall[::-1][1:], atol=1e-12)
    assert np.allclose(curve["precisions"][1:], precision[::-1][1:], atol=1e-12)
    assert area_under(np.array(curve["recalls"]), np.array(curve["precisions"])) == pytest.approx(ours["au_prc"])


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("weighted", [False, True])
def test_many_classes(round_: int, weighted: bool) -> None:
    rng = np.random.default_rng(200 + round_)
    rows = int(rng.choice([1, 5, 60, 2_000]))
    names = ["1", "2", "10", "ü 東"][: int(rng.choice([1, 2, 3, 4]))]
    truth, said = rng.choice(names, rows), rng.choice([*names, "other"], rows)
    weight = rng.random(rows) + 0.1 if weighted else None
    frame = pl.DataFrame({"y": truth, "said": said, "w": np.ones(rows) if weight is None else weight})
    config = QualityConfig("MulticlassClassification", "y", prediction="said", weight="w" if weighted else None)
    given: dict[str, Any] = {"average": "weighted", "sample_weight": weight, "zero_division": 0}
    theirs: dict[str, float] = {}
    for suffix, guess in (("", said), (CONSTANT, np.full(rows, "1"))):
        theirs[f"accuracy{suffix}"] = oracle.accuracy_score(truth, guess, sample_weight=weight)
        theirs[f"weighted_recall{suffix}"] = oracle.recall_score(truth, guess, **given)
        theirs[f"weighted_precision{suffix}"] = oracle.precision_score(truth, guess, **given)
        for name, beta in BETAS.items():
            theirs[f"weighted_{name}{suffix}"] = oracle.fbeta_score(truth, guess, beta=beta, **given)
    agree(values(quality_statistics(frame, config)), theirs)


def test_probabilities_of_many_classes() -> None:
    rng = np.random.default_rng(9)
    chances = rng.dirichlet([1, 1, 1], 500)
    names = np.array(["a", "b", "c"])
    truth = np.array([rng.choice(names, p=row) for row in chances])
    frame = pl.DataFrame({"y": truth, **{f"p {name}": chances[:, at] for at, name in enumerate(names)}})
    columns = {str(name): f"p {name}" for name in names}
    ours = values(quality_statistics(frame, QualityConfig("MulticlassClassification", "y", probabilities=columns)))
    assert ours["log_loss"] == pytest.approx(oracle.log_loss(truth, chances, labels=names), rel=1e-12)
    assert ours["accuracy"] == oracle.accuracy_score(truth, names[chances.argmax(axis=1)])
    best, right = chances.max(axis=1), names[chances.argmax(axis=1)] == truth
    gaps = [abs(best[b].sum() - right[b].sum()) for i in range(10) if (b := (best * 10).astype(int) == i).any()]
    assert ours["expected_calibration_error"] == pytest.approx(sum(gaps) / 500, rel=1e-12)


def test_the_guide_s_examples() -> None:
    frame = pl.DataFrame({"y": ["0", "0", "0", "1"], "said": [0, 1, 1, 1]})
    ours = values(quality_statistics(frame, QualityConfig("BinaryClassification", "y", prediction="said")))
    expected = {
        "recall": 1.0,
        "precision": 0.3333333333333333,
        "accuracy": 0.5,
        f"accuracy{CONSTANT}": 0.25,
        "true_negative_rate": 0.33333333333333337,
        "f0_5": 0.3846153846153846,
        "f2": 0.7142857142857143,
        f"f0_5{CONSTANT}": 0.29411764705882354,
        f"f2{CONSTANT}": 0.625,
    }
    agree(ours, expected)
    cells = {("0", "0"): 1180, ("0", "1"): 510, ("1", "0"): 268, ("1", "1"): 138}
    rows = [pair for pair, count in cells.items() for _ in range(count)]
    frame = pl.DataFrame(rows, schema=["y", "said"], orient="row")
    ours = values(quality_statistics(frame, QualityConfig("MulticlassClassification", "y", prediction="said")))
    expected = {
        "accuracy": 0.6288167938931297,
        "weighted_precision": 0.6983172269629505,
        "weighted_f0_5": 0.6803947317178771,
        "weighted_f1": 0.6571162346664904,
        "weighted_f2": 0.6384024354394601,
        f"accuracy{CONSTANT}": 0.19370229007633588,
        f"weighted_precision{CONSTANT}": 0.03752057718081697,
        f"weighted_f0_5{CONSTANT}": 0.04473443104152011,
        f"weighted_f2{CONSTANT}": 0.10570313141262414,
    }
    agree(ours, expected)
    assert math.isfinite(ours["accuracy"])
