"""Commands about jobs that run elsewhere: `job list`, `job show`, `job report`, `job token`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, command, table
from api.cli.values import end, pairs, time

if TYPE_CHECKING:
    from graph.entities import Entity

JOB = Annotated[str, typer.Argument(metavar="JOB", help="A job's ARN, or training-job/NAME for short.")]
LISTED = 50


class Kind(StrEnum):
    """What kind of job."""

    training = "training"
    processing = "processing"
    transform = "transform"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="Say how jobs go that run elsewhere, and look at them.")
    for name, function in (("list", list_), ("show", show), ("report", report), ("token", token)):
        command(group, name)(function)
    app.add_typer(group, name="job", rich_help_panel="Ask the graph")


def list_(
    call: Call,
    kind: Annotated[Kind, typer.Option(help="What kind of jobs.")] = Kind.training,
    status: Annotated[str | None, typer.Option(help="Only those: InProgress, Completed, Failed …")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = LISTED,
) -> int:
    """List jobs, newest first."""

    async def work(session: Session) -> int:
        from api import job_reports
        from graph import entities, listing
        from graph.jobs import JobKind
        from graph.listing import Filter

        wanted = None if status is None else job_reports.status(status)
        page = await listing.entities(
            session.catalog.store,
            session.account,
            entities.Kind.TRIAL_COMPONENT,
            await session.catalog.moment(session.account),
            filter=Filter(type=JobKind(f"{kind.value}-job").type, status=wanted),
            first=limit,
        )
        rows = [_document(entity) for _, entity in page.items]
        columns = ("name", "status", "startedAt", "endedAt", "message")
        call.emit(
            rows, lambda console: console.print(table(None, columns, [[row[name] for name in columns] for row in rows]))
        )
        return DONE

    return call.graph(work)


def show(call: Call, job: JOB) -> int:
    """Show a job: how it goes, what it read and wrote."""

    async def work(session: Session) -> int:
        from graph import jobs

        kind, name = jobs.named(session.place, _long(session, job))
        entity = await session.catalog.entity(session.account, jobs.component_arn(session.place, kind, name))
        shown = _document(entity) | {
            "inputs": {key: value["value"] for key, value in (entity.inputs or {}).items()},
            "outputs": {key: value["value"] for key, value in (entity.outputs or {}).items()},
            "metrics": {key: float(value["number"]) for key, value in (entity.metrics or {}).items()},
        }
        call.emit(shown, lambda console: console.print(table(None, ("field", "value"), [*shown.items()])))
        return DONE

    return call.graph(work)


def report(
    call: Call,
    job: JOB,
    status: Annotated[str, typer.Option(help="InProgress, Completed, Failed, Stopping or Stopped.")],
    step: Annotated[str | None, typer.Option(help="What it does now: Downloading, Training …")] = None,
    message: Annotated[str | None, typer.Option(help="Why, such as the reason of a failure.")] = None,
    output: Annotated[
        list[str] | None, typer.Option(metavar="KEY=URI", help="What it wrote: model=s3://…; repeatable.")
    ] = None,
    digest: Annotated[
        list[str] | None, typer.Option(metavar="KEY=SHA256", help="An output's SHA-256 in hex; repeatable.")
    ] = None,
    metric: Annotated[list[str] | None, typer.Option(metavar="KEY=NUMBER", help="A final metric; repeatable.")] = None,
    started: Annotated[str | None, typer.Option(metavar="TIME", help="When it began.")] = None,
    ended: Annotated[str | None, typer.Option(metavar="TIME", help="When it ended.")] = None,
) -> int:
    """Record how a job goes; one that has ended stays as it ended."""

    async def work(session: Session) -> int:
        from api import job_reports
        from graph import jobs
        from graph.contents import sha256

        kind, name = jobs.named(session.place, _long(session, job))
        digests = pairs(digest or (), "digest")
        files = [
            jobs.File(
                key,
                uri,
                "Model" if key == "model" else "DataSet",
                None,
                (sha256(digests[key]),) if key in digests else (),
            )
            for key, uri in pairs(output or (), "output").items()
        ]
        outcome = await session.write(
            jobs.report(
                session.place,
                kind,
                name,
                job_reports.status(status),
                step=step,
                message=message,
                started_at=time(started, "started"),
                ended_at=time(ended, "ended"),
                outputs=files,
                metrics={key: _number(key, value) for key, value in pairs(metric or (), "metric").items()},
            ),
            "job_report",
        )
        told = {"arn": jobs.component_arn(session.place, kind, name), "sequence": outcome.sequence}
        done = "nothing had to change" if outcome.sequence is None else f"ledger entry {outcome.sequence}"
        call.emit(told, lambda console: console.print(f"{kind.value}/{name} is {status}: {done}"))
        return DONE

    return call.graph(work)


def token(
    call: Call,
    job: JOB,
    expires: Annotated[str, typer.Option(metavar="TIME", help="When it ends: 2027-01-31, or in 7d, 12h.")] = "7d",
) -> int:
    """Make a token with which the job itself reports, by `POST /api/v1/jobs/…`; it opens nothing else."""

    async def work(session: Session) -> int:
        from api.job_reports import PATH, JobTokens
        from graph import jobs

        kind, name = jobs.named(session.place, _long(session, job))
        await session.catalog.entity(session.account, jobs.component_arn(session.place, kind, name))
        made = JobTokens(session.settings).make(session.account, kind, name, end(expires, "expires"))
        path = f"{PATH}{kind.value}/{name}"
        call.emit(
            {"token": made, "path": path}, lambda console: console.print(f"{made}\n\nPOST {path}", soft_wrap=True)
        )
        return DONE

    return call.graph(work)


def _long(session: Session, text: str) -> str:
    return text if text.startswith("arn:") else session.place.arn(text)


def _document(entity: "Entity") -> dict[str, Any]:
    from graph.jobs import job_name
    from graph.times import from_ms

    def when(milliseconds: int | None) -> str | None:
        return None if milliseconds is None else from_ms(milliseconds).isoformat()

    return {
        "name": job_name(entity),
        "arn": entity.resource_arn,
        "status": None if entity.status is None else entity.status.value,
        "startedAt": when(entity.started_at),
        "endedAt": when(entity.ended_at),
        "message": entity.status_message,
    }


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        from graph.errors import InvalidError

        raise InvalidError(f"metric {key} is {text!r}, which is no number", path="metric") from None
