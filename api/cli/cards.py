"""`registry cards list|show|create|write|status|versions|fill|export|delete`: model cards."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, command, table
from api.cli.options import KnownAt
from api.cli.values import moment

if TYPE_CHECKING:
    from graph.registry.cards.lists import Card

CARD = Annotated[str, typer.Argument(metavar="CARD", help="A model card, by name or ARN.")]
FILE = Annotated[Path, typer.Argument(metavar="FILE", help="Its content as JSON.", exists=True, dir_okay=False)]
STATUS = "Draft, PendingReview, Approved or Archived."
FIRST = Annotated[int, typer.Option(min=1, max=500, help="How many at most.")]
VERSION = Annotated[int | None, typer.Option(help="Which version; the newest by default.")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of the registry."""
    group = typer.Typer(no_args_is_help=True, help="Write model cards, review and export them.")
    for name, function in (
        *(("list", cards), ("show", show), ("create", create), ("write", write), ("status", status)),
        *(("versions", versions), ("fill", fill), ("export", export), ("delete", delete)),
    ):
        command(group, name)(function)
    app.add_typer(group, name="cards")


def cards(
    call: Call,
    contains: Annotated[str | None, typer.Option(help="Only cards whose name contains this.")] = None,
    status: Annotated[str | None, typer.Option(help=f"Only those that are {STATUS}")] = None,
    first: FIRST = 100,
) -> int:
    """List model cards by name."""

    async def work(session: Session) -> int:
        from graph.listing import Sort
        from graph.registry.cards import lists
        from graph.registry.lists import RegistryFilter

        page = await lists.page(
            *(session.catalog.store, session.account, await session.catalog.moment(session.account)),
            filter=RegistryFilter(contains=contains, approval=None if status is None else _status(status)),
            sort=Sort.NAME,
            descending=False,
            first=first,
        )
        _print(
            call, [_document(card) for _, card in page.items], ("name", "version", "status", "modelId", "modifiedAt")
        )
        return DONE

    return call.graph(work)


def show(call: Call, card: CARD, version: VERSION = None, known_at: KnownAt = None) -> int:
    """Show a card and what it says."""

    async def work(session: Session) -> int:
        import orjson

        found = await _find(session, card, version, known_at)
        document = {**_document(found), "content": found.content}
        text = orjson.dumps(found.content, option=orjson.OPT_INDENT_2).decode()
        rows = [*[(key, value) for key, value in _document(found).items()], ("content", text)]
        call.emit(document, lambda console: console.print(table(None, ("field", "value"), rows)))
        return DONE

    return call.graph(work)


def create(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    file: FILE,
    status: Annotated[str, typer.Option(help=STATUS)] = "Draft",
) -> int:
    """Make a card from a file."""

    async def work(session: Session) -> int:
        from graph.registry.cards import changes

        made = changes.create(session.place, name, _text(file), status=_status(status))
        return await _done(call, session, made, "createModelCard")

    return call.graph(work)


def write(call: Call, card: CARD, file: FILE) -> int:
    """Write a card anew from a file: that makes its next version."""

    async def work(session: Session) -> int:
        from graph.registry.cards import changes

        made = changes.revise(session.place, card, _text(file), role=session.caller.role)
        return await _done(call, session, made, "writeModelCard")

    return call.graph(work)


def status(
    call: Call,
    card: CARD,
    wanted: Annotated[str, typer.Argument(metavar="STATUS", help=STATUS)],
    version: Annotated[
        int | None, typer.Option(help="Only if this is its newest version: the one that was read.")
    ] = None,
) -> int:
    """Set how far a card has come in its review."""

    async def work(session: Session) -> int:
        from graph.registry.cards import changes

        made = changes.set_status(session.place, card, _status(wanted), version=version)
        return await _done(call, session, made, "setModelCardStatus")

    return call.graph(work)


def versions(call: Call, card: CARD, first: FIRST = 100) -> int:
    """List the versions of a card, newest first."""

    async def work(session: Session) -> int:
        from graph.registry.cards import lists

        when = await session.catalog.moment(session.account)
        newest = await lists.card(session.catalog.store, session.place, card, when)
        page = await lists.versions(session.catalog.store, session.place, newest, when, first=first)
        rows = [{**_document(found), "createdAt": _time(found.begun or 0)} for _, found in page.items]
        _print(call, rows, ("version", "status", "createdAt", "modifiedBy"))
        return DONE

    return call.graph(work)


