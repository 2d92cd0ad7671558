"""One call of the command line: its settings, its graph, what it prints, and how it fails."""

import asyncio
import inspect
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, get_type_hints

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from api.settings import Settings
    from graph.access import Caller
    from graph.artifacts import ArtifactStore
    from graph.catalog import Catalog
    from graph.commands import Command, Place
    from graph.store.writer import Outcome
    from graph.times import Moment

DONE, FAILED, WRONG_USE, FOUND = 0, 1, 2, 3
PLAIN_WIDTH = 240
"""Columns of a table that no terminal shows, so that ARNs stand in one line for `grep` and `awk`."""

COMMON = "Options of every command"
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=COMMON)]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", help="embedded, or bolt://… or neo4j://….", show_default=False, rich_help_panel=COMMON),
]
DataDirOption = Annotated[
    Path | None, typer.Option("--data-dir", help="Where data is kept.", show_default=False, rich_help_panel=COMMON)
]


@dataclass(slots=True)
class Common:
    """The options of every command; they may stand before or behind its name."""

    json: bool = False
    database: str | None = None
    data_dir: Path | None = None

    def over(self, other: "Common") -> "Common":
        """These where they were given, else the other's."""
        pairs = {item.name: getattr(self, item.name) or getattr(other, item.name) for item in fields(self)}
        return Common(**pairs)


@dataclass(slots=True)
class Session:
    """An open graph and who asks."""

    settings: "Settings"
    catalog: "Catalog"
    caller: "Caller"
    artifacts: "ArtifactStore"

    @property
    def account(self) -> str:
        """Whose graph."""
        return self.caller.account

    @property
    def place(self) -> "Place":
        """Where ARNs are made."""
        return self.catalog.place(self.account)

    async def write(self, commands: "Sequence[Command]", operation: str) -> "Outcome":
        """Do all commands or none."""
        return await self.catalog.write(self.caller, commands, operation=operation)

    async def arn(self, text: str, when: "Moment | None" = None) -> str:
        """The lineage ARN of what a person names: an ARN, a resource's ARN, or `artifact/<id>` for short."""
        return await self.catalog.lineage_arn(self.named(text), when)

    def named(self, text: str) -> str:
        """The whole ARN of what a person names."""
        short = not text.startswith("arn:") and "/" in text and ":" not in text
        return self.place.arn(text) if short else text


@dataclass(slots=True)
class Call:
    """What a command is given besides its own arguments."""

    common: Common
    _settings: "Settings | None" = field(default=None)

    @property
    def json(self) -> bool:
        """Whether JSON is printed."""
        return self.common.json

    @property
    def settings(self) -> "Settings":
        """The settings in force."""
        if self._settings is None:
            self._settings = self.load()
        return self._settings

    def load(self, **given: Any) -> "Settings":
        """The settings in force, with a command's own options among them."""
        from api import settings

        return settings.load(database=self.common.database, data_dir=self.common.data_dir, **given)

    def graph(self, work: Callable[[Session], Awaitable[int | None]]) -> int:
        """Open the graph, do the work, close it; the exit code."""
        from api import logs

        # What a service tells its log is no news to the person who ran one command.
        level = "warning" if self.settings.log_level == "info" else self.settings.log_level
        logs.configure(level, self.settings.log_format)

        async def opened() -> int:
            with console(stderr=True).status("opening the graph"):
                session = await open_session(self.settings)
            try:
                return await work(session) or DONE
            finally:
                await session.catalog.close()

        return asyncio.run(opened())

    def emit(self, document: Any, show: "Callable[[Console], None]") -> None:
        """Print a result: the document as JSON, or what `show` makes of it."""
        if self.json:
            import orjson

            sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
        else:
            show(console())


