"""The process that typesets one document: an order as JSON on standard input, the PDF on standard output."""

import re
import resource
import sys
from pathlib import Path
from typing import Any

import orjson
import typst

from reports.characters import code_point

TEMPLATES = Path(__file__).parent / "templates"
UNSHOWABLE = re.compile(r'the text `"(?P<text>.+?)"` could not be displayed', re.DOTALL)
ESCAPED = re.compile(r"\\u\{(?P<digits>[0-9a-f]+)\}")
WIDE = 0x2E80
"""From here on, scripts are large: one character that the fonts lack means that they lack most."""


def main() -> None:
    """Read an order, write a document."""
    order = orjson.loads(sys.stdin.buffer.read())
    limit(order["memory"], order["seconds"])
    try:
        made = typeset(order)
    except typst.TypstError as error:
        sys.exit(f"{error.message} {error.diagnostic}")
    sys.stdout.buffer.write(made)


def limit(memory: int, seconds: float) -> None:
    """Let this process take no more than so many bytes and seconds of a processor."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def typeset(order: dict[str, Any]) -> bytes:
    """The PDF of an order, in which characters without a glyph are written as their code points.

    Raises:
        typst.TypstError: the template does not compile with this data.
    """
    compiler = typst.Compiler(
        TEMPLATES / f"{Path(order['template']).name}.typ",
        root=TEMPLATES,
        font_paths=typst.Fonts(include_system_fonts=False),
        ignore_system_fonts=True,
        package_path=TEMPLATES / "none",
        package_cache_path=TEMPLATES / "none",
    )
    created = order["created"]
    inputs = {
        "data": order["data"],
        "figures": orjson.dumps(order["figures"]).decode(),
        "dated": "no" if created is None else "yes",
    }
    while True:
        try:
            made = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"], timestamp=created or 0)
        except typst.TypstError as error:
            shown = {key: without(text, error.message) for key, text in inputs.items()}
            if shown == inputs:
                raise
            inputs = shown
            continue
        assert isinstance(made, bytes), "one document is asked for"
        return made


def without(text: str, message: str) -> str:
    """`text` with code points in place of the characters whose kind a message says can't be shown."""
    found = UNSHOWABLE.search(message)
    if found is None:
        return text
    named = ESCAPED.sub(lambda match: chr(int(match["digits"], 16)), found["text"])
    kinds = {_kind(character) for character in named if ord(character) > 0x7F}
    return "".join(code_point(c) if ord(c) > 0x7F and c not in "⟨⟩" and _kind(c) in kinds else c for c in text)


def _kind(character: str) -> int:
    """Characters that are shown, or not, together: half a page of code points, or all of the wide ones."""
    return min(ord(character), WIDE) >> 7


if __name__ == "__main__":
    main()
