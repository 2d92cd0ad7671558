"""Where the entities of a lineage picture stand: layers from cause to effect, left to right; the same graph, the same picture.

The steps are those of Sugiyama, Tagawa and Toda (1981): layers by longest paths, points between for edges that pass layers,
barycentre sweeps of which the one with the fewest crossings is kept, and passes that straighten the edges. Parts that nothing
connects stand below one another, what stands alone in a grid.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import ceil, sqrt

SWEEPS = 12
PASSES = 4
SMALL = 2_000
"""Points up to which every sweep's crossings are counted; beyond, every fourth's."""
COLUMN = 260.0
ROW = 64.0
BETWEEN = 24.0
"""Room for an edge that passes a layer."""
MARGIN = 40.0
STRAIGHT = 12
"""Layers that an edge passes by points between; one that passes more is drawn straight, so that few can't cost all the time."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand, in pixels: the middle of each node, and the points that each edge passes, both in the order given."""

    width: float
    height: float
    points: list[Point]
    bends: list[list[Point]]


def layout(count: int, edges: Sequence[tuple[int, int]]) -> Layout:
    """The layout of a graph.

    Args:
        count: How many nodes there are.
        edges: From which to which of them, by number; cycles, loops and repeated ones are allowed.

    Example:
        >>> layout(2, [(0, 1)]).points
        [(130.0, 72.0), (390.0, 72.0)]
    """
    points: list[Point] = [(0.0, 0.0)] * count
    bends: list[list[Point]] = [[] for _ in edges]
    top, width = MARGIN, 0.0
    alone: list[int] = []
    for nodes, numbers in _parts(count, edges):
        if len(nodes) == 1:
            alone.append(nodes[0])
            continue
        part = _Part(nodes, [(edges[number], number) for number in numbers])
        height = part.place(points, bends, top)
        width = max(width, len(part.layers) * COLUMN)
        top += height + ROW
    if alone:
        columns = max(1, ceil(width / COLUMN), min(8, ceil(sqrt(len(alone) / 4))))
        for number, node in enumerate(alone):
            row, column = divmod(number, columns)
            points[node] = (column * COLUMN + COLUMN / 2, top + row * ROW + ROW / 2)
        width = max(width, min(columns, len(alone)) * COLUMN)
        top += ceil(len(alone) / columns) * ROW + ROW
    return Layout(width, max(top - ROW, 0.0) + MARGIN, points, bends)


def _parts(count: int, edges: Sequence[tuple[int, int]]) -> list[tuple[list[int], list[int]]]:
    """The parts that edges hold together, the largest first: their nodes, and the numbers of their edges."""
    root = list(range(count))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for source, destination in edges:
        one, other = find(source), find(destination)
        if one != other:
            root[max(one, other)] = min(one, other)
    parts: dict[int, tuple[list[int], list[int]]] = {}
    for node in range(count):
        parts.setdefault(find(node), ([], []))[0].append(node)
    for number, (source, _) in enumerate(edges):
        parts[find(source)][1].append(number)
    return sorted(parts.values(), key=lambda part: (-len(part[0]), part[0][0]))


