import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from monitors.analysis.drift import (
    categorical_distance,
    chi_squared,
    chi_squared_tail,
    numeric_distance,
    robust,
)
from monitors.analysis.sketch import Floats, QuantileSketch
from monitors.analysis.statistics import Categories


def sketch_of(values: Floats, size: int = 2048) -> QuantileSketch:
    sketch = QuantileSketch(size)
    sketch.update(values)
    return sketch


samples = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 7.0, math.inf]), min_size=1, max_size=60)


@given(left=samples, right=samples)
@settings(deadline=None)
def test_the_numeric_distance_is_that_of_kolmogorov_and_smirnov(left: list[float], right: list[float]) -> None:
    brute = max(
        abs(sum(a <= x for a in left) / len(left) - sum(b <= x for b in right) / len(right)) for x in left + right
    )
    distance = numeric_distance(sketch_of(np.array(left)), sketch_of(np.array(right)))
    assert distance == pytest.approx(brute, abs=1e-12)


@given(seed=st.integers(0, 2**32 - 1), sizes=st.tuples(st.integers(1, 3000), st.integers(1, 3000)))
@settings(max_examples=30, deadline=None)
def test_weights_of_a_compacted_sketch_are_true(seed: int, sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    sketches = [sketch_of(rng.integers(0, 9, size).astype(np.float64), size=32) for size in sizes]

    def expanded(sketch: QuantileSketch) -> list[float]:
        return [
            item for height, level in enumerate(sketch.levels()) for item in level.tolist() for _ in range(1 << height)
        ]

    left, right = map(np.array, map(expanded, sketches))
    brute = max(abs(float((left <= x).mean() - (right <= x).mean())) for x in range(9))
    assert numeric_distance(*sketches) == pytest.approx(brute, abs=1e-12)


def test_equal_items_do_not_hide_a_drift() -> None:
    rng = np.random.default_rng(0)
    low = sketch_of((rng.random(100_000) < 0.14).astype(np.float64))
    high = sketch_of((rng.random(100_000) < 0.90).astype(np.float64))
    assert numeric_distance(low, high) == pytest.approx(0.76, abs=0.01)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.5, 3.0])
def test_sketches_stay_close_to_the_exact_distance(shift: float) -> None:
    rng = np.random.default_rng(1)
    left, right = rng.normal(size=200_000), rng.normal(shift, size=150_000)
    exact = stats.ks_2samp(left, right, method="asymp").statistic
    assert numeric_distance(sketch_of(left), sketch_of(right)) == pytest.approx(exact, abs=0.004)


def test_nothing_has_no_distance() -> None:
    assert math.isnan(numeric_distance(QuantileSketch(), sketch_of(np.array([1.0]))))
    assert math.isnan(categorical_distance(Categories({}), Categories({"a": 1})))
    assert math.isnan(chi_squared(Categories({}), Categories({"a": 1})).p_value)


def test_the_robust_correction() -> None:
    assert robust(0.5, 100, 400) == pytest.approx(0.5 - 1.8 * math.sqrt(500 / 40_000))
    assert robust(0.1, 10, 10) == 0.0


counts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 400), min_size=1)


@given(left=counts, right=counts)
def test_the_categorical_distance_is_the_largest_difference(left: dict[str, int], right: dict[str, int]) -> None:
    n, m = sum(left.values()), sum(right.values())
    brute = max(abs(left.get(value, 0) / n - right.get(value, 0) / m) for value in {*left, *right})
    assert categorical_distance(Categories(left), Categories(right)) == pytest.approx(brute)


@given(left=counts, right=counts, kept=st.integers(1, 8))
def test_a_cut_list_never_exaggerates(left: dict[str, int], right: dict[str, int], kept: int) -> None:
    def cut(counts: dict[str, int]) -> Categories:
        top = sorted(counts.items(), key=lambda item: -item[1])
        return Categories(dict(top[:kept]), other=sum(count for _, count in top[kept:]))

    exact = categorical_distance(Categories(left), Categories(right))
    assert categorical_distance(cut(left), cut(right)) <= exact + 1e-12
    assert categorical_distance(cut(left), cut(left)) == 0


def test_counts_with_an_error_never_exaggerate() -> None:
    exact = Categories({"a": 60, "b": 40})
    vague = Categories({"a": 50, "b": 30}, other=20, error=10)
    assert categorical_distance(vague, exact) == 0


@given(x=st.floats(1e-6, 900), degrees=st.integers(1, 400))
def test_the_tail_of_chi_squared(x: float, degrees: int) -> None:
    expected = float(stats.chi2.sf(x, degrees))
    assume(expected > 1e-280)
    assert chi_squared_tail(x, degrees) == pytest.approx(expected, rel=1e-8, abs=1e-14)
    assert chi_squared_tail(0.0, degrees) == 1.0


@given(left=counts, right=counts)
def test_chi_squared_against_a_literal_regrouping(left: dict[str, int], right: dict[str, int]) -> None:
    total, expected_total = sum(left.values()), sum(right.values())
    table = {value: [right[value] * total / expected_total, left.get(value, 0)] for value in right}
    unseen = sum(count for value, count in left.items() if value not in right)
    if unseen:
        table[""] = [0.0, unseen]

    def unusable() -> bool:
        expected = [e for e, _ in table.values()]
        if min(expected) == 0:
            return True
        if len(expected) == 2:
            return min(expected) < 10
        return sum(e < 5 for e in expected) > int(0.2 * len(expected))

    while len(table) >= 2 and unusable():
        first, second = sorted(table, key=lambda value: (table[value][0], value))[:2]
        e, o = table.pop(first)
        table[second] = [table[second][0] + e, table[second][1] + o]
    test = chi_squared(Categories(left), Categories(right))
    if len(table) < 2:
        assert math.isnan(test.p_value)
        return
    expected = stats.chisquare([o for _, o in table.values()], [e for e, _ in table.values()])
    assert test.degrees_of_freedom == len(table) - 1
    assert test.statistic == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
    assert test.p_value == pytest.approx(expected.pvalue, rel=1e-7, abs=1e-13)


def test_unknown_values_count_in_chi_squared() -> None:
    baseline = Categories({"a": 500, "b": 500})
    assert chi_squared(Categories({"a": 250, "b": 250}), baseline).p_value == pytest.approx(1.0)
    assert chi_squared(Categories({"a": 250, "b": 250, "c": 500}), baseline).p_value < 1e-9