def fill(
    call: Call,
    card: CARD,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A model version: GROUP/NUMBER or its ARN.")],
) -> int:
    """Write into a card what the graph knows of a model version; the card is made when it is not there."""

    async def work(session: Session) -> int:
        import orjson

        from graph.errors import NotFoundError
        from graph.registry import lists as packages
        from graph.registry.cards import changes, filling, lists

        store, place = session.catalog.store, session.place
        when = await session.catalog.moment(session.account)
        package = await packages.package(store, place, version, when)
        try:
            held = await lists.card(store, place, card, when)
        except NotFoundError:
            content = await filling.filled(store, place, package, when)
            made: Any = changes.create(place, card, orjson.dumps(content).decode())
        else:
            content = await filling.filled(store, place, package, when, held.content)
            made = changes.revise(place, card, orjson.dumps(content).decode(), role=session.caller.role)
        return await _done(call, session, made, "fillModelCard")

    return call.graph(work)


def export(
    call: Call,
    card: CARD,
    name: Annotated[str | None, typer.Option(help="Of the export; a card has one of each name.")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="S3-PREFIX", help="Where to; the artifact store by default.")
    ] = None,
    version: VERSION = None,
) -> int:
    """Typeset a card as PDF, and record where the file lies."""

    async def work(session: Session) -> int:
        from api.card_exports import export as exported
        from graph.times import now_ms

        found = await _find(session, card, version, None)
        made = await exported(
            *(session.catalog, session.caller, found, name or f"export-{now_ms()}"),
            policy=session.settings.reach(local_user=True),
            output=to,
            artifacts=session.artifacts,
        )
        document = {"arn": made.entity.resource_arn, "version": made.version, "uri": made.uri, "reason": made.reason}
        said = f"{made.card} {made.version}: {made.uri or made.reason}"
        call.emit(document, lambda console: console.print(said, markup=False, soft_wrap=True))
        return DONE if made.done else 1

    return call.graph(work)


def delete(call: Call, card: CARD) -> int:
    """End a card; it can still be read as it was."""

    async def work(session: Session) -> int:
        from graph.registry.cards import names
        from graph.registry.cards.deletion import Delete

        made = Delete(session.place, names.named(session.place, card))
        outcome = await session.write([made], "deleteModelCard")
        document = {"card": card, "sequence": outcome.sequence}
        said = f"{card} has ended: ledger entry {outcome.sequence}"
        call.emit(document, lambda console: console.print(said, markup=False))
        return DONE

    return call.graph(work)


async def _find(session: Session, text: str, version: int | None, known_at: str | None) -> "Card":
    from graph.registry.cards import lists

    when = await moment(session, None, known_at)
    return await lists.card(session.catalog.store, session.place, text, when, version)


async def _done(call: Call, session: Session, made: Any, operation: str) -> int:
    from graph.registry.cards.lists import card_of

    outcome = await session.write([made], operation)
    card = card_of(await session.catalog.entity(session.account, made.arn))
    assert card is not None
    document = {**_document(card), "sequence": outcome.sequence}
    entry = "nothing had to change" if outcome.sequence is None else f"ledger entry {outcome.sequence}"
    said = f"{card.name} is {card.shown}, version {card.version}: {entry}"
    call.emit(document, lambda console: console.print(said, markup=False))
    return DONE


def _text(file: Path) -> str:
    """A file's JSON in one line, as SageMaker's clients take it."""
    import re

    from graph.errors import InvalidError

    try:
        return re.sub(r"[\r\n]+", " ", file.read_text(encoding="utf-8").strip())
    except UnicodeDecodeError:
        raise InvalidError(f"{file} is no text in UTF-8", path="FILE", constraint="UTF-8") from None


def _status(text: str) -> Any:
    from graph.errors import InvalidError
    from graph.registry.cards.changes import SHOWN

    for found, shown in SHOWN.items():
        if text.lower() in (shown.lower(), found.value.lower()):
            return found
    known = ", ".join(SHOWN.values())
    raise InvalidError(
        f"{text!r} is no status of a card; known are {known}", path="status", constraint=f"one of {known}"
    )


def _document(card: "Card") -> dict[str, Any]:
    return {
        "name": card.name,
        "version": card.version,
        "status": card.shown,
        "modelId": card.subject.model_id,
        "riskRating": card.subject.risk,
        "modifiedAt": _time(card.entity.modified_at),
        "modifiedBy": card.entity.modified_by,
        "arn": card.resource,
    }


def _print(call: Call, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    cells = [[row[name] for name in columns] for row in rows]
    call.emit(rows, lambda console: console.print(table(None, columns, cells)))


def _time(milliseconds: int) -> str:
    from graph.times import from_ms

    return from_ms(milliseconds).isoformat()
