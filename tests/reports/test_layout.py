import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.layout import COLUMN, ROW, layout


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(0, 25))
    if not count:
        return 0, []
    node = st.integers(0, count - 1)
    return count, draw(st.lists(st.tuples(node, node), max_size=60))


@given(graphs())
def test_nothing_lies_on_another_and_all_lies_within(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    made = layout(count, edges)
    assert len(made.points) == count
    assert len(made.bends) == len(edges)
    columns: dict[float, list[float]] = {}
    for x, y in made.points:
        columns.setdefault(x, []).append(y)
        assert 0 < x < made.width
        assert 0 < y < made.height
    for rows in columns.values():
        rows.sort()
        assert all(after - before >= ROW - 1e-6 for before, after in itertools.pairwise(rows))
    for bends in made.bends:
        assert all(0 < x < made.width and -ROW < y < made.height + ROW for x, y in bends)
    assert layout(count, edges) == made


@given(st.integers(2, 30), st.data())
def test_what_has_no_cycle_runs_to_the_right(count: int, data: st.DataObject) -> None:
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    edges = data.draw(st.lists(pairs, min_size=1, max_size=60))
    made = layout(count, edges)
    for (source, destination), bends in zip(edges, made.bends, strict=True):
        trail = [made.points[source], *bends, made.points[destination]]
        assert all(before[0] < after[0] for before, after in itertools.pairwise(trail))


def test_an_edge_that_leads_back_bends_back() -> None:
    made = layout(3, [(0, 1), (1, 2), (2, 0)])
    assert [x for x, _ in made.points] == [COLUMN / 2, COLUMN * 1.5, COLUMN * 2.5]
    assert [x for x, _ in made.bends[2]] == [COLUMN * 1.5]


@pytest.mark.parametrize(("depth", "crossings"), [(3, 0), (6, 0)])
def test_a_tree_has_no_crossing(depth: int, crossings: int) -> None:
    count = 2**depth - 1
    edges = [((node - 1) // 2, node) for node in range(1, count)]
    random.Random(7).shuffle(edges)
    made = layout(count, edges)
    found = 0
    for number, (a, b) in enumerate(edges):
        for c, d in edges[:number]:
            if made.points[a][0] == made.points[c][0] and a != c and b != d:
                found += (made.points[a][1] - made.points[c][1]) * (made.points[b][1] - made.points[d][1]) < 0
    assert found == crossings


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_parts_stand_apart(shuffled: random.Random) -> None:
    numbers = list(range(12))
    shuffled.shuffle(numbers)
    one, other = numbers[:6], numbers[6:]
    edges = [(part[n], part[n + 1]) for part in (one, other) for n in range(5)]
    made = layout(12, edges)
    spans = [[made.points[node][1] for node in part] for part in (one, other)]
    assert max(spans[0]) + ROW <= min(spans[1]) or max(spans[1]) + ROW <= min(spans[0])
