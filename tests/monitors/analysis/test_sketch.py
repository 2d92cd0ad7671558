import math

import datasketches
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.analysis.sketch import Floats, QuantileSketch
from tests.monitors.analysis.literal_sketch import LiteralSketch


def layout(sketch: QuantileSketch) -> list[list[float]]:
    return [level.tolist() for level in sketch.levels()]


def sketch_of(values: Floats, size: int = 2048) -> QuantileSketch:
    sketch = QuantileSketch(size)
    sketch.update(values)
    return sketch


def literal_of(values: Floats, size: int = 2048) -> LiteralSketch:
    literal = LiteralSketch(size)
    for value in values.tolist():
        literal.update(value)
    return literal


@pytest.mark.parametrize("count", [0, 1, 2, 2050, 2051, 3365, 10_000, 100_001])
def test_the_layout_is_that_of_one_item_at_a_time(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    assert layout(sketch_of(values)) == literal_of(values).levels


@pytest.mark.parametrize("kind", ["discrete", "sorted", "reversed", "constant", "infinite"])
def test_the_layout_is_the_same_for_awkward_orders(kind: str) -> None:
    rng = np.random.default_rng(7)
    values = {
        "discrete": rng.integers(0, 3, 30_000).astype(np.float64),
        "sorted": np.arange(30_000.0),
        "reversed": np.arange(30_000.0)[::-1].copy(),
        "constant": np.full(30_000, 0.1),
        "infinite": rng.choice([math.inf, -math.inf, 1.0], 30_000),
    }[kind]
    assert layout(sketch_of(values)) == literal_of(values).levels


@given(
    seed=st.integers(0, 2**32 - 1),
    cuts=st.lists(st.integers(0, 400), max_size=12),
    size=st.sampled_from([2, 3, 8, 64]),
)
@settings(max_examples=80, deadline=None)
def test_batches_do_not_change_the_layout(seed: int, cuts: list[int], size: int) -> None:
    values = np.random.default_rng(seed).integers(-50, 50, sum(cuts)).astype(np.float64)
    sketch = QuantileSketch(size)
    start = 0
    for cut in cuts:
        sketch.update(values[start : start + cut])
        start += cut
    assert layout(sketch) == literal_of(values, size).levels
    assert sketch.total_weight == len(values)


@given(
    seed=st.integers(0, 2**32 - 1),
    parts=st.lists(st.integers(0, 1500), min_size=2, max_size=5),
    size=st.sampled_from([4, 16, 128]),
)
@settings(max_examples=40, deadline=None)
def test_merging_follows_deequ(seed: int, parts: list[int], size: int) -> None:
    rng = np.random.default_rng(seed)
    sketch, literal = QuantileSketch(size), LiteralSketch(size)
    for part in parts:
        values = rng.normal(size=part)
        other = sketch_of(values, size)
        before = layout(other)
        sketch.merge(other)
        literal.merge(literal_of(values, size))
        assert layout(other) == before
    assert layout(sketch) == literal.levels
    assert sketch.total_weight == sum(parts)


@pytest.mark.parametrize("kind", ["normal", "discrete", "sorted", "heavy"])
def test_ranks_are_within_the_bound(kind: str) -> None:
    rng = np.random.default_rng(3)
    count = 400_000
    values = {
        "normal": rng.normal(size=count),
        "discrete": rng.integers(0, 20, count).astype(np.float64),
        "sorted": np.arange(float(count)),
        "heavy": rng.standard_cauchy(count),
    }[kind]
    sketch = sketch_of(values)
    ordered = np.sort(values)
    points = np.quantile(ordered, np.linspace(0, 1, 201))
    for inclusive in (True, False):
        exact = np.searchsorted(ordered, points, side="right" if inclusive else "left")
        error = np.abs(sketch.ranks(points, inclusive=inclusive) - exact).max() / count
        # A compaction of level h shifts a rank by at most 2^h, and level h is compacted at most n / (2^h · capacity)
        # times: summed over the levels this is the worst case, which alternating offsets keep far away from.
        levels = len(sketch.levels())
        worst = sum(1 / (2 * (math.ceil(2048 * 0.64**height / 2) + 1)) for height in range(levels))
        assert error <= worst
        assert error <= 0.0025


def test_ranks_agree_with_an_independent_sketch() -> None:
    values = np.random.default_rng(5).lognormal(size=200_000)
    theirs = datasketches.kll_doubles_sketch(2048)
    theirs.update(values)
    points = np.quantile(values, np.linspace(0.01, 0.99, 99))
    ours = sketch_of(values).ranks(points) / len(values)
    assert np.abs(ours - np.array(theirs.get_cdf(points, True)[:-1])).max() < 0.004


def test_a_stored_sketch_has_the_same_ranks() -> None:
    sketch = sketch_of(np.random.default_rng(9).normal(size=50_000))
    again = QuantileSketch.from_levels(layout(sketch))
    assert layout(again) == layout(sketch)
    assert again.total_weight == 50_000
    assert again.ranks(np.array([0.0])) == sketch.ranks(np.array([0.0]))


def test_an_update_keeps_no_hold_of_the_batch() -> None:
    values = np.arange(10.0)
    sketch = sketch_of(values)
    values[:] = -1
    assert layout(sketch) == [list(range(10))]


@pytest.mark.parametrize("inclusive", [True, False])
def test_a_few_points_have_the_ranks_they_have_among_many(inclusive: bool) -> None:
    rng = np.random.default_rng(3)
    sketch = sketch_of(np.concatenate((rng.integers(0, 50, 30_000).astype(float), [np.inf, -np.inf, -np.inf])))
    points = np.array([-np.inf, 50.0, 0.0, 7.0, 7.5, np.inf])
    many = np.concatenate((points, np.zeros(40)))
    few = sketch.ranks(points, inclusive=inclusive)
    assert few.dtype == np.int64
    assert few.tolist() == sketch.ranks(many, inclusive=inclusive)[: len(points)].tolist()
