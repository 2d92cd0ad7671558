"""Entities and associations through the catalog, on both databases."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from graph import commands, history, lineage, listing
from graph.access import Caller, Role
from graph.arns import artifact_id
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.changes import Command
from graph.commands import Place
from graph.entities import Kind, Status
from graph.errors import AlreadyExistsError, ConflictError, InvalidError, NotFoundError, StemmaError
from graph.lineage import Direction
from graph.listing import Filter, Sort
from graph.paths import path
from graph.store.writer import Outcome
from graph.times import to_ms
from graph.verification import verify

JANUARY, FEBRUARY, MARCH, APRIL = (datetime(2024, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4))


class Graph:
    """The catalog as one caller uses it."""

    def __init__(self, catalog: Catalog, caller: Caller) -> None:
        self.catalog = catalog
        self.caller = caller
        self.account = caller.account
        self.store = catalog.store
        self.place: Place = catalog.place(caller.account)

    async def write(self, *changes: Command, **details: Any) -> Outcome:
        return await self.catalog.write(self.caller, changes, operation="test", **details)

    async def artifact(self, uri: str = "s3://b/k", **details: Any) -> str:
        return (await self.write(commands.create_artifact(self.place, uri, **details))).applied[0].arn or ""

    async def named(self, kind: Kind, name: str, **details: Any) -> str:
        return (await self.write(commands.create_named(self.place, kind, name, **details))).applied[0].arn or ""

    async def at(self, when: datetime) -> Any:
        return await self.catalog.moment(self.account, as_of=to_ms(when))

    async def exists(self, arn: str, when: datetime) -> bool:
        return arn in await history.entities(self.store, self.account, [arn], await self.at(when))

    async def names(self, kind: Kind = Kind.ARTIFACT, **details: Any) -> list[str]:
        moment = await self.catalog.moment(self.account)
        page = await listing.entities(self.store, self.account, kind, moment, **details)
        return [entity.name for _, entity in page.items]

    async def changes(self, arn: str) -> list[history.Change]:
        moment = await self.catalog.moment(self.account)
        return await history.changes(self.store, self.account, arn, moment.known, first=50)


@pytest.fixture
def graph(catalog: Catalog, caller: Caller) -> Graph:
    return Graph(catalog, caller)


async def test_an_artifact_is_what_was_given(graph: Graph) -> None:
    arn = await graph.artifact(
        "s3://b/train.parquet",
        type="DataSet",
        source_types=[("S3ETag", "e"), ("MD5Hash", "m")],
        properties={"b": "2", "a": "1"},
        tags={"z": "é=1", "a=b": "c"},
        description="line\nline",
        valid_from=JANUARY,
    )
    assert arn == graph.place.arn(
        f"artifact/{artifact_id('s3://b/train.parquet', [('MD5Hash', 'm'), ('S3ETag', 'e')])}"
    )
    entity = await graph.catalog.entity(graph.account, arn)
    assert (entity.kind, entity.name, entity.type, entity.description) == (
        *(Kind.ARTIFACT, "train.parquet", "DataSet"),
        "line\nline",
    )
    assert (entity.source_uri, entity.source_types) == (
        "s3://b/train.parquet",
        (("MD5Hash", "m"), ("S3ETag", "e")),
    )
    assert list((entity.properties or {}).items()) == [("a", "1"), ("b", "2")]
    assert list((entity.tags or {}).items()) == [("z", "é=1"), ("a=b", "c")]
    assert (entity.account, entity.created_by, entity.created_at) == (graph.account, "tester", to_ms(JANUARY))
    moment = await graph.catalog.moment(graph.account)
    walked = await lineage.walk(graph.store, graph.account, [arn], Direction.BOTH, moment)
    assert walked.nodes[0].tags == (("z", "é=1"), ("a=b", "c"))


async def test_an_action_a_context_and_a_trial_component_are_what_was_given(graph: Graph) -> None:
    action = await graph.named(Kind.ACTION, "Approve-1", type="Approval", status="COMPLETED", source_uri="s3://b/a")
    context = await graph.named(Kind.CONTEXT, "churn", type="Endpoint", source_uri="arn:x", tags={"k": ""})
    component = await graph.named(
        Kind.TRIAL_COMPONENT,
        "job-1",
        status=Status.IN_PROGRESS,
        started_at=JANUARY,
        ended_at=FEBRUARY,
        parameters={"lr": {"number": "0.1"}, "opt": {"string": "adam"}},
        metrics={"auc": {"number": "0.9"}},
        inputs={"train": {"value": "s3://b/k", "media_type": "text/csv"}},
        outputs={"model": {"value": "s3://b/m"}},
        display_name="Job one",
        status_message="step 3",
        source_type="SageMakerTrainingJob",
        metadata={"Repository": "r", "CommitId": "c"},
    )
    assert action.endswith(f":{graph.account}:action/approve-1")
    assert context.endswith(":context/churn")
    assert component.endswith(":experiment-trial-component/job-1")
    first, second, third = [await graph.catalog.entity(graph.account, arn) for arn in (action, context, component)]
    assert (first.name, first.status, first.source_uri) == ("Approve-1", Status.COMPLETED, "s3://b/a")
    assert (second.type, dict(second.tags or {}), second.source_uri) == ("Endpoint", {"k": ""}, "arn:x")
    assert (third.status, third.started_at, third.ended_at) == (Status.IN_PROGRESS, to_ms(JANUARY), to_ms(FEBRUARY))
    assert dict(third.parameters or {}) == {"lr": {"number": "0.1"}, "opt": {"string": "adam"}}
    assert dict(third.metrics or {}) == {"auc": {"number": "0.9"}}
    assert dict(third.inputs or {}) == {"train": {"value": "s3://b/k", "media_type": "text/csv"}}
    assert dict(third.outputs or {}) == {"model": {"value": "s3://b/m"}}
    assert (third.display_name, third.status_message, third.source_type) == (
        *("Job one", "step 3", "SageMakerTrainingJob"),
    )
    assert third.metadata == {"CommitId": "c", "Repository": "r"}


@pytest.mark.parametrize(("type_", "family"), [("Experiment", "experiment"), ("Trial", "experiment-trial")])
async def test_experiments_and_trials_are_contexts_with_arns_of_their_own(
    graph: Graph, type_: str, family: str
) -> None:
    arn = await graph.named(Kind.CONTEXT, "Name", type=type_)
    assert arn.endswith(f":{family}/name")
    assert (await graph.catalog.entity(graph.account, arn)).kind is Kind.CONTEXT
    assert await graph.names(Kind.CONTEXT) == ["Name"]


@pytest.mark.parametrize(
    "details",
    [
        {"status": "COMPLETED"},
        {"parameters": {"a": {"number": "1"}}},
        {"started_at": JANUARY},
        {"description": "x" * 3073},
        {"type": ""},
        {"name": "x" * 121},
        {"name": ""},
        {"resource_arn": "x"},
        {"tags": {"": ""}},
        {"source_types": [("x", "y")]},
    ],
)
def test_fields_that_do_not_fit_an_artifact_are_refused(details: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        commands.create_artifact(Place("123456789012", "us-east-1"), "s3://b/k", **details)


def test_a_trial_component_is_never_of_unknown_status() -> None:
    with pytest.raises(InvalidError):
        commands.create_named(Place("123456789012", "us-east-1"), Kind.TRIAL_COMPONENT, "a", status="UNKNOWN")


def test_an_update_takes_only_what_its_kind_has() -> None:
    with pytest.raises(InvalidError, match="parameters can't be given for artifacts"):
        commands.update("arn:aws:sagemaker:us-east-1:123456789012:artifact/a", Kind.ARTIFACT, parameters={})


async def test_getting_or_creating_makes_one(graph: Graph) -> None:
    first = await graph.write(commands.create_artifact(graph.place, "s3://b/k", name="first"))
    again = await graph.write(commands.create_artifact(graph.place, "s3://b/k", name="second"))
    assert (first.applied[0].created, again.applied[0].created, again.applied[0].changed) == (True, False, False)
    assert again.sequence is None
    assert (await graph.catalog.entity(graph.account, first.applied[0].arn or "")).name == "first"


async def test_an_exclusive_name_is_taken_once_whatever_its_case(graph: Graph) -> None:
    await graph.named(Kind.CONTEXT, "Churn")
    with pytest.raises(AlreadyExistsError):
        await graph.named(Kind.CONTEXT, "churn", exclusive=True)


async def test_look_ups_ignore_case(graph: Graph) -> None:
    arn = await graph.named(Kind.CONTEXT, "Churn", resource_arn=graph.place.arn("endpoint/Churn"))
    assert await graph.catalog.lineage_arn(arn.upper()) == arn
    assert await graph.catalog.lineage_arn(graph.place.arn("endpoint/churn").upper()) == arn


async def test_a_resource_has_one_entity_until_that_is_deleted(graph: Graph) -> None:
    resource = graph.place.arn("endpoint/one")
    first = await graph.named(Kind.CONTEXT, "first", resource_arn=resource)
    with pytest.raises(AlreadyExistsError, match=resource):
        await graph.named(Kind.CONTEXT, "second", resource_arn=resource)
    with pytest.raises(NotFoundError):
        await graph.catalog.lineage_arn(graph.place.arn("endpoint/two"))
    # In one request, too, and in the order in which the database could object.
    done = await graph.write(
        commands.delete(first), commands.create_named(graph.place, Kind.CONTEXT, "a", resource_arn=resource)
    )
    assert await graph.catalog.lineage_arn(resource) == done.applied[1].arn
    with pytest.raises(AlreadyExistsError):
        await graph.write(
            commands.create_named(graph.place, Kind.CONTEXT, "x", resource_arn=graph.place.arn("endpoint/x")),
            commands.create_named(graph.place, Kind.CONTEXT, "y", resource_arn=graph.place.arn("endpoint/x")),
        )


async def test_updates_merge_pairs_and_keep_the_order_of_tags(graph: Graph) -> None:
    arn = await graph.artifact(properties={"a": "1", "b": "2"}, tags={"z": "1", "y": "2"})
    done = await graph.write(
        commands.update(
            arn,
            Kind.ARTIFACT,
            name="new",
            properties={"b": "3", "c": "4"},
            remove_properties=["a"],
            tags={"x": "3", "z": "9"},
            remove_tags=["y", "none"],
        )
    )
    assert done.applied[0].changed
    entity = await graph.catalog.entity(graph.account, arn)
    assert (entity.name, entity.properties, list((entity.tags or {}).items())) == (
        *("new", {"b": "3", "c": "4"}),
        [("z", "9"), ("x", "3")],
    )
    again = await graph.write(commands.update(arn, Kind.ARTIFACT, name="new", remove_tags=["none"]))
    assert (again.sequence, again.applied[0].changed) == (None, False)


async def test_an_update_may_replace_all_properties_and_remove_other_pairs(graph: Graph) -> None:
    arn = await graph.named(
        Kind.TRIAL_COMPONENT,
        "job",
        properties={"a": "1", "b": "2"},
        parameters={"lr": {"number": "1"}, "opt": {"string": "adam"}},
    )
    await graph.write(
        commands.update(
            *(arn, Kind.TRIAL_COMPONENT),
            properties={"c": "3", "d": "4"},
            remove_properties=["d"],
            replace_properties=True,
            parameters={"lr": {"number": "2"}},
            removed={"parameters": ["opt"]},
        )
    )
    entity = await graph.catalog.entity(graph.account, arn)
    assert (entity.properties, entity.parameters) == ({"c": "3"}, {"lr": {"number": "2"}})


async def test_a_context_of_the_type_experiment_may_have_a_plain_arn(graph: Graph) -> None:
    assert (await graph.named(Kind.CONTEXT, "Name", type="Experiment", family="context")).endswith(":context/name")


async def test_an_update_may_clear_what_may_be_absent(graph: Graph) -> None:
    arn = await graph.named(Kind.CONTEXT, "thing", description="d", source_uri="s3://b", properties={"a": "1"})
    await graph.write(
        commands.update(
            arn, Kind.CONTEXT, source_uri="s3://c", cleared=["description", "properties"], remove_properties=["a"]
        )
    )
    entity = await graph.catalog.entity(graph.account, arn)
    assert (entity.description, entity.properties, entity.source_uri) == (None, {}, "s3://c")
    for name in ("name", "started_at", "arn"):
        with pytest.raises(InvalidError, match=f"{name} can't be cleared; description, .* can"):
            commands.update(arn, Kind.CONTEXT, cleared=[name])


async def test_updates_keep_the_limits(graph: Graph) -> None:
    arn = await graph.artifact(tags={f"k{n}": "" for n in range(50)})
    with pytest.raises(InvalidError, match="51 tags"):
        await graph.write(commands.update(arn, Kind.ARTIFACT, tags={"more": ""}))


async def test_an_update_of_another_kind_is_not_found(graph: Graph) -> None:
    arn = await graph.artifact()
    with pytest.raises(NotFoundError, match="is no context"):
        await graph.write(commands.update(arn, Kind.CONTEXT, description="x"))


async def test_deleting_leaves_a_tombstone_and_creating_again_revives(graph: Graph) -> None:
    arn = await graph.artifact(name="first", valid_from=JANUARY)
    await graph.write(commands.delete(arn, valid_to=FEBRUARY))
    with pytest.raises(NotFoundError):
        await graph.catalog.entity(graph.account, arn)
    for change in (commands.delete(arn), commands.update(arn, Kind.ARTIFACT, name="x")):
        with pytest.raises(NotFoundError):
            await graph.write(change)
    with pytest.raises(ConflictError):
        await graph.artifact(name="too early", valid_from=JANUARY)
    assert await graph.artifact(name="second", valid_from=MARCH) == arn
    assert [await graph.exists(arn, when) for when in (JANUARY, FEBRUARY, MARCH)] == [True, False, True]
    assert (await graph.catalog.entity(graph.account, arn)).name == "second"
    with pytest.raises(ConflictError):
        await graph.artifact(valid_from=FEBRUARY)
    changes = await graph.changes(arn)
    assert [change.operation for change in changes] == ["create", "delete", "create"]
    assert [(change.before is None, change.after is None) for change in changes] == [
        *((True, False), (False, True), (True, False)),
    ]


async def test_what_never_existed_can_be_changed_at_any_time_once_it_exists(graph: Graph) -> None:
    """Deleted at its very beginning, an entity's history begins with a tombstone."""
    arn = await graph.artifact(valid_from=FEBRUARY)
    await graph.write(commands.delete(arn, valid_to=JANUARY))
    await graph.artifact(valid_from=MARCH)
    await graph.write(commands.update(arn, Kind.ARTIFACT, description="x", valid_from=datetime(2023, 1, 1)))
    assert (await graph.catalog.entity(graph.account, arn)).description == "x"
    with pytest.raises(ConflictError):
        await graph.artifact(valid_from=datetime(2023, 1, 1))
    assert (await verify(graph.store, None, graph.account)).problem is None


