"""Random histories of random graphs, with cycles, against a model."""

import asyncio
import itertools
import os
import secrets
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import history, lineage, listing
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.commands import Place
from graph.entities import Kind
from graph.errors import NotFoundError, StemmaError
from graph.lineage import Direction, Lineage, Shown, parts
from graph.listing import Sort
from graph.paths import path
from graph.times import FOREVER, Moment, now_ms
from graph.verification import verify
from tests.graph.model import END, KINDS, Model, Op, at, cone, node_arn

SOAK = int(os.environ.get("STEMMA_SOAK", "1"))
T = 1_700_000_000_000
TIMES = [T + 1000 * k for k in range(8)]
ASSOCIATIONS = (AssociationType.CONTRIBUTED_TO, AssociationType.PRODUCED, AssociationType.SAME_AS)
WAYS = {
    Direction.ASCENDANTS: ["u"],
    Direction.DESCENDANTS: ["d"],
    Direction.BOTH: ["u", "d"],
    Direction.CONNECTED: ["ud"],
}
pytestmark = pytest.mark.soak
SUITE = settings(
    max_examples=25 * SOAK,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)

numbers = st.integers(0, len(KINDS) - 1)
times = st.none() | st.sampled_from(TIMES)
words = st.sampled_from(["", "x", "y"])
pairs = st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1])
kinds = st.sampled_from(ASSOCIATIONS)
rarely = st.sampled_from([False, False, False, True])


def edges_op(what: str, pair: tuple[int, int], kind: AssociationType, when: int | None, flag: bool) -> Op:
    return Op(what, *pair, kind, when, flag=flag)


creates = st.builds(Op, st.just("create"), numbers, at=times, word=words, flag=rarely)
connects = st.builds(edges_op, st.just("associate"), pairs, kinds, times, rarely)
ops = st.one_of(
    creates,
    st.builds(Op, st.just("update"), numbers, at=times, word=words),
    st.builds(Op, st.just("delete"), numbers, at=times, flag=st.booleans()),
    connects,
    connects,
    st.builds(edges_op, st.just("dissociate"), pairs, kinds, times, rarely),
)
all_nodes = [Op("create", number, at=TIMES[number % 3], word="x") for number in range(len(KINDS))]
requests = st.lists(ops, min_size=1, max_size=4)
batches = st.lists(requests, min_size=1, max_size=3)
stories = st.tuples(
    st.sampled_from([[[all_nodes]], []]),
    st.lists(connects, max_size=12).map(lambda found: [[[op] for op in found]] if found else []),
    st.lists(batches, min_size=1, max_size=6),
).map(lambda parts: [batch for part in parts for batch in part])


