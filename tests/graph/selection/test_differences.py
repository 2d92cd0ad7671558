from graph import commands
from graph.access import Caller
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.entities import Kind
from graph.selection.differences import Difference, compare


async def test_what_became_of_everything_between_two_moments(catalog: Catalog, caller: Caller) -> None:
    place = catalog.place(caller.account)

    async def write(*made: object) -> None:
        await catalog.write(caller, list(made), operation="test")  # type: ignore[arg-type]

    kept, changed, removed, added = (
        commands.create_named(place, Kind.ACTION, name) for name in ("kept", "changed", "removed", "added")
    )
    link = commands.associate(kept.arn, changed.arn, AssociationType.PRODUCED)
    await write(kept, changed, removed, link, commands.associate(kept.arn, removed.arn, AssociationType.PRODUCED))
    before = await catalog.moment(caller.account)
    await write(
        commands.update(changed.arn, Kind.ACTION, description="another"),
        commands.delete(removed.arn, cascade="ASSOCIATIONS"),
        added,
        commands.associate(kept.arn, added.arn, AssociationType.PRODUCED),
    )
    after = await catalog.moment(caller.account)
    found = await compare(catalog.store, catalog.finder, caller.account, "*", before, after)
    told = {node.name: what for node, what in zip(found.nodes, found.node_differences, strict=True)}
    assert told == {name: Difference(name.upper()) for name in ("changed", "removed", "added")} | {
        "kept": Difference.SAME
    }
    names = {node.arn: node.name for node in found.nodes}
    edges = {names[edge.destination]: what for edge, what in zip(found.edges, found.edge_differences, strict=True)}
    assert edges == {"changed": Difference.SAME, "removed": Difference.REMOVED, "added": Difference.ADDED}
    assert not found.truncated
    back = await compare(catalog.store, catalog.finder, caller.account, "*", after, before)
    assert {
        node.name for node, what in zip(back.nodes, back.node_differences, strict=True) if what is Difference.ADDED
    } == {"removed"}
    same = await compare(catalog.store, catalog.finder, caller.account, "*", after, after)
    assert set(same.node_differences) == {Difference.SAME}
    assert set(same.edge_differences) == {Difference.SAME}
    assert (await compare(catalog.store, catalog.finder, caller.account, "*", before, after, limit=2)).truncated