async def test_back_dated_changes_hold_from_then_on(graph: Graph) -> None:
    arn = await graph.artifact(name="a", valid_from=FEBRUARY)
    await graph.write(commands.update(arn, Kind.ARTIFACT, name="b", valid_from=APRIL))
    await graph.write(commands.update(arn, Kind.ARTIFACT, description="d", valid_from=MARCH))
    found = {}
    for when in (FEBRUARY, MARCH, APRIL):
        entity = await graph.catalog.entity(graph.account, arn, await graph.at(when))
        found[when] = (entity.name, entity.description)
    assert found == {FEBRUARY: ("a", None), MARCH: ("a", "d"), APRIL: ("b", "d")}
    assert not await graph.exists(arn, JANUARY)
    await graph.artifact(valid_from=JANUARY)
    assert await graph.exists(arn, JANUARY)
    first = await graph.catalog.moment(graph.account, as_of=to_ms(APRIL), sequence=1)
    assert (await graph.catalog.entity(graph.account, arn, first)).name == "a"


async def test_several_changes_of_one_request_all_show_in_the_history(graph: Graph) -> None:
    arn = await graph.artifact(valid_from=JANUARY)
    await graph.write(
        commands.update(arn, Kind.ARTIFACT, description="late", valid_from=MARCH),
        commands.update(arn, Kind.ARTIFACT, name="early", valid_from=FEBRUARY),
    )
    changed = {
        change.valid_from: (change.operation, change.after.name, change.after.description)
        for change in await graph.changes(arn)
        if change.after is not None
    }
    assert changed == {
        to_ms(JANUARY): ("create", "k", None),
        to_ms(FEBRUARY): ("update", "early", None),
        to_ms(MARCH): ("update", "early", "late"),
    }


