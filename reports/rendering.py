"""A document as PDF and as HTML."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from reports import pages, typesetting
from reports.documents import MOST_ROWS, Document, Facts, Figure, Figures, Notice, Paragraph, Part, Section, Table

TEMPLATE = "report"


async def document_pdf(document: Document) -> bytes:
    """A tagged PDF (PDF/UA-1) with bookmarks and page numbers; the same document gives the same bytes.

    Raises:
        TooExpensiveError: it is larger than a PDF may be.
        TimeLimitError: it takes too long.

    Example:
        >>> import asyncio
        >>> from reports.documents import Facts, Section
        >>> card = Document("churn 3", "Model card", sections=(Section("Model", (Facts((("Owner", "risk"),)),)),))
        >>> asyncio.run(document_pdf(card))[:8]
        b'%PDF-1.7'
    """
    data, figures = plain(document)
    return await typesetting.pdf(TEMPLATE, data, figures, created=document.created)


def document_html(document: Document) -> bytes:
    """One page without scripts that asks for nothing else; the same document gives the same bytes."""
    data, figures = plain(document)
    return pages.html(TEMPLATE, data, figures)


def plain(document: Document, most: int = MOST_ROWS) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The document as templates take it: plain values, and its pictures by the names that stand in them.

    Args:
        document: What is to be shown.
        most: Rows of a table that are shown.
    """
    figures: dict[str, bytes] = {}
    sources = _Sources(most)
    data = {
        "title": document.title,
        "subtitle": document.subtitle,
        "footer": document.footer,
        "contents": document.contents,
        "parts": [_part(part, figures, sources) for part in document.parts],
        "sections": _sections(document.sections, figures, sources, ()),
    }
    return {**data, "sources": list(sources.numbers)}, figures


@dataclass(slots=True)
class _Sources:
    """What a document rests on, numbered in the order in which it is first named; of tables, of the rows that are shown."""

    most: int
    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, named: Sequence[str]) -> list[int]:
        return [self.numbers.setdefault(source, len(self.numbers) + 1) for source in named]


def _sections(
    sections: Sequence[Section], figures: dict[str, bytes], sources: _Sources, above: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Sections in reading order, each with its depth and number."""
    made: list[dict[str, Any]] = []
    for position, section in enumerate(sections, 1):
        number = (*above, position)
        made.append(
            {
                "heading": section.heading,
                "level": len(number),
                "number": ".".join(map(str, number)),
                "parts": [_part(part, figures, sources) for part in section.parts],
            }
        )
        made += _sections(section.sections, figures, sources, number)
    return made


def _part(part: Part, figures: dict[str, bytes], sources: _Sources) -> dict[str, Any]:
    kind = type(part).__name__.lower()
    match part:
        case Paragraph() | Notice() | Facts():
            return {"kind": kind, **asdict(part), "sources": sources.of(part.sources)}
        case Table():
            return _table(part, sources)
        case Figure():
            return _figure(part, figures, sources)
        case Figures():
            return {"kind": kind, "items": [_figure(item, figures, sources) for item in part.items]}
        case _:
            return {"kind": kind, **asdict(part)}


def _figure(figure: Figure, figures: dict[str, bytes], sources: _Sources) -> dict[str, Any]:
    name = f"figure-{len(figures) + 1}"
    figures[name] = figure.svg
    return {
        "kind": "figure",
        "name": name,
        "alt": figure.alt,
        "caption": figure.caption,
        "table": None if figure.table is None else _table(figure.table, sources),
    }


def _table(table: Table, sources: _Sources) -> dict[str, Any]:
    return {
        "kind": "table",
        "caption": table.caption,
        "columns": table.columns,
        "rows": table.rows[: sources.most],
        "numeric": [position in table.numeric for position in range(len(table.columns))],
        "hidden": max(0, len(table.rows) - sources.most),
        "total": len(table.rows),
        "elsewhere": table.elsewhere,
        "sources": sources.of(table.sources[: sources.most]),
    }
