"""Documents as PDF and HTML: what a reader gets is what was put in, whatever it is."""

import html.parser
from pathlib import Path
from typing import Any

import pytest

import reports
from graph.errors import TimeLimitError, TooExpensiveError
from reports import typesetting
from reports.charts.svg import chart
from reports.documents import Code, Document, Facts, Figure, Figures, Notice, Paragraph, Section, Table
from reports.rendering import document_html, document_pdf
from tests.reports.pdfs import metadata, reader, squeezed, tags, text_of

HOSTILE = '<img src=x onerror=alert(1)> #panic("x") $x^2$ *b* `c` @ref </style> {{ 7*7 }} \\ \'" &amp;'
ARN = "arn:aws:sagemaker:us-east-1:123456789012:artifact/0123456789abcdef0123456789abcdef"
TEMPLATES = Path(reports.__file__).parent / "templates"


def document(text: str = HOSTILE, rows: int = 3) -> Document:
    table = Table(text, ("name", text), tuple((f"{text}{row}", str(row)) for row in range(rows)), frozenset({1}), text)
    picture = Figure(chart(200, 60, text, text, []), text, text, table)
    return Document(
        text,
        text,
        (Notice("bad", text, text), Facts(((text, ARN), ("digest", "ab" * 32)))),
        (
            Section(text, (Paragraph(text, (f"{ARN}@3", text)), Code(f"a\n  {text}"), table)),
            Section("Pictures", (picture, Figures((picture, picture))), (Section("Below", (Notice("good", text),)),)),
        ),
        created=1_700_000_000,
        footer=text,
        contents=True,
    )


class Page(html.parser.HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


async def test_the_same_document_is_the_same_bytes() -> None:
    assert await document_pdf(document()) == await document_pdf(document())
    assert document_html(document()) == document_html(document())


async def test_a_pdf_is_tagged_and_says_so() -> None:
    made = await document_pdf(document())
    said = metadata(made)
    assert "<pdfuaid:part>1</pdfuaid:part>" in said
    assert "2023-11-14T22:13:20" in said
    root: Any = reader(made).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712  # a PDF's boolean
    assert root["/Lang"] == "en"
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/Caption", "/P"} <= set(tags(made))
    assert [str(item["/Title"]) for item in reader(made).outline if not isinstance(item, list)] == [
        f"1 {HOSTILE}",
        "2 Pictures",
        "3 The numbers behind the pictures",
        "4 Sources",
    ]


async def test_a_pdf_says_what_the_document_says() -> None:
    made = await document_pdf(document())
    text = text_of(made)
    # title, subtitle, notice twice, fact, heading, contents, paragraph, source, code, captions, columns, rows, …
    assert text.count(squeezed(HOSTILE)) > 25
    assert ARN in text
    assert "ab" * 32 in text
    assert all(squeezed(f"{HOSTILE}{row}") in text for row in range(3))
    pages = len(reader(made).pages)
    assert f"Page1of{pages}" in text


def test_a_page_says_what_the_document_says_and_does_nothing() -> None:
    page = Page(document_html(document()))
    assert sum(HOSTILE in text for text in page.text) > 20
    tags_of_page = {tag for tag, _ in page.elements}
    assert not tags_of_page & {"script", "img", "iframe", "object", "link", "form", "base"}
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert "src" not in attributes
    policy = next(attributes["content"] for tag, attributes in page.elements if "http-equiv" in attributes)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert [attributes["lang"] for tag, attributes in page.elements if tag == "html"] == ["en"]


async def test_what_deceives_a_reader_is_visible_on_paper_and_on_screen() -> None:
    text = "age\u202eexe.gnp\u200f\u2066\x00\x1b\u2028\ue000\ufeff"
    shown = "age⟨U+202E⟩exe.gnp⟨U+200F⟩⟨U+2066⟩⟨U+0000⟩⟨U+001B⟩⟨U+2028⟩⟨U+E000⟩⟨U+FEFF⟩"
    assert shown in text_of(await document_pdf(document(text)))
    page = document_html(document(text)).decode()
    assert shown in page
    assert not set(text) - set("agexnp.") & set(page)


async def test_characters_without_a_glyph_are_their_code_points_on_paper() -> None:
    made = text_of(await document_pdf(document("年収 😀 ไทย ➊ µ→≤ שלום Ж")))
    assert "⟨U+5E74⟩⟨U+53CE⟩⟨U+1F600⟩⟨U+0E44⟩" in made
    assert "µ→≤" in made
    assert "Ж" in made
    assert "年収 😀 ไทย ➊" in document_html(document("年収 😀 ไทย ➊")).decode()


async def test_long_tables_say_what_they_leave_out() -> None:
    long = Document("t", sections=(Section("s", (Table("c", ("a",), tuple((f"x{i}",) for i in range(250))),)),))
    text = text_of(await document_pdf(long))
    assert "x199" in text
    assert "x200" not in text
    assert "50of250rowsarenotshownhere." in text
    assert "50 of 250 rows are not shown here." in document_html(long).decode()


async def test_a_document_has_so_much_memory_and_time() -> None:
    data = {"rows": [[f"{row}"] * 20 for row in range(20_000)]}
    (rows,) = [
        {"kind": "table", "caption": "", "columns": ["a"] * 20, "numeric": [False] * 20}
        | {"hidden": 0, "rows": cells, "sources": []}
        for cells in data.values()
    ]
    whole = {"title": "t", "subtitle": "", "footer": "", "contents": False, "sources": [], "sections": []}
    with pytest.raises(TooExpensiveError, match="ask for CSV or JSON"):
        await typesetting.pdf("report", whole | {"parts": [rows]}, memory=256 << 20)
    with pytest.raises(TimeLimitError, match=r"0\.05 s"):
        await typesetting.pdf("report", whole | {"parts": [rows]}, seconds=0.05)
    with pytest.raises(TooExpensiveError, match="bytes of data"):
        await typesetting.pdf("report", {"title": "x" * (33 << 20)})


async def test_a_template_that_does_not_fit_its_data_says_where() -> None:
    with pytest.raises(typesetting.TypesettingError, match="report"):
        await typesetting.pdf("report", {"title": "x"})
    with pytest.raises(typesetting.TypesettingError, match="passwd"):
        await typesetting.pdf("../../../etc/passwd", {})


def test_templates_ask_for_nothing_outside() -> None:
    for path in TEMPLATES.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "@preview" not in text
        assert "://" not in text
        assert "<script" not in text
        assert "| safe" not in text