async def test_the_history_says_who_what_and_when(graph: Graph) -> None:
    arn = await graph.artifact(name="before")
    other = Caller(graph.account, "somebody", "window", Role.WRITER)
    done = await graph.catalog.write(other, [commands.update(arn, Kind.ARTIFACT, name="after")], operation="test")
    newest, oldest = await graph.changes(arn)
    assert (newest.sequence, newest.recorded, newest.actor, newest.door) == (2, done.recorded, "somebody", "window")
    assert newest.before is not None
    assert newest.after is not None
    assert (newest.before.name, newest.after.name, newest.after.modified_by) == ("before", "after", "somebody")
    assert (oldest.operation, oldest.before) == ("create", None)
    moment = await graph.catalog.moment(graph.account)
    page = await history.changes(graph.store, graph.account, arn, moment.known, first=1, before=newest.key)
    assert [change.key for change in page] == [oldest.key]
    assert await history.changes(graph.store, graph.account, arn, oldest.recorded, first=9) == [oldest]


@pytest.mark.parametrize("when", [datetime(2999, 1, 1), datetime(1969, 12, 31)])
async def test_facts_lie_neither_in_the_future_nor_before_1970(graph: Graph, when: datetime) -> None:
    with pytest.raises(InvalidError):
        await graph.artifact(valid_from=when)
    arn = await graph.artifact()
    with pytest.raises(InvalidError):
        await graph.write(commands.delete(arn, valid_to=when))


