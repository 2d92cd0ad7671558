"""The lineage of a report's subject as a picture that fits on a page: causes above, effects below."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from graph.associations import AssociationType
from graph.entities import Entity, Kind
from reports.audit.covered import Covered
from reports.charts.axes import INK, MUTED, label, path
from reports.charts.svg import Element, chart
from reports.documents import Figure
from reports.layout import COLUMN, MARGIN, ROW, layout

TOGETHER = 5
"""Entities of one type and side from which they are drawn as one."""
MOST = 60
"""Boxes up to which others are drawn alone."""
WIDTH, HEIGHT = 150.0, 40.0
ACROSS, DOWN = 166.0, 76.0
TALL = 1.3
"""Height of a picture by its width, at most: a page has room for no more."""
FILLS = {Kind.ARTIFACT: "#eaf2f8", Kind.ACTION: "#fdf5e0", Kind.CONTEXT: "#eef4ea", Kind.TRIAL_COMPONENT: "#f3ecf7"}
LETTERS = 22
CAPTION = "What it came from (above) and what it touches (below)"


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the picture: an entity, or several of one type."""

    name: str
    type: str
    kind: Kind
    count: int
    subject: bool


def picture(covered: Covered) -> Figure | None:
    """The picture; None when nothing is connected with the subject.

    Places of data stand for their contents, and are left out; five or more of one type are one box, so that a page has room.
    """
    sides = {covered.subject.arn: "subject"}
    for side, nodes in (("up", covered.upstream), ("down", covered.downstream), ("aside", covered.related)):
        sides |= {node.arn: side for node in nodes}
    places = {edge.source for edge in covered.edges if edge.association is AssociationType.SAME_AS}
    drawn = [each for each in covered.around if each.arn == covered.subject.arn or each.arn not in places]
    if len(drawn) < 2:
        return None
    boxes, box_of = _boxes(drawn, sides, TOGETHER)
    if len(boxes) > MOST:
        boxes, box_of = _boxes(drawn, sides, 2)
    edges = sorted(
        {
            (box_of[edge.source], box_of[edge.destination])
            for edge in covered.edges
            if edge.source in box_of and edge.destination in box_of and box_of[edge.source] != box_of[edge.destination]
        }
    )
    alt = (
        f"{len(covered.upstream)} entities upstream and {len(covered.downstream)} downstream of {covered.subject.name}."
    )
    return Figure(_svg(boxes, edges, alt), alt, CAPTION)


def _boxes(drawn: Sequence[Entity], sides: dict[str, str], together: int) -> tuple[list[Box], dict[str, int]]:
    """The boxes, and in which of them each entity is."""
    kinds = {each.arn: (sides[each.arn], each.kind, each.type or each.kind.value.lower()) for each in drawn}
    many = Counter(kinds.values())
    boxes: list[Box] = []
    box_of: dict[str, int] = {}
    joint: dict[tuple[str, Kind, str], int] = {}
    for each in drawn:
        side, kind, type_ = key = kinds[each.arn]
        alone = many[key] < together
        if alone or key not in joint:
            joint[key] = len(boxes)
            name = each.display_name or each.name if alone else f"{many[key]} of them"
            boxes.append(Box(name, type_, kind, 1 if alone else many[key], side == "subject"))
        box_of[each.arn] = joint[key]
    return boxes, box_of


def _svg(boxes: Sequence[Box], edges: Sequence[tuple[int, int]], alt: str) -> bytes:
    """Boxes and arrows; the layout is one from left to right, turned."""
    made = layout(len(boxes), edges)

    def turned(point: tuple[float, float]) -> tuple[float, float]:
        x, y = point
        return (y - MARGIN) / ROW * ACROSS, (x - COLUMN / 2) / COLUMN * DOWN + HEIGHT

    points = [turned(point) for point in made.points]
    left = min(x for x, _ in points) - ACROSS / 2
    elements: list[Element] = []
    for (source, destination), bends in zip(edges, made.bends, strict=True):
        trail = [points[source], *map(turned, bends), points[destination]]
        elements += _arrow([(x - left, y) for x, y in trail])
    for box, (x, y) in zip(boxes, points, strict=True):
        elements += _box(box, x - left, y)
    width = max(x for x, _ in points) - left + ACROSS / 2
    height = max(y for _, y in points) + HEIGHT
    # A narrow picture is given room at its sides: drawn as wide as the page, it would be higher than the page.
    room = max(0.0, height / TALL - width)
    moved = Element("g", {"transform": f"translate({room / 2:.2f} 0)"}, elements)
    return chart(width + room, height, CAPTION, alt, [moved])


def _box(box: Box, x: float, y: float) -> list[Element]:
    attributes: dict[str, str | float] = {
        "x": x - WIDTH / 2,
        "y": y - HEIGHT / 2,
        "width": WIDTH,
        "height": HEIGHT,
        "rx": 4,
        "fill": FILLS[box.kind],
        "stroke": INK if box.subject else MUTED,
        "stroke-width": 2.5 if box.subject else 0.8,
    }
    return [
        Element("rect", attributes),
        label(x, y - 3, box.name, anchor="middle", color=INK, most=LETTERS),
        label(x, y + 13, box.type, anchor="middle", most=LETTERS),
    ]


def _arrow(trail: Sequence[tuple[float, float]]) -> list[Element]:
    """A line through points, from the edge of one box to the edge of another, with its head."""
    x, y = trail[-1]
    down = 1.0 if y >= trail[-2][1] else -1.0
    start = (trail[0][0], trail[0][1] + down * HEIGHT / 2)
    tip = (x, y - down * HEIGHT / 2)
    head = f"{tip[0]:.1f},{tip[1]:.1f} {tip[0] - 3.5:.1f},{tip[1] - down * 7:.1f} {tip[0] + 3.5:.1f},{tip[1] - down * 7:.1f}"
    return [
        path((start, *trail[1:-1], (tip[0], tip[1] - down * 5)), MUTED, width=1),
        Element("polygon", {"points": head, "fill": MUTED}),
    ]
