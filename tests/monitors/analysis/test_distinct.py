import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.analysis.distinct import DistinctCounter


@given(values=st.lists(st.floats(allow_nan=False), max_size=200))
@settings(deadline=None)
def test_few_numbers_are_counted_exactly(values: list[float]) -> None:
    counter = DistinctCounter()
    counter.add_numbers(np.array(values, dtype=np.float64) + 0.0)
    assert counter.is_exact
    assert counter.count == len(set(values))


@given(values=st.lists(st.text(), max_size=200))
@settings(deadline=None)
def test_few_texts_are_counted_exactly(values: list[str]) -> None:
    texts = [value for value in values if not any("\ud800" <= character <= "\udfff" for character in value)]
    counter = DistinctCounter()
    counter.add_texts(texts)
    assert counter.count == len(set(texts))


@pytest.mark.parametrize("count", [16_384, 16_385, 100_000, 1_000_000])
def test_many_are_estimated_within_four_standard_errors(count: int) -> None:
    counter = DistinctCounter()
    counter.add_numbers(np.arange(float(count)))
    counter.add_numbers(np.arange(float(count))[::3].copy())
    assert counter.is_exact == (count <= counter.bound)
    assert counter.count == pytest.approx(count, rel=4 / (counter.bound - 2) ** 0.5)


@pytest.mark.parametrize("count", [16_384, 16_385, 30_000, 200_000])
def test_many_texts_too(count: int) -> None:
    counter = DistinctCounter()
    for start in range(0, count, 7000):
        counter.add_texts(f"user {i}" for i in range(start, min(start + 7000, count)))
    assert counter.is_exact == (count <= counter.bound)
    assert counter.count == pytest.approx(count, rel=4 / (counter.bound - 2) ** 0.5)


@given(
    parts=st.lists(st.lists(st.integers(0, 200), max_size=200), max_size=5),
    bits=st.sampled_from([5, 6, 14]),
    text=st.booleans(),
)
@settings(deadline=None)
def test_parts_merge_to_the_whole_in_any_order(parts: list[list[int]], bits: int, text: bool) -> None:
    def counter_of(values: list[int]) -> DistinctCounter:
        counter = DistinctCounter(bits)
        if text:
            counter.add_texts(str(value) for value in values)
        else:
            counter.add_numbers(np.array(values, dtype=np.float64))
        stored: DistinctCounter = pickle.loads(pickle.dumps(counter))
        return stored

    whole = counter_of([value for part in parts for value in part])
    forward, backward = DistinctCounter(bits), DistinctCounter(bits)
    for part in parts:
        forward.merge(counter_of(part))
    for part in reversed(parts):
        backward.merge(counter_of(part))
    assert (whole.count, whole.is_exact) == (forward.count, forward.is_exact) == (backward.count, backward.is_exact)
