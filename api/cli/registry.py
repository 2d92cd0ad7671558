"""`registry groups|versions|show|compare|approve|reject|alias|gates|gate|events|webhooks`: the model registry."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import cards, collections, gates, webhooks
from api.cli.call import DONE, FOUND, Call, Session, command, table
from api.cli.comparison import compare
from api.cli.deployments import deployments
from api.cli.events import events
from api.cli.options import KnownAt
from api.cli.values import moment

if TYPE_CHECKING:
    from graph.entities import Approval, Entity

GROUP = Annotated[str, typer.Argument(metavar="GROUP", help="A model group, by name or ARN.")]
VERSION = Annotated[
    str,
    typer.Argument(
        metavar="VERSION", help="GROUP/NUMBER, GROUP/ALIAS, GROUP/latest, GROUP/latestApproved, or a version's ARN."
    ),
]
REASON = Annotated[str | None, typer.Option(help="Why.")]
FIRST = Annotated[int, typer.Option(min=1, max=500, help="How many at most.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="Look at model versions, and decide which may run.")
    for name, function in (
        *(("groups", groups), ("versions", versions), ("show", show), ("compare", compare)),
        *(("approve", approve), ("reject", reject), ("alias", alias), ("events", events)),
        ("deployments", deployments),
        *(("gates", gates.gates), ("gate", gate), ("check", check), ("delete", delete)),
    ):
        command(group, name)(function)
    cards.register(group)
    collections.register(group)
    webhooks.register(group)
    app.add_typer(group, name="registry", rich_help_panel="Ask the graph")


def groups(
    call: Call,
    contains: Annotated[str | None, typer.Option(help="Only groups whose name contains this.")] = None,
    first: FIRST = 100,
) -> int:
    """List model groups by name."""

    async def work(session: Session) -> int:
        from graph.listing import Sort
        from graph.registry import lists, names
        from graph.registry.lists import RegistryFilter

        page = await lists.page(
            *(session.catalog.store, session.account, names.GROUP, await session.catalog.moment(session.account)),
            filter=RegistryFilter(contains=contains),
            sort=Sort.NAME,
            descending=False,
            first=first,
        )
        rows = [
            {
                "name": entity.display_name,
                "description": entity.description,
                "aliases": dict(entity.aliases or {}),
                "createdAt": _time(entity.created_at),
                "arn": entity.resource_arn,
            }
            for _, entity in page.items
        ]
        _print(call, rows, ("name", "description", "aliases", "createdAt"))
        return DONE

    return call.graph(work)


def versions(
    call: Call,
    group: GROUP,
    approval: Annotated[str | None, typer.Option(help="Only Approved, Rejected or PendingManualApproval.")] = None,
    known_at: KnownAt = None,
    first: FIRST = 100,
) -> int:
    """List the versions of a model group, newest first."""

    async def work(session: Session) -> int:
        from graph.registry import lists, names
        from graph.registry.lists import RegistryFilter

        when = await moment(session, None, known_at)
        held = await lists.group(session.catalog.store, session.place, group, when)
        name = names.group_name(session.place, group)
        page = await lists.page(
            *(session.catalog.store, session.account, names.PACKAGE, when),
            filter=RegistryFilter(group=name, numbered=True, approval=_approval(approval)),
            first=first,
        )
        rows = [_document(entity, held) for _, entity in page.items]
        _print(call, rows, ("version", "approval", "reason", "aliases", "createdAt", "createdBy"))
        return DONE

    return call.graph(work)


def show(call: Call, version: VERSION, known_at: KnownAt = None) -> int:
    """Show a version: its approval, its aliases and what it was registered with."""

    async def work(session: Session) -> int:
        import orjson

        when = await moment(session, None, known_at)
        entity, held = await find(session, version, when)
        shown = _document(entity, held) | {"specification": orjson.loads(entity.specification or "{}")}
        call.emit(shown, lambda console: console.print(table(None, ("field", "value"), [*shown.items()])))
        return DONE

    return call.graph(work)


def approve(
    call: Call,
    version: VERSION,
    reason: REASON = None,
    override: Annotated[
        bool, typer.Option("--override", help="Whatever the gates of its group find; takes a reason, and is marked.")
    ] = False,
) -> int:
    """Approve a version; the exit code is 3 when the gates of its group need others' approval, too."""
    from graph.entities import Approval

    return _decide(call, version, Approval.APPROVED, reason, override=override)


def gate(call: Call, version: VERSION) -> int:
    """Say whether a version may run: exit code 0 when it is approved and its gates still pass, 3 when something is missing."""
    return call.graph(lambda session: gates.report(call, session, version))


def check(call: Call, version: VERSION) -> int:
    """Look whether a version's model data is what was registered: exit code 3 when a file changed, is gone or unreadable."""
    return call.graph(lambda session: gates.check_data(call, session, version))


def reject(call: Call, version: VERSION, reason: REASON = None) -> int:
    """Reject a version."""
    from graph.entities import Approval

    return _decide(call, version, Approval.REJECTED, reason)


