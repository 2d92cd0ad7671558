"""Selections against sets computed by hand from a small graph."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from graph import commands
from graph.access import Caller
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.entities import Kind
from graph.errors import InvalidError, TooExpensiveError
from graph.selection.evaluation import Selected, select

Select = Callable[..., Awaitable[Selected]]
EVERYTHING = {"raw.csv", "train.csv", "job", "model", "other.csv", "endpoint"}


@pytest_asyncio.fixture
async def chosen(catalog: Catalog, caller: Caller) -> Select:
    """raw.csv → job → model → endpoint, train.csv → job; other.csv stands alone."""
    place = catalog.place(caller.account)
    raw, train, other, model = (
        commands.create_artifact(place, f"s3://lake/{name}", name=name, type=type_, tags=tags)
        for name, type_, tags in (
            ("raw.csv", "DataSet", {"owner": "ana, bo"}),
            ("train.csv", "DataSet", {"stage": "gold"}),
            ("other.csv", "DataSet", {}),
            ("model", "Model", {}),
        )
    )
    job = commands.create_named(place, Kind.TRIAL_COMPONENT, "job", type="SageMakerTrainingJob")
    endpoint = commands.create_named(
        place,
        Kind.CONTEXT,
        "endpoint",
        type="Endpoint",
        resource_arn=f"arn:aws:sagemaker:us-east-1:{caller.account}:endpoint/live",
    )
    ways = [
        (raw, AssociationType.CONTRIBUTED_TO, job),
        (train, AssociationType.CONTRIBUTED_TO, job),
        (job, AssociationType.PRODUCED, model),
        (model, AssociationType.CONTRIBUTED_TO, endpoint),
    ]
    await catalog.write(
        caller,
        [raw, train, other, model, job, endpoint, *(commands.associate(a.arn, b.arn, kind) for a, kind, b in ways)],
        operation="test",
    )

    async def ask(query: str, **options: object) -> Selected:
        when = await catalog.moment(caller.account)
        options = {"present": True, **options}
        return await select(catalog.store, catalog.finder, caller.account, query, when, **options)  # type: ignore[arg-type]

    return ask


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("model", {"model"}),
        ("MODEL", {"model"}),
        ("*.csv", {"raw.csv", "train.csv", "other.csv"}),
        ("?aw.csv", {"raw.csv"}),
        ("[r]aw.csv", set()),
        ("type:DataSet", {"raw.csv", "train.csv", "other.csv"}),
        ("kind:trial_component", {"job"}),
        ("tag:stage", {"train.csv"}),
        ("tag:stage=gold", {"train.csv"}),
        ("owner:bo", {"raw.csv"}),
        ("uri:s3://lake/*", {"raw.csv", "train.csv", "other.csv", "model"}),
        ("endpoint:live", {"endpoint"}),
        ("+model", {"model", "job", "raw.csv", "train.csv"}),
        ("1+model", {"model", "job"}),
        ("model+", {"model", "endpoint"}),
        ("1+job+1", {"raw.csv", "train.csv", "job", "model"}),
        ("raw.csv+", {"raw.csv", "job", "model", "endpoint"}),
        ("+endpoint:live and type:DataSet", {"raw.csv", "train.csv"}),
        ("+model and not type:DataSet", {"model", "job"}),
        ("raw.csv or train.csv", {"raw.csv", "train.csv"}),
        ("not *.csv", {"job", "model", "endpoint"}),
        ("(raw.csv or other.csv) and not owner:ana", {"other.csv"}),
        ("*", EVERYTHING),
        ("nothing+", set()),
    ],
)
async def test_names_these(chosen: Select, query: str, names: set[str]) -> None:
    for present in (True, False):
        found = await chosen(query, present=present)
        assert {node.name for node in found.nodes} == names
        shown = {node.arn for node in found.nodes}
        assert all(edge.source in shown and edge.destination in shown for edge in found.edges)
        assert found.total == len(names)


async def test_edges_between_the_selected_are_all_there(chosen: Select) -> None:
    found = await chosen("*")
    names = {node.arn: node.name for node in found.nodes}
    assert {(names[edge.source], names[edge.destination]) for edge in found.edges} == {
        ("raw.csv", "job"),
        ("train.csv", "job"),
        ("job", "model"),
        ("model", "endpoint"),
    }
    assert {node.name: node.depth for node in (await chosen("model+ or +model")).nodes} == {
        "model": 0,
        "job": 1,
        "endpoint": 1,
        "raw.csv": 2,
        "train.csv": 2,
    }


async def test_a_cut_answer_says_so(chosen: Select) -> None:
    found = await chosen("*.csv", limit=2)
    assert len(found.nodes) == 2
    assert found.total == 3
    with pytest.raises(InvalidError, match="limit is 0"):
        await chosen("*", limit=0)


async def test_a_walk_from_too_many_is_refused(
    chosen: Select, catalog: Catalog, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.selection.evaluation.STARTS", 2)
    with pytest.raises(TooExpensiveError, match="names 3 entities"):
        await chosen("*.csv+")
