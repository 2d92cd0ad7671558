"""Parts of documents: texts, tables and pictures with their numbers, as `reports.documents` has them."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import strawberry

from reports import documents
from reports.documents import MOST_ROWS, Facts, Figure, Figures, Notice, Paragraph, Section, Table


@strawberry.type
class DocumentText:
    """A sentence or more; `tone` is `good`, `bad` or `note` where a reader must not miss it."""

    title: str | None
    text: str
    tone: str | None


@strawberry.type
class DocumentTable:
    """Rows of texts under named columns; `hidden` rows more are in the run's files."""

    caption: str
    columns: list[str]
    rows: list[list[str]]
    numeric: list[bool] = strawberry.field(description="Which columns are numbers.")
    hidden: int


@strawberry.type
class DocumentFigure:
    """A picture: an SVG document without scripts or links, what it shows in words, and its numbers."""

    svg: str
    alt: str
    caption: str
    table: DocumentTable | None


DocumentPart = Annotated[DocumentText | DocumentTable | DocumentFigure, strawberry.union("DocumentPart")]


@strawberry.type
class DocumentSection:
    """A heading, 1 for the outermost, and what stands under it."""

    heading: str
    level: int
    parts: list[DocumentPart]


def shown_parts(parts: Sequence[documents.Part]) -> list[DocumentPart]:
    """Parts as GraphQL shows them; pictures side by side come one after the other."""
    return [shown for part in parts for shown in _parts(part)]


def shown_sections(sections: Sequence[Section], level: int = 1) -> list[DocumentSection]:
    """Sections in reading order."""
    made: list[DocumentSection] = []
    for section in sections:
        made.append(DocumentSection(heading=section.heading, level=level, parts=shown_parts(section.parts)))
        made += shown_sections(section.sections, level + 1)
    return made


def shown_table(table: Table) -> DocumentTable:
    """A table as GraphQL shows it."""
    return DocumentTable(
        caption=table.caption,
        columns=list(table.columns),
        rows=[list(row) for row in table.rows[:MOST_ROWS]],
        numeric=[position in table.numeric for position in range(len(table.columns))],
        hidden=max(0, len(table.rows) - MOST_ROWS),
    )


def shown_figure(figure: Figure) -> DocumentFigure:
    """A picture as GraphQL shows it."""
    table = None if figure.table is None else shown_table(figure.table)
    return DocumentFigure(svg=figure.svg.decode(), alt=figure.alt, caption=figure.caption, table=table)


def _parts(part: documents.Part) -> Iterator[DocumentPart]:
    match part:
        case Figures():
            yield from map(shown_figure, part.items)
        case Figure():
            yield shown_figure(part)
        case Table():
            yield shown_table(part)
        case Paragraph():
            yield DocumentText(title=None, text=part.text, tone=None)
        case Notice():
            yield DocumentText(title=part.title, text=part.text, tone=part.tone)
        case Facts():
            yield DocumentTable(
                caption="",
                columns=["Name", "Value"],
                rows=[list(pair) for pair in part.pairs],
                numeric=[False, False],
                hidden=0,
            )
        case documents.Code():
            yield DocumentText(title=None, text=part.text, tone=None)