async def test_associations_are_repeated_without_effect_unless_exclusive(graph: Graph) -> None:
    a, b = await graph.artifact("s3://b/a"), await graph.artifact("s3://b/b")
    first = await graph.write(commands.associate(a, b))
    again = await graph.write(commands.associate(a.upper(), b))
    assert (first.applied[0].created, again.applied[0].created, again.sequence) == (True, False, None)
    with pytest.raises(AlreadyExistsError):
        await graph.write(commands.associate(a, b, exclusive=True))
    await graph.write(commands.associate(a, b, AssociationType.PRODUCED), commands.associate(b, a))
    await graph.write(commands.dissociate(a, b))
    with pytest.raises(NotFoundError):
        await graph.write(commands.dissociate(a, b))
    assert (await graph.write(commands.associate(a, b, exclusive=True))).applied[0].created


def test_nothing_is_associated_with_itself() -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:artifact/a"
    with pytest.raises(InvalidError, match="itself"):
        commands.associate(arn, arn.upper())


async def test_an_association_needs_both_ends_since_then(graph: Graph) -> None:
    a, b = await graph.artifact("s3://b/a", valid_from=JANUARY), await graph.artifact("s3://b/b", valid_from=MARCH)
    with pytest.raises(InvalidError, match="exists only since"):
        await graph.write(commands.associate(a, b, valid_from=FEBRUARY))
    with pytest.raises(NotFoundError):
        await graph.write(commands.associate(a, graph.place.arn("artifact/none")))
    await graph.write(commands.associate(a, b, valid_from=MARCH))
    with pytest.raises(ConflictError, match="1 associations"):
        await graph.write(commands.delete(b))
    await graph.write(commands.dissociate(a, b))
    await graph.write(commands.delete(b))
    with pytest.raises(NotFoundError):
        await graph.write(commands.associate(a, b))
    await graph.artifact("s3://b/b")
    with pytest.raises(InvalidError, match="exists only since"):
        await graph.write(commands.associate(a, b, valid_from=MARCH.replace(day=2)))


