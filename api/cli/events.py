"""`registry events`: what happened to models, as it happens."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, table

if TYPE_CHECKING:
    from graph.events.event import Event
    from graph.events.feed import Wanted

POLL_SECONDS = 1.0
TYPE = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Such as model_version.approved or alias.moved. Repeatable."),
]
GROUP = Annotated[str | None, typer.Option(help="Only of this model group, by name or ARN.")]


def events(
    call: Call,
    types: TYPE = None,
    group: GROUP = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Only since a time.")] = None,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="Only what follows a cursor.")] = None,
    first: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as events come; JSON an event a line.")] = False,
) -> int:
    """Show what happened to models, oldest first: versions made, decided on, deployed and replaced, and aliases moved."""

    async def work(session: Session) -> int:
        wanted = wanted_of(session, types, group)
        start = await _start(session, since, after)
        if follow:
            await _follow(call, session, wanted, start)
            return DONE
        found = await _page(session, wanted, start, first)
        document = {"events": [event.document() for event in found.events], "cursor": found.end, "more": found.more}

        def show(console: Any) -> None:
            columns = ("time", "event", "group", "resource", "by", "entry")
            console.print(table(None, columns, [_cells(event) for event in found.events]))
            if found.more:
                console.print(f"more follow: --after {found.end}", markup=False)

        call.emit(document, show)
        return DONE

    return call.graph(work)


def wanted_of(session: Session, types: list[str] | None, group: str | None) -> "Wanted":
    """The events that options name.

    Raises:
        InvalidError: a type is none.
    """
    from graph.errors import InvalidError
    from graph.events.feed import Wanted
    from graph.events.types import EventType
    from graph.registry import names

    known = {one.value: one for one in EventType if one is not EventType.TEST}
    if unknown := [text for text in types or () if text not in known]:
        raise InvalidError(
            f"--type {unknown[0]!r} is none; known are {', '.join(known)}", path="type", constraint="an event's type"
        )
    name = None if group is None else names.group_name(session.place, group)
    return Wanted(frozenset(known[text] for text in types or ()), name)


async def _start(session: Session, since: str | None, after: str | None) -> str:
    from api.cli.values import time
    from graph.errors import InvalidError
    from graph.events import feed
    from graph.times import to_us

    if after is not None and since is not None:
        raise InvalidError("--after and --since exclude each other", path="after", constraint="one of both")
    if after is not None:
        return after
    at = time(since, "since")
    if at is None:
        return feed.behind(session.account, 0)
    when = await session.catalog.moment(session.account, known_at=to_us(at) - 1)
    return feed.behind(session.account, when.sequence)


async def _page(session: Session, wanted: "Wanted", start: str, first: int) -> Any:
    from graph.events import feed

    return await feed.page(session.catalog.store.read, session.place, start, wanted=wanted, first=first)


async def _follow(call: Call, session: Session, wanted: "Wanted", start: str) -> None:
    """Print events as they come, until somebody interrupts."""
    import orjson

    while True:
        found = await _page(session, wanted, start, 500)
        for event in found.events:
            line = orjson.dumps(event.document()).decode() if call.json else "  ".join(map(str, _cells(event)))
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
        start = found.end
        if not found.more:
            await asyncio.sleep(POLL_SECONDS)


def _cells(event: "Event") -> list[object]:
    from graph.times import from_us

    at = from_us(event.at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    resource = event.told.resources[0].split(":", 5)[-1] if event.told.resources else "–"
    return [at, event.type.value, event.told.group or "–", resource, event.actor, event.sequence]