@dataclass(slots=True)
class _Part:
    """One connected part. Its points are its nodes, then the points between; `up` and `down` lead a layer further."""

    nodes: list[int]
    edges: list[tuple[tuple[int, int], int]]
    layers: list[list[int]] = field(default_factory=list)
    up: list[list[int]] = field(default_factory=list)
    down: list[list[int]] = field(default_factory=list)
    chains: list[tuple[int, list[int]]] = field(default_factory=list)

    def place(self, points: list[Point], bends: list[list[Point]], top: float) -> float:
        """Say where this part's nodes and bends are, below `top`; its height."""
        self._connect()
        self._order()
        heights = self._straighten()
        lowest = min(heights)
        for number, node in enumerate(self.nodes):
            points[node] = (self._x(number), top + heights[number] - lowest + ROW / 2)
        for number, chain in self.chains:
            bends[number] = [(self._x(between), top + heights[between] - lowest + ROW / 2) for between in chain]
        return max(heights) - lowest + ROW

    def _x(self, point: int) -> float:
        return self._layer[point] * COLUMN + COLUMN / 2

    _layer: list[int] = field(default_factory=list)

    def _connect(self) -> None:
        """Layers by longest paths, and points between where an edge passes a layer."""
        local = {node: number for number, node in enumerate(self.nodes)}
        ways = [(local[source], local[destination], number) for (source, destination), number in self.edges]
        forward = _acyclic(len(self.nodes), [(a, b) for a, b, _ in ways])
        self._layer = _layers(len(self.nodes), forward)
        self.up = [[] for _ in self.nodes]
        self.down = [[] for _ in self.nodes]
        seen: dict[tuple[int, int], list[int]] = {}
        for (begin, end), (source, _, number) in zip(forward, ways, strict=True):
            if begin == end:
                continue
            if (begin, end) not in seen:
                seen[begin, end] = self._chain(begin, end)
            chain = seen[begin, end]
            if chain:
                self.chains.append((number, chain if source == begin else chain[::-1]))
        self.layers = [[] for _ in range(max(self._layer) + 1)]
        for point, layer in enumerate(self._layer):
            self.layers[layer].append(point)

    def _chain(self, begin: int, end: int) -> list[int]:
        first, last = self._layer[begin], self._layer[end]
        if last - first - 1 > STRAIGHT:
            return []
        chain = list(range(len(self._layer), len(self._layer) + last - first - 1))
        self._layer.extend(range(first + 1, last))
        self.up.extend([] for _ in chain)
        self.down.extend([] for _ in chain)
        trail = [begin, *chain, end]
        for near, far in pairwise(trail):
            self.down[near].append(far)
            self.up[far].append(near)
        return chain

    def _order(self) -> None:
        """Sort each layer by the middle of its neighbours in the last one, to and fro; keep what crosses least."""
        places = [0.0] * len(self._layer)
        for layer in self.layers:
            for place, point in enumerate(layer):
                places[point] = place
        every = 1 if len(places) <= SMALL else 4
        best, least = [layer[:] for layer in self.layers], self._crossings(places)
        for sweep in range(SWEEPS):
            if least == 0:
                break
            neighbours, order = (self.up, self.layers) if sweep % 2 == 0 else (self.down, self.layers[::-1])
            for layer in order:
                middles = {
                    point: sum(places[near] for near in neighbours[point]) / len(neighbours[point])
                    if neighbours[point]
                    else places[point]
                    for point in layer
                }
                layer.sort(key=middles.__getitem__)
                for place, point in enumerate(layer):
                    places[point] = place
            if sweep % every == every - 1 and (crossings := self._crossings(places)) < least:
                best, least = [layer[:] for layer in self.layers], crossings
        self.layers = best

    def _crossings(self, places: list[float]) -> int:
        crossings = 0
        for layer in self.layers:
            seen: list[float] = []
            for point in layer:
                ends = sorted(places[far] for far in self.down[point])
                crossings += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return crossings

    def _straighten(self) -> list[float]:
        """Draw each point towards the middle of its neighbours, as far as those of its layer leave room."""
        heights = [0.0] * len(self._layer)
        real = len(self.nodes)
        gaps = []
        for layer in self.layers:
            rooms = [ROW if point < real else BETWEEN for point in layer]
            gap = [0.0, *((one + other) / 2 for one, other in pairwise(rooms))]
            gaps.append(gap)
            at = 0.0
            for point, room in zip(layer, gap, strict=True):
                at += room
                heights[point] = at
            middle = at / 2
            for point in layer:
                heights[point] -= middle
        for number in range(PASSES):
            down = number % 2 == 0
            for index in range(len(self.layers)) if down else range(len(self.layers) - 1, -1, -1):
                layer, gap = self.layers[index], gaps[index]
                near = self.up if down else self.down
                wanted = [
                    sum(heights[other] for other in near[point]) / len(near[point]) if near[point] else heights[point]
                    for point in layer
                ]
                _spread(layer, wanted, gap, heights)
        return heights


def _spread(layer: list[int], wanted: list[float], gap: list[float], heights: list[float]) -> None:
    """As near to what is wanted as the gaps leave room, by least squares: neighbours that want to overlap move as a block.

    (Pool adjacent violators; Ayer et al., 1955.)
    """
    offsets = list(accumulate(gap))
    blocks: list[tuple[float, int]] = []
    for target, offset in zip(wanted, offsets, strict=True):
        total, size = target - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / size:
            before, many = blocks.pop()
            total, size = total + before, size + many
        blocks.append((total, size))
    place = 0
    for total, size in blocks:
        mean = total / size
        for point, offset in zip(layer[place : place + size], offsets[place : place + size], strict=True):
            heights[point] = mean + offset
        place += size


def _acyclic(count: int, edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The edges, those turned around that lead back in a search by depth."""
    following: list[list[int]] = [[] for _ in range(count)]
    entered = [0] * count
    for source, destination in edges:
        following[source].append(destination)
        entered[destination] += 1
    # 0 unseen, 1 on the way, 2 done. From the sources first, so that a cycle is cut where it is entered.
    state = [0] * count
    back: set[tuple[int, int]] = set()
    for start in sorted(range(count), key=lambda node: (entered[node] > 0, node)):
        if state[start]:
            continue
        state[start] = 1
        trail = [(start, iter(following[start]))]
        while trail:
            node, rest = trail[-1]
            for far in rest:
                if state[far] == 1:
                    back.add((node, far))
                elif state[far] == 0:
                    state[far] = 1
                    trail.append((far, iter(following[far])))
                    break
            else:
                state[node] = 2
                trail.pop()
    return [(b, a) if (a, b) in back else (a, b) for a, b in edges]


def _layers(count: int, edges: list[tuple[int, int]]) -> list[int]:
    """The length of the longest path to each node; a source stands right before what it leads to."""
    following: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, destination in edges:
        if source != destination:
            following[source].append(destination)
            waiting[destination] += 1
    sources = [node for node in range(count) if waiting[node] == 0]
    layer = [0] * count
    ready = sources[:]
    for node in ready:
        for far in following[node]:
            layer[far] = max(layer[far], layer[node] + 1)
            waiting[far] -= 1
            if waiting[far] == 0:
                ready.append(far)
    for node in sources:
        if following[node]:
            layer[node] = max(0, min(layer[far] for far in following[node]) - 1)
    return layer
