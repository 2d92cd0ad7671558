"""`registry collections list|create|move|add|remove|delete`: collections of model groups."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, command

if TYPE_CHECKING:
    from graph.registry.collections.lists import Group
    from graph.times import Moment

NAME = Annotated[str, typer.Argument(metavar="COLLECTION", help="A collection, by name or ARN.")]
GROUPS = Annotated[list[str], typer.Argument(metavar="GROUP...", help="Model groups, by name or ARN.")]
PARENT = Annotated[str | None, typer.Option(help="The collection that it is to lie in; none: at the root.")]
MOST = 500


def register(app: typer.Typer) -> None:
    """Add the commands to those of the registry."""
    group = typer.Typer(no_args_is_help=True, help="Order model groups in collections.")
    for name, function in (
        *(("list", collections), ("create", create), ("move", move)),
        *(("add", add), ("remove", remove), ("delete", delete)),
    ):
        command(group, name)(function)
    app.add_typer(group, name="collections")


def collections(call: Call) -> int:
    """Show all collections by path, with the model groups in them."""

    async def work(session: Session) -> int:
        from graph import memberships
        from graph.registry.collections import lists

        store, account = session.catalog.store, session.account
        when = await session.catalog.moment(account)
        rows: list[dict[str, Any]] = []
        after, more = None, True
        while more:
            page = await lists.page(store, account, when, collections=True, first=MOST, after=after)
            for _, one in page.items:
                held = await lists.every_member(store, account, one.entity.arn, when, memberships.GROUP, most=MOST)
                names = [entity.display_name for entity in held]
                rows.append({"path": one.path, "name": one.name, "groups": names, "arn": one.entity.resource_arn})
            more, after = page.more, page.items[-1][0] if page.items else None
        rows.sort(key=lambda row: row["path"])

        def show(console: Any) -> None:
            for row in rows:
                console.print(f"{row['path']}/", markup=False)
                for name in row["groups"]:
                    console.print(f"  {name}", markup=False)

        call.emit(rows, show)
        return DONE

    return call.graph(work)


def create(call: Call, name: Annotated[str, typer.Argument(metavar="NAME")], parent: PARENT = None) -> int:
    """Make a collection."""

    async def work(session: Session) -> int:
        from graph.registry.collections.relocation import fresh

        when = await session.catalog.moment(session.account)
        held = None if parent is None else await _find(session, parent, when)
        return await _done(call, session, [fresh(session.place, name, held)], "createCollection", f"{name} is there")

    return call.graph(work)


def move(
    call: Call,
    collection: NAME,
    parent: PARENT = None,
    name: Annotated[str | None, typer.Option(help="What it is to be called; as it is by default.")] = None,
) -> int:
    """Move a collection with all that lies in it, and rename it."""

    async def work(session: Session) -> int:
        from graph.registry.collections.relocation import relocate

        when = await session.catalog.moment(session.account)
        one = await _find(session, collection, when)
        held = None if parent is None else await _find(session, parent, when)
        made = await relocate(session.catalog.store, session.place, one, when, name=name, parent=held)
        return await _done(call, session, [made], "moveCollection", f"{collection} has moved")

    return call.graph(work)


def add(call: Call, collection: NAME, groups: GROUPS) -> int:
    """Let model groups belong to a collection."""
    return _belong(call, collection, groups, belong=True)


def remove(call: Call, collection: NAME, groups: GROUPS) -> int:
    """Let model groups belong to a collection no longer."""
    return _belong(call, collection, groups, belong=False)


def delete(call: Call, collection: NAME) -> int:
    """End a collection that is empty."""

    async def work(session: Session) -> int:
        from graph.registry.collections import changes

        one = await _find(session, collection, await session.catalog.moment(session.account))
        made = changes.Delete(session.place, one.entity.arn)
        return await _done(call, session, [made], "deleteCollection", f"{collection} has ended")

    return call.graph(work)


def _belong(call: Call, collection: str, groups: list[str], *, belong: bool) -> int:
    async def work(session: Session) -> int:
        from graph.registry.collections import lists

        when = await session.catalog.moment(session.account)
        one = await _find(session, collection, when)
        made = await lists.belonging(session.catalog.store, session.place, one, groups, when, belong=belong)
        said = f"{', '.join(groups)} {'belongs to' if belong else 'has left'} {one.path}"
        operation = "addToCollection" if belong else "removeFromCollection"
        return await _done(call, session, made, operation, said)

    return call.graph(work)


async def _find(session: Session, text: str, when: "Moment") -> "Group":
    from graph.registry.collections import lists

    return await lists.collection(session.catalog.store, session.place, text, when)


async def _done(call: Call, session: Session, made: list[Any], operation: str, said: str) -> int:
    outcome = await session.write(made, operation)
    entry = "nothing had to change" if outcome.sequence is None else f"ledger entry {outcome.sequence}"
    call.emit({"sequence": outcome.sequence}, lambda console: console.print(f"{said}: {entry}", markup=False))
    return DONE
