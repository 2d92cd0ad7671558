"""Commands about monitoring schedules: `monitor schedule …`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, command, table
from api.cli.values import time

if TYPE_CHECKING:
    from graph.monitoring.executions import Execution
    from graph.monitoring.schedules import Schedule

NAME = Annotated[str, typer.Argument(metavar="SCHEDULE", help="A schedule's name.")]
COLUMNS = ("name", "status", "type", "expression", "endpoint", "definition")
RUN_COLUMNS = ("schedule", "scheduledAt", "status", "type", "attempt", "job", "failure")


class MonitorOption(StrEnum):
    """What a monitor looks at."""

    data_quality = "DataQuality"
    model_quality = "ModelQuality"
    model_bias = "ModelBias"
    model_explainability = "ModelExplainability"


class StatusOption(StrEnum):
    """What became of a run."""

    pending = "Pending"
    in_progress = "InProgress"
    completed = "Completed"
    completed_with_violations = "CompletedWithViolations"
    failed = "Failed"
    stopping = "Stopping"
    stopped = "Stopped"


def register(monitor: typer.Typer) -> None:
    """Add the commands to those about monitors."""
    group = typer.Typer(no_args_is_help=True, help="Steer monitoring schedules, and look at what they ran.")
    for name, function in (
        ("list", list_),
        ("show", show),
        ("put", put),
        ("start", start),
        ("stop", stop),
        ("delete", delete),
        ("run-now", run_now),
        ("run-again", run_again),
        ("backfill", backfill),
        ("executions", executions),
    ):
        command(group, name)(function)
    monitor.add_typer(group, name="schedule")


def list_(call: Call, limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50) -> int:
    """List schedules, newest first."""

    async def work(session: Session) -> int:
        from graph.monitoring import names, schedules
        from graph.registry import lists

        when = await session.catalog.moment(session.account)
        page = await lists.page(session.catalog.store, session.account, names.SCHEDULE, when, first=limit)
        rows = [_document(schedules.read(entity)) for _, entity in page.items]
        call.emit(rows, lambda console: console.print(_table(COLUMNS, rows)))
        return DONE

    return call.graph(work)


def show(call: Call, schedule: NAME) -> int:
    """Show a schedule, when it runs next, and its alert."""

    async def work(session: Session) -> int:
        from graph.monitoring import alerts, steering
        from graph.monitoring.expressions import times
        from graph.times import from_ms, now_ms

        found = await steering.find(session.catalog, session.account, schedule)
        following = times(found.expression).after(now_ms()) if found.status == "Scheduled" else None
        last = await alerts.last(
            session.catalog.store, session.place, found, await session.catalog.moment(session.account)
        )
        document = _document(found) | {
            "next": None if following is None else from_ms(following).isoformat(),
            "alert": "OK" if last is None else last.status.value,
            **found.alert,
        }
        call.emit(document, lambda console: console.print(table(None, ("field", "value"), [*document.items()])))
        return DONE

    return call.graph(work)


def put(
    call: Call,
    schedule: NAME,
    definition: Annotated[str, typer.Option(help="The job definition that it runs.")],
    expression: Annotated[
        str,
        typer.Option(
            "--when",
            metavar="EXPRESSION",
            help="'cron(0 * ? * * *)', 'rate(5 minutes)', 'cron(0 9 ? * * *) Europe/Berlin'.",
        ),
    ],
    type: Annotated[MonitorOption, typer.Option(help="Of which kind the definition is.")] = MonitorOption.data_quality,  # noqa: A002  # as in AWS's API
) -> int:
    """Let a job definition run at given times: a new schedule, or another course for one that is there."""

    async def work(session: Session) -> int:
        from graph.monitoring import steering
        from graph.monitoring.names import Monitor

        made = await steering.put(
            *(session.catalog, session.caller, schedule),
            expression=expression,
            definition=definition,
            monitor=Monitor(type.value),
        )
        _told(call, made)
        return DONE

    return call.graph(work)


def start(call: Call, schedule: NAME) -> int:
    """Let a schedule run that was stopped; what it missed is left out (`backfill` makes up for it)."""

    async def work(session: Session) -> int:
        from graph.monitoring import steering

        _told(call, await steering.start(session.catalog, session.caller, schedule))
        return DONE

    return call.graph(work)


def stop(call: Call, schedule: NAME) -> int:
    """Let a schedule run no more until it is started; a run that has begun goes on."""

    async def work(session: Session) -> int:
        from graph.monitoring import steering

        _told(call, await steering.stop(session.catalog, session.caller, schedule))
        return DONE

    return call.graph(work)


def delete(call: Call, schedule: NAME) -> int:
    """End a schedule; what it ran stays."""

    async def work(session: Session) -> int:
        from graph.monitoring import steering

        await steering.delete(session.catalog, session.caller, schedule)
        call.emit({"deleted": schedule}, lambda console: console.print(f"{schedule} is deleted"))
        return DONE

    return call.graph(work)


def run_now(call: Call, schedule: NAME) -> int:
    """Run a schedule at once, over the window that ends now; a worker does it."""

    async def work(session: Session) -> int:
        from graph.monitoring import scheduler

        run = await scheduler.run_now(session.catalog, session.caller, schedule)
        _runs(call, [run.job], 1)
        return DONE

    return call.graph(work)


def run_again(
    call: Call,
    schedule: NAME,
    job: Annotated[str, typer.Option(help="The processing job of the run, as `executions` lists it.")],
) -> int:
    """Do a run again over the same window, as when labels came late; its results lie beside the earlier ones."""

    async def work(session: Session) -> int:
        from graph.monitoring import scheduler

        run = await scheduler.run_again(session.catalog, session.caller, schedule, job)
        _runs(call, [run.job], 1)
        return DONE

    return call.graph(work)


def backfill(
    call: Call,
    schedule: NAME,
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="From this time on.")],
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Before this time.")],
) -> int:
    """Run a schedule for the times of a past range; those that it ran for already are left as they are."""

    async def work(session: Session) -> int:
        from graph.monitoring import scheduler
        from graph.times import to_ms

        begin, end = time(since, "from"), time(until, "to")
        assert begin is not None
        assert end is not None
        made, new = await scheduler.backfill(session.catalog, session.caller, schedule, to_ms(begin), to_ms(end))
        _runs(call, [run.job for run in made], new)
        return DONE

    return call.graph(work)


def executions(
    call: Call,
    schedule: Annotated[str | None, typer.Argument(metavar="[SCHEDULE]", help="Only this schedule's.")] = None,
    status: Annotated[StatusOption | None, typer.Option(help="Only those.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
) -> int:
    """List what schedules ran, are running and are about to run, by the time for which they were due, last first."""

    async def work(session: Session) -> int:
        from graph.monitoring import executions as kept

        page = await kept.page(
            *(session.catalog.store, session.account),
            filter=kept.ExecutionFilter(schedule=schedule, status=None if status is None else status.value),
            by_scheduled=True,
            first=limit,
        )
        rows = [_run(execution) for _, execution in page.items]
        call.emit(rows, lambda console: console.print(_table(RUN_COLUMNS, rows)))
        return DONE

    return call.graph(work)


def _told(call: Call, schedule: "Schedule") -> None:
    document = _document(schedule)
    call.emit(document, lambda console: console.print(table(None, ("field", "value"), [*document.items()])))


def _runs(call: Call, jobs: list[str], new: int) -> None:
    document = {"jobs": jobs, "new": new}
    call.emit(
        document, lambda console: console.print(f"{new} new of {len(jobs)} runs", *jobs, sep="\n", soft_wrap=True)
    )


def _table(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> Any:
    return table(None, columns, [[row[name] for name in columns] for row in rows])


def _document(schedule: "Schedule") -> dict[str, Any]:
    return {
        "name": schedule.name,
        "arn": schedule.entity.resource_arn,
        "status": schedule.status,
        "type": schedule.monitor.value,
        "expression": schedule.expression,
        "endpoint": schedule.endpoint,
        "definition": schedule.definition,
    }


def _run(execution: "Execution") -> dict[str, Any]:
    from graph.times import from_ms

    return {
        "schedule": execution.schedule,
        "scheduledAt": from_ms(execution.scheduled_at).isoformat(),
        "status": execution.status.value,
        "type": execution.type,
        "endpoint": execution.endpoint,
        "attempt": execution.attempt,
        "worker": execution.worker,
        "job": execution.job,
        "failure": execution.failure,
    }
