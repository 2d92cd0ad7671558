"""The command `ingest`: many entities and associations from a file."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, command, progress

if TYPE_CHECKING:
    from graph.commands import Command, Place


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the file and the place where it stands."""

    place: str
    fields: dict[str, Any]


@dataclass(slots=True)
class Plan:
    """What a file asks for: its commands, where each stands, and the ARNs of its ids."""

    commands: "list[Command]" = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "ingest", panel="Ask the graph")(ingest)


def ingest(
    call: Call,
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON Lines or JSON; - reads standard input.")],
) -> int:
    r"""Write many entities and associations, 10,000 rows a transaction.

    One JSON object a line, or one JSON list, or {"entities": \[…], "associations": \[…]}:

    {"id": "train", "kind": "ARTIFACT", "sourceUri": "s3://data/train.csv", "type": "DataSet"}

    {"source": "train", "destination": "arn:aws:sagemaker:…", "association": "CONTRIBUTED_TO"}

    An end is an ARN or the id of a row. A transaction is written as a whole or not at all, and the faulty row is named.
    """

    async def work(session: Session) -> int:
        plan = _plan(session.place, list(_rows(file)))
        with progress(f"writing {file}", "rows") as report:
            written = await _write(session, plan, report)
        document = {"rows": len(plan.commands), **written, "ids": plan.ids}
        line = f"{len(plan.commands):,} rows: {written['created']:,} created, {written['changed']:,} changed"
        call.emit(document, lambda console: console.print(line))
        return DONE

    return call.graph(work)


def _plan(place: "Place", rows: list[Row]) -> Plan:
    """The commands of a file: entities first, so that associations may stand before their ends."""
    from api.cli.rows import associate_of, is_association, put_of
    from graph.errors import InvalidError, StemmaError

    plan = Plan()
    for row in sorted(rows, key=lambda row: is_association(row.fields)):
        try:
            if is_association(row.fields):
                plan.commands.append(associate_of(row.fields, lambda end: plan.ids.get(end, end)))
            else:
                put = put_of(place, row.fields)
                if (name := row.fields.get("id")) is not None and plan.ids.setdefault(str(name), put.arn) != put.arn:
                    raise InvalidError(f"the id {name!r} stands for another row already", path="id")
                plan.commands.append(put)
        except StemmaError as error:
            error.message = f"{row.place}: {error.message}"
            raise
        plan.places.append(row.place)
    return plan


async def _write(session: Session, plan: Plan, report: Callable[[int, int], None]) -> dict[str, Any]:
    """Write the commands in as many transactions as they need, and count what came of them."""
    from graph.errors import StemmaError
    from graph.limits import BATCH_ROWS

    created = changed = 0
    sequences: list[int] = []
    for begin in range(0, len(plan.commands), BATCH_ROWS):
        batch = plan.commands[begin : begin + BATCH_ROWS]
        try:
            outcome = await session.write(batch, "ingest")
        except StemmaError as error:
            place = "" if error.position is None else f"{plan.places[begin + error.position]}: "
            before = f" ({begin:,} rows before it were written)" if begin else " (nothing was written)"
            error.message = f"{place}{error.message}{before}"
            raise
        created += sum(applied.created for applied in outcome.applied)
        changed += sum(applied.changed for applied in outcome.applied)
        sequences += [] if outcome.sequence is None else [outcome.sequence]
        report(begin + len(batch), len(plan.commands))
    return {"created": created, "changed": changed, "sequences": sequences}


def _rows(file: str) -> Iterator[Row]:
    import orjson

    from graph.errors import InvalidError

    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidError(f"{file} can't be read: {error.strerror}", path="file") from None
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:
        whole = None
    if isinstance(whole, dict) and not {"kind", "source"} & set(whole):
        if unknown := set(whole) - {"entities", "associations"}:
            raise InvalidError(f"{file} has {min(unknown)!r}; known are entities and associations", path="file")
        for key, items in whole.items():
            yield from (Row(f"{key}[{index}]", _object(item, f"{key}[{index}]")) for index, item in enumerate(items))
        return
    if isinstance(whole, list):
        yield from (Row(f"row {index}", _object(item, f"row {index}")) for index, item in enumerate(whole))
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            fields = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InvalidError(f"{file}, line {number}: not JSON ({error})", path="file") from None
        yield Row(f"line {number}", _object(fields, f"line {number}"))


def _object(value: Any, place: str) -> dict[str, Any]:
    from graph.errors import InvalidError

    if not isinstance(value, dict):
        raise InvalidError(f"{place}: a JSON object is needed", path="file", constraint="objects")
    return value
