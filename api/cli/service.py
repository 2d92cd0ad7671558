"""Commands about the service as a whole: `demo`, `serve`, `worker`, `verify`, `config`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, FOUND, Call, Session, command, progress, table

if TYPE_CHECKING:
    from rich.console import Console

START, CHECK = "Start here", "Check and set up"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    command(app, "demo", panel=START)(demo)
    command(app, "serve", panel=START)(serve)
    command(app, "worker", panel=START)(worker)
    command(app, "verify", panel=CHECK)(verify)
    command(app, "config", panel=CHECK)(config)


def demo(call: Call) -> int:
    """Monitor real data: train a model, record its lineage, find drift, and show what it touches.

    The data are the Massachusetts census records of the nannyml package (`make demo` installs it). Everything lies in
    build/demo unless --data-dir says otherwise. Running it again changes nothing.
    """
    from api.cli.demo.story import run

    if call.common.data_dir is None:
        call.common.data_dir = Path("build/demo")
    return call.graph(lambda session: run(call, session))


def serve(
    call: Call,
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.", show_default=False)] = None,
) -> int:
    """Serve GraphQL on http://127.0.0.1:8440/graphql until Ctrl-C."""
    from api.server import run_server

    def ready(address: str) -> None:
        if call.json:
            call.emit({"address": address}, lambda _: None)
        else:
            sys.stdout.write(f"Stemma serves {address}/graphql (Ctrl-C ends it)\n")
        sys.stdout.flush()

    run_server(call.load(host=host, port=port), ready)
    return DONE


def worker(
    call: Call,
    slots: Annotated[int | None, typer.Option(min=1, help="How many run at the same time.", show_default=False)] = None,
    account: Annotated[
        list[str] | None, typer.Option(metavar="ACCOUNT", help="Only what is this account's; repeatable.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Run what is due now, and end.")] = False,
) -> int:
    """Run the monitoring schedules and the processing jobs that are due, until Ctrl-C.

    Any number of workers may run beside `stemma serve`, and end at any time: what one leaves is taken over by another.
    """
    from api.worker import run_worker

    run_worker(call.load(worker_slots=slots), accounts=account, once=once)
    return DONE


def verify(call: Call) -> int:
    """Recompute the ledger and compare everything in the graph with it; exit code 3 names what is wrong."""

    async def work(session: Session) -> int:
        from graph.verification import verify

        with progress("verifying", "records") as report:
            verdict = await verify(
                session.catalog.store,
                session.catalog.checkpoints,
                session.account,
                on_progress=lambda _what, done, total: report(done, total),
            )
        document = {
            "account": verdict.account,
            "entries": verdict.entries,
            "revisions": verdict.revisions,
            "edges": verdict.edges,
            "head": {"sequence": verdict.head.sequence, "hash": verdict.head.hash},
            "publicKey": session.catalog.checkpoints.public_key(),
            "problem": verdict.problem,
        }

        def show(console: "Console") -> None:
            counts = f"{verdict.entries:,} entries, {verdict.revisions:,} revisions, {verdict.edges:,} associations"
            if verdict.problem is None:
                console.print(f"The ledger of account {verdict.account} is in order: {counts}.")
                console.print(f"Its heads are signed; the public key is {document['publicKey']}")
            else:
                console.print(f"The ledger of account {verdict.account} is broken: {verdict.problem}", markup=False)

        call.emit(document, show)
        return DONE if verdict.problem is None else FOUND

    return call.graph(work)


def config(call: Call) -> int:
    """Print every setting, its value and where the value comes from."""
    from api import settings
    from api.settings import Settings

    given = {"database": call.common.database, "data_dir": call.common.data_dir}
    rows: list[dict[str, Any]] = []
    for name, spec in Settings.model_fields.items():
        value = getattr(call.settings, name)
        shown = value if isinstance(value, bool | int | float | list) or value is None else str(value)
        rows.append(
            {
                "variable": f"STEMMA_{name.upper()}",
                "value": shown,
                "source": settings.source(name, given),
                "description": spec.description,
            }
        )

    def show(console: "Console") -> None:
        cells = [(row["variable"], row["value"], row["source"], row["description"]) for row in rows]
        console.print(table(None, ("variable", "value", "source", "what it is"), cells))

    call.emit(rows, show)
    return DONE