def alias(
    call: Call,
    group: GROUP,
    name: Annotated[str, typer.Argument(metavar="ALIAS", help="Such as champion.")],
    version: Annotated[
        int | None, typer.Argument(metavar="NUMBER", help="Which version; none any more without.")
    ] = None,
    expected: Annotated[
        int | None, typer.Option(help="Only if it names this version until then; 0: only if it names none.")
    ] = None,
) -> int:
    """Let an alias name a version of a group."""

    async def work(session: Session) -> int:
        from graph.registry.groups import ANY, set_alias

        until = ANY if expected is None else expected or None
        outcome = await session.write([set_alias(session.place, group, name, version, expected=until)], "setAlias")
        named = "no version" if version is None else f"version {version}"
        document = {"group": group, "alias": name, "version": version, "sequence": outcome.sequence}
        _said(call, document, f"{name} of {group} names {named}", outcome.sequence)
        return DONE

    return call.graph(work)


def delete(
    call: Call,
    named: Annotated[
        str, typer.Argument(metavar="NAME", help="GROUP/NUMBER, or GROUP when it has no versions; or an ARN.")
    ],
) -> int:
    """End a version, or a group without versions; both stay in the history."""

    async def work(session: Session) -> int:
        from graph.registry import names
        from graph.registry.groups import DeleteGroup
        from graph.registry.versions import DeletePackage

        place = session.place
        group = f":{names.GROUP}/" in named if named.startswith("arn:") else "/" not in named
        command_ = (
            DeleteGroup(place, names.group_name(place, named))
            if group
            else DeletePackage(place, names.package(place, named))
        )
        outcome = await session.write([command_], "deleteModelGroup" if group else "deleteModelVersion")
        _said(call, {"arn": command_.arn, "sequence": outcome.sequence}, f"{named} was deleted", outcome.sequence)
        return DONE

    return call.graph(work)


def _decide(call: Call, version: str, approval: "Approval", reason: str | None, *, override: bool = False) -> int:
    async def work(session: Session) -> int:
        from graph.registry.amending import amend
        from graph.registry.approvals import SHOWN

        entity, _ = await find(session, version, await session.catalog.moment(session.account))
        command_ = amend(
            *(session.place, entity.resource_arn or ""), approval=approval, reason=reason, override=override
        )
        outcome = await session.write([command_], "decide")
        missing = outcome.applied[0].missing
        held = entity.approval if missing and entity.approval is not None else approval
        document = {"arn": entity.resource_arn, "approval": SHOWN[held], "sequence": outcome.sequence}
        said = f"{entity.name} is {SHOWN[held]}{''.join(f', still needs {each}' for each in missing)}"
        _said(call, document | {"missing": list(missing)}, said, outcome.sequence)
        return FOUND if missing else DONE

    return call.graph(work)


async def find(session: Session, text: str, when: Any) -> "tuple[Entity, Entity | None]":
    """A version and its group."""
    from graph.registry import lists, names

    store, place = session.catalog.store, session.place
    if text.startswith("arn:") or "/" not in text:
        entity = await lists.package(store, place, text, when)
    else:
        group, _, wanted = text.removeprefix("model-package/").partition("/")
        entity = await lists.version(store, place, group, wanted, when)
    named = names.of_arn(entity.resource_arn or "")
    if named is None or named.number is None:
        return entity, None
    return entity, await lists.group(store, place, named.name, when)


def _approval(text: str | None) -> "Approval | None":
    from graph.errors import InvalidError
    from graph.registry.approvals import SHOWN

    if text is None:
        return None
    for approval, shown in SHOWN.items():
        if text.lower() in (shown.lower(), approval.value.lower()):
            return approval
    known = ", ".join(SHOWN.values())
    raise InvalidError(f"--approval {text!r} is none; known are {known}", path="approval", constraint=f"one of {known}")


def _document(entity: "Entity", group: "Entity | None") -> dict[str, Any]:
    import orjson

    from graph.registry import names
    from graph.registry.approvals import SHOWN

    named = names.of_arn(entity.resource_arn or "")
    number = None if named is None else named.number
    aliases = (group.aliases if group is not None else None) or {}
    return {
        "name": entity.name,
        "version": number,
        "approval": None if entity.approval is None else SHOWN[entity.approval],
        "reason": orjson.loads(entity.specification or "{}").get("ApprovalDescription"),
        "aliases": [alias for alias, target in aliases.items() if target == number],
        "createdAt": _time(entity.created_at),
        "createdBy": entity.created_by,
        "description": entity.description,
        "arn": entity.resource_arn,
        "lineageArn": entity.arn,
    }


def _print(call: Call, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    def text(value: Any) -> Any:
        if isinstance(value, dict):
            return ", ".join(f"{name} → {number}" for name, number in value.items())
        return ", ".join(value) if isinstance(value, list) else value

    cells = [[text(row[name]) for name in columns] for row in rows]
    call.emit(rows, lambda console: console.print(table(None, columns, cells)))


def _said(call: Call, document: dict[str, Any], text: str, sequence: int | None) -> None:
    entry = "nothing had to change" if sequence is None else f"ledger entry {sequence}"
    call.emit(document, lambda console: console.print(f"{text}: {entry}", markup=False))


def _time(milliseconds: int) -> str:
    from graph.times import from_ms

    return from_ms(milliseconds).isoformat()
