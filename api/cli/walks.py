"""Commands that walk the graph: `lineage` and `path`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.call import DONE, FAILED, Call, Session, command, table
from api.cli.options import AsOf, KnownAt
from api.cli.values import kinds_of, moment, pairs, time

if TYPE_CHECKING:
    from rich.console import Console

    from graph.associations import Association, AssociationType
    from graph.detours import Detour
    from graph.levels import Node
    from graph.lineage import Lineage, Shown

PANEL = "Ask the graph"


class Way(StrEnum):
    """A direction as people write it."""

    ascendants = "ascendants"
    descendants = "descendants"
    both = "both"
    connected = "connected"


class Form(StrEnum):
    """How an answer is printed."""

    tree = "tree"
    table = "table"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    command(app, "lineage", panel=PANEL)(lineage)
    command(app, "path", panel=PANEL)(path)


def lineage(
    call: Call,
    arns: Annotated[list[str], typer.Argument(metavar="ARN...", help="Where to start.")],
    direction: Annotated[Way, typer.Option("--direction", "-d", help="Which way.", case_sensitive=False)] = Way.both,
    depth: Annotated[int | None, typer.Option(min=0, help="How many associations far; any by default.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Show these kinds only: artifact, action, context …")] = None,
    type: Annotated[list[str] | None, typer.Option(help="Show these types only, such as DataSet.")] = None,  # noqa: A002
    tag: Annotated[list[str] | None, typer.Option(help="Show what has these tags only.", metavar="KEY=VALUE")] = None,
    association: Annotated[list[str] | None, typer.Option(help="Walk these only, such as produced.")] = None,
    created_after: Annotated[str | None, typer.Option(metavar="TIME", help="Show what is not older.")] = None,
    created_before: Annotated[str | None, typer.Option(metavar="TIME", help="Show what is older.")] = None,
    via: Annotated[bool, typer.Option("--via", help="Show ways through what filters hide.")] = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Entities that the walk may meet.")] = 5000,
    output: Annotated[Form, typer.Option("--output", "-o", help="A tree or a table.")] = Form.tree,
) -> int:
    """Show what something came from (ascendants) and what it touches (descendants).

    Filters hide entities and do not cut the walk; --via also shows how what is left is connected through them.
    """

    async def work(session: Session) -> int:
        from graph.lineage import Direction, walk
        from reports.lineage_tables import lineage_document

        when = await moment(session, as_of, known_at)
        starts = [await session.arn(text, when) for text in arns]
        found = await walk(
            session.catalog.store,
            session.account,
            starts,
            Direction(direction.value.upper()),
            when,
            depth=depth,
            associations=_associations(association),
            shown=_shown(kind, type, tag, created_after, created_before),
            via=via,
            limit=limit,
        )
        call.emit(lineage_document(found), lambda console: show(console, found, starts, direction, output))
        return DONE

    return call.graph(work)


def path(
    call: Call,
    start: Annotated[str, typer.Argument(metavar="FROM", help="The ARN where it begins.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="The ARN where it ends.")],
    direction: Annotated[
        Way, typer.Option("--direction", "-d", help="Which way.", case_sensitive=False)
    ] = Way.descendants,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> int:
    """Show a shortest path between two entities; exit code 1 when there is none."""

    async def work(session: Session) -> int:
        from graph.errors import NotFoundError
        from graph.lineage import Direction
        from graph.paths import path as shortest
        from reports.lineage_tables import lineage_document

        when = await moment(session, as_of, known_at)
        ends = await session.arn(start, when), await session.arn(end, when)
        way = Direction(direction.value.upper())
        found = await shortest(session.catalog.store, session.account, *ends, way, when)
        if found is None:
            raise NotFoundError(f"no path leads from {ends[0]} to {ends[1]} ({direction.value})")
        call.emit(lineage_document(found), lambda console: console.print(nodes_table(found.nodes, None)))
        return FAILED if found.truncated else DONE

    return call.graph(work)


def show(console: "Console", found: "Lineage", starts: list[str], way: Way, output: Form) -> None:
    """Print a walk's answer for people."""
    shown = {node.arn for node in found.nodes}
    # A tree begins at a start; where a filter hides one, or all ways are walked, there is none to draw.
    if output is Form.table or way is Way.connected or not shown.issuperset(starts):
        console.print(nodes_table(found.nodes, None))
        if found.detours:
            console.print(_detours_table(found))
    else:
        for tree in trees(found, starts, way):
            console.print(tree)
    through = f", {len(found.detours)} ways through hidden entities" if found.detours else ""
    console.print(f"{len(found.nodes)} entities, {len(found.edges)} associations{through}")
    if found.detours_truncated:
        console.print("There are more ways through hidden entities than were looked for; hide less, or start nearer")
    for direction, arns in found.frontiers.items():
        more = " …" * (len(arns) > 5)
        console.print(f"The walk was cut; go on with --direction {direction.lower()} from {' '.join(arns[:5])}{more}")


