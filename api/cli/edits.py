"""Commands that change the graph: `entity create-artifact`, `entity update`, `entity associate` and so on."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, command
from api.cli.deletions import delete
from api.cli.options import Arn, SourceUri, TypeOption, ValidTo
from api.cli.values import pairs, time

if TYPE_CHECKING:
    from rich.console import Console

    from graph.commands import Command

NewName = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits and hyphens.")]
Description = Annotated[str | None, typer.Option(help="What it is, in words.")]
Properties = Annotated[list[str] | None, typer.Option("--property", metavar="KEY=VALUE", help="A fact; repeatable.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="KEY=VALUE", help="A label; repeatable.")]
ValidFrom = Annotated[str | None, typer.Option(metavar="TIME", help="Since when it is so; now by default.")]
StatusOption = Annotated[str | None, typer.Option("--status", help="Completed, InProgress, Failed …")]
AssociationOption = Annotated[
    str, typer.Option("--as", help="contributed-to, produced, derived-from, same-as, associated-with.")
]


def register(entity: typer.Typer) -> None:
    """Add the commands to the group `entity`."""
    for name, function in {
        "create-artifact": create_artifact,
        "create-action": create_action,
        "create-context": create_context,
        "create-trial-component": create_trial_component,
        "update": update,
        "delete": delete,
        "tag": tag,
        "untag": untag,
        "associate": associate,
        "dissociate": dissociate,
    }.items():
        command(entity, name)(function)  # type: ignore[arg-type]  # each has arguments of its own


def create_artifact(
    call: Call,
    source_uri: Annotated[str, typer.Argument(metavar="URI", help="Where it lies: s3://…, file://…")],
    name: Annotated[str | None, typer.Option(help="By default the end of the URI.")] = None,
    type: TypeOption = None,  # noqa: A002  # the field's own name
    source_type: Annotated[list[str] | None, typer.Option(metavar="ID=VALUE", help="S3ETag=…, Custom=…")] = None,
    description: Description = None,
    properties: Properties = None,
    tags: Tags = None,
    valid_from: ValidFrom = None,
) -> int:
    """Create an artifact, or find it: it is known by its URI and source types."""
    sources = [{"type": key, "value": value} for key, value in pairs(source_type or (), "source-type").items()]
    row = {"sourceUri": source_uri, "name": name, "sourceTypes": sources}
    return _create(call, "ARTIFACT", row, type, description, properties, tags, valid_from)


def create_action(
    call: Call,
    name: NewName,
    type: TypeOption = None,  # noqa: A002  # the field's own name
    source_uri: SourceUri = None,
    status: StatusOption = None,
    description: Description = None,
    properties: Properties = None,
    tags: Tags = None,
    valid_from: ValidFrom = None,
) -> int:
    """Create an action, such as a deployment or an approval, or find it by its name."""
    row = {"name": name, "sourceUri": source_uri, "status": _status(status)}
    return _create(call, "ACTION", row, type, description, properties, tags, valid_from)


def create_context(
    call: Call,
    name: NewName,
    type: TypeOption = None,  # noqa: A002  # the field's own name
    source_uri: SourceUri = None,
    description: Description = None,
    properties: Properties = None,
    tags: Tags = None,
    valid_from: ValidFrom = None,
) -> int:
    """Create a context, such as an endpoint or an experiment, or find it by its name."""
    row = {"name": name, "sourceUri": source_uri}
    return _create(call, "CONTEXT", row, type, description, properties, tags, valid_from)


def create_trial_component(
    call: Call,
    name: NewName,
    type: TypeOption = None,  # noqa: A002  # the field's own name
    source_arn: Annotated[str | None, typer.Option(help="The ARN of the job behind it.")] = None,
    status: StatusOption = None,
    parameter: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="A setting; repeatable.")] = None,
    description: Description = None,
    tags: Tags = None,
    valid_from: ValidFrom = None,
) -> int:
    """Create a trial component, such as a training job, or find it by its name."""
    settings = {key: _number(value) for key, value in pairs(parameter or (), "parameter").items()}
    row = {"name": name, "sourceArn": source_arn, "status": _status(status), "parameters": settings or None}
    return _create(call, "TRIAL_COMPONENT", row, type, description, None, tags, valid_from)


def update(
    call: Call,
    arn: Arn,
    name: Annotated[str | None, typer.Option(help="Artifacts only: a new name.")] = None,
    description: Description = None,
    status: StatusOption = None,
    properties: Properties = None,
    remove_property: Annotated[list[str] | None, typer.Option(metavar="KEY", help="Remove a property.")] = None,
    valid_from: ValidFrom = None,
) -> int:
    """Change an entity's fields; properties are merged by key."""
    details = {"name": name, "description": description, "status": _status(status)}
    return _update(
        call,
        arn,
        valid_from,
        properties=pairs(properties or (), "property") or None,
        remove_properties=remove_property or (),
        **{key: value for key, value in details.items() if value is not None},
    )


