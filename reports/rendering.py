"""A document as PDF and as HTML."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from reports import pages, typesetting
from reports.documents import MOST_ROWS, Document, Figure, Figures, Paragraph, Part, Section, Table

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


def plain(document: Document) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The document as templates take it: plain values, and its pictures by the names that stand in them."""
    figures: dict[str, bytes] = {}
    sources = _sources(document)
    data = {
        "title": document.title,
        "subtitle": document.subtitle,
        "footer": document.footer,
        "contents": document.contents,
        "sources": list(sources),
        "parts": [_part(part, figures, sources) for part in document.parts],
        "sections": _sections(document.sections, figures, sources, ()),
    }
    return data, figures


def _sources(document: Document) -> dict[str, int]:
    """What paragraphs rest on, numbered in the order in which it is first named."""
    found: dict[str, int] = {}
    waiting = [*document.sections][::-1]
    parts = list(document.parts)
    while True:
        for part in parts:
            if isinstance(part, Paragraph):
                for source in part.sources:
                    found.setdefault(source, len(found) + 1)
        if not waiting:
            return found
        section = waiting.pop()
        parts = list(section.parts)
        waiting += [*section.sections][::-1]


def _sections(
    sections: Sequence[Section], figures: dict[str, bytes], sources: dict[str, int], above: tuple[int, ...]
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


def _part(part: Part, figures: dict[str, bytes], sources: dict[str, int]) -> dict[str, Any]:
    kind = type(part).__name__.lower()
    match part:
        case Paragraph():
            return {"kind": kind, "text": part.text, "sources": [sources[source] for source in part.sources]}
        case Table():
            return _table(part)
        case Figure():
            return _figure(part, figures)
        case Figures():
            return {"kind": kind, "items": [_figure(item, figures) for item in part.items]}
        case _:
            return {"kind": kind, **asdict(part)}


def _figure(figure: Figure, figures: dict[str, bytes]) -> dict[str, Any]:
    name = f"figure-{len(figures) + 1}"
    figures[name] = figure.svg
    return {
        "kind": "figure",
        "name": name,
        "alt": figure.alt,
        "caption": figure.caption,
        "table": None if figure.table is None else _table(figure.table),
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "kind": "table",
        "caption": table.caption,
        "columns": table.columns,
        "rows": table.rows[:MOST_ROWS],
        "numeric": [position in table.numeric for position in range(len(table.columns))],
        "hidden": max(0, len(table.rows) - MOST_ROWS),
        "total": len(table.rows),
        "elsewhere": table.elsewhere,
    }
