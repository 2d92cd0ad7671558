"""A PDF read back by another library."""

import io
import re
from typing import Any

import pypdf


def reader(made: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made))


def text_of(made: bytes) -> str:
    """All text of all pages without white space, since lines break where the page ends."""
    return "".join(re.sub(r"\s+", "", page.extract_text()) for page in reader(made).pages)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def metadata(made: bytes) -> str:
    root: Any = reader(made).trailer["/Root"]
    return str(root["/Metadata"].get_data().decode())


def tags(made: bytes) -> list[str]:
    """The types of all structure elements, in reading order."""
    found: list[str] = []

    def walk(element: Any) -> None:
        element = element.get_object() if hasattr(element, "get_object") else element
        if isinstance(element, list):
            for item in element:
                walk(item)
        elif isinstance(element, dict):
            if "/S" in element:
                found.append(str(element["/S"]))
            if "/K" in element:
                walk(element["/K"])

    root: Any = reader(made).trailer["/Root"]
    walk(root["/StructTreeRoot"])
    return found
