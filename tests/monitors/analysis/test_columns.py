import math
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.analysis import columns
from monitors.analysis.columns import ColumnProfile
from monitors.analysis.errors import ColumnsError
from tests.monitors.analysis.literal_sketch import LiteralSketch


def profile_of(values: pl.Series, *, blanks_missing: bool = False) -> ColumnProfile:
    column = ColumnProfile("a")
    column.update(values, blanks_missing=blanks_missing)
    return column


def types(column: ColumnProfile) -> tuple[int, int, int, int]:
    return column.integral, column.fractional, column.string, column.missing


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", "Integral"),
        ("-12", "Integral"),
        ("+12", "Integral"),
        ("007", "Integral"),
        (" 5", "Integral"),
        ("5\t", "Integral"),
        ("9007199254740993", "Integral"),
        ("1" * 60, "Integral"),
        ("1.0", "Fractional"),
        (".5", "Fractional"),
        ("5.", "Fractional"),
        ("-1.5e-7", "Fractional"),
        ("1E5", "Fractional"),
        ("inf", "Fractional"),
        ("-Infinity", "Fractional"),
        ("nan", "missing"),
        ("NaN", "missing"),
        ("", "blank"),
        ("  ", "blank"),
        ("Nan", "String"),
        (".", "String"),
        ("-", "String"),
        ("- 5", "String"),
        ("1,5", "String"),
        ("1_000", "String"),
        ("0x10", "String"),
        ("5 %", "String"),
        ("true", "String"),
        ("2026-01-01", "String"),
        ("١٢", "String"),
        ("é\u0000🦉", "String"),
        ("x" * 100_000, "String"),
    ],
)
def test_the_type_of_a_text(text: str, kind: str) -> None:
    for blanks_missing in (True, False):
        column = profile_of(pl.Series([text, None, text], dtype=pl.String), blanks_missing=blanks_missing)
        found = {"blank": "missing" if blanks_missing else "String"}.get(kind, kind)
        expected = {
            "Integral": (2, 0, 0, 1),
            "Fractional": (0, 2, 0, 1),
            "String": (0, 0, 2, 1),
            "missing": (0, 0, 0, 3),
        }[found]
        assert types(column) == expected
        assert column.inferred_type == ("Unknown" if found == "missing" else found)


@pytest.mark.parametrize(
    ("texts", "inferred"),
    [
        ([], "Unknown"),
        ([None], "Unknown"),
        (["1", "2"], "Integral"),
        (["1", "2.5"], "Fractional"),
        (["1", "2.5", "x"], "String"),
        (["true", "1"], "String"),
    ],
)
def test_the_type_of_a_column(texts: list[str | None], inferred: str) -> None:
    assert profile_of(pl.Series(texts, dtype=pl.String)).inferred_type == inferred


@pytest.mark.parametrize("kind", [pl.Int8, pl.Int64, pl.UInt64, pl.Int128, pl.Float32, pl.Float64, pl.Decimal(20, 2)])
def test_numbers_have_the_type_of_their_column(kind: pl.DataType) -> None:
    column = profile_of(pl.Series([3, None, 4]).cast(kind))
    whole = kind in (pl.Int8, pl.Int64, pl.UInt64, pl.Int128)
    assert types(column) == ((2, 0, 0, 1) if whole else (0, 2, 0, 1))
    assert (column.moments.mean, column.moments.min, column.distinct.count) == (3.5, 3.0, 2)


def test_decimals_without_fraction_digits_are_integral() -> None:
    assert types(profile_of(pl.Series([Decimal(5)], dtype=pl.Decimal(10, 0)))) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([True], "true"),
        ([date(2026, 1, 2)], "2026-01-02"),
        ([datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)], "2026-01-02T03:04:05.000000+00:00"),
        ([time(3, 4, 5)], "03:04:05"),
        ([timedelta(hours=1)], "PT1H"),
    ],
)
def test_booleans_and_times_are_texts(values: list[object], text: str) -> None:
    column = profile_of(pl.Series([*values, None]))
    assert types(column) == (0, 0, 1, 1)
    [(found, count)] = column.categories.top(5)
    assert count == 1
    assert found.replace(" ", "T").removesuffix("000").startswith(text[:19])


def test_categoricals_are_texts() -> None:
    series = pl.Series(["b", "a", "b", None], dtype=pl.Categorical)
    assert profile_of(series).categories.top(5) == [("b", 2), ("a", 1)]
    assert types(profile_of(pl.Series([None, None]))) == (0, 0, 0, 2)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pl.Series([[1, 2]]), "[1,2]"),
        (pl.Series([["é", None]]), '["é",null]'),
        (pl.Series([[]], dtype=pl.List(pl.Int64)), "[]"),
        (pl.Series([[[1.5], []]]), "[[1.5],[]]"),
        (pl.Series([[{"a": date(2026, 1, 2)}]]), '[{"a":"2026-01-02"}]'),
        (pl.Series([[1, 2]], dtype=pl.Array(pl.Int8, 2)), "[1,2]"),
        (pl.Series([b"\x00\xff"]), "00ff"),
    ],
)
def test_lists_and_bytes_are_texts(values: pl.Series, text: str) -> None:
    column = profile_of(pl.concat([values, pl.Series([None], dtype=values.dtype)]))
    assert types(column) == (0, 0, 1, 1)
    assert column.categories.top(5) == [(text, 1)]


