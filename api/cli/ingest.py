"""The command `ingest`: many entities and associations from a file."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, command, progress

if TYPE_CHECKING:
    from graph.commands import Command


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the file and the place where it stands."""

    place: str
    fields: dict[str, Any]


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
        from api.cli.rows import associate_of, is_association, put_of
        from graph.errors import InvalidError, StemmaError
        from graph.limits import BATCH_ROWS

        rows = list(_rows(file))
        ids: dict[str, str] = {}
        made: list[Command] = []
        places: list[str] = []

        def arn_of(end: str) -> str:
            return ids.get(end, end)

        ordered = [row for row in rows if not is_association(row.fields)]
        ordered += [row for row in rows if is_association(row.fields)]
        for row in ordered:
            try:
                if is_association(row.fields):
                    made.append(associate_of(row.fields, arn_of))
                else:
                    put = put_of(session.place, row.fields)
                    if (name := row.fields.get("id")) is not None and ids.setdefault(name, put.arn) != put.arn:
                        raise InvalidError(f"the id {name!r} stands for another row already", path="id")
                    made.append(put)
            except StemmaError as error:
                error.message = f"{row.place}: {error.message}"
                raise
            places.append(row.place)
        created = changed = 0
        sequences: list[int] = []
        with progress(f"writing {file}", "rows") as report:
            for begin in range(0, len(made), BATCH_ROWS):
                batch = made[begin : begin + BATCH_ROWS]
                try:
                    outcome = await session.write(batch, "ingest")
                except StemmaError as error:
                    position = begin + (error.position or 0)
                    before = f" ({begin:,} rows before it were written)" if begin else " (nothing was written)"
                    error.message = f"{places[position]}: {error.message}{before}"
                    raise
                created += sum(applied.created for applied in outcome.applied)
                changed += sum(applied.changed for applied in outcome.applied)
                sequences += [] if outcome.sequence is None else [outcome.sequence]
                report(begin + len(batch), len(made))
        document = {"rows": len(made), "created": created, "changed": changed, "sequences": sequences, "ids": ids}
        call.emit(
            document, lambda console: console.print(f"{len(made):,} rows: {created:,} created, {changed:,} changed")
        )
        return DONE

    return call.graph(work)


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