class Story:
    """The same changes made to the graph and to the model."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.account = f"{secrets.randbelow(10**12):012d}"
        self.caller = Caller(self.account, "tester", "test", Role.WRITER)
        self.place = Place(self.account, catalog.region)
        self.model = Model(self.place, "tester")
        self.model.remember()
        self.recorded = [0]

    async def tell(self, story: Sequence[Sequence[Sequence[Op]]]) -> None:
        for batch in story:
            await self._batch(batch)

    async def _batch(self, batch: Sequence[Sequence[Op]]) -> None:
        """Requests sent at once, which become one transaction; they are done in their order."""
        write = self.catalog.write
        done = await asyncio.gather(
            *(write(self.caller, [op.command(self.place) for op in request], operation="test") for request in batch),
            return_exceptions=True,
        )
        for request, outcome in zip(batch, done, strict=True):
            expected = self.model.request(request, now_ms())
            if isinstance(expected, StemmaError):
                assert type(outcome) is type(expected), (request, outcome, expected)
                assert isinstance(outcome, StemmaError)
                assert outcome.position == (expected.position if len(request) > 1 else None)
                continue
            assert not isinstance(outcome, BaseException), (request, outcome)
            assert len(outcome.applied) == len(request)
            if outcome.sequence is None:
                assert expected.same(self.model), request
                continue
            assert outcome.sequence == len(self.model.past)
            assert outcome.recorded is not None
            self.recorded.append(outcome.recorded)
            after = self.model.request(request, outcome.recorded // 1000)
            assert isinstance(after, Model)
            self.model.accept(after)
            self.model.remember()

    @property
    def store(self) -> Any:
        return self.catalog.store

    async def moment(self, when: int | None, sequence: int | None) -> tuple[Moment, Model, int]:
        """A moment, what was known then, and its valid time."""
        moment = await self.catalog.moment(self.account, as_of=when, sequence=sequence)
        return moment, self.model.past[len(self.recorded) - 1 if sequence is None else sequence], moment.at

    def arn(self, number: int) -> str:
        return node_arn(self.place, number)


@st.composite
def moments(draw: st.DrawFn, story: Story) -> tuple[int | None, int | None]:
    when = draw(st.none() | st.sampled_from([*TIMES, *(time - 1 for time in TIMES), *(time + 500 for time in TIMES)]))
    return when, draw(st.none() | st.integers(0, len(story.recorded) - 1))


def outlined(found: Lineage) -> tuple[dict[str, int], set[tuple[str, str, str]]]:
    nodes = {node.arn: node.depth for node in found.nodes}
    assert len(nodes) == len(found.nodes)
    edges = {(edge.source, edge.association.value, edge.destination) for edge in found.edges}
    assert len(edges) == len(found.edges)
    return nodes, edges


@SUITE
@given(story=stories, data=st.data())
async def test_entities_lists_and_edges_are_those_of_the_model(
    catalog: Catalog, story: list[list[list[Op]]], data: st.DataObject
) -> None:
    told = Story(catalog)
    await told.tell(story)
    for _ in range(4):
        moment, known, when = await told.moment(*data.draw(moments(told)))
        facts = known.facts(when)
        found = await history.entities(told.store, told.account, [told.arn(n) for n in range(len(KINDS))], moment)
        assert found.keys() == facts.keys()
        for arn, fact in facts.items():
            entity = found[arn]
            shown = {name: getattr(entity, name) for name in fact}
            assert {**shown, "tags": dict(shown["tags"])} == fact
        await lists_agree(told, facts, moment, data)
        number = data.draw(numbers)
        for outgoing in (True, False):
            page = await listing.associations(told.store, told.account, told.arn(number), moment, outgoing=outgoing)
            seen = {(a.source, a.association.value, a.destination): (a.valid_from, a.valid_to) for _, a in page.items}
            place = 0 if outgoing else 2
            assert seen.keys() == {t for t in known.graph(when) if t[place] == told.arn(number)}
            for triple, (begin, end) in seen.items():
                assert begin <= when < end
                assert at(known.edges[triple], begin)
                assert (end == FOREVER) == all(value for since, value in known.edges[triple] if since > when)
    verdict = await verify(told.store, None, told.account)
    assert (verdict.problem, verdict.head.sequence) == (None, len(told.recorded) - 1)


async def lists_agree(told: Story, facts: dict[str, dict[str, Any]], moment: Moment, data: st.DataObject) -> None:
    sort, descending = data.draw(st.sampled_from(list(Sort))), data.draw(st.booleans())
    type_ = data.draw(st.none() | st.just("DataSet"))
    key = "name" if sort is Sort.NAME else "created_at"
    wanted = [
        (fact[key], arn)
        for arn, fact in facts.items()
        if fact["kind"] is Kind.ARTIFACT and type_ in (None, fact["type"])
    ]
    listed: list[str] = []
    after = None
    while True:
        page = await listing.entities(
            told.store,
            told.account,
            Kind.ARTIFACT,
            moment,
            filter=listing.Filter(type=type_),
            sort=sort,
            descending=descending,
            first=2,
            after=after,
        )
        listed += [entity.arn for _, entity in page.items]
        if not page.more:
            break
        after = page.items[-1][0]
    assert listed == [arn for _, arn in sorted(wanted, reverse=descending)]


@SUITE
@given(story=stories, data=st.data())
async def test_walks_are_those_of_the_model(catalog: Catalog, story: list[list[list[Op]]], data: st.DataObject) -> None:
    told = Story(catalog)
    await told.tell([[all_nodes]])
    await told.tell(story)
    for _ in range(5):
        moment, known, when = await told.moment(*data.draw(moments(told)))
        starts = [told.arn(number) for number in data.draw(st.lists(numbers, min_size=1, max_size=3, unique=True))]
        direction = data.draw(st.sampled_from(list(Direction)))
        depth = data.draw(st.none() | st.integers(0, 3))
        walked = data.draw(st.just(tuple(AssociationType)) | st.sets(kinds, max_size=2).map(tuple))
        filters = data.draw(
            st.builds(
                Shown,
                kinds=st.just(frozenset()) | st.just(frozenset({Kind.ARTIFACT, Kind.ACTION})),
                types=st.just(frozenset()) | st.just(frozenset({"DataSet", "Endpoint"})),
                tags=st.just(frozenset()) | st.just(frozenset({("k=1", "x")})),
                created_after=st.just(0) | st.sampled_from(TIMES),
                created_before=st.just(FOREVER) | st.sampled_from(TIMES),
            )
        )
        found = await lineage.walk(
            told.store, told.account, starts, direction, moment, depth=depth, associations=walked, shown=filters
        )
        assert not found.truncated
        assert not found.frontier
        graph, facts = known.graph(when, walked), known.facts(when)
        distances: dict[str, int] = {}
        edges = set()
        for ways in WAYS[direction]:
            cut = cone(graph, starts, ways, depth)
            for arn, distance in cut.items():
                distances[arn] = min(distance, distances.get(arn, END))
            edges |= {triple for triple in graph if triple[0] in cut and triple[2] in cut}
        visible = {
            arn
            for arn in distances
            if (fact := facts.get(arn)) is not None
            and (not filters.kinds or fact["kind"] in filters.kinds)
            and (not filters.types or fact["type"] in filters.types)
            and filters.tags <= set(fact["tags"].items())
            and filters.created_after <= fact["created_at"] < filters.created_before
        }
        assert outlined(found) == (
            {arn: distance for arn, distance in distances.items() if arn in visible},
            {triple for triple in edges if triple[0] in visible and triple[2] in visible},
        )
        for node in found.nodes:
            fact = facts[node.arn]
            assert (node.kind, node.type, node.name, node.created_at, dict(node.tags)) == tuple(
                fact[name] for name in ("kind", "type", "name", "created_at", "tags")
            )


@SUITE
@given(story=stories, data=st.data())
async def test_a_cut_walk_continued_at_its_frontiers_meets_the_whole_cone(
    catalog: Catalog, story: list[list[list[Op]]], data: st.DataObject
) -> None:
    told = Story(catalog)
    await told.tell([[all_nodes]])
    await told.tell(story)
    for direction in Direction:
        moment, _, _ = await told.moment(*data.draw(moments(told)))
        starts = [told.arn(number) for number in data.draw(st.lists(numbers, min_size=1, max_size=3, unique=True))]
        limit = data.draw(st.integers(1, 4))
        whole = await lineage.walk(told.store, told.account, starts, direction, moment)
        looked_at: dict[Direction, set[str]] = {}
        nodes: set[str] = set()
        edges: set[tuple[str, str, str]] = set()
        todo = [(direction, starts)]
        while todo:
            way, begin = todo.pop()
            part = await lineage.walk(told.store, told.account, begin, way, moment, limit=limit)
            met, walked = outlined(part)
            assert len(met) <= limit
            assert part.truncated == bool(part.frontiers)
            assert part.frontier == sorted({arn for arns in part.frontiers.values() for arn in arns})
            assert part.frontiers.keys() <= set(parts(way))
            nodes |= met.keys()
            edges |= walked
            # A start that is not there at the moment is looked at without being shown.
            looked_at.setdefault(way, set()).update(met.keys() | (set(begin) - set(part.frontier)))
            for onward, arns in part.frontiers.items():
                assert way is Direction.BOTH or not met.keys() & set(arns)
                if left := [arn for arn in arns if arn not in looked_at.get(onward, ())]:
                    todo.append((onward, left))
        assert (nodes, edges) == (set(outlined(whole)[0]), outlined(whole)[1])


@SUITE
@given(story=stories, data=st.data())
async def test_ways_through_hidden_entities_are_those_of_the_model(
    catalog: Catalog, story: list[list[list[Op]]], data: st.DataObject
) -> None:
    told = Story(catalog)
    await told.tell([[all_nodes]])
    await told.tell(story)
    for _ in range(6):
        moment, known, when = await told.moment(*data.draw(moments(told)))
        starts = [told.arn(number) for number in data.draw(st.lists(numbers, min_size=1, max_size=3, unique=True))]
        direction = data.draw(st.sampled_from(list(Direction)))
        depth = data.draw(st.none() | st.integers(1, 3))
        chosen = data.draw(st.sets(st.sampled_from(["DataSet", "Model", "Endpoint", "Approval", "Job"]), min_size=1))
        filters = Shown(types=frozenset(chosen))
        found = await lineage.walk(
            told.store, told.account, starts, direction, moment, depth=depth, shown=filters, via=True
        )
        graph = known.graph(when)
        walked: set[tuple[str, str, str]] = set()
        met: set[str] = set()
        for ways in WAYS[direction]:
            cut = cone(graph, starts, ways, depth)
            met |= cut.keys()
            walked |= {triple for triple in graph if triple[0] in cut and triple[2] in cut}
        facts = known.facts(when)
        visible = {arn for arn in met & facts.keys() if facts[arn]["type"] in chosen}
        hops = {(source, destination) for source, _, destination in walked}
        expected = {}
        for pair in itertools.permutations(sorted(visible), 2):
            # As naive as can be: every order of every choice of the hidden ones, the fewest first.
            for between in (
                some for size in range(1, len(met)) for some in itertools.permutations(sorted(met - visible), size)
            ):
                if all(hop in hops for hop in itertools.pairwise((pair[0], *between, pair[1]))):
                    expected[pair] = len(between)
                    break
        assert {(way.source, way.destination): len(way.via) for way in found.detours} == expected
        assert len(found.detours) == len(expected)
        assert not found.detours_truncated
        for way in found.detours:
            assert set(way.via) <= met - visible
            assert all(hop in hops for hop in itertools.pairwise((way.source, *way.via, way.destination)))
            assert way.valid_from <= when < way.valid_to


@SUITE
@given(story=stories, data=st.data())
async def test_paths_are_as_short_as_the_model_finds_them(
    catalog: Catalog, story: list[list[list[Op]]], data: st.DataObject
) -> None:
    told = Story(catalog)
    await told.tell([[all_nodes]])
    await told.tell(story)
    for _ in range(6):
        moment, known, when = await told.moment(*data.draw(moments(told)))
        start, end = (told.arn(number) for number in data.draw(pairs))
        direction = data.draw(st.sampled_from([Direction.ASCENDANTS, Direction.DESCENDANTS, Direction.CONNECTED]))
        graph = known.graph(when)
        distance = cone(graph, [start], WAYS[direction][0], None).get(end)
        found = await path(told.store, told.account, start, end, direction, moment)
        if distance is None:
            assert found is None
            continue
        assert found is not None
        assert [node.depth for node in found.nodes] == list(range(distance + 1))
        arns = [node.arn for node in found.nodes]
        assert (arns[0], arns[-1]) == (start, end)
        assert len(found.edges) == distance
        for hop, edge in enumerate(found.edges):
            assert (edge.source, edge.association.value, edge.destination) in graph
            ends = (edge.source, edge.destination)
            forward, backward = (arns[hop], arns[hop + 1]), (arns[hop + 1], arns[hop])
            assert (
                ends
                in {
                    Direction.DESCENDANTS: [forward],
                    Direction.ASCENDANTS: [backward],
                    Direction.CONNECTED: [forward, backward],
                }[direction]
            )


@SUITE
@given(story=stories, data=st.data())
async def test_an_answer_known_at_a_time_never_changes(
    catalog: Catalog, story: list[list[list[Op]]], data: st.DataObject
) -> None:
    told = Story(catalog)
    await told.tell([[all_nodes]])
    answers: list[tuple[Moment, list[str], Direction, Lineage, list[str]]] = []

    async def ask(moment: Moment, starts: list[str], direction: Direction) -> tuple[Lineage, list[str]]:
        walked = await lineage.walk(told.store, told.account, starts, direction, moment)
        page = await listing.entities(told.store, told.account, Kind.ARTIFACT, moment, first=20)
        return walked, [key for key, _ in page.items]

    for batch in story:
        await told.tell([batch])
        when = data.draw(st.none() | st.sampled_from(TIMES))
        moment = await catalog.moment(told.account, as_of=when)
        starts = [told.arn(data.draw(numbers))]
        direction = data.draw(st.sampled_from(list(Direction)))
        answers.append((moment, starts, direction, *await ask(moment, starts, direction)))
    for moment, starts, direction, walked, keys in answers:
        # The same point in recorded time, found again from its microsecond.
        again = await catalog.moment(told.account, as_of=moment.at, known_at=moment.known)
        assert again == moment
        later, later_keys = await ask(again, starts, direction)
        assert [(n.arn, n.name, n.tags) for n in later.nodes] == [(n.arn, n.name, n.tags) for n in walked.nodes]
        assert outlined(later) == outlined(walked)
        assert later_keys == keys


async def test_what_a_request_begins_and_ends_at_once_never_held(catalog: Catalog) -> None:
    told = Story(catalog)
    await told.tell([[all_nodes]])
    link = (4, 0), AssociationType.CONTRIBUTED_TO, None, False
    await told.tell([[[edges_op("associate", *link), edges_op("dissociate", *link)]]])
    assert len(told.recorded) == 2
    moment, _, _ = await told.moment(None, None)
    assert (await lineage.walk(told.store, told.account, [told.arn(0)], Direction.BOTH, moment)).edges == []


async def test_a_walk_from_what_never_existed_is_not_found(catalog: Catalog, account: str) -> None:
    moment = await catalog.moment(account)
    with pytest.raises(NotFoundError):
        await lineage.walk(catalog.store, account, [node_arn(Place(account, "us-east-1"), 0)], Direction.BOTH, moment)
