"""A document as a tree of plain parts, from which its PDF and its HTML are made (`reports.rendering`).

Texts are texts: no part of one is ever read as markup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MOST_ROWS = 200
"""Rows of a table in a document; what is more is in the files that it names."""

Tone = Literal["good", "bad", "note"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or more; `sources` are what it rests on: ARNs, each with its revision."""

    text: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What a reader must not miss: a verdict, a warning, a gap."""

    tone: Tone
    title: str
    text: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they have."""

    pairs: tuple[tuple[str, str], ...]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that a reader may copy."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns.

    Attributes:
        caption: What the rows are.
        columns: Their names.
        rows: Texts, as many in each as there are columns.
        numeric: The columns that are numbers, by position: they line up at the right.
        elsewhere: Where the rows beyond `MOST_ROWS` are to be found.
        sources: What each row rests on, as many as there are rows; none where that is not said.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    elsewhere: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture, what it shows in words, and its numbers as a table.

    Attributes:
        svg: An SVG document; `reports.charts` makes some.
        alt: What it shows, for those who can't see it.
        caption: What stands under it.
        table: Its numbers.
    """

    svg: bytes
    alt: str
    caption: str
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Pictures that belong together, two side by side, their tables after them."""

    items: tuple[Figure, ...]


Part = Paragraph | Notice | Facts | Code | Table | Figure | Figures


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    parts: Sequence[Part] = ()
    sections: Sequence["Section"] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A report.

    Attributes:
        title: Its name, on the first page and in the reader's window.
        subtitle: What kind of document it is.
        parts: What stands before the first section.
        sections: The rest.
        created: Its date, in seconds since the epoch, which is a part of the PDF's bytes; None for none.
        footer: What stands at the foot of every page.
        contents: Whether a table of contents follows the first parts.
    """

    title: str
    subtitle: str = ""
    parts: Sequence[Part] = ()
    sections: Sequence[Section] = ()
    created: int | None = None
    footer: str = ""
    contents: bool = False
