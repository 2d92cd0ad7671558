"""The data set of a plan: how it is read, and which of its columns is which."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from graph.errors import InvalidError, NotFoundError
from monitors.analysis import Format
from monitors.datasets import translated
from monitors.processing import batch_records, captured
from monitors.processing.plans import Plan
from monitors.reading import Reading


def reading(plan: Plan) -> Reading:
    """How its files are read."""
    return Reading(format=cast("Format | None", plan.format), header=plan.header, workers=1)


def columns(plan: Plan) -> list[str]:
    """The names of its columns."""
    with translated():
        return list(reading(plan).open(plan.data).columns)


def first_line(plan: Plan) -> list[str]:
    """The fields of its first line of CSV."""
    data = Path(plan.data)
    file = data if data.is_file() else min(each for each in data.rglob("*") if each.is_file())
    with file.open(encoding="utf-8", errors="replace", newline="") as lines:
        return next(csv.reader(lines), [])


def narrowed(plan: Plan) -> Plan:
    """The plan for what lies in the window.

    Raises:
        NotFoundError: nothing does.
        InvalidError: what a batch transform read and wrote does not fit together.
    """
    assert plan.window is not None
    if plan.batch is not None:
        # Records have places as those of an endpoint.
        batch_records.write(
            Path(plan.batch), Path(plan.data), ("batch", "transform"), plan.format or "csv", header=plan.header
        )
    target = Path(plan.output).parent / "window"
    looked = captured.narrow(Path(plan.data), plan.window, target)
    if not looked.kept:
        raise NotFoundError(
            f"no captured data in {plan.looked}: {looked.files} files with {looked.records} records were looked at, "
            f"{looked.outside} of them outside of the window, {looked.unreadable} that can't be read. Check that the endpoint "
            "captures (DataCaptureConfig) and was asked at that time, or widen StartTimeOffset and EndTimeOffset"
        )
    return replace(plan, data=str(target))


def column(value: str, columns: Sequence[str], what: str) -> str:
    """A column by its name, or its number from 0.

    Raises:
        InvalidError: there is none.
    """
    if value in columns:
        return value
    if value.isdecimal() and int(value) < len(columns):
        return columns[int(value)]
    raise InvalidError(
        f"{what} is {value[:80]!r}, which is neither a column nor its number; the data has {shown(columns)}", path=what
    )


def shown(columns: Sequence[str]) -> str:
    """Columns, for people."""
    named = ", ".join(repr(name) for name in columns[:40])
    return named if len(columns) <= 40 else f"{named} and {len(columns) - 40} more"


def empty(plan: Plan) -> NotFoundError:
    """There are no rows."""
    return NotFoundError(f"{plan.uri} has no rows")
