"""What an audit report is made as."""

from collections.abc import Mapping
from enum import StrEnum


class Form(StrEnum):
    """What a report is made as: `csv` is a zip of all tables, `zip` has every form and what `stemma report verify` checks."""

    PDF = "pdf"
    HTML = "html"
    JSON = "json"
    CSV = "csv"
    ZIP = "zip"


MEDIA_TYPES: Mapping[Form, str] = {
    Form.PDF: "application/pdf",
    Form.HTML: "text/html; charset=utf-8",
    Form.JSON: "application/json",
    Form.CSV: "application/zip",
    Form.ZIP: "application/zip",
}
