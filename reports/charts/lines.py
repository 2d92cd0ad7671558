"""Lines: a measure over time with its threshold, and curves of a classifier."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.charts.axes import (
    BAD,
    BEFORE,
    CHARACTER,
    GROUND,
    LIMIT,
    NOW,
    WIDTH,
    Scale,
    horizontal_axis,
    label,
    legend,
    line,
    path,
    ticks,
    turned,
    vertical_axis,
)
from reports.charts.svg import Element, chart
from reports.documents import Figure, Table
from reports.numbers import number

HEIGHT = 260.0
SQUARE = 340.0


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a time; `bad` when it violates."""

    when: str
    value: float | None
    bad: bool = False


def over_time(caption: str, points: Sequence[Point], *, measure: str, threshold: float | None = None) -> Figure:
    """A measure over equal steps of time; violations are rings, the threshold is a dashed line.

    Args:
        caption: What the picture shows.
        points: In the order of time; where the value is None or NaN the line is broken.
        measure: What is measured.
        threshold: What the values are held against.
    """
    left, right, top, bottom = 60.0, WIDTH - 20, 30.0, HEIGHT - 40
    values = [point.value for point in points if point.value is not None and math.isfinite(point.value)]
    held = [] if threshold is None else [threshold]
    marks = ticks(min([*values, *held], default=0.0), max([*values, *held], default=1.0), 4)
    y = Scale(marks[0], marks[-1], bottom, top)
    x = Scale(0, max(len(points) - 1, 1), left + 12, right - 12)
    drawn = vertical_axis(y, left, right, marks)
    if threshold is not None:
        drawn.append(line(left, y(threshold), right, y(threshold), LIMIT, 1.5, "5 3"))
    for run in _runs(points):
        drawn.append(path([(x(position), y(points[position].value or 0.0)) for position in run], NOW))
    for position, point in enumerate(points):
        if point.value is not None and math.isfinite(point.value):
            drawn.append(_mark(x(position), y(point.value), bad=point.bad))
    for position in _labelled(len(points), max(len(point.when) for point in points) if points else 1):
        anchor = "start" if position == 0 else "end" if position == len(points) - 1 else "middle"
        drawn.append(label(x(position), bottom + 18, points[position].when, anchor=anchor))
    entries = [(NOW, measure)]
    entries += [(BAD, "violates")] if any(point.bad for point in points) else []
    drawn += legend([*entries, *([(LIMIT, "threshold")] if threshold is not None else [])], left, 14)
    bad = [point.when for point in points if point.bad]
    alt = f"{caption}: {measure} at {len(points)} times"
    alt += f", from {number(min(values))} to {number(max(values))}" if values else ", without a value"
    alt += "" if threshold is None else f", held against {number(threshold)}"
    alt += f". It violates at {', '.join(bad[:8])}{' …' if len(bad) > 8 else ''}." if bad else ". It never violates."
    rows = tuple((point.when, number(point.value), "yes" if point.bad else "no") for point in points)
    table = Table(caption, ("time", measure, "violates"), rows, frozenset({1}))
    return Figure(chart(WIDTH, HEIGHT, caption, alt, drawn), alt, caption, table)


def curve(
    caption: str,
    x_values: Sequence[float],
    y_values: Sequence[float],
    *,
    axes: tuple[str, str],
    area: float | None = None,
    chance: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> Figure:
    """A curve in the unit square, such as ROC or precision over recall.

    Args:
        caption: What the picture shows.
        x_values: (n,) from 0 to 1.
        y_values: (n,) from 0 to 1.
        axes: What the two are.
        area: Under the curve, as the text says it.
        chance: The ends of the line that a guess would give.
    """
    left, right, top, bottom = 52.0, SQUARE - 14, 14.0, SQUARE - 46
    x, y = Scale(0, 1, left, right), Scale(0, 1, bottom, top)
    marks = ticks(0, 1)
    drawn = [*vertical_axis(y, left, right, marks), *horizontal_axis(x, top, bottom, marks)]
    if chance is not None:
        (x1, y1), (x2, y2) = chance
        drawn.append(line(x(x1), y(y1), x(x2), y(y2), BEFORE, 1.5, "5 3"))
    drawn.append(path([(x(a), y(b)) for a, b in zip(x_values, y_values, strict=True)], NOW))
    drawn.append(label((left + right) / 2, SQUARE - 12, axes[0], anchor="middle"))
    drawn.append(turned(14, (top + bottom) / 2, axes[1]))
    said = "" if area is None else f" The area under it is {number(area)}."
    alt = f"{caption}: {axes[1]} over {axes[0]}.{said}"
    step = max(1, -(-len(x_values) // 20))
    picked = sorted({*range(0, len(x_values), step), len(x_values) - 1}) if x_values else []
    rows = tuple((number(x_values[position]), number(y_values[position])) for position in picked)
    return Figure(
        chart(SQUARE, SQUARE, caption, alt, drawn), alt, caption, Table(caption, axes, rows, frozenset({0, 1}))
    )


def _mark(x: float, y: float, *, bad: bool) -> Element:
    if bad:
        return Element("circle", {"cx": x, "cy": y, "r": 5, "fill": GROUND, "stroke": BAD, "stroke-width": 2.5})
    return Element("circle", {"cx": x, "cy": y, "r": 3, "fill": NOW})


def _runs(points: Sequence[Point]) -> list[list[int]]:
    """Positions of values that follow on each other."""
    runs: list[list[int]] = [[]]
    for position, point in enumerate(points):
        if point.value is None or not math.isfinite(point.value):
            runs.append([])
        else:
            runs[-1].append(position)
    return [run for run in runs if len(run) > 1]


def _labelled(count: int, characters: int) -> list[int]:
    """Which of so many points get their label: as many as have room, the first and the last among them."""
    room = max(2, int((WIDTH - 80) / (characters * CHARACTER + 14)))
    if count <= room:
        return list(range(count))
    step = -(-(count - 1) // (room - 1))
    kept = list(range(0, count - 1, step))
    if kept and count - 1 - kept[-1] < step:
        kept.pop()
    return [*kept, count - 1]
