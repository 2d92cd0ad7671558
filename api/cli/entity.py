"""Commands about single entities: `entity show`, `entity list`, `entity history`; those that change them are in edits.py."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import edits
from api.cli.call import DONE, Call, Session, command, table
from api.cli.options import Arn, AsOf, KnownAt, SourceUri, TypeOption
from api.cli.values import moment
from api.cli.walks import short

if TYPE_CHECKING:
    from rich.console import Console

    from graph.entities import Entity


class KindName(StrEnum):
    """A kind as people write it."""

    artifact = "artifact"
    action = "action"
    context = "context"
    trial_component = "trial-component"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    entity = typer.Typer(no_args_is_help=True, help="Show, create and change what the graph holds.")
    command(entity, "show")(show)
    command(entity, "list")(list_)
    command(entity, "history")(history)
    edits.register(entity)
    app.add_typer(entity, name="entity", rich_help_panel="Ask the graph")


def show(call: Call, arn: Arn, as_of: AsOf = None, known_at: KnownAt = None) -> int:
    """Show one entity with all its fields, now or as it was."""

    async def work(session: Session) -> int:
        from api.cli.rows import entity_document

        when = await moment(session, as_of, known_at)
        entity = await session.catalog.entity(session.account, await session.arn(arn, when), when)
        call.emit(entity_document(entity), lambda console: _show(console, entity))
        return DONE

    return call.graph(work)


def list_(
    call: Call,
    kind: Annotated[KindName, typer.Argument(help="Of which kind.", case_sensitive=False)],
    type: TypeOption = None,  # noqa: A002  # the field's own name
    name: Annotated[str | None, typer.Option(help="With exactly this name.")] = None,
    source_uri: SourceUri = None,
    first: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 50,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> int:
    """List the entities of a kind, newest first."""

    async def work(session: Session) -> int:
        from api.cli.rows import entity_document
        from graph import listing
        from graph.entities import Kind

        page = await listing.entities(
            session.catalog.store,
            session.account,
            Kind(kind.name.upper()),
            await moment(session, as_of, known_at),
            filter=listing.Filter(type=type, name=name, source_uri=source_uri),
            first=first,
        )
        found = [entity for _, entity in page.items]

        def show(console: "Console") -> None:
            cells = [(entity.type, entity.name, entity.source_uri, short(entity.arn)) for entity in found]
            console.print(table(None, ("type", "name", "source", "ARN"), cells))
            if page.more:
                console.print(f"more than {first}; see --first")

        call.emit({"entities": [entity_document(entity) for entity in found], "more": page.more}, show)
        return DONE

    return call.graph(work)


def history(call: Call, arn: Arn, first: Annotated[int, typer.Option(min=1, max=500)] = 50) -> int:
    """Show what became of an entity, newest first: who changed what, when, and the ledger entry that proves it."""

    async def work(session: Session) -> int:
        from api.cli.rows import entity_document
        from graph.history import changes
        from graph.times import from_ms, from_us

        when = await session.catalog.moment(session.account)
        named = await session.arn(arn, when)
        found = await changes(session.catalog.store, session.account, named, when.known, first=first)
        documents: list[dict[str, Any]] = [
            {
                "sequence": change.sequence,
                "recordedAt": from_us(change.recorded).isoformat(),
                "validFrom": from_ms(change.valid_from).isoformat(),
                "actor": change.actor,
                "door": change.door,
                "operation": change.operation,
                "before": None if change.before is None else entity_document(change.before),
                "after": None if change.after is None else entity_document(change.after),
            }
            for change in found
        ]

        def show(console: "Console") -> None:
            columns = ("#entry", "recorded", "valid from", "who", "door", "what", "fields")
            cells = [
                (
                    *(row[key] for key in ("sequence", "recordedAt", "validFrom", "actor", "door", "operation")),
                    _diff(row),
                )
                for row in documents
            ]
            console.print(table(None, columns, cells))

        call.emit(documents, show)
        return DONE

    return call.graph(work)


def _show(console: "Console", entity: "Entity") -> None:
    from api.cli.rows import entity_document

    cells: list[tuple[str, object]] = []
    for key, value in entity_document(entity).items():
        if isinstance(value, dict):
            cells += [
                (f"{key}.{name}", item["value"] if isinstance(item, dict) else item) for name, item in value.items()
            ]
        elif isinstance(value, list):
            cells += [(key, f"{item['type']}={item['value']}") for item in value]
        else:
            cells.append((key, value))
    console.print(table(None, ("field", "value"), cells))


def _diff(row: dict[str, Any]) -> str:
    before, after = row["before"] or {}, row["after"] or {}
    names = {*before, *after} - {"modifiedAt", "modifiedBy"}
    return ", ".join(sorted(name for name in names if before.get(name) != after.get(name)))
