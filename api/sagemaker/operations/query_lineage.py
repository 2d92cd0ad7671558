"""QueryLineage, with SageMaker's limits and filters; GraphQL's `lineage` has neither its limits nor its single start."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from api.sagemaker import shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph import history, lineage
from graph.associations import Association
from graph.entities import Entity
from graph.errors import InvalidError
from graph.levels import Node
from graph.lineage import Direction, Lineage
from graph.times import FOREVER, Moment, to_ms

DEPTH = 10
RESULTS = 50
DIRECTIONS = {
    "Ascendants": Direction.ASCENDANTS,
    "Descendants": Direction.DESCENDANTS,
    "Both": Direction.CONNECTED,
}
BATCH = 1000


@operation(
    "QueryLineage",
    note="With edges and a filter, the path's entities are those on the shortest ways from the start to what fits.",
)
async def query_lineage(call: Call, given: Input) -> Output:
    """What an entity came from or touches, at most ten edges far, fifty entities a page."""
    depth, results = given.get("MaxDepth", DEPTH), given.get("MaxResults", RESULTS)
    for name, value in (("MaxDepth", depth), ("MaxResults", results)):
        if value < 1:
            raise InvalidError(f"{name} is {value}; it has to be 1 or more", path=name)
    if not given.get("StartArns"):
        raise InvalidError("StartArns has to name the entity to start at", path="StartArns")
    when, offset = await call.page(given)
    start = await call.arn(given["StartArns"][0])
    direction = DIRECTIONS[given.get("Direction", "Both")]
    walked = await lineage.walk(
        call.catalog.store,
        call.account,
        [start],
        direction,
        when,
        depth=depth,
        limit=lineage.LIMIT,
        seconds=call.seconds,
    )
    cone = Shown(walked, start, direction, depth)
    fitting = await _fitting(call, cone.nodes, given.get("Filters", {}), when, start)
    with_edges = given.get("IncludeEdges", False)
    ordered = sorted(cone.ways(fitting) if with_edges else fitting, key=lambda arn: (cone.depths[arn], arn))
    begin = offset or 0
    page = ordered[begin : begin + results]
    # An edge comes with the later of its ends, so that all pages together hold each edge once.
    known, new = set(ordered[: begin + results]), set(page)
    edges = [
        _edge(edge)
        for edge in (cone.edges if with_edges else ())
        if edge.source in known and edge.destination in known and (edge.source in new or edge.destination in new)
    ]
    more = begin + results if begin + results < len(ordered) else None
    return {
        "Vertices": [_vertex(cone.nodes[arn]) for arn in page],
        "Edges": edges,
        **call.next_token(given, when, more),
    }


class Shown:
    """A walk without experiments and trials, which are no vertices at this door: what was met only through one is gone.

    Args:
        walked: The walk.
        start: Where it began.
        direction: Which way it went.
        depth: How far it may go.
    """

    def __init__(self, walked: Lineage, start: str, direction: Direction, depth: int) -> None:
        nodes = {node.arn: node for node in walked.nodes if not _hidden(node.arn)}
        edges = [edge for edge in walked.edges if edge.source in nodes and edge.destination in nodes]
        onward: dict[str, set[str]] = defaultdict(set)
        self._back: dict[str, set[str]] = defaultdict(set)
        for edge in edges:
            if direction is not Direction.ASCENDANTS:
                onward[edge.source].add(edge.destination)
                self._back[edge.destination].add(edge.source)
            if direction is not Direction.DESCENDANTS:
                onward[edge.destination].add(edge.source)
                self._back[edge.source].add(edge.destination)
        self.depths = {start: 0} if start in nodes else {}
        level = set(self.depths)
        for distance in range(1, depth + 1):
            level = {arn for near in level for arn in onward[near] if arn not in self.depths}
            self.depths.update(dict.fromkeys(level, distance))
        self.nodes = {arn: node for arn, node in nodes.items() if arn in self.depths}
        self.edges = [edge for edge in edges if edge.source in self.nodes and edge.destination in self.nodes]

    def ways(self, ends: Iterable[str]) -> set[str]:
        """What lies on the shortest ways from the start to some entities, both included."""
        found = set(ends)
        level = set(found)
        while level:
            level = {
                near
                for arn in level
                for near in self._back[arn]
                if near not in found and self.depths.get(near, FOREVER) < self.depths[arn]
            }
            found |= level
        return found | {arn for arn, distance in self.depths.items() if distance == 0}


async def _fitting(
    call: Call, nodes: Mapping[str, Node], filters: Mapping[str, Any], when: Moment, start: str
) -> set[str]:
    """The entities that fit every kind of filter; of one kind, any value will do."""
    kinds, types = set(filters.get("LineageTypes", ())), set(filters.get("Types", ()))
    after, before = _range(filters, "Created")
    found = {
        arn
        for arn, node in nodes.items()
        if arn != start
        and (not kinds or shapes.LINEAGE_TYPES[node.kind] in kinds)
        and (not types or vertex_type(node.type) in types)
        and after <= node.created_at < before
    }
    properties: Mapping[str, str] = filters.get("Properties", {})
    changed_after, changed_before = _range(filters, "Modified")
    if not properties and (changed_after, changed_before) == (0, FOREVER):
        return found
    ordered = sorted(found)
    entities: dict[str, Entity] = {}
    for begin in range(0, len(ordered), BATCH):
        entities |= await history.entities(call.catalog.store, call.account, ordered[begin : begin + BATCH], when)
    return {
        arn
        for arn, entity in entities.items()
        if changed_after <= entity.modified_at < changed_before
        and (not properties or any((entity.properties or {}).get(key) == value for key, value in properties.items()))
    }


def vertex_type(text: str | None) -> str | None:
    """An entity's type as this operation calls it: `TrainingJob` for `SageMakerTrainingJob`."""
    if text is None:
        return None
    return (text.removeprefix("SageMaker") if text.startswith("SageMaker") and text.endswith("Job") else text)[:40]


def _range(filters: Mapping[str, Any], name: str) -> tuple[int, int]:
    after, before = filters.get(f"{name}After"), filters.get(f"{name}Before")
    return (0 if after is None else to_ms(after)), (FOREVER if before is None else to_ms(before))


def _hidden(arn: str) -> bool:
    return arn.split(":", 5)[5].split("/", 1)[0] in ("experiment", "experiment-trial")


def _vertex(node: Node) -> dict[str, Any]:
    return {"Arn": node.arn, "Type": vertex_type(node.type), "LineageType": shapes.LINEAGE_TYPES[node.kind]}


def _edge(edge: Association) -> dict[str, Any]:
    return {
        "SourceArn": edge.source,
        "DestinationArn": edge.destination,
        "AssociationType": shapes.ASSOCIATIONS[edge.association],
    }