async def open_session(settings: "Settings") -> Session:
    """Open the graph and the artifact store that the settings name; `session.catalog.close()` ends it."""
    from graph.access import Caller, Role
    from graph.artifacts import ArtifactStore
    from graph.catalog import Catalog

    artifacts = ArtifactStore(settings.artifact_location)
    catalog = await Catalog.open(
        settings.provider(),
        settings.data_dir,
        region=settings.region,
        retry_seconds=settings.retry_seconds,
        read_seconds=settings.read_seconds,
        access_days=settings.access_log_days,
    )
    return Session(settings, catalog, Caller(settings.account, _user(), "cli", Role.ADMIN), artifacts)


def _user() -> str:
    """The user of this machine, who is the actor in the ledger."""
    import getpass

    try:
        # Taken from the environment where that says it; the names of people and services with keys have a slash.
        return getpass.getuser().replace("/", "-")
    except (KeyError, OSError):
        # A container's user need not have a name.
        return f"uid-{os.getuid()}"


P = ParamSpec("P")


def command(
    app: typer.Typer, name: str, *, panel: str | None = None
) -> Callable[[Callable[Concatenate[Call, P], int | None]], Callable[..., int]]:
    """Make a function a command: it gets a `Call` first, and every command's options beside its own.

    A parameter whose type is a dataclass stands for its fields, each of them an option; the function gets the object.
    """

    def decorate(function: Callable[Concatenate[Call, P], int | None]) -> Callable[..., int]:
        @wraps(function)
        def wrapper(*args: Any, **given: Any) -> int:
            context: typer.Context = given.pop("context")
            own = Common(given.pop("json"), given.pop("database"), given.pop("data_dir"))
            for name, kind in grouped.items():
                given[name] = kind(**{item.name: given.pop(item.name) for item in fields(kind)})
            return function(Call(own.over(context.find_root().obj or Common())), *args, **given) or DONE

        signature = inspect.signature(function, eval_str=True)
        declared = list(signature.parameters.values())[1:]
        grouped: dict[str, Any] = {held.name: held.annotation for held in declared if is_dataclass(held.annotation)}
        taken = [option for held in declared for option in _options(held)]
        keyword = inspect.Parameter.KEYWORD_ONLY
        added = [
            inspect.Parameter("context", keyword, annotation=typer.Context),
            inspect.Parameter("json", keyword, annotation=JsonOption, default=False),
            inspect.Parameter("database", keyword, annotation=DatabaseOption, default=None),
            inspect.Parameter("data_dir", keyword, annotation=DataDirOption, default=None),
        ]
        named = [parameter.replace(kind=keyword) for parameter in taken]
        wrapper.__signature__ = signature.replace(parameters=[*named, *added], return_annotation=int)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in [*named, *added]}
        app.command(name, rich_help_panel=panel)(wrapper)
        return wrapper

    return decorate


def _options(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """The parameter itself, or one for each field of the dataclass that is its type."""
    if not is_dataclass(parameter.annotation):
        return [parameter]
    hints = get_type_hints(parameter.annotation, include_extras=True)
    return [
        inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, annotation=hints[item.name], default=item.default)
        for item in fields(parameter.annotation)
    ]


def console(*, stderr: bool = False) -> "Console":
    """Where tables go: as wide as the terminal, or wide enough for every line when there is none."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=PLAIN_WIDTH)


def table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> "RenderableType":
    """A table whose long cells go on in the next line instead of being cut."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    made = Table(title=None if title is None else escape(title), title_justify="left", box=box.SIMPLE_HEAD)
    for name in columns:
        right = name.startswith("#") or name in ("expected", "observed", "threshold", "n", "depth", "rows")
        made.add_column(name.lstrip("#"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        made.add_row(*("–" if value is None else escape(str(value)) for value in row))
    return made


@contextmanager
def progress(what: str, unit: str = "bytes") -> "Iterator[Callable[[int, int], None]]":
    """A bar on the terminal's standard error, gone when it is done; elsewhere a line now and then past two seconds."""
    from api.cli.progress import shown

    with shown(what, unit) as report:
        yield report
