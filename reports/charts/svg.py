"""SVG documents, element by element."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from reports.characters import visible

FONT = "'Libertinus Serif', system-ui, sans-serif"
"""The first is the one that PDFs are set in."""

Value = str | float


@dataclass(frozen=True, slots=True)
class Element:
    """An element with its attributes and what stands in it."""

    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict)
    inner: "str | Sequence[Element]" = ""

    def text(self) -> str:
        """The element as it stands in a file."""
        attributes = "".join(f" {key}={quoteattr(plain(value))}" for key, value in self.attributes.items())
        inner = escape(visible(self.inner)) if isinstance(self.inner, str) else "".join(e.text() for e in self.inner)
        return f"<{self.name}{attributes}>{inner}</{self.name}>" if inner else f"<{self.name}{attributes}/>"


def chart(width: float, height: float, title: str, description: str, elements: Sequence[Element]) -> bytes:
    """A whole picture with its title and description, which screen readers read.

    Args:
        width: Of its coordinates; it is shown as wide as there is room.
        height: The same.
        title: Its name.
        description: What it shows.
        elements: What is drawn.
    """
    attributes: dict[str, Value] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {plain(width)} {plain(height)}",
        "role": "img",
        "aria-label": f"{title}: {description}",
        "font-family": FONT,
        "font-size": 12,
        "fill": "#1b2733",
    }
    named = [Element("title", inner=title), Element("desc", inner=description)]
    return Element("svg", attributes, [*named, *elements]).text().encode() + b"\n"


def plain(value: Value) -> str:
    """An attribute's value: numbers to a hundredth of a unit, so that rounding elsewhere does not show."""
    if isinstance(value, str):
        return visible(value)
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
