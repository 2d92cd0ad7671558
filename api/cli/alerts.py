"""Commands about alerts and violations of monitors: `monitor alert …`."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.call import DONE, Call, Session, command, table
from api.cli.values import time

if TYPE_CHECKING:
    from graph.monitoring.schedules import Schedule

NAME = Annotated[str, typer.Argument(metavar="SCHEDULE", help="A schedule's name.")]
REASON = Annotated[str, typer.Option(help="Why; it is kept.")]
COLUMNS = ("at", "schedule", "alert", "told", "id")


def register(monitor: typer.Typer) -> None:
    """Add the commands to those about monitors."""
    group = typer.Typer(no_args_is_help=True, help="See, acknowledge and silence alerts.")
    for name, function in (("list", list_), ("ack", acknowledge), ("silence", silence), ("unsilence", unsilence)):
        command(group, name)(function)
    monitor.add_typer(group, name="alert")


def list_(
    call: Call,
    schedule: Annotated[str | None, typer.Option(help="Of this schedule alone.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
) -> int:
    """List how alerts changed, newest first."""

    async def work(session: Session) -> int:
        from graph.monitoring import alerts
        from graph.times import from_ms

        of = None if schedule is None else await _find(session, schedule)
        when = await session.catalog.moment(session.account)
        page = await alerts.changes(session.catalog.store, session.account, when, schedule=of, first=limit)
        rows = [
            {
                "at": from_ms(item.at).isoformat(),
                "schedule": item.schedule,
                "alert": item.status.value,
                "told": item.told,
                "id": item.id,
            }
            for _, item in page.items
        ]
        call.emit(
            rows,
            lambda console: console.print(
                table(None, COLUMNS, [tuple(str(row[column]) for column in COLUMNS) for row in rows])
            ),
        )
        return DONE

    return call.graph(work)


def acknowledge(
    call: Call,
    arn: Annotated[str, typer.Argument(metavar="ARN", help="Of a violation, or the id of an alert.")],
    reason: REASON,
) -> int:
    """Say that a violation or an alert was seen, and what is done about it."""

    async def work(session: Session) -> int:
        from graph.monitoring import handling

        made = await handling.acknowledge(session.catalog, session.caller, arn, reason)
        call.emit({"arn": made}, lambda console: console.print(made))
        return DONE

    return call.graph(work)


def silence(
    call: Call,
    schedule: NAME,
    reason: REASON,
    until: Annotated[str, typer.Option(metavar="TIME", help="When it ends: 2026-11-25T18:00:00Z.")],
) -> int:
    """Let a schedule's alert be recorded and not told until a time."""

    async def work(session: Session) -> int:
        from graph.monitoring import handling

        found = await _find(session, schedule)
        end = time(until, "until")
        assert end is not None
        made = await handling.silence(session.catalog, session.caller, found, reason, end)
        call.emit({"arn": made, "until": end.isoformat()}, lambda console: console.print(f"silent until {end}"))
        return DONE

    return call.graph(work)


def unsilence(call: Call, schedule: NAME, reason: REASON) -> int:
    """End a schedule's silences."""

    async def work(session: Session) -> int:
        from graph.monitoring import handling

        ended = await handling.unsilence(session.catalog, session.caller, await _find(session, schedule), reason)
        call.emit({"ended": ended}, lambda console: console.print(f"{ended} ended"))
        return DONE

    return call.graph(work)


async def _find(session: Session, schedule: str) -> "Schedule":
    from graph.monitoring import steering

    return await steering.find(session.catalog, session.account, schedule)
