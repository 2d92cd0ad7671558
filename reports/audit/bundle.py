"""The report's files: PDF, HTML, JSON, tables as CSV, the ledger's excerpt, and a zip of all with a manifest of digests."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from graph.canonical import digest
from graph.checkpoints import Checkpoints
from reports.audit.covered import Covered
from reports.audit.forms import MEDIA_TYPES, Form
from reports.audit.scope import Scope
from reports.audit.seal import with_seal
from reports.documents import Document, Figure, Figures, Part, Section, Table
from reports.lineage_tables import EDGE_COLUMNS, as_csv, cell, drawn_edges
from reports.rendering import document_html, document_pdf, plain

FORMAT = "stemma-audit-report/1"
MANIFEST, EXCERPT = "manifest.json", "ledger.json"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, so that the same files are the same zip."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a report."""

    name: str
    content: bytes
    media_type: str


async def made(form: Form, covered: Covered, document: Document, excerpt: Mapping[str, Any], keys: Checkpoints) -> File:
    """The report in one form, signed where `verify` reads it. CSV is a zip of tables, `zip` has everything.

    Raises:
        TooExpensiveError: a PDF of it would need more than one may.
        TimeLimitError: the same.
    """
    name = file_name(covered.scope, form)
    match form:
        case Form.PDF:
            content = await document_pdf(document)
        case Form.HTML:
            content = document_html(document)
        case Form.JSON:
            content = as_json(covered, document, excerpt, keys)
        case Form.CSV:
            content = archive(covered.scope, dict(tables(document, covered)), keys)
        case Form.ZIP:
            files = {
                "report.pdf": await document_pdf(document),
                "report.html": document_html(document),
                "report.json": as_json(covered, document, excerpt, keys),
                **dict(tables(document, covered)),
                EXCERPT: _json(excerpt),
            }
            content = archive(covered.scope, files, keys)
    return File(name, content, MEDIA_TYPES[form])


def file_name(scope: Scope, form: Form) -> str:
    """What a report's file is called: its subject, and the ledger entry up to which it knows."""
    subject = re.sub(r"[^A-Za-z0-9]+", "-", scope.asked.split(":", 5)[-1]).strip("-")[:60].strip("-")
    suffix = {Form.CSV: "tables.zip"}.get(form, form.value)
    return f"audit-{subject}-{scope.head.sequence}.{suffix}"


def as_json(covered: Covered, document: Document, excerpt: Mapping[str, Any], keys: Checkpoints) -> bytes:
    """The whole document as JSON (docs/reference/schemas/audit-report.schema.json), with every row, association and proof."""
    parts, _ = plain(document, most=1 << 31)
    parts.pop("contents")
    edges = drawn_edges(covered.edges)
    whole = {"format": FORMAT, "scope": asked(covered.scope), **parts, "associations": edges, "ledger": excerpt}
    return _json(with_seal(whole, covered.scope.account, keys))


def asked(scope: Scope) -> dict[str, Any]:
    """What was asked, as files say it."""
    return {
        "arn": scope.asked,
        "question": scope.question,
        "asOf": scope.as_of,
        "knownAt": scope.known_at,
        "knownAtSequence": scope.head.sequence,
        "account": scope.account,
        "region": scope.region,
    }


def tables(document: Document, covered: Covered) -> Iterator[tuple[str, bytes]]:
    """Each table of the document in full as CSV, by the name of its file; and the associations between all that was met."""
    yield "tables/associations.csv", as_csv(EDGE_COLUMNS, drawn_edges(covered.edges)).encode()
    found = [table for part in _parts(document) for table in _tables(part)]
    for number, table in enumerate(found, 1):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*table.columns, *(["source"] if table.sources else [])])
        for position, row in enumerate(table.rows):
            cells = [*row, *([table.sources[position]] if table.sources else [])]
            writer.writerow([cell(each) for each in cells])
        slug = re.sub(r"[^a-z0-9]+", "-", table.caption.lower()).strip("-")[:60].strip("-") or "table"
        yield f"tables/{number:02d}-{slug}.csv", text.getvalue().encode()


def archive(scope: Scope, files: Mapping[str, bytes], keys: Checkpoints) -> bytes:
    """A zip of files with a signed manifest of their digests; the same files are the same bytes."""
    listed = [
        {"name": name, "bytes": len(content), "sha256": digest(content)} for name, content in sorted(files.items())
    ]
    whole = {"format": FORMAT, "scope": asked(scope), "files": listed, "public_key": keys.public_key()}
    manifest = _json(with_seal(whole, scope.account, keys))
    buffer = io.BytesIO()
    # Stored as they are: what a compressor writes depends on its version.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as zipped:
        for name, content in ((MANIFEST, manifest), *sorted(files.items())):
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            info.create_system = 3
            zipped.writestr(info, content)
    return buffer.getvalue()


def _parts(document: Document) -> Iterator[Part]:
    yield from document.parts
    yield from _within(document.sections)


def _within(sections: Sequence[Section]) -> Iterator[Part]:
    for section in sections:
        yield from section.parts
        yield from _within(section.sections)


def _tables(part: Part) -> Iterator[Table]:
    match part:
        case Table():
            yield part
        case Figure():
            yield from () if part.table is None else (part.table,)
        case Figures():
            for item in part.items:
                yield from _tables(item)


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
