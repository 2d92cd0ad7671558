"""What values there are now, over what there were in the baseline."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from reports.charts.axes import (
    BEFORE,
    NOW,
    Scale,
    box,
    label,
    legend,
    path,
    ticks,
    vertical_axis,
)
from reports.charts.bars import Bar, bars
from reports.charts.svg import Element, chart
from reports.documents import Figure, Table
from reports.numbers import number, percent

WIDTH, HEIGHT = 420.0, 250.0
MOST_CATEGORIES = 12


def histogram(
    caption: str, edges: Sequence[float], now: Sequence[float], before: Sequence[float] | None = None
) -> Figure:
    """Shares of values by bin: the baseline's as filled bars, the current ones as an outline over them.

    Args:
        caption: The feature.
        edges: (n + 1,) where bins begin and end, rising.
        now: (n,) shares of the current values.
        before: (n,) shares of the baseline's values.
    """
    left, right, top, bottom = 52.0, WIDTH - 12, 30.0, HEIGHT - 36
    marks = ticks(0, max([*now, *(before or [])], default=1.0) or 1.0, 4)
    y = Scale(0, marks[-1], bottom, top)
    x = Scale(edges[0], edges[-1], left, right)
    drawn = _share_axis(y, left, right, marks)
    filled = now if before is None else before
    for position, share in enumerate(filled):
        begin, end = x(edges[position]), x(edges[position + 1])
        drawn.append(
            box(begin, y(share), max(end - begin - 0.5, 0.5), bottom - y(share), NOW if before is None else BEFORE)
        )
    if before is not None:
        outline = [(x(edges[0]), bottom)]
        for position, share in enumerate(now):
            outline += [(x(edges[position]), y(share)), (x(edges[position + 1]), y(share))]
        drawn.append(path([*outline, (x(edges[-1]), bottom)], NOW))
    drawn += _marks(edges, x, bottom)
    drawn += legend([(NOW, "now"), *([(BEFORE, "baseline")] if before is not None else [])], left, 14)
    alt = _numeric_words(caption, edges, now, before)
    return Figure(chart(WIDTH, HEIGHT, caption, alt, drawn), alt, caption, _bins(caption, edges, now, before))


def categories(caption: str, now: Mapping[str, float], before: Mapping[str, float] | None = None) -> Figure:
    """Shares of the most frequent texts, now and in the baseline; the others as one bar."""
    known = before or {}
    ranked = sorted({**known, **now}, key=lambda text: (-max(now.get(text, 0), known.get(text, 0)), text))
    shown = ranked[:MOST_CATEGORIES]
    items = [
        Bar(_named(text), now.get(text, 0.0), known.get(text, 0.0) if before is not None else None) for text in shown
    ]
    if len(ranked) > MOST_CATEGORIES:
        rest = sum(now.get(text, 0.0) for text in ranked[MOST_CATEGORIES:])
        rest_before = sum(known.get(text, 0.0) for text in ranked[MOST_CATEGORIES:])
        items.append(
            Bar(f"({len(ranked) - MOST_CATEGORIES} others)", rest, rest_before if before is not None else None)
        )
    drawn = bars(caption, items, measure="share of values", subject="Value", width=WIDTH)
    rows = tuple(
        (item.label, percent(item.value), *([percent(item.before)] if before is not None else [])) for item in items
    )
    columns = ("Value", "now", *(["baseline"] if before is not None else []))
    top = items[0] if items else None
    alt = f"{caption}: shares of {len(ranked)} values."
    if top is not None:
        alt += f" The most frequent is {top.label}: {percent(top.value)} now"
        alt += "." if top.before is None else f", {percent(top.before)} in the baseline."
    return Figure(drawn.svg, alt, caption, Table(caption, columns, rows, frozenset(range(1, len(columns)))))


def _share_axis(y: Scale, left: float, right: float, marks: Sequence[float]) -> list[Element]:
    axis = vertical_axis(y, left, right, marks)
    return [
        element if element.name != "text" else label(left - 6, y(mark) + 4, percent(mark), anchor="end")
        for element, mark in zip(axis, [mark for mark in marks for _ in range(2)], strict=True)
    ]


def _marks(edges: Sequence[float], x: Scale, bottom: float) -> list[Element]:
    """First, middle and last edge; of bins that are one whole number each, that number."""
    if _whole(edges):
        step = -(-(len(edges) - 1) // 10)
        return [label(x(edge + 0.5), bottom + 16, f"{edge + 0.5:.0f}", anchor="middle") for edge in edges[:-1][::step]]
    made = []
    for mark in sorted({edges[0], edges[len(edges) // 2], edges[-1]}):
        anchor = "start" if mark == edges[0] else "end" if mark == edges[-1] else "middle"
        made.append(label(x(mark), bottom + 16, number(mark, 3), anchor=anchor))
    return made


def _whole(edges: Sequence[float]) -> bool:
    """Whether each bin holds one whole number."""
    return all(high - low == 1 and low % 1 == 0.5 for low, high in pairwise(edges))


def _named(text: str) -> str:
    return text if text.strip() else f"“{text}”"


def _numeric_words(caption: str, edges: Sequence[float], now: Sequence[float], before: Sequence[float] | None) -> str:
    peak = max(range(len(now)), key=lambda position: now[position])
    said = f"{caption}: {len(now)} bins from {number(edges[0])} to {number(edges[-1])}. Most values now lie between"
    said += f" {number(edges[peak])} and {number(edges[peak + 1])} ({percent(now[peak])}"
    return said + (")." if before is None else f"; {percent(before[peak])} in the baseline).")


def _bins(caption: str, edges: Sequence[float], now: Sequence[float], before: Sequence[float] | None) -> Table:
    whole = _whole(edges)
    rows = tuple(
        (
            *([f"{edges[position] + 0.5:.0f}"] if whole else map(number, edges[position : position + 2])),
            percent(now[position]),
            *([percent(before[position])] if before is not None else []),
        )
        for position in range(len(now))
    )
    columns = (*(["value"] if whole else ["from", "to"]), "now", *(["baseline"] if before is not None else []))
    return Table(caption, columns, rows, frozenset(range(len(columns))))
