"""`registry compare`: two model versions side by side."""

from typing import Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, table

VERSION = "GROUP/NUMBER, or a version's ARN."


def compare(
    call: Call,
    a: Annotated[str, typer.Argument(metavar="A", help=VERSION)],
    b: Annotated[str, typer.Argument(metavar="B", help=VERSION)],
    everything: Annotated[bool, typer.Option("--all", help="Also show what is alike.")] = False,
) -> int:
    """Compare two versions: metrics, parameters, data, features, and what only one of them came from."""

    async def work(session: Session) -> int:
        from graph.registry import lists
        from graph.registry.comparison import compare as compare_versions

        store, place = session.catalog.store, session.place
        when = await session.catalog.moment(session.account)
        first, second = [await lists.package(store, place, text, when) for text in (a, b)]
        found = await compare_versions(store, place, session.artifacts, first, second, when)
        document: dict[str, Any] = {"a": first.resource_arn, "b": second.resource_arn}
        for what in ("metrics", "parameters", "data", "features"):
            document[what] = [
                {"name": one.name, "a": one.a, "b": one.b} for one in getattr(found, what) if everything or not one.same
            ]
        for what, only in (("onlyA", found.only_a), ("onlyB", found.only_b)):
            document[what] = [{"name": each.name, "type": each.type, "arn": each.arn} for each in only]
        document["truncated"] = found.truncated
        rows = [
            (what, one["name"], one["a"], one["b"])
            for what in ("metrics", "parameters", "data", "features")
            for one in document[what]
        ]
        rows += [("lineage", each["arn"].split(":", 5)[5], each["name"], None) for each in document["onlyA"]]
        rows += [("lineage", each["arn"].split(":", 5)[5], None, each["name"]) for each in document["onlyB"]]
        call.emit(document, lambda console: console.print(table(None, ("what", "name", first.name, second.name), rows)))
        return DONE

    return call.graph(work)
