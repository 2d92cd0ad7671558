"""One bar a thing: distances of features, metrics of groups, shares of values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.charts.axes import (
    BAD,
    BEFORE,
    CHARACTER,
    INK,
    LIMIT,
    MUTED,
    NOW,
    WIDTH,
    Scale,
    box,
    horizontal_axis,
    label,
    label_width,
    legend,
    line,
    ticks,
)
from reports.charts.svg import Element, chart
from reports.documents import Figure, Table
from reports.numbers import interval, number

ROW, DENSE = 24.0, 18.0
MANY = 12
"""Bars from which rows are dense."""

LABEL = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A value under a name.

    Attributes:
        label: Its name.
        value: NaN and None have no bar; infinities reach the edge.
        before: The baseline's value, where there is one.
        threshold: What the value is held against, where it has one of its own.
        interval: Between what it lies.
        bad: Whether it violates.
    """

    label: str
    value: float | None
    before: float | None = None
    threshold: float | None = None
    interval: tuple[float, float] | None = None
    bad: bool = False


def bars(
    caption: str,
    items: Sequence[Bar],
    *,
    measure: str,
    origin: float = 0.0,
    threshold: float | None = None,
    subject: str = "Feature",
    width: float = WIDTH,
) -> Figure:
    """Horizontal bars from an origin, the baseline's values thinner beneath them.

    Args:
        caption: What the picture shows.
        items: The bars, from the top.
        measure: What is measured, as the axis says it.
        origin: Where bars begin: 0, or the fair value.
        threshold: One that all values are held against: a dashed line.
        subject: What the labels are, as the table's first column says it.
        width: Of the picture; narrower ones stand side by side.
    """
    most = LABEL if width >= WIDTH else LABEL // 2
    left, right, top = label_width([item.label for item in items], most), width - _room(items), 30.0
    step = ROW if len(items) <= MANY else DENSE
    bottom = top + step * len(items)
    shown = [origin, *_finite(items), *([threshold] if threshold is not None else [])]
    marks = ticks(min(shown), max(shown))
    scale = Scale(marks[0], marks[-1], left, right)
    drawn = horizontal_axis(scale, top, bottom, marks)
    for position, item in enumerate(items):
        drawn += _bar(item, top + step * position, scale, origin, (left, right), most)
    drawn.append(line(scale(origin), top, scale(origin), bottom, INK))
    if threshold is not None:
        drawn.append(line(scale(threshold), top, scale(threshold), bottom, LIMIT, 1.5, "5 3"))
    drawn += _legend(items, threshold, measure)
    drawn.append(label((left + right) / 2, bottom + 34, measure, anchor="middle"))
    alt = _words(caption, items, measure, threshold)
    return Figure(
        chart(width, bottom + 44, caption, alt, drawn), alt, caption, _table(caption, items, measure, subject)
    )


def _bar(item: Bar, y: float, scale: Scale, origin: float, ends: tuple[float, float], most: int) -> list[Element]:
    left, right = ends
    made = [label(left - 8, y + 13, item.label, anchor="end", color=INK, most=most)]
    if item.before is not None and not math.isnan(item.before):
        made.append(_from(scale(origin), scale(item.before), y + 12, 5, BEFORE))
    color = BAD if item.bad else NOW
    if item.value is not None and not math.isnan(item.value):
        made.append(_from(scale(origin), scale(item.value), y + 2, 10, color))
    if item.interval is not None:
        low, high = (scale(end) for end in item.interval)
        made += [
            line(low, y + 7, high, y + 7, INK),
            line(low, y + 4, low, y + 10, INK),
            line(high, y + 4, high, y + 10, INK),
        ]
    if item.threshold is not None and math.isfinite(item.threshold):
        made.append(line(scale(item.threshold), y, scale(item.threshold), y + 17, LIMIT, 2))
    made.append(label(right + 8, y + 12, _value(item), color=BAD if item.bad else MUTED))
    return made


def _value(item: Bar) -> str:
    """What stands behind a bar."""
    return f"{number(item.value)}{' !' if item.bad else ''}"


def _room(items: Sequence[Bar]) -> float:
    """How wide what stands behind the bars is."""
    return max(64.0, 16 + CHARACTER * max((len(_value(item)) for item in items), default=0))


def _from(start: float, end: float, y: float, height: float, color: str) -> Element:
    return box(min(start, end), y, max(abs(end - start), 0.75), height, color)


def _finite(items: Sequence[Bar]) -> list[float]:
    values = [value for item in items for value in (item.value, item.before, item.threshold, *(item.interval or ()))]
    return [value for value in values if value is not None and math.isfinite(value)]


def _legend(items: Sequence[Bar], threshold: float | None, measure: str) -> list[Element]:
    entries = [(NOW, measure if all(item.before is None for item in items) else "now")]
    if any(item.bad for item in items):
        entries.append((BAD, "violates"))
    if any(item.before is not None for item in items):
        entries.append((BEFORE, "baseline"))
    if threshold is not None or any(item.threshold is not None for item in items):
        entries.append((LIMIT, "threshold"))
    return legend(entries, 4, 14)


def _words(caption: str, items: Sequence[Bar], measure: str, threshold: float | None) -> str:
    bad = [item.label for item in items if item.bad]
    held = "" if threshold is None else f", held against {number(threshold)}"
    said = (
        f"{len(bad)} of {len(items)} violate: {', '.join(bad[:8])}{' …' if len(bad) > 8 else ''}."
        if bad
        else "None violates."
    )
    return f"{caption}: bars of {measure}{held}. {said}"


def _table(caption: str, items: Sequence[Bar], measure: str, subject: str) -> Table:
    optional = {
        "baseline": [number(item.before) for item in items],
        "threshold": [number(item.threshold) for item in items],
        "interval": [interval(*item.interval) if item.interval else "–" for item in items],
    }
    more = {name: cells for name, cells in optional.items() if set(cells) - {"–"}}
    rows = tuple(
        (item.label, number(item.value), *(cells[position] for cells in more.values()), "yes" if item.bad else "no")
        for position, item in enumerate(items)
    )
    columns = (subject, measure, *more, "violates")
    return Table(caption, columns, rows, frozenset(range(1, len(columns) - 1)))