async def test_an_association_ended_before_its_beginning_never_held(graph: Graph) -> None:
    a, b = [await graph.artifact(f"s3://b/{name}", valid_from=JANUARY) for name in "ab"]
    await graph.write(commands.associate(a, b, valid_from=FEBRUARY))
    await graph.write(commands.dissociate(a, b, valid_to=FEBRUARY))
    march = await graph.at(MARCH)
    page = await listing.associations(graph.store, graph.account, a, march, outgoing=True)
    assert page.items == []
    before = await graph.catalog.moment(graph.account, as_of=to_ms(MARCH), sequence=march.sequence - 1)
    page = await listing.associations(graph.store, graph.account, a, before, outgoing=True)
    assert [item.destination for _, item in page.items] == [b]


async def test_deleting_with_its_associations_ends_them(graph: Graph) -> None:
    hub = await graph.artifact("s3://b/hub")
    spokes = [await graph.artifact(f"s3://b/{n}") for n in range(3)]
    await graph.write(*(commands.associate(hub, spoke) for spoke in spokes), commands.associate(spokes[0], hub))
    with pytest.raises(InvalidError):
        await graph.write(commands.delete(hub, cascade="EVERYTHING"))
    await graph.write(commands.delete(hub, cascade="ASSOCIATIONS"))
    moment = await graph.catalog.moment(graph.account)
    walked = await lineage.walk(graph.store, graph.account, [spokes[0]], Direction.CONNECTED, moment)
    assert [node.arn for node in walked.nodes] == [spokes[0]]


async def test_a_bulk_request_is_done_whole_or_not_at_all(graph: Graph) -> None:
    made = [commands.create_artifact(graph.place, f"s3://b/{n}") for n in range(5)]
    with pytest.raises(NotFoundError) as caught:
        await graph.write(*made, commands.associate(made[0].arn, graph.place.arn("artifact/none")), made[1])
    assert caught.value.position == 5
    assert (await history.head(graph.store, graph.account)).sequence == 0
    assert await graph.names() == []
    with pytest.raises(StemmaError) as alone:
        await graph.write(commands.delete(made[0].arn))
    assert alone.value.position is None
    done = await graph.write(*made, *(commands.associate(made[0].arn, one.arn) for one in made[1:]))
    assert [applied.created for applied in done.applied] == [True] * 9
    assert done.sequence == 1


