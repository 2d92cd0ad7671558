"""Commands that find things: `search` and `select`."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.call import DONE, Call, Session, command, table
from api.cli.options import AsOf, KnownAt
from api.cli.values import kinds_of, moment
from api.cli.walks import PANEL, nodes_table, short

if TYPE_CHECKING:
    from rich.console import Console


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    command(app, "search", panel=PANEL)(search)
    command(app, "select", panel=PANEL)(select)
    command(app, "diff", panel=PANEL)(diff)


def search(
    call: Call,
    text: Annotated[list[str], typer.Argument(help="Words that stand in a name, ARN, URI, type, kind or tag.")],
    kind: Annotated[list[str] | None, typer.Option(help="These kinds only: artifact, action, context …")] = None,
    type: Annotated[list[str] | None, typer.Option(help="These types only, such as DataSet.")] = None,  # noqa: A002
    first: Annotated[int, typer.Option(min=1, max=500, help="How many to show.")] = 20,
) -> int:
    """Find entities of now by any part of what is known of them, the best first."""

    async def work(session: Session) -> int:
        found = await session.catalog.finder.search(
            session.account, " ".join(text), kinds=kinds_of(kind), types=type or (), first=first
        )
        rows = [each for _, each in found.items]
        document = {
            "entities": [
                {"arn": each.arn, "kind": each.kind.value, "type": each.type, "name": each.name} for each in rows
            ],
            "more": found.more,
        }
        cells = [(each.kind.value.lower(), each.type, each.name, short(each.arn)) for each in rows]
        shown = table(None, ("kind", "type", "name", "ARN"), cells)
        call.emit(document, lambda console: console.print(shown))
        return DONE

    return call.graph(work)


def select(
    call: Call,
    query: Annotated[str, typer.Argument(help="A selection, such as '+model:churn+2 and type:DataSet'.")],
    as_of: AsOf = None,
    known_at: KnownAt = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Entities to show at most.")] = 5000,
) -> int:
    """Show the entities that a selection names, and the edges between them.

    A term is a name or key:value (name, type, kind, tag, owner, uri, arn, model, endpoint), with * and ? as wildcards;
    +term adds what it came from, term+ what it touches, 2+term and term+2 as far as two edges; and, or, not and parentheses
    combine terms.
    """

    async def work(session: Session) -> int:
        from graph.selection.evaluation import select as selected
        from reports.lineage_tables import selection_document

        when = await moment(session, as_of, known_at)
        catalog = session.catalog
        found = await selected(
            catalog.store,
            catalog.finder,
            session.account,
            query,
            when,
            present=as_of is None and known_at is None,
            limit=limit,
        )

        def show(console: "Console") -> None:
            console.print(nodes_table(found.nodes, None))
            if found.total > len(found.nodes):
                console.print(f"{len(found.nodes)} of {found.total} entities; --limit shows more")

        call.emit(selection_document(found), show)
        return DONE

    return call.graph(work)


def diff(
    call: Call,
    query: Annotated[str, typer.Argument(help="A selection; an ARN alone means it with all of its lineage.")],
    begin: Annotated[str, typer.Option("--from", metavar="TIME", help="The first moment.")],
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="The second; now by default.")] = None,
    known_at: KnownAt = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Entities of each moment to look at.")] = 5000,
) -> int:
    """Show what was added, removed and changed between two moments among what a selection names."""

    async def work(session: Session) -> int:
        from graph.selection.differences import Difference, compare
        from reports.lineage_tables import difference_document

        before, after = await moment(session, begin, known_at), await moment(session, end, known_at)
        catalog = session.catalog
        found = await compare(
            catalog.store, catalog.finder, session.account, _selection(query), before, after, limit=limit
        )
        rows = [
            (what.value.lower(), node.kind.value.lower(), node.type, node.name, short(node.arn))
            for node, what in zip(found.nodes, found.node_differences, strict=True)
            if what is not Difference.SAME
        ]

        def show(console: "Console") -> None:
            console.print(table(None, ("what", "kind", "type", "name", "ARN"), rows))
            edges = [what for what in found.edge_differences if what is not Difference.SAME]
            console.print(f"{len(rows)} of {len(found.nodes)} entities differ, and {len(edges)} associations")
            if found.truncated:
                console.print("An answer was cut: --limit looks at more")

        call.emit(difference_document(found), show)
        return DONE

    return call.graph(work)


def _selection(text: str) -> str:
    """An ARN, also its last part alone, as the selection of all of its lineage; every other text as it is."""
    from graph.selection.language import Term, parse

    term = parse(text)
    if isinstance(term, Term) and (term.key == "arn" or (term.key == "name" and "/" in term.value)):
        return f"+arn:{term.value}+"
    return text
