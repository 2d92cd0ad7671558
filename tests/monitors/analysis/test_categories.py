from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.analysis.categories import CategoryCounts


def counts_of(values: list[str]) -> pl.DataFrame:
    return pl.Series("value", values, dtype=pl.String).value_counts(name="count")


texts = st.lists(st.text("abcdefgh", min_size=1, max_size=2), max_size=80)


@given(parts=st.lists(texts, max_size=5))
@settings(deadline=None, max_examples=60)
def test_few_texts_are_counted_exactly(parts: list[list[str]]) -> None:
    counts = CategoryCounts()
    for part in parts:
        counts.update(counts_of(part))
    exact = Counter(value for part in parts for value in part)
    assert counts.is_exact
    assert counts.total == sum(exact.values())
    assert counts.top(10_000) == sorted(exact.items(), key=lambda item: (-item[1], item[0]))


@given(parts=st.lists(texts, max_size=5), bound=st.integers(1, 12), merge=st.booleans())
@settings(deadline=None, max_examples=100)
def test_forgotten_texts_stay_within_the_error(parts: list[list[str]], bound: int, merge: bool) -> None:
    counts = CategoryCounts(bound)
    for part in parts:
        if merge:
            other = CategoryCounts(bound)
            other.update(counts_of(part))
            counts.merge(other)
        else:
            counts.update(counts_of(part))
    exact = Counter(value for part in parts for value in part)
    listed = dict(counts.top(10_000))
    assert len(listed) <= bound
    assert counts.error <= counts.total / bound
    for value, count in exact.items():
        assert listed.get(value, 0) <= count <= listed.get(value, 0) + counts.error


def test_skipped_values_are_told() -> None:
    counts = CategoryCounts()
    counts.skip(5)
    counts.update(counts_of(["a"]))
    assert (counts.total, counts.error, counts.is_exact, counts.top(9)) == (6, 5, False, [("a", 1)])
