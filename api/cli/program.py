"""The program: all commands under one name, and what becomes of their errors."""

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from api.cli import access, entity, finding, ingest, job, keys, monitor, registry, report, sdk, service, walks
from api.cli.call import DONE, FAILED, WRONG_USE, Common, DatabaseOption, DataDirOption, JsonOption

INTERRUPTED = 130
HELP = """Lineage and governance for machine learning: what went into a model, what a table touches, what changed in the data.

[bold]Examples[/bold]

  stemma demo                                      see it on real data

  stemma monitor baseline train.parquet            learn what data looks like

  stemma monitor run july.parquet --baseline ARN   hold later data to it

  stemma lineage ARN --direction ascendants        what something came from

  stemma serve                                     the explorer and GraphQL on port 8440

[bold]Exit codes[/bold]: 0 done, 1 failed, 2 wrong use, 3 a check found something (violations, a broken ledger).

Settings are STEMMA_* variables or stemma.toml; `stemma config` shows them. ARNs may be written short: artifact/4f2c….
"""

app = typer.Typer(
    name="stemma",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
service.register(app)
monitor.register(app)
walks.register(app)
finding.register(app)
entity.register(app)
ingest.register(app)
job.register(app)
registry.register(app)
report.register(app)
sdk.register(app)
keys.register(app)
access.register(app)

USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
"""What typer raises for a command line that it can't understand; it has no public name."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"stemma {version('stemma')}")
        raise typer.Exit(DONE)


@app.callback(help=HELP)
def root(
    context: typer.Context,
    json: JsonOption = False,
    database: DatabaseOption = None,
    data_dir: DataDirOption = None,
    version: bool = typer.Option(  # noqa: ARG001  # its callback does the work
        False, "--version", help="Print the version.", is_eager=True, callback=_version, rich_help_panel="Options"
    ),
) -> None:
    """Note the options that stand before the command's name."""
    context.obj = Common(json, database, data_dir)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; its exit code. Nobody sees a traceback for a mistake of theirs."""
    from graph.errors import StemmaError

    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        code = typer.main.get_command(app).main(given, prog_name="stemma", standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # typer has turned the interrupt into a code already
            raise KeyboardInterrupt
        return code if isinstance(code, int) else DONE
    except StemmaError as error:
        return _failed(error.code, error.message, error.exit_code, as_json)
    except USAGE_ERROR as error:
        return _failed("INVALID", _usage(error), WRONG_USE, as_json)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`stemma … | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE
    except (KeyboardInterrupt, typer.Abort):
        return _failed("INTERRUPTED", "interrupted", INTERRUPTED, as_json)
    except Exception as error:  # a bug, or a fault of the machine: say so without a page of code
        if os.environ.get("STEMMA_LOG_LEVEL", "").lower() == "debug":
            traceback.print_exc()
        message = f"{type(error).__name__}: {error}".splitlines()[0]
        return _failed("INTERNAL", f"{message} (STEMMA_LOG_LEVEL=debug shows where)", FAILED, as_json)


def _failed(code: str, message: str, exit_code: int, as_json: bool) -> int:
    if as_json:
        import orjson

        sys.stderr.write(orjson.dumps({"error": {"code": code, "message": message}}).decode() + "\n")
    else:
        sys.stderr.write(f"stemma: {' '.join(message.split())}\n")
    return exit_code


def _usage(error: Exception) -> str:
    """What is wrong with a command line, in one line, and where help is."""
    message: str = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "stemma"
    if not message:
        return f"a command is missing; see {path} --help"
    return f"{' '.join(message.split())} See {path} --help."
