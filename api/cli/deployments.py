"""`registry deployments`: what was in production at a time, or where a model version ever ran."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, table
from api.cli.options import KnownAt
from api.cli.values import moment

if TYPE_CHECKING:
    from graph.hosting.production import Deployment

COLUMNS = ("endpoint", "variant", "model", "versions", "weight", "cause", "startedAt", "endedAt", "address")


def deployments(
    call: Call,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="What ran then; now by default.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Only on this endpoint, by name or ARN.")] = None,
    group: Annotated[str | None, typer.Option(help="Only versions of this model group, by name or ARN.")] = None,
    exposure: Annotated[
        str | None,
        typer.Option(
            metavar="ARN", help="Instead: where this model or version ever ran (model-package/GROUP/VERSION)."
        ),
    ] = None,
    known_at: KnownAt = None,
    first: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 100,
) -> int:
    """Show what was in production at a time, what began last first."""

    async def work(session: Session) -> int:
        from graph.errors import InvalidError
        from graph.hosting import names, production
        from graph.hosting.names import Hosted
        from graph.registry import names as registry

        if exposure is not None and (at, endpoint, group) != (None, None, None):
            raise InvalidError(
                "--exposure stands alone", path="exposure", constraint="without --at, --endpoint, --group"
            )
        when = await moment(session, at, known_at)
        store, account, place = session.catalog.store, session.account, session.place
        if exposure is not None:
            entity = await session.catalog.entity(account, await session.arn(exposure, when), when)
            page = await production.exposure(store, account, entity.arn, when, first=first)
        else:
            own = of = None
            if endpoint is not None:
                own = names.resource(place, Hosted.ENDPOINT, names.named(place, Hosted.ENDPOINT, endpoint))
            if group is not None:
                of = registry.group_resource(place, registry.group_name(place, group))
            page = await production.at(store, account, when, endpoint=own, group=of, first=first)
        rows = [_document(item) for _, item in page.items]
        cells = [[", ".join(row["versions"]) if name == "versions" else row[name] for name in COLUMNS] for row in rows]
        call.emit(rows, lambda console: console.print(table(None, COLUMNS, cells)))
        return DONE

    return call.graph(work)


def _document(item: "Deployment") -> dict[str, Any]:
    return {
        "endpoint": item.endpoint,
        "variant": item.told("Variant"),
        "model": item.told("Model"),
        "versions": list(item.versions),
        "weight": item.told("Weight"),
        "cause": item.told("Cause"),
        "startedAt": _shown(item.started),
        "endedAt": None if item.ended is None else _shown(item.ended),
        "address": item.told("Address"),
        "arn": item.action.arn,
    }


def _shown(at: int) -> str:
    from graph.times import from_ms

    return from_ms(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