async def test_a_faulty_request_does_not_fail_the_others_of_its_transaction(graph: Graph) -> None:
    good = [graph.artifact(f"s3://b/{n}") for n in range(4)]
    bad = graph.write(commands.delete(graph.place.arn("artifact/none")))
    done = await asyncio.gather(*good[:2], bad, *good[2:], return_exceptions=True)
    assert [isinstance(outcome, NotFoundError) for outcome in done] == [False, False, True, False, False]
    assert (await history.head(graph.store, graph.account)).sequence == 4


async def test_a_request_has_a_limited_number_of_rows(graph: Graph) -> None:
    one = commands.create_artifact(graph.place, "s3://b/k")
    for rows in ([], [one] * 10_001):
        with pytest.raises(InvalidError, match="rows"):
            await graph.write(*rows)


async def test_a_request_is_done_once_under_its_id(graph: Graph) -> None:
    one, other = (commands.create_artifact(graph.place, f"s3://b/{n}") for n in range(2))
    first = await graph.write(one, request_id="id/1 é")
    again = await graph.write(one, request_id="id/1 é")
    assert (again.sequence, again.recorded, again.repeated, first.repeated) == (
        first.sequence,
        first.recorded,
        True,
        False,
    )
    assert again.applied[0].arn == one.arn
    with pytest.raises(ConflictError, match="id/1 é"):
        await graph.write(other, request_id="id/1 é")
    both = await asyncio.gather(*(graph.write(other, request_id="2") for _ in range(3)))
    assert [outcome.repeated for outcome in both] == [False, True, True]
    # The same id is another one under another operation, and in another account.
    await graph.catalog.write(graph.caller, [commands.delete(one.arn)], operation="other", request_id="2")
    assert (await history.head(graph.store, graph.account)).sequence == 3


@pytest.mark.parametrize("request_id", ["", "x" * 257, "a\nb", "\x00"])
async def test_a_request_id_is_printable_text(graph: Graph, request_id: str) -> None:
    with pytest.raises(InvalidError):
        await graph.write(commands.create_artifact(graph.place, "s3://b/k"), request_id=request_id)


async def test_a_request_that_failed_may_be_tried_again_under_its_id(graph: Graph) -> None:
    arn = graph.place.arn("context/a")
    with pytest.raises(NotFoundError):
        await graph.write(commands.delete(arn), request_id="1")
    await graph.named(Kind.CONTEXT, "a")
    assert not (await graph.write(commands.delete(arn), request_id="1")).repeated


async def test_lists_filter(graph: Graph) -> None:
    await graph.artifact("s3://b/1", name="one", type="DataSet", valid_from=JANUARY)
    await graph.artifact("s3://b/2", name="two", type="Model", valid_from=FEBRUARY)
    await graph.artifact("s3://b/2", name="three", type="Model", source_types=[("Custom", "x")], valid_from=MARCH)
    await graph.named(Kind.ACTION, "one", type="DataSet")
    found = {
        "all": await graph.names(),
        "type": await graph.names(filter=Filter(type="Model")),
        "name": await graph.names(filter=Filter(name="two")),
        "source": await graph.names(filter=Filter(source_uri="s3://b/2"), sort=Sort.NAME, descending=False),
        "after": await graph.names(filter=Filter(created_after=to_ms(FEBRUARY))),
        "before": await graph.names(filter=Filter(created_before=to_ms(FEBRUARY))),
        "none": await graph.names(filter=Filter(type="Model", name="one")),
    }
    assert found == {
        "all": ["three", "two", "one"],
        "type": ["three", "two"],
        "name": ["two"],
        "source": ["three", "two"],
        "after": ["three", "two"],
        "before": ["one"],
        "none": [],
    }


NAMES = [
    "a",
    "A",
    "B",
    "b",
    "a b",
    "a-b",
    "0",
    "~",
    "é",
    "ﬀ",
    "Ａ",
    "ｱ",
    "漢",
    "😀",
    "\U0010ffff\U0010ffff",
    "\ufffd",
    "10",
    "9",
]


