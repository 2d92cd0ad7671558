"""The explainers against Shapley's definition and against the `shap` library, and what the same seed means."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from monitors.analysis.attribution import AttributionConfig, attribution_report, kernel, permutation
from monitors.analysis.attribution.background import Background
from monitors.analysis.attribution.features import features_of
from tests.monitors.analysis.attribution.brute_force import shapley

Numbers = NDArray[np.float64]


def interacting(x: Numbers) -> Numbers:
    """Main effects, a pair, and a triple that antithetic orders alone do not get right."""
    return 3 * x[:, 0] - x[:, 1] + x[:, 2] * x[:, 3] + 4 * x[:, 0] * x[:, 4] * np.tanh(x[:, 5]) + np.exp(x[:, -1] / 2)


def chance_of(x: Numbers) -> Numbers:
    chances: Numbers = 1 / (1 + np.exp(-x))
    return chances


def frame_of(x: Numbers) -> pl.DataFrame:
    return pl.DataFrame({f"f{position}": x[:, position] for position in range(x.shape[1])})


def asked(model: Callable[[Numbers], Numbers]) -> Callable[[pl.DataFrame], Numbers]:
    def answer(frame: pl.DataFrame) -> Numbers:
        told = model(frame.to_numpy())
        return told[:, np.newaxis] if told.ndim == 1 else told

    return answer


def background_of(x: Numbers, weights: list[float]) -> Background:
    return Background(frame_of(x), np.array(weights))


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.2, 0.3]], ids=["one row", "weighted rows"])
def test_sampled_orders_are_unbiased(weights: list[float]) -> None:
    rng = np.random.default_rng(3)
    x, base = rng.normal(size=(4, 8)), rng.normal(size=(len(weights), 8))
    truth = np.array([shapley(interacting, row, base, weights) for row in x])
    features = features_of(frame_of(x).columns, {})
    runs = [
        permutation.explain(
            *(asked(interacting), frame_of(x), background_of(base, weights), features), evaluations=84, seed=seed
        )
        for seed in range(200)
    ]
    estimates = np.stack([run.values[:, :, 0] for run in runs])
    errors = estimates.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert errors.max() > 0  # it is a sample, not the sum over all coalitions
    assert (np.abs(estimates.mean(axis=0) - truth) <= 3 * errors + 1e-12).mean() > 0.95
    assert (np.abs(estimates.mean(axis=0) - truth) <= 4.5 * errors + 1e-12).all()
    # The errors that a run tells of itself are those that repeated runs have, or larger: its baseline rows are stratified.
    told = np.sqrt(np.stack([run.errors[:, :, 0] ** 2 for run in runs if run.errors is not None]).mean(axis=0))
    assert (told + 1e-9 > 0.8 * estimates.std(axis=0)).all()
    # Additive to the digit, with and without sampled baseline rows.
    reached = interacting(x)
    for run in runs[:5]:
        assert run.values[:, :, 0].sum(axis=1) + run.expected[0] == pytest.approx(reached, abs=1e-9)


def test_pairwise_interactions_are_exact() -> None:
    rng = np.random.default_rng(1)
    x, base = rng.normal(size=(5, 12)), rng.normal(size=(1, 12))

    def pairs(x: Numbers) -> Numbers:
        made: Numbers = x[:, 0] * x[:, 1] + x[:, 2] * x[:, 11] + x.sum(axis=1)
        return made

    features = features_of(frame_of(x).columns, {})
    made = permutation.explain(
        *(asked(pairs), frame_of(x), background_of(base, [1.0]), features), evaluations=22, seed=5
    )
    assert made.evaluations == 1 + 5 * 23
    expected = [shapley(pairs, row, base, [1.0]) for row in x]
    assert made.values[:, :, 0] == pytest.approx(np.array(expected), abs=1e-12)


@pytest.mark.parametrize("m", [1, 2, 3, 5, 10])
def test_few_features_are_exact(m: int) -> None:
    rng = np.random.default_rng(m)
    x, base, weights = rng.normal(size=(3, m)), rng.normal(size=(2, m)), [0.75, 0.25]

    def model(x: Numbers) -> Numbers:
        return np.column_stack([np.prod(x, axis=1), x.max(axis=1)])

    features = features_of(frame_of(x).columns, {})
    made = permutation.explain(
        *(asked(model), frame_of(x), background_of(base, weights), features), evaluations=4 * 2**m, seed=1
    )
    assert made.errors is None
    for output in range(2):
        truth = [shapley(lambda rows, output=output: model(rows)[:, output], row, base, weights) for row in x]  # type: ignore[misc]
        assert made.values[:, :, output] == pytest.approx(np.array(truth), abs=1e-12)


def test_a_request_takes_all_rows_one_step() -> None:
    rng = np.random.default_rng(0)
    x, base = rng.normal(size=(1_000, 20)), np.zeros((1, 20))
    sizes: list[int] = []

    def model(frame: pl.DataFrame) -> Numbers:
        sizes.append(frame.height)
        return asked(interacting)(frame)

    features = features_of(frame_of(x).columns, {})
    made = permutation.explain(model, frame_of(x), background_of(base, [1.0]), features)
    assert sizes == [1, 1_000, *[10_000] * 19]
    assert made.evaluations == sum(sizes)


def test_the_batch_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    x, base = rng.normal(size=(50, 9)), rng.normal(size=(3, 9))
    room = (asked(interacting), frame_of(x), background_of(base, [0.2, 0.3, 0.5]), features_of(frame_of(x).columns, {}))
    whole = permutation.explain(*room, seed=4)
    parts = permutation.explain(*room, seed=4, batch=70)
    other = permutation.explain(*room, seed=5)
    assert parts.values == pytest.approx(whole.values, abs=1e-12)
    assert np.abs(other.values - whole.values).max() > 1e-3


def test_kernel_shap_agrees_with_the_definition_and_repeats_itself() -> None:
    rng = np.random.default_rng(2)
    x, base, weights = rng.normal(size=(3, 7)), rng.normal(size=(2, 7)), [0.4, 0.6]
    room = (asked(interacting), frame_of(x), background_of(base, weights), features_of(frame_of(x).columns, {}))
    before = np.random.get_state()[1].tolist()  # type: ignore[index]
    made = kernel.explain(*room)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]
    truth = np.array([shapley(interacting, row, base, weights) for row in x])
    assert made.values[:, :, 0] == pytest.approx(truth, abs=1e-8)
    few = [kernel.explain(*room, evaluations=30, seed=seed).values for seed in (1, 1, 2)]
    assert few[0].tobytes() == few[1].tobytes() != few[2].tobytes()
    # The library's own call, on the same numbers, with its own link.
    import shap

    chance = lambda rows: chance_of(interacting(rows))  # noqa: E731
    theirs = shap.KernelExplainer(chance, base, link="logit").shap_values(x, silent=True, l1_reg=False)
    ours = kernel.explain(
        *(asked(chance), frame_of(x), Background(frame_of(base), np.array([0.5, 0.5])), room[3]), use_logit=True
    )
    assert ours.values[:, :, 0] == pytest.approx(theirs, abs=1e-8)


def test_the_mean_of_a_logit_and_the_logit_of_a_mean() -> None:
    x, base = np.array([[1.0, 2.0, -1.0]]), np.array([[0.0, 0.0, 0.0]])

    def chance(frame: pl.DataFrame) -> Numbers:
        return chance_of((frame["f0"] + 2 * frame["f1"] + 0.5 * frame["f2"]).to_numpy())

    for method in ("permutation", "kernel"):
        config = AttributionConfig(baseline=tuple(base.tolist()), use_logit=True, method=method)
        made = attribution_report(chance, frame_of(x), config)
        assert dict(made.labels[0].values) == pytest.approx({"f0": 1.0, "f1": 4.0, "f2": 0.5})
        assert made.labels[0].expected == pytest.approx(0.0)


def mixed(frame: pl.DataFrame) -> Numbers:
    """A model that looks at texts, truth values, missing values, and at the columns' order."""
    assert frame.columns == ["age", "colour", "member", "red", "blue", "income"]
    price = {"red": 2.0, "blue": -1.0}
    shade = np.array([price.get(name, 0.5) for name in frame["colour"].to_list()])
    income = frame["income"].fill_null(-5.0).to_numpy()
    coded = 3 * frame["red"].to_numpy() - 2 * frame["blue"].to_numpy()
    member = frame["member"].to_numpy()
    said: Numbers = frame["age"].to_numpy() * member + shade * income + coded
    return said


