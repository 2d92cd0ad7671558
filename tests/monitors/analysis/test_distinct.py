import pickle

import datasketches
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.analysis.distinct import DistinctCounter, hash_texts


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
    counter.add_texts(pl.Series(texts, dtype=pl.String))
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
        counter.add_texts(pl.Series([f"user {i}" for i in range(start, min(start + 7000, count))]))
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
            counter.add_texts(pl.Series([str(value) for value in values], dtype=pl.String))
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


def test_texts_are_hashed_by_all_their_bytes() -> None:
    texts = ["", "a", "b", "ab", "ba", "\0", "\0\0", "é" * 9, "é" * 10, *("x" * i + "y" for i in range(70))]
    texts += [f"{'p' * 40}{i}{'s' * 9}" for i in range(2000)] + ["x" * 1000 + letter for letter in "abc"]
    hashes = hash_texts(pl.Series(texts))
    assert len(set(hashes.tolist())) == len(texts)
    assert hash_texts(pl.Series(texts[::-1])).tolist() == hashes.tolist()[::-1]
    # Every bit is set in about half of them.
    bits = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).mean(axis=0)
    assert np.abs(bits - 0.5).max() < 5 * 0.5 / len(texts) ** 0.5


def test_an_independent_sketch_estimates_the_same() -> None:
    texts = pl.Series([f"{i * 7919:x}" for i in range(300_000)])
    ours, theirs = DistinctCounter(), datasketches.update_theta_sketch(14)
    ours.add_texts(texts)
    for text in texts:
        theirs.update(text)
    assert ours.count == pytest.approx(theirs.get_estimate(), rel=0.04)