@pytest.mark.parametrize("descending", [False, True])
async def test_lists_by_name_page_over_every_name(graph: Graph, descending: bool) -> None:
    made = [commands.create_artifact(graph.place, f"s3://b/{n}", name=name) for n, name in enumerate(NAMES)]
    await graph.write(*made)
    moment = await graph.catalog.moment(graph.account)
    whole = await graph.names(sort=Sort.NAME, descending=descending, first=100)
    assert sorted(whole) == sorted(NAMES)
    paged: list[str] = []
    after = None
    while True:
        page = await listing.entities(
            *(graph.store, graph.account, Kind.ARTIFACT, moment),
            sort=Sort.NAME,
            descending=descending,
            first=3,
            after=after,
        )
        paged += [entity.name for _, entity in page.items]
        if not page.more:
            break
        after = page.items[-1][0]
    assert paged == whole


async def test_pages_are_stable_while_others_are_written(graph: Graph) -> None:
    await graph.write(*(commands.create_artifact(graph.place, f"s3://b/{n:02d}", name=f"{n:02d}") for n in range(20)))
    moment = await graph.catalog.moment(graph.account)
    seen: list[str] = []
    after = None
    while True:
        page = await listing.entities(
            graph.store, graph.account, Kind.ARTIFACT, moment, sort=Sort.NAME, descending=False, first=4, after=after
        )
        seen += [entity.name for _, entity in page.items]
        if not page.more:
            break
        after = page.items[-1][0]
        await graph.artifact(f"s3://new/{len(seen)}", name=f"{len(seen) - 1:02d}-new")
        await graph.write(commands.update(page.items[0][1].arn, Kind.ARTIFACT, name="zz"))
    assert seen == [f"{n:02d}" for n in range(20)]


async def test_pages_of_associations(graph: Graph) -> None:
    hub = await graph.artifact("s3://b/hub")
    spokes = [commands.create_artifact(graph.place, f"s3://b/{n}") for n in range(7)]
    await graph.write(*spokes)
    await graph.write(*(commands.associate(hub, spoke.arn) for spoke in spokes))
    moment = await graph.catalog.moment(graph.account)
    await graph.write(commands.dissociate(hub, spokes[5].arn))
    seen: list[str] = []
    after = None
    while True:
        page = await listing.associations(graph.store, graph.account, hub, moment, outgoing=True, first=3, after=after)
        seen += [item.destination for _, item in page.items]
        if not page.more:
            break
        after = page.items[-1][0]
    assert seen == [spoke.arn for spoke in spokes]
    none = await listing.associations(
        graph.store, graph.account, hub, moment, outgoing=True, types=[AssociationType.PRODUCED]
    )
    assert none.items == []


@pytest.mark.parametrize("first", [0, -1, 501])
async def test_a_page_holds_1_to_500(graph: Graph, first: int) -> None:
    with pytest.raises(InvalidError, match="first"):
        await graph.names(first=first)


async def test_a_cursor_of_another_list_is_refused(graph: Graph) -> None:
    with pytest.raises(InvalidError, match="cursor"):
        await graph.names(after="000000000000/ARTIFACT/x")


async def test_moments(graph: Graph) -> None:
    done = [await graph.artifact(f"s3://b/{n}") for n in range(40)]
    changes = [(await graph.changes(arn))[0] for arn in done[::7]]
    for change in changes:
        for shift, sequence in ((-1, change.sequence - 1), (0, change.sequence), (1, change.sequence)):
            found = await graph.catalog.moment(graph.account, known_at=change.recorded + shift)
            if found.sequence != sequence:
                assert shift == 1
                assert found.known == change.recorded + 1
    assert (await graph.catalog.moment(graph.account, known_at=0)).sequence == 0
    assert (await graph.catalog.moment(graph.account, known_at=2**53)).sequence == 40
    assert (await graph.catalog.moment(graph.account, sequence=0)).known == 0
    for wrong in ({"sequence": 41}, {"sequence": -1}, {"sequence": 1, "known_at": 1}):
        with pytest.raises(InvalidError):
            await graph.catalog.moment(graph.account, **wrong)


async def test_cycles_are_walked_once(graph: Graph) -> None:
    made = [commands.create_artifact(graph.place, f"s3://b/{n}") for n in range(4)]
    await graph.write(
        *made, *(commands.associate(a.arn, b.arn) for a, b in zip(made, [*made[1:], made[0]], strict=True))
    )
    moment = await graph.catalog.moment(graph.account)
    for direction in Direction:
        walked = await lineage.walk(graph.store, graph.account, [made[0].arn], direction, moment)
        assert (len(walked.nodes), len(walked.edges)) == (4, 4)
    found = await path(graph.store, graph.account, made[0].arn, made[3].arn, Direction.DESCENDANTS, moment)
    assert found is not None
    assert [node.depth for node in found.nodes] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "details", [{"starts": []}, {"starts": ["x"] * 1001}, {"depth": -1}, {"limit": 0}, {"limit": 100_001}]
)
async def test_a_walk_has_limits(graph: Graph, details: dict[str, Any]) -> None:
    asked = {"starts": [await graph.artifact()], **details}
    moment = await graph.catalog.moment(graph.account)
    with pytest.raises(InvalidError):
        await lineage.walk(store=graph.store, account=graph.account, direction=Direction.BOTH, when=moment, **asked)


