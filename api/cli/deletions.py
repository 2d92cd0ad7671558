"""The command `entity delete`: what it would take along, and the deletion itself."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, FAILED, Call, Session, console, table
from api.cli.options import Arn, ValidTo
from api.cli.values import time

if TYPE_CHECKING:
    from rich.console import Console

    from graph.applied import Applied
    from graph.deletions import Delete
    from graph.entities import Entity

LISTED = 100
"""Entities that a preview names at most."""


class Cascade(StrEnum):
    """What goes with an entity that is deleted."""

    none = "none"
    associations = "associations"
    descendants = "descendants"


def delete(
    call: Call,
    arn: Arn,
    cascade: Annotated[
        Cascade,
        typer.Option(
            help="What ends with it: nothing, its associations, or also what was made from it and from nothing else."
        ),
    ] = Cascade.none,
    valid_to: ValidTo = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would end, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete descendants without asking.")] = False,
) -> int:
    """Let an entity end; its history stays."""

    async def work(session: Session) -> int:
        from graph import cascades

        store = session.catalog.store
        named = await session.arn(arn)
        made = await cascades.deletion(
            store, session.account, named, cascade=cascade.value.upper(), valid_to=time(valid_to, "valid-to")
        )
        known = await _known(session, made)
        asks = cascade is Cascade.descendants and not yes
        if preview or asks:
            shown = _document(made, await cascades.preview(store, session.caller, made), known)
            if preview:
                call.emit({**shown, "preview": True}, lambda console: _show(console, shown, "would end"))
                return DONE
            if not _agreed(call, shown):
                return FAILED
        outcome = await session.write([made], "entity_delete")
        done = outcome.applied[0]
        document = {**_document(made, done, known), "changed": done.changed, "sequence": outcome.sequence}
        call.emit({**document, "preview": False}, lambda console: _show(console, document, "deleted"))
        return DONE

    return call.graph(work)


def _agreed(call: Call, document: dict[str, Any]) -> bool:
    """Whether the person at the terminal wants this to end; what no person can be asked about is refused."""
    from graph.errors import InvalidError

    if call.json or not sys.stdin.isatty():
        raise InvalidError(
            f"{document['entityCount']} entities and {document['associationCount']} associations would end; "
            "look at them with --preview, and delete them with --yes",
            path="yes",
        )
    _show(console(), document, "would end")
    return typer.confirm("Delete them?")


async def _known(session: Session, made: "Delete") -> "dict[str, Entity]":
    """The entities that a preview names, as they are before the deletion."""
    from graph import history

    when = await session.catalog.moment(session.account)
    named = [*made.arns[:LISTED], *made.kept[:LISTED]]
    return await history.entities(session.catalog.store, session.account, named, when)


def _document(made: "Delete", applied: "Applied", known: "dict[str, Entity]") -> dict[str, Any]:
    def rows(arns: Sequence[str]) -> list[dict[str, Any]]:
        there = [known[arn] for arn in arns[:LISTED] if arn in known]
        return [{"arn": each.arn, "kind": each.kind.value, "type": each.type, "name": each.name} for each in there]

    return {
        "arn": made.arn,
        "entityCount": applied.entities,
        "associationCount": applied.associations,
        "entities": rows(made.arns),
        "kept": rows(made.kept),
    }


def _show(console: "Console", document: dict[str, Any], what: str) -> None:
    from api.cli.walks import short

    rows = [(what, row) for row in document["entities"]] + [("stays", row) for row in document["kept"]]
    cells = [(state, row["kind"].lower(), row["type"], row["name"], short(row["arn"])) for state, row in rows]
    if len(cells) > 1 or what != "deleted":
        console.print(table(None, ("", "kind", "type", "name", "ARN"), cells))
    counts = f"{document['entityCount']} entities, {document['associationCount']} associations"
    console.print(f"{what} {document['arn']}: {counts}", markup=False, soft_wrap=True)
