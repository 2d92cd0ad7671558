"""PDF from a template and data: typst, in a process of its own with limits.

The process reads templates of this package and nothing else: no files, no fonts of the machine, no packages from the
network. Data reaches a template as values and is never parsed as markup. The same arguments give the same bytes.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import orjson

from graph.errors import TimeLimitError, TooExpensiveError
from reports.characters import visible, visible_in

SECONDS = 60.0
MEMORY = 1 << 30
"""Bytes of memory that a document may take: some 5,000 rows of tables."""

MOST_INPUT = 32 << 20
"""Bytes of data and pictures."""


class TypesettingError(RuntimeError):
    """A template and its data do not fit each other: a fault of ours."""


async def pdf(
    template: str,
    data: Mapping[str, Any],
    figures: Mapping[str, bytes] | None = None,
    *,
    created: int | None = None,
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> bytes:
    """Typeset a template of `reports/templates/` with data: a tagged PDF (PDF/UA-1) with bookmarks.

    Characters that can't be seen are written as their code points, and so are those that none of typst's own fonts has
    (they have Latin, Greek, Cyrillic, Hebrew, Arabic and symbols).

    Args:
        template: Its name without `.typ`. It begins with `#import "base.typ": data, figure-bytes`.
        data: Plain values, which the template finds as `data`.
        figures: SVG pictures by name, which the template finds with `figure-bytes(name)`.
        created: Seconds since the epoch: the document's date; without it the document has none.
        seconds: How long it may take.
        memory: Bytes that it may take.

    Raises:
        TooExpensiveError: the document needs more memory than it may take, or its data is larger than it may be.
        TimeLimitError: it takes longer than it may.
        TypesettingError: the template and its data do not fit each other.

    Example:
        >>> from reports.documents import Document, Facts, Section
        >>> card = Document("churn 3", "Model card", sections=(Section("Model", (Facts((("Owner", "risk"),)),)),))
        >>> asyncio.run(pdf("report", card.to_data()))[:8]
        b'%PDF-1.7'
    """
    pictures = {name: visible(picture.decode()) for name, picture in (figures or {}).items()}
    order = orjson.dumps(
        {
            "template": template,
            "data": orjson.dumps(visible_in(data)).decode(),
            "figures": pictures,
            "created": created,
            "memory": memory,
            "seconds": seconds,
        }
    )
    if len(order) > MOST_INPUT:
        raise TooExpensiveError(
            f"the document has {len(order):,} bytes of data; a PDF may have {MOST_INPUT:,}: ask for CSV or JSON"
        )
    code, made, said = await _typeset(order, seconds)
    if not code:
        return made
    if code < 0 or b"MemoryError" in said:
        raise TooExpensiveError(
            f"the document needs more than the {memory >> 20} MiB or {seconds:g} s that it may take: "
            "ask for CSV or JSON"
        )
    raise TypesettingError(f"{template}: {said.decode(errors='replace').strip()[-2000:]}")


async def _typeset(order: bytes, seconds: float) -> tuple[int, bytes, bytes]:
    """How the process ended, what it made and what it said.

    Raises:
        TimeLimitError: it took longer than it may.
    """
    # -I: neither the folder that the caller stands in nor variables of the environment decide what is imported.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "reports.typesetter"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", "")},
    )
    try:
        async with asyncio.timeout(seconds):
            made, said = await process.communicate(order)
    except TimeoutError:
        raise TimeLimitError(f"the document was not typeset within {seconds:g} s; ask for CSV or JSON") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode or 0, made, said
