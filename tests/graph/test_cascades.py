"""Deleting an entity with what was made from it, on both databases."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import cascades, commands, history
from graph.access import Caller, Role
from graph.applied import Applied
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.deletions import Delete
from graph.entities import Kind
from graph.errors import ConflictError, InvalidError, NotFoundError, StemmaError, TooExpensiveError
from graph.times import from_ms, now_ms
from graph.verification import verify
from tests.graph.model import KINDS, Model, Op, at
from tests.graph.test_catalog import APRIL, FEBRUARY, JANUARY, MARCH, Graph, graph
from tests.graph.test_oracle import SUITE, TIMES, Story, all_nodes, edges_op, numbers, pairs, rarely, requests, times

__all__ = ["graph"]

DERIVED, PRODUCED, CONTRIBUTED, ASSOCIATED, SAME = (
    *(AssociationType.DERIVED_FROM, AssociationType.PRODUCED, AssociationType.CONTRIBUTED_TO),
    *(AssociationType.ASSOCIATED_WITH, AssociationType.SAME_AS),
)


async def deletion(graph: Graph, arn: str, cascade: str = "DESCENDANTS", **details: object) -> Delete:
    return await cascades.deletion(graph.store, graph.account, arn, cascade=cascade, **details)  # type: ignore[arg-type]


async def shown(graph: Graph, command: Delete) -> Applied:
    """What the preview says; it changes nothing, and readers may ask for it."""
    head = await history.head(graph.store, graph.account)
    reader = Caller(graph.account, "reader", "test", Role.READER)
    found = await cascades.preview(graph.store, reader, command)
    assert await history.head(graph.store, graph.account) == head
    return found


async def entities(graph: Graph, *names: str) -> list[str]:
    return [await graph.artifact(f"s3://b/{name}", valid_from=JANUARY) for name in names]


async def link(graph: Graph, *triples: tuple[str, AssociationType, str]) -> None:
    await graph.write(*(commands.associate(a, b, kind, valid_from=FEBRUARY) for a, kind, b in triples))


async def left(graph: Graph, *arns: str) -> set[str]:
    moment = await graph.catalog.moment(graph.account)
    return set(await history.entities(graph.store, graph.account, arns, moment))


async def test_what_was_made_from_it_and_from_nothing_else_goes(graph: Graph) -> None:
    raw, clean, other, joined, below, split, model = await entities(graph, *"abcdefg")
    job = await graph.named(Kind.TRIAL_COMPONENT, "job", valid_from=JANUARY)
    group = await graph.named(Kind.CONTEXT, "group", valid_from=JANUARY)
    await link(
        graph,
        (raw, DERIVED, clean),
        (clean, DERIVED, joined),
        (other, DERIVED, joined),
        (joined, DERIVED, below),
        (clean, DERIVED, split),
        (raw, DERIVED, split),
        (clean, CONTRIBUTED, job),
        (job, PRODUCED, model),
        (split, ASSOCIATED, group),
        (split, SAME, other),
    )
    every = (raw, clean, other, joined, below, split, model, job, group)
    command = await deletion(graph, raw)
    assert command.extent is not None
    assert command.extent.entities == (raw, *sorted((clean, split)))
    # The table that was joined from another source, too, stays; what was made of it is not asked about.
    assert command.extent.kept == (joined,)
    expected = Applied(raw, entities=3, associations=7)
    assert await shown(graph, command) == expected
    assert (await graph.write(command)).applied == [expected]
    assert await left(graph, *every) == {other, joined, below, model, job, group}
    # A job takes along what it produced.
    assert (await graph.write(await deletion(graph, job))).applied[0].entities == 2
    assert await left(graph, *every) == {other, joined, below, group}
    # With its other source gone, the joined table goes with the one that is left.
    assert (await graph.write(await deletion(graph, other))).applied[0].entities == 3
    assert await left(graph, *every) == {group}
    verdict = await verify(graph.store, graph.catalog.checkpoints, graph.account)
    assert verdict.problem is None
    assert await graph.exists(raw, APRIL)
    assert [change.operation for change in await graph.changes(clean)] == ["delete", "create"]


async def test_entities_made_from_one_another_go_together(graph: Graph) -> None:
    a, b, c, outside = await entities(graph, *"abcd")
    await link(graph, (a, DERIVED, b), (b, DERIVED, c), (c, DERIVED, b), (c, DERIVED, a))
    assert (await shown(graph, await deletion(graph, a))).entities == 3
    # What made the deleted entity itself does not hold it; what made another of the circle holds all behind it.
    await link(graph, (outside, PRODUCED, a))
    assert (await shown(graph, await deletion(graph, a))).entities == 3
    await link(graph, (outside, PRODUCED, c))
    command = await deletion(graph, a)
    assert command.extent is not None
    assert (command.extent.entities, command.extent.kept) == ((a,), (b,))


async def test_a_deletion_in_the_past_follows_what_held_since(graph: Graph) -> None:
    a, b, c, gone = await entities(graph, *"abcd")
    await link(graph, (a, DERIVED, b), (a, DERIVED, c), (a, DERIVED, gone))
    await graph.write(commands.dissociate(a, b, DERIVED, valid_to=MARCH))
    await graph.write(commands.delete(gone, cascade="ASSOCIATIONS", valid_to=APRIL))
    assert (await shown(graph, await deletion(graph, a))).entities == 2
    for when, count, ends in ((APRIL, 2, 1), (FEBRUARY, 3, 3)):
        found = await shown(graph, await deletion(graph, a, valid_to=when))
        assert (found.entities, found.associations) == (count, ends)
    await graph.write(await deletion(graph, a, valid_to=FEBRUARY))
    assert await left(graph, a, b, c, gone) == set()
    assert [await graph.exists(arn, MARCH) for arn in (a, b, c, gone)] == [False, False, False, True]
    assert (await verify(graph.store, graph.catalog.checkpoints, graph.account)).problem is None
    with pytest.raises(InvalidError, match="does not lie in the past"):
        await shown(graph, await deletion(graph, gone, valid_to=from_ms(now_ms() + 10**9)))


@pytest.mark.parametrize("cascade", ["NONE", "SAME_AS", "ASSOCIATIONS", "DESCENDANTS", "EVERYTHING"])
async def test_a_preview_says_what_the_deletion_says(graph: Graph, cascade: str) -> None:
    a, b, c = await entities(graph, *"abc")
    await link(graph, (a, SAME, b), (c, DERIVED, a))

    async def come_to(arn: str) -> list[object]:
        found: list[object] = []
        command = await deletion(graph, arn, cascade)
        for what in (shown(graph, command), graph.write(command)):
            try:
                done = await what
                found.append(done if isinstance(done, Applied) else done.applied[0])
            except StemmaError as error:
                found.append((type(error), error.message))
        return found

    for arn in (a, a, graph.place.arn("artifact/none")):
        said, done = await come_to(arn)
        assert said == done


async def test_what_changed_since_it_was_walked_stops_the_deletion(graph: Graph) -> None:
    a, b, c, outside = await entities(graph, *"abcd")
    await link(graph, (a, DERIVED, b), (b, DERIVED, c))

    async def refused(*changes: commands.Command, match: str) -> None:
        command = await deletion(graph, a)
        # In one transaction, so that nothing but the check under its lock can see it.
        done = await asyncio.gather(graph.write(*changes), graph.write(command), return_exceptions=True)
        assert not isinstance(done[0], BaseException), done[0]
        assert isinstance(done[1], ConflictError)
        assert match in done[1].message
        assert "preview" in done[1].message
        with pytest.raises(ConflictError):
            await shown(graph, command)
        assert await left(graph, a, b, c) == {a, b, c}

    begun = f"{c} CONTRIBUTED_TO {outside} has begun"
    await refused(commands.associate(c, outside, CONTRIBUTED), match=begun)
    held = f"{outside} PRODUCED {c} has begun"
    await refused(commands.associate(outside, c, PRODUCED), match=held)
    await refused(commands.dissociate(a, b, DERIVED), commands.associate(a, b, ASSOCIATED), match="has begun")
    await refused(commands.dissociate(a, b, ASSOCIATED), match="has ended")
    await link(graph, (a, DERIVED, b))
    # What would go now, but stayed when it was looked at, stays.
    command = await deletion(graph, a)
    done = await asyncio.gather(graph.write(commands.dissociate(outside, c, PRODUCED)), graph.write(command))
    assert done[1].applied[0].entities == 2
    assert await left(graph, a, b, c) == {c}
    with pytest.raises(NotFoundError):
        await graph.write(await deletion(graph, a))


async def test_a_repeated_deletion_is_done_once(graph: Graph) -> None:
    a, b = await entities(graph, *"ab")
    await link(graph, (a, DERIVED, b))
    first = await graph.write(await deletion(graph, a), request_id="r")
    again = await graph.write(await deletion(graph, a), request_id="r")
    assert (again.sequence, again.repeated, again.applied[0].arn) == (first.sequence, True, a)


async def test_a_deletion_is_bounded(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    hub, *spokes = await entities(graph, *(f"n{n}" for n in range(6)))
    await link(graph, *((hub, DERIVED, spoke) for spoke in spokes))
    monkeypatch.setattr(cascades, "BATCH_ROWS", 10)
    with pytest.raises(TooExpensiveError, match="more than 10 entities and associations"):
        await deletion(graph, hub)
    monkeypatch.setattr(cascades, "BATCH_ROWS", 11)
    monkeypatch.setattr(cascades, "CHUNK", 2)
    assert (await shown(graph, await deletion(graph, hub))).entities == 6
    with pytest.raises(InvalidError, match="walked first"):
        await graph.write(commands.delete(hub, cascade="DESCENDANTS"))


links = st.builds(
    edges_op, st.just("associate"), pairs, st.sampled_from([DERIVED, PRODUCED, CONTRIBUTED]), times, rarely
)


def expected(model: Model, root: str, when: int) -> list[str]:
    """What ends with an entity: all that it leads to, less what something outside made, until that is all."""
    made = [t for t, steps in model.edges.items() if t[1] in (DERIVED, PRODUCED) and any(since_of(steps, when))]
    found = {root}
    while more := {t[2] for t in made if t[0] in found and model.alive(t[2])} - found:
        found |= more
    while less := {t[2] for t in made if t[2] in found and t[2] != root and t[0] not in found}:
        found -= less
    return sorted(found)


def since_of(steps: list[tuple[int, object]], when: int) -> list[object]:
    return [at(steps, when), *(then for begin, then in steps if begin > when)]


@pytest.mark.soak
@settings(SUITE, max_examples=SUITE.max_examples // 2)
@given(
    story=st.lists(st.lists(links, min_size=1, max_size=3), min_size=3, max_size=8),
    mixed=st.lists(requests, max_size=2),
    root=numbers,
    when=times,
)
async def test_cascades_are_those_of_the_model(
    catalog: Catalog, story: list[list[Op]], mixed: list[list[Op]], root: int, when: int | None
) -> None:
    told = Story(catalog)
    await told.tell([[all_nodes], *([[op] for op in batch] for batch in story), *([request] for request in mixed)])
    arn = told.arn(root)
    if not told.model.alive(arn):
        return
    command = await cascades.deletion(
        told.store, told.account, arn, cascade="DESCENDANTS", valid_to=None if when is None else from_ms(when)
    )
    outcome = await catalog.write(told.caller, [command], operation="test")
    assert outcome.recorded is not None
    begin = outcome.recorded // 1000 if when is None else when
    gone = expected(told.model, arn, begin)
    assert sorted(command.arns) == gone
    by_arn = {told.arn(number): number for number in range(len(KINDS))}
    # The model lets them end one by one, each with its associations.
    after = told.model.request([Op("delete", by_arn[each], at=begin, flag=True) for each in gone], begin)
    assert isinstance(after, Model)
    told.model.accept(after)
    moment = await catalog.moment(told.account)
    for time in (None, begin - 1, begin, *TIMES):
        seen = moment if time is None else await catalog.moment(told.account, as_of=time)
        found = await history.entities(told.store, told.account, list(by_arn), seen)
        assert found.keys() == told.model.facts(seen.at).keys()
        rows = await told.store.read(
            "association/ending",
            {"arns": list(by_arn), "account": told.account, "forever": 2**53 - 1, "since": seen.at, "limit": 10_000},
        )
        holding = {t for t, steps in told.model.edges.items() if any(since_of(steps, seen.at))}
        assert {tuple(row) for row in rows} == holding
    assert (await verify(told.store, catalog.checkpoints, told.account)).problem is None
