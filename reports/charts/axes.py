"""What charts share: scales, round ticks, axes, legends, and labels that fit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.charts.svg import Element
from reports.numbers import number

WIDTH = 640.0
INK, MUTED, RULE, GROUND = "#1b2733", "#51606f", "#d5dbe1", "#ffffff"
NOW, BEFORE, BAD, LIMIT = "#1f5f8b", "#9aa9b7", "#b3261e", "#946200"
"""Colours of current values, of the baseline's, of what violates, of thresholds. Each also differs in shape or has a label.

All colours of charts stand here: the explorer has another set of them for the dark (ui/src/charts/colours.ts)."""

TINY = 1e-290
"""What is closer together is one value: floating-point numbers have few digits there."""

CHARACTER = 6.8
"""About the width of a character at the size of labels, in a wide font of a browser."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` on coordinates from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The coordinate of a value; what lies outside is drawn at the edge."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values whose first is not above `low` and whose last is not below `high`.

    Example:
        >>> ticks(0.03, 0.97)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return [0.0, 1.0]
    if high - low < TINY:
        room = abs(low) / 2 if abs(low) > TINY else 0.5
        low, high = low - room, high + room
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 2 - math.floor(math.log10(step)))
    return [round(position * step, digits) + 0.0 for position in range(first, last + 1)]


def label(x: float, y: float, text: str, *, anchor: str = "start", color: str = MUTED, most: int = 60) -> Element:
    """A text whose base line begins (or is centred, or ends) at a point; cut when it has more characters than `most`."""
    inner = text if len(text) <= most else f"{text[: most - 1]}…"
    return Element("text", {"x": x, "y": y, "text-anchor": anchor, "fill": color}, inner)


def turned(x: float, y: float, text: str) -> Element:
    """A text that runs upwards and is centred on a point."""
    place = f"translate({x:.2f} {y:.2f}) rotate(-90)"
    return Element("text", {"text-anchor": "middle", "fill": MUTED, "transform": place}, text)


def line(x1: float, y1: float, x2: float, y2: float, color: str, width: float = 1, dashes: str = "") -> Element:
    """A straight line."""
    attributes: dict[str, str | float] = {
        "x1": x1,
        "y1": y1,
        "x2": x2,
        "y2": y2,
        "stroke": color,
        "stroke-width": width,
    }
    return Element("line", attributes | ({"stroke-dasharray": dashes} if dashes else {}))


def box(x: float, y: float, width: float, height: float, fill: str, *, stroke: str = "") -> Element:
    """A rectangle."""
    attributes: dict[str, str | float] = {"x": x, "y": y, "width": width, "height": height, "fill": fill}
    return Element("rect", attributes | ({"stroke": stroke, "stroke-width": 1.4} if stroke else {}))


def path(points: Sequence[tuple[float, float]], color: str, *, width: float = 2, dashes: str = "") -> Element:
    """A line through points."""
    attributes: dict[str, str | float] = {
        "points": " ".join(f"{x:.2f},{y:.2f}" for x, y in points),
        "fill": "none",
        "stroke": color,
        "stroke-width": width,
        "stroke-linejoin": "round",
    }
    return Element("polyline", attributes | ({"stroke-dasharray": dashes} if dashes else {}))


def vertical_axis(scale: Scale, left: float, right: float, marks: Sequence[float]) -> list[Element]:
    """Horizontal rules with their values at the left."""
    made: list[Element] = []
    for mark in marks:
        y = scale(mark)
        made += [line(left, y, right, y, RULE), label(left - 6, y + 4, number(mark), anchor="end")]
    return made


def horizontal_axis(scale: Scale, top: float, bottom: float, marks: Sequence[float]) -> list[Element]:
    """Vertical rules with their values below."""
    made: list[Element] = []
    for mark in marks:
        x = scale(mark)
        made += [line(x, top, x, bottom, RULE), label(x, bottom + 16, number(mark), anchor="middle")]
    return made


def legend(entries: Sequence[tuple[str, str]], x: float, y: float) -> list[Element]:
    """Colours and what they stand for, in a row."""
    made: list[Element] = []
    for color, text in entries:
        made += [box(x, y - 9, 11, 11, color), label(x + 16, y, text, color=INK)]
        x += 34 + CHARACTER * len(text)
    return made


def label_width(texts: Sequence[str], most: int = 30) -> float:
    """Room for the longest of some labels."""
    return CHARACTER * min(most, max((len(text) for text in texts), default=0)) + 12