def tag(
    call: Call,
    arn: Arn,
    tags: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...")],
    valid_from: ValidFrom = None,
) -> int:
    """Set tags."""
    return _update(call, arn, valid_from, tags=pairs(tags, "tag"))


def untag(
    call: Call, arn: Arn, keys: Annotated[list[str], typer.Argument(metavar="KEY...")], valid_from: ValidFrom = None
) -> int:
    """Remove tags."""
    return _update(call, arn, valid_from, remove_tags=keys)


def associate(
    call: Call,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The ARN of the cause.")],
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", help="The ARN of the effect.")],
    association: AssociationOption = "associated-with",
    valid_from: ValidFrom = None,
) -> int:
    """Associate two entities, from cause to effect."""

    async def work(session: Session) -> int:
        from api.cli.rows import association_of
        from graph import commands

        ends = await session.arn(source), await session.arn(destination)
        made = commands.associate(*ends, association_of(association), valid_from=time(valid_from, "valid-from"))
        return await _write(call, session, made, "associate", "associated")

    return call.graph(work)


def dissociate(
    call: Call,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The ARN of the cause.")],
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", help="The ARN of the effect.")],
    association: AssociationOption = "associated-with",
    valid_to: ValidTo = None,
) -> int:
    """Let an association end."""

    async def work(session: Session) -> int:
        from api.cli.rows import association_of
        from graph import commands

        ends = await session.arn(source), await session.arn(destination)
        made = commands.dissociate(*ends, association_of(association), valid_to=time(valid_to, "valid-to"))
        return await _write(call, session, made, "dissociate", "dissociated")

    return call.graph(work)


def _create(
    call: Call,
    kind: str,
    row: dict[str, Any],
    type_: str | None,
    description: str | None,
    properties: list[str] | None,
    tags: list[str] | None,
    valid_from: str | None,
) -> int:
    row |= {"kind": kind, "type": type_, "description": description, "validFrom": valid_from}
    row |= {"properties": pairs(properties or (), "property") or None, "tags": pairs(tags or (), "tag") or None}

    async def work(session: Session) -> int:
        from api.cli.rows import put_of

        return await _write(call, session, put_of(session.place, row), "entity_create", "created")

    return call.graph(work)


def _update(call: Call, arn: str, valid_from: str | None, **changes: Any) -> int:
    async def work(session: Session) -> int:
        from graph import commands

        named = await session.arn(arn)
        kind = (await session.catalog.entity(session.account, named)).kind
        made = commands.update(named, kind, valid_from=time(valid_from, "valid-from"), **changes)
        return await _write(call, session, made, "entity_update", "updated")

    return call.graph(work)


async def _write(call: Call, session: Session, made: "Command", operation: str, done: str) -> int:
    outcome = await session.write([made], operation)
    applied = outcome.applied[0]
    document: dict[str, Any] = {"changed": applied.changed, "created": applied.created, "sequence": outcome.sequence}
    if applied.arn is not None:
        document = {"arn": applied.arn, **document}
    if applied.triple is not None:
        document |= dict(zip(("source", "association", "destination"), applied.triple, strict=True))

    def show(console: "Console") -> None:
        what = applied.arn if applied.arn is not None else " ".join(applied.triple or ())
        state = (done if applied.created or done != "created" else "extended") if applied.changed else "unchanged"
        console.print(f"{state} {what}", markup=False, soft_wrap=True)

    call.emit(document, show)
    return DONE


def _status(text: str | None) -> str | None:
    from graph.entities import Status
    from graph.errors import InvalidError

    if text is None:
        return None
    for status in Status:
        if status.value.replace("_", "") == text.upper().replace("_", "").replace("-", ""):
            return status.value
    raise InvalidError(f"--status {text!r} is none of {', '.join(Status)}", path="status")


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
