"""`report audit|verify`: audit reports, and checking the file of one."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, FOUND, Call, Session, command
from api.cli.options import AsOf, KnownAt
from api.cli.progress import shown as progress
from api.cli.values import moment
from reports.audit.forms import Form

if TYPE_CHECKING:
    from rich.console import Console

    from api.audit_reports import Audited

PANEL = "Ask the graph"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="Make audit reports, and check them.")
    command(group, "audit")(audit)
    command(group, "verify")(verify)
    app.add_typer(group, name="report", rich_help_panel=PANEL)


def audit(
    call: Call,
    arn: Annotated[str, typer.Argument(metavar="ARN", help="The entity: an ARN, a resource's ARN, or short.")],
    as_of: AsOf = None,
    known_at: KnownAt = None,
    question: Annotated[str | None, typer.Option(help="What you want to know, as the first page says it.")] = None,
    format: Annotated[  # noqa: A002  # the option's own name
        Form, typer.Option(help="csv is a zip of all tables; zip has every format, and what verify checks.")
    ] = Form.PDF,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; - for standard output.")
    ] = None,
    record: Annotated[bool, typer.Option(help="Keep it in the artifact store, and record it.")] = True,
) -> int:
    """Say what an entity is, where it came from, what it touches, who decided on it and what was found, as of a moment.

    The same ARN, question, --as-of and --known-at give the same bytes, whatever is written meanwhile.
    """

    async def work(session: Session) -> int:
        from api.audit_reports import STEPS
        from api.audit_reports import audit as audited

        when = await moment(session, as_of, known_at)
        named = session.named(arn)
        with progress("making the report", f"of {len(STEPS)} steps") as report:
            made = await audited(
                session.catalog,
                session.caller,
                named,
                when,
                form=format,
                question=question,
                artifacts=session.artifacts if record else None,
                on_progress=report,
            )
        target = output or made.file.name
        if target == "-":
            sys.stdout.buffer.write(made.file.content)
            return DONE
        _write(Path(target), made.file.content)
        said = (
            f"{target}: {made.entities:,} entities, as of {made.scope.as_of}, ledger entry {made.scope.head.sequence}"
        )
        call.emit(_document(target, made), lambda console: console.print(said, markup=False))
        return DONE

    return call.graph(work)


def verify(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A report: its zip, or its JSON.")],
    public_key: Annotated[
        str | None, typer.Option("--public-key", metavar="KEY", help="The service's, as `stemma verify` shows it.")
    ] = None,
) -> int:
    """Check a report without a database: digests, sources, and the ledger that it shows; exit code 3 names what is wrong."""
    from reports.audit.verification import verify as verified

    found = verified(file, public_key)
    document = {"file": str(file), "checked": list(found.checked), "problem": found.problem}

    def show(console: "Console") -> None:
        for line in found.checked:
            console.print(f"ok: {line}", markup=False)
        verdict = f"{file} is in order" if found.problem is None else f"{file} is broken: {found.problem}"
        console.print(verdict, markup=False)

    call.emit(document, show)
    return DONE if found.problem is None else FOUND


def _document(target: str, made: "Audited") -> dict[str, Any]:
    from graph.canonical import digest

    return {
        "file": target,
        "bytes": len(made.file.content),
        "sha256": digest(made.file.content),
        "arn": made.scope.arn,
        "asOf": made.scope.as_of,
        "knownAt": made.scope.known_at,
        "knownAtSequence": made.scope.head.sequence,
        "entities": made.entities,
        "artifact": None if made.stored is None else made.stored[1],
    }


def _write(path: Path, content: bytes) -> None:
    from graph.errors import InvalidError

    try:
        path.write_bytes(content)
    except OSError as error:
        raise InvalidError(f"{path} can't be written: {error.strerror}", path="output") from None