def people() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "age": [20, 30, 41],
            "colour": ["red", None, "blue"],
            "member": [True, False, True],
            "red": [1, 0, 0],
            "blue": [0, 0, 1],
            "income": [1.5, None, 3.0],
        }
    )


@pytest.mark.parametrize("method", ["permutation", "kernel"])
def test_categories_missing_values_and_groups(method: Any) -> None:
    config = AttributionConfig(
        method=method,
        groups={"hue": ("red", "blue")},
        baseline=({"age": 0, "colour": "green", "member": False, "red": 0, "blue": 0, "income": 0.0},),
        samples=200,
    )
    made = attribution_report(mixed, people(), config)
    assert made.local is not None
    assert made.local.features == ("age", "colour", "member", "hue", "income")
    values = made.local.explanation.values[:, :, 0]
    # Row 0: age · member = 20 is shared by two; 2 · 1.5 against 0.5 · 0: 0.5 · 1.5 is income's alone, the rest is shared.
    assert values[0] == pytest.approx([10, 1.125, 10, 3, 1.875])
    # Row 1: no member; a colour that is not known is worth as much as green; an income that is not known counts as −5.
    assert values[1] == pytest.approx([0, 0, 0, 0, -2.5])
    assert values.sum(axis=1) + made.labels[0].expected == pytest.approx(mixed(people()))
