"""`registry gates|gate|check`: what a group asks of its versions, whether one may run, whether its files are what they were."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, FOUND, Call, Session, table
from api.cli.values import time

if TYPE_CHECKING:
    from graph.registry.gates import Bound
    from graph.registry.standing import Standing

GROUP = Annotated[str, typer.Argument(metavar="GROUP", help="A model group, by name or ARN.")]


def gates(
    call: Call,
    group: GROUP,
    approvals: Annotated[
        int | None, typer.Option(help="How many persons have to approve who had no part in it.")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="BOUND", help="'auc>=0.9' or 'rmse<=2', of the newest evaluation. Repeatable."),
    ] = None,
    violations_since: Annotated[
        str | None, typer.Option("--no-violations-since", metavar="TIME", help="No younger violation is open.")
    ] = None,
    card: Annotated[bool, typer.Option("--approved-card", help="The version's model card is approved.")] = False,
    licences: Annotated[bool, typer.Option("--licensed-data", help="Each data set has a tag licence.")] = False,
    none: Annotated[bool, typer.Option("--none", help="Ask for nothing any more.")] = False,
) -> int:
    """Show what a group asks of a version before it may be approved; with options, set that in place of all it asked before."""

    async def work(session: Session) -> int:
        from graph.errors import InvalidError
        from graph.registry import gates as kept
        from graph.registry import lists
        from graph.times import to_ms

        bounds = [bound(text) for text in metric or ()]
        young = time(violations_since, "--no-violations-since")
        since = None if young is None else to_ms(young)
        wanted = (approvals is not None, bool(bounds), since is not None, card, licences)
        if none and any(wanted):
            raise InvalidError("--none stands alone", path="none", constraint="without other options")
        if none or any(wanted):
            command = kept.set_gates(
                *(session.place, group),
                approvals=approvals or 0,
                bounds=bounds,
                violations_since=since,
                card=card,
                licences=licences,
            )
            await session.write([command], "setGates")
        when = await session.catalog.moment(session.account)
        held = await lists.group(session.catalog.store, session.place, group, when)
        document = kept.of(held.specification).kept()
        cells = [(name, str(value)) for name, value in document.items()]
        call.emit(document, lambda console: console.print(table(None, ("gate", "asks"), cells)))
        return DONE

    return call.graph(work)


async def report(call: Call, session: Session, text: str) -> int:
    """Print how a version stands; the exit code says whether it may run."""
    from api.cli.registry import find
    from graph.registry.standing import standing

    entity, _ = await find(session, text, await session.catalog.moment(session.account))
    found = await standing(session.catalog.store, session.place, entity)
    cells = [("yes" if each.passed else "no", each.gate.value, each.wanted, each.found) for each in found.findings]

    def show(console: Any) -> None:
        if cells:
            console.print(table(None, ("passed", "gate", "wants", "found"), cells))
        said = "passes" if found.passed else f"does not pass; missing: {'; '.join(found.missing)}"
        console.print(f"{entity.name} {said}", markup=False, soft_wrap=True)
        for reason in found.stale:
            console.print(f"stale: {reason.text}", markup=False, soft_wrap=True)
        for reason_ in found.overridden:
            console.print(f"overridden: {reason_}", markup=False, soft_wrap=True)

    call.emit(document(found), show)
    return DONE if found.passed else FOUND


async def check_data(call: Call, session: Session, text: str) -> int:
    """Print whether a version's model data is what was registered; the exit code says so, too."""
    from api.cli.registry import find
    from monitors.model_data import check

    entity, _ = await find(session, text, await session.catalog.moment(session.account))
    policy = session.settings.reach(local_user=True)
    found = await check(session.catalog, session.caller, policy, entity)
    columns = ("state", "uri", "registered", "found", "message")
    rows = [{name: getattr(each, name) for name in columns} for each in found.files]
    document = {"version": entity.resource_arn, "passed": found.passed, "files": rows, "sequence": found.sequence}
    cells = [[row[name] for name in columns] for row in rows]
    call.emit(document, lambda console: console.print(table(None, columns, cells)))
    return DONE if found.passed else FOUND


def document(found: "Standing") -> dict[str, Any]:
    """How a version stands, as plain values."""
    from graph.registry.approvals import SHOWN
    from graph.times import from_ms

    approval = found.version.approval
    return {
        "version": found.version.resource_arn,
        "approval": None if approval is None else SHOWN[approval],
        "passed": found.passed,
        "missing": list(found.missing),
        "results": [finding.kept() for finding in found.findings],
        "overridden": list(found.overridden),
        "stale": [
            {"kind": each.kind.value, "text": each.text, "arn": each.arn, "at": from_ms(each.at).isoformat()}
            for each in found.stale
        ],
    }


def bound(text: str) -> "Bound":
    """The bound that a text such as `auc>=0.9` says.

    Raises:
        InvalidError: it says none.
    """
    from graph.errors import InvalidError
    from graph.registry.gates import Bound

    for sign, field in ((">=", "at_least"), ("<=", "at_most")):
        name, found, number = text.partition(sign)
        if found:
            try:
                return Bound(name.strip(), **{field: float(number)})
            except ValueError:
                break
    raise InvalidError(f"--metric {text[:80]!r} is no bound such as auc>=0.9", path="metric", constraint="NAME>=NUMBER")
