import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.analysis.moments import Moments
from monitors.analysis.sketch import Floats

finite = st.floats(allow_nan=False, allow_infinity=False, width=64, min_value=-1e150, max_value=1e150)


def moments_of(values: Floats) -> Moments:
    moments = Moments()
    moments.update(values)
    return moments


@given(parts=st.lists(st.lists(finite, max_size=30), max_size=6))
@settings(max_examples=200, deadline=None)
def test_parts_merge_to_the_whole(parts: list[list[float]]) -> None:
    merged = Moments()
    for part in parts:
        merged.merge(moments_of(np.array(part, dtype=np.float64)))
    values = np.array([value for part in parts for value in part], dtype=np.float64)
    assert merged.count == len(values)
    if len(values) == 0:
        assert math.isnan(merged.mean)
        assert math.isnan(merged.min)
        assert merged.sum == 0
        return
    size = float(np.abs(values).max())
    assert merged.min == values.min()
    assert merged.max == values.max()
    assert merged.sum == pytest.approx(math.fsum(values), rel=1e-12, abs=size * 1e-12)
    assert merged.mean == pytest.approx(math.fsum(values) / len(values), rel=1e-12, abs=size * 1e-12)
    assert merged.std_dev == pytest.approx(float(np.std(values)), rel=1e-7, abs=size * 1e-12)


def test_a_large_offset_does_not_drown_the_deviation() -> None:
    values = np.random.default_rng(0).normal(size=200_000)
    merged = Moments()
    for part in np.split(values + 1e9, 20):
        merged.update(part)
    assert merged.std_dev == pytest.approx(float(np.std(values)), rel=1e-6)


@pytest.mark.parametrize("value", [0.1, 1e308, -1e308, 5e-324, 0.0, 2.0**53])
def test_a_constant_deviates_by_nothing(value: float) -> None:
    merged = Moments()
    for count in (1, 3, 1000):
        merged.update(np.full(count, value))
    assert (merged.mean, merged.std_dev, merged.min, merged.max) == (value, 0.0, value, value)


def test_huge_values_have_a_finite_mean() -> None:
    moments = moments_of(np.array([1.7e308, 1.7e308, 1.6e308]))
    assert moments.mean == pytest.approx(5.0 / 3 * 1e308)
    assert moments.sum == math.inf
    moments.merge(moments_of(np.array([-1.7e308] * 3)))
    assert abs(moments.mean) < 1e307


@pytest.mark.parametrize(
    ("values", "total", "low", "high"),
    [
        ([1.0, math.inf], math.inf, 1.0, math.inf),
        ([-math.inf, 1.0], -math.inf, -math.inf, 1.0),
        ([math.inf, -math.inf], math.nan, -math.inf, math.inf),
        ([math.inf], math.inf, math.inf, math.inf),
    ],
)
def test_infinities_follow_ieee(values: list[float], total: float, low: float, high: float) -> None:
    for moments in (moments_of(np.array(values)), Moments()):
        if moments.count == 0:
            for value in values:
                moments.update(np.array([value]))
        assert moments.count == len(values)
        assert moments.sum == pytest.approx(total, nan_ok=True)
        assert moments.mean == pytest.approx(total, nan_ok=True)
        assert (moments.min, moments.max) == (low, high)
        assert math.isnan(moments.std_dev)