@pytest.mark.parametrize("values", [pl.Series([{"a": 1}]), pl.Series([object()]), pl.Series([[b"x"]])])
def test_what_can_t_be_profiled_is_refused(values: pl.Series) -> None:
    with pytest.raises(ColumnsError, match=r"Column 'a' is of type .*, which can't be profiled"):
        profile_of(values)


numbers = st.lists(
    st.one_of(
        st.none(),
        st.floats(width=64),
        st.sampled_from([-0.0, 0.0, 2.0**53 + 2, math.inf, -math.inf, math.nan, 5e-324, 1.7e308]),
    ),
    max_size=40,
)


@given(parts=st.lists(numbers, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_floats_against_numpy(parts: list[list[float | None]]) -> None:
    column, merged = ColumnProfile("a"), ColumnProfile("a")
    for part in parts:
        column.update(pl.Series(part, dtype=pl.Float64))
        merged.merge(profile_of(pl.Series(part, dtype=pl.Float64)))
    every = [value for part in parts for value in part]
    held = np.array([value for value in every if value is not None and not math.isnan(value)], dtype=np.float64)
    for found in (column, merged):
        assert types(found) == (0, len(held), 0, len(every) - len(held))
        assert found.distinct.count == len(set(held.tolist()))
        moments = found.moments
        if len(held):
            assert (moments.min, moments.max) == (held.min(), held.max())
            finite = held[np.isfinite(held)]
            size = float(np.abs(finite).max(initial=0))
            # Exact, and beyond the range of doubles where it has to be.
            exact = sum(map(Fraction, finite.tolist()), Fraction(0))
            if len(finite) < len(held):
                total = mean = (
                    float(held[~np.isfinite(held)].sum()) if len(set(held[~np.isfinite(held)])) == 1 else math.nan
                )
            else:
                mean = float(exact / len(held))
                total = float(exact) if abs(exact) < 1.7e308 else (math.inf if exact > 0 else -math.inf)
            # Below the smallest normal double there is no relative precision.
            assert moments.mean == pytest.approx(mean, nan_ok=True, rel=1e-9, abs=size * 1e-9 + 1e-320)
            if abs(exact) < 1.7e308 or abs(exact) > 1.8e308:
                assert moments.sum == pytest.approx(total, nan_ok=True, rel=1e-9, abs=size * 1e-9)
            if len(finite) == len(held) and size < 1e150:
                assert moments.std_dev == pytest.approx(float(held.std()), rel=1e-6, abs=size * 1e-9)
    literal = LiteralSketch()
    for value in held.tolist():
        literal.update(value + 0.0)
    assert [level.tolist() for level in column.sketch.levels()] == literal.levels


texts = st.lists(
    st.one_of(
        st.none(),
        st.integers(-(2**70), 2**70).map(str),
        st.floats(allow_nan=False).map(repr),
        st.sampled_from(["", " ", "a", "b", "é", "true", "nan"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    ),
    max_size=30,
)


@given(parts=st.lists(texts, min_size=1, max_size=4), blanks_missing=st.booleans())
@settings(max_examples=150, deadline=None)
def test_texts_against_counting(parts: list[list[str | None]], blanks_missing: bool) -> None:
    column, merged = ColumnProfile("a"), ColumnProfile("a")
    for part in parts:
        series = pl.Series(part, dtype=pl.String)
        column.update(series, blanks_missing=blanks_missing)
        merged.merge(profile_of(series, blanks_missing=blanks_missing))
    present = [
        value
        for part in parts
        for value in part
        if value is not None
        and (bare := pl.Series([value]).str.strip_chars()[0]) not in ("nan", "NaN", "NAN", "-nan", "-NaN")
        and not (blanks_missing and not bare)
    ]
    for found in (column, merged):
        assert found.present == len(present)
        assert found.missing == sum(map(len, parts)) - len(present)
        assert dict(found.categories.top(10_000)) == Counter(present)
        assert found.categories.is_exact
    assert types(column) == types(merged)


def test_numbers_without_end_are_not_counted_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "NUMBERS_WITHOUT_END", 100)
    column = ColumnProfile("a")
    column.update(pl.Series([str(i) for i in range(1000)] + ["nan"]))
    assert (column.integral, column.missing, column.categories.total, column.categories.error) == (1000, 1, 1000, 1000)
    assert column.distinct.count == 1000
    column.update(pl.Series(["x", "x", "7"]))
    assert column.inferred_type == "String"
    assert column.categories.top(5) == [("x", 2), ("7", 1)]
    assert not column.categories.is_exact
    assert column.distinct.count == 1001


def test_very_long_texts_are_told_apart_but_not_kept() -> None:
    long = ["ä" * 5000 + "1", "ä" * 5000 + "2", "ä" * 5000 + "1"]
    column = profile_of(pl.Series(long))
    (first, two), (second, one) = column.categories.top(5)
    assert (two, one) == (2, 1)
    assert first != second
    assert len(first) < 200
    assert first.startswith("ä" * 64 + "… (5001 characters, ")
