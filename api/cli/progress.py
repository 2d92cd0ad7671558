"""How far something long has come: a bar on a terminal, else a line now and then; always on standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Report = Callable[[int, int], None]
"""Told what is done and what there is in all."""

FIRST_SECONDS = 2.0
EVERY_SECONDS = 10.0


@contextmanager
def shown(what: str, unit: str = "bytes") -> Iterator[Report]:
    """Show progress while the block runs.

    Args:
        what: What is being done, such as `reading train.csv`.
        unit: What is counted; `bytes` are written with their prefix.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(what, unit)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None, state="")

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, state=_state(done, total, unit))

        yield report


def _lines(what: str, unit: str) -> Report:
    due = time.monotonic() + FIRST_SECONDS

    def report(done: int, total: int) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + EVERY_SECONDS
            sys.stderr.write(f"stemma: {what}: {_state(done, total, unit)}\n")

    return report


def _state(done: int, total: int, unit: str) -> str:
    if unit == "bytes":
        return f"{decimal(done)} of {decimal(total)}"
    return f"{done:,} of {total:,} {unit}"
