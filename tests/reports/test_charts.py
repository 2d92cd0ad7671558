"""Charts: the same numbers give the same bytes, every one says in words what it shows, and its table has the numbers."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.charts.axes import ticks
from reports.charts.bars import Bar, bars
from reports.charts.distributions import categories, histogram
from reports.charts.grids import confusion
from reports.charts.lines import Point, curve, over_time
from reports.charts.ranks import ranks
from reports.documents import Figure, Table
from reports.numbers import number, percent

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<b>&\"'\x00\u202e]]>"


def hostile_matrix() -> Figure:
    drawn = confusion(HOSTILE, {HOSTILE: {HOSTILE: 3, "b": 1}, "b": {HOSTILE: 0, "b": 2}})
    assert isinstance(drawn, Figure)
    return drawn


TIMES = [Point("a", 1.0), Point("b", None), Point(HOSTILE, 3.0, bad=True)]
CHARTS: dict[str, Callable[[], Figure]] = {
    "bars": lambda: bars(
        HOSTILE, [Bar(HOSTILE, 0.3, 0.1, 0.2, (0.25, 0.35), bad=True)], measure=HOSTILE, threshold=0.1
    ),
    "odd bars": lambda: bars(
        "c", [Bar("a", None), Bar("b", math.inf), Bar("c", -math.inf), Bar("d", math.nan)], measure="m"
    ),
    "no bars": lambda: bars("c", [], measure="m"),
    "histogram": lambda: histogram(HOSTILE, [0, 1, 2], [0.25, 0.75], [0.5, 0.5]),
    "alone": lambda: histogram("c", [0.5, 1.5, 2.5], [0.25, 0.75]),
    "categories": lambda: categories(HOSTILE, {HOSTILE: 0.5, "": 0.5}, {"x": 1.0}),
    "over time": lambda: over_time(
        HOSTILE, [Point("a", 1.0), Point("b", None), Point(HOSTILE, 3.0, bad=True)], measure="m", threshold=2.0
    ),
    "no time": lambda: over_time("c", [], measure="m"),
    "curve": lambda: curve(HOSTILE, [0, 0.5, 1], [0, 0.8, 1], axes=(HOSTILE, "y"), area=0.7, chance=((0, 0), (1, 1))),
    "confusion": hostile_matrix,
    "ranks": lambda: ranks(HOSTILE, {HOSTILE: 0.7, "b": 0.5}, {HOSTILE: 0.1, "b": 0.2, "new": 1.0}, measure="m"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_an_accessible_picture_of_its_numbers(name: str) -> None:
    figure = CHARTS[name]()
    assert figure == CHARTS[name]()
    root = ET.fromstring(figure.svg)
    assert root.attrib["role"] == "img"
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert figure.alt
    assert "nan" not in figure.svg.decode().lower()
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "desc", "text", "line", "rect", "polyline", "circle"),
    }
    assert figure.table is not None
    assert all(len(row) == len(figure.table.columns) for row in figure.table.rows)


def test_the_table_of_bars_has_what_is_drawn() -> None:
    figure = bars("c", [Bar("age", 0.3, 0.1, bad=True), Bar("sex", 0.05)], measure="L∞")
    assert figure.table == Table(
        "c",
        ("Feature", "L∞", "baseline", "violates"),
        (("age", "0.3", "0.1", "yes"), ("sex", "0.05", "–", "no")),
        frozenset({1, 2}),
    )
    assert "1 of 2 violate: age." in figure.alt


def test_bars_are_as_long_as_their_values() -> None:
    root = ET.fromstring(bars("c", [Bar("a", 0.5), Bar("b", 0.25)], measure="m").svg)
    wide, narrow = (float(box.attrib["width"]) for box in root.iter(f"{SVG}rect") if float(box.attrib["height"]) == 10)
    assert wide == pytest.approx(2 * narrow, abs=0.02)


def test_many_classes_are_a_table_of_confusions() -> None:
    matrix = {f"{row}": {f"{column}": float(row * column % 7) for column in range(15)} for row in range(15)}
    drawn = confusion("c", matrix)
    assert isinstance(drawn, Table)
    assert drawn.rows[0][2] == "6"


@example(0.0, 5e-324)
@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_ticks_are_round_and_hold_what_is_drawn(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    marks = ticks(low, high)
    assert marks == sorted(set(marks))
    assert 2 <= len(marks) <= 9
    assert marks[0] <= low + 1e-9 * max(1.0, abs(low)) + (marks[1] - marks[0]) * 1e-6
    assert marks[-1] >= high - 1e-9 * max(1.0, abs(high)) - (marks[1] - marks[0]) * 1e-6


@given(st.floats(-1e308, 1e308) | st.sampled_from([math.inf, -math.inf, math.nan]))
def test_numbers_read_back_to_four_digits(value: float) -> None:
    text = number(value)
    # Beyond, four digits may be more than the largest number.
    if math.isfinite(value) and abs(value) < 1.797e308:
        read = float(text.replace("−", "-").replace(",", ""))
        assert read == pytest.approx(value, rel=6e-4, abs=1e-300)
    else:
        assert text in ("–", "∞", "−∞")


def test_shares() -> None:
    assert [percent(value) for value in (0, 1, 0.5, 0.98765, 0.00004, None)] == [
        "0 %",
        "100 %",
        "50 %",
        "98.77 %",
        "0.004 %",
        "–",
    ]