async def test_a_walk_out_of_time_says_where_it_stopped(graph: Graph) -> None:
    a, b = await graph.artifact("s3://b/a"), await graph.artifact("s3://b/b")
    await graph.write(commands.associate(a, b))
    moment = await graph.catalog.moment(graph.account)
    walked = await lineage.walk(graph.store, graph.account, [a], Direction.DESCENDANTS, moment, seconds=1e-6)
    assert (walked.nodes, walked.truncated, walked.frontier) == ([], True, [a])


class TestTenancy:
    """Nothing is read or changed across accounts."""

    @pytest.fixture
    async def foreign(self, catalog: Catalog, account: str) -> Graph:
        other = Graph(catalog, Caller(f"{(int(account) + 1) % 10**12:012d}", "intruder", "test", Role.WRITER))
        await other.artifact("s3://b/own")
        return other

    @pytest.fixture
    async def arns(self, graph: Graph) -> tuple[str, str]:
        a = await graph.artifact("s3://b/a", resource_arn=graph.place.arn("model/a"), tags={"secret": "1"})
        b = await graph.artifact("s3://b/b")
        await graph.write(commands.associate(a, b))
        return a, b

    async def test_foreign_entities_are_not_read(self, graph: Graph, foreign: Graph, arns: tuple[str, str]) -> None:
        moment = await graph.catalog.moment(graph.account)
        account, store = foreign.account, foreign.store
        with pytest.raises(NotFoundError):
            await foreign.catalog.entity(account, arns[0])
        assert await history.entities(store, account, arns, moment) == {}
        past = await graph.catalog.moment(graph.account, sequence=1)
        assert await history.entities(store, account, arns, past) == {}
        assert await history.changes(store, account, arns[0], moment.known, first=9) == []
        for direction in Direction:
            with pytest.raises(NotFoundError):
                await lineage.walk(store, account, [arns[0]], direction, moment)
        with pytest.raises(NotFoundError):
            await path(store, account, *arns, Direction.DESCENDANTS, moment)
        for outgoing in (True, False):
            assert (await listing.associations(store, account, arns[0], moment, outgoing=outgoing)).items == []
        for sort in Sort:
            assert await foreign.names(sort=sort) == ["own"]
        assert await foreign.names(filter=Filter(source_uri="s3://b/a")) == []

    async def test_foreign_entities_are_not_changed(self, graph: Graph, foreign: Graph, arns: tuple[str, str]) -> None:
        own = commands.create_artifact(foreign.place, "s3://b/own").arn
        there: list[tuple[Command, type[StemmaError]]] = [
            (commands.create_artifact(graph.place, "s3://b/a"), InvalidError),
            (commands.create_artifact(graph.place, "s3://b/new"), InvalidError),
            (
                commands.create_artifact(foreign.place, "s3://b/x", resource_arn=graph.place.arn("model/x")),
                InvalidError,
            ),
            (
                commands.create_artifact(foreign.place, "s3://b/x", resource_arn=graph.place.arn("model/a")),
                InvalidError,
            ),
            (commands.update(arns[0], Kind.ARTIFACT, description="x"), NotFoundError),
            (commands.delete(arns[0], cascade="ASSOCIATIONS"), NotFoundError),
            (commands.associate(arns[1], arns[0]), NotFoundError),
            (commands.associate(own, arns[0]), NotFoundError),
            (commands.associate(arns[0], own), NotFoundError),
            (commands.associate(*arns), NotFoundError),
            (commands.dissociate(*arns), NotFoundError),
        ]
        for command, error in there:
            with pytest.raises(error):
                await foreign.write(command)
        assert (await history.head(graph.store, foreign.account)).sequence == 1
        assert (await verify(graph.store, None, graph.account)).problem is None
        assert (await graph.catalog.entity(graph.account, arns[0])).description is None

    async def test_request_ids_are_each_accounts_own(self, graph: Graph, foreign: Graph) -> None:
        await graph.write(commands.create_artifact(graph.place, "s3://b/a"), request_id="1")
        done = await foreign.write(commands.create_artifact(foreign.place, "s3://b/a"), request_id="1")
        assert (done.repeated, done.applied[0].created) == (False, True)