def nodes_table(nodes: Sequence["Node"], title: str | None, *, arns: bool = True) -> "object":
    """The nodes of an answer, nearest first."""
    columns = ("depth", "kind", "type", "name", *(["ARN"] if arns else []))
    cells = [
        (node.depth, node.kind.value.lower(), node.type, node.name, short(node.arn))[: len(columns)]
        for node in sorted(nodes, key=lambda node: node.depth)
    ]
    return table(title, columns, cells)


def trees(found: "Lineage", starts: list[str], way: Way) -> "list[object]":
    """The answer as trees, one a start and direction.

    What was shown above already is only named again; of what a cut walk did not look at, the ARN is shown.
    """
    from rich.markup import escape
    from rich.tree import Tree

    nodes = {node.arn: node for node in found.nodes}
    made: list[object] = []
    for upstream in [{"ascendants": True, "descendants": False}[way.value]] if way is not Way.both else [True, False]:
        following: dict[str, list[tuple[str, str]]] = {}
        for edge in found.connections:
            near, far = (edge.destination, edge.source) if upstream else (edge.source, edge.destination)
            following.setdefault(near, []).append((_word(edge), far))
        heading = "came from" if upstream else "touches"
        for start in starts:
            root = Tree(f"{_label(nodes[start])} [dim]{heading}[/dim]")
            seen = {start}
            level = [(start, root)]
            while level:
                following_level = []
                for arn, branch in level:
                    for word, far in sorted(following.get(arn, ())):
                        if far not in nodes:
                            branch.add(f"[dim]… {escape(short(far))}[/dim]")
                            continue
                        label = f"[dim]{'←' if upstream else '→'} {escape(word)}[/dim] {_label(nodes[far])}"
                        if far in seen:
                            branch.add(f"{label} [dim](above)[/dim]")
                            continue
                        seen.add(far)
                        following_level.append((far, branch.add(f"{label} [dim]{escape(short(far))}[/dim]")))
                level = following_level
            made.append(root)
    return made


def _detours_table(found: "Lineage") -> "object":
    cells = [(short(way.source), _word(way), short(way.destination)) for way in found.detours]
    return table("Through hidden entities", ("from", "association", "to"), cells)


def _word(edge: "Association | Detour") -> str:
    """How people write an association, with what lies between."""
    word = edge.association.value.lower().replace("_", " ")
    via = getattr(edge, "via", ())
    between = ", ".join(map(short, via[:3])) + " …" * (len(via) > 3)
    return f"{word} (through {between})" if via else word


def short(arn: str) -> str:
    """The resource part of an ARN, which the command line takes for the whole."""
    return arn.split(":", 5)[-1]


def _label(node: "Node") -> str:
    from rich.markup import escape

    return f"[bold]{escape(node.name)}[/bold] {escape(node.type or node.kind.value.lower())}"


def _associations(texts: list[str] | None) -> "list[AssociationType]":
    from api.cli.rows import association_of
    from graph.associations import AssociationType

    return [association_of(text) for text in texts] if texts else list(AssociationType)


def _shown(
    kinds: list[str] | None, types: list[str] | None, tags: list[str] | None, after: str | None, before: str | None
) -> "Shown":
    from graph.lineage import Shown
    from graph.times import FOREVER, to_ms

    begin, end = time(after, "created-after"), time(before, "created-before")
    return Shown(
        kinds=frozenset(kinds_of(kinds)),
        types=frozenset(types or ()),
        tags=frozenset(pairs(tags or (), "tag").items()),
        created_after=0 if begin is None else to_ms(begin),
        created_before=FOREVER if end is None else to_ms(end),
    )
