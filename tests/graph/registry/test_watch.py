"""Approvals whose evidence changed are told of once, by an action and its event, whoever looks and however often."""

import asyncio

from graph.events import feed
from graph.events.feed import Wanted
from graph.events.types import EventType
from graph.registry.gates import Bound
from graph.registry.watch import Watch
from tests.graph.registry.test_gates import Gated, registry

__all__ = ["registry"]
STALE = Wanted(frozenset({EventType.MODEL_VERSION_APPROVAL_STALE}))


def watch(registry: Gated) -> Watch:
    return Watch(registry.catalog, accounts=[registry.account])


async def told(registry: Gated) -> list[dict[str, object]]:
    found = await feed.page(registry.catalog.store.read, registry.place, feed.behind(registry.account, 0), wanted=STALE)
    return [dict(event.told.detail) for event in found.events]


async def test_a_stale_approval_is_told_once(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(bounds=[Bound("auc", at_least=0.9)])
    version = await registry.register()
    await registry.evaluate("a", auc=0.95)
    await registry.approve(ana)
    assert await watch(registry).look() == 0
    _, found = await registry.violate(version)
    assert await watch(registry).look() == 1
    (event,) = await told(registry)
    (approval,) = await registry.actions()
    assert event["ApprovalArn"] == approval.arn
    assert (event["ModelPackageArn"], event["ModelPackageVersion"]) == (version.resource_arn, 1)
    assert event["Reasons"] == [{"Kind": "VIOLATION", "Arn": found, "Text": "psi was found"}]
    # More of the same changes nothing of that.
    await registry.violate(version, "kl")
    worse = await registry.evaluate("b", auc=0.5)
    assert await watch(registry).look() == 0
    assert len(await told(registry)) == 1
    # A new approval may become stale anew, by a file that was written anew.
    await registry.gate()
    await registry.approve(ana, reason="looked at all of it")
    assert await watch(registry).look() == 0
    better = await registry.evaluate("c", auc=0.99)
    assert better != worse
    assert await watch(registry).look() == 1
    first, second = await told(registry)
    assert first == event
    assert second["Reasons"] == [{"Kind": "REWRITTEN", "Arn": better, "Text": "s3://b/metrics.json was written anew"}]


async def test_many_violations_of_one_run_are_one_event_and_replicas_agree(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    version = await registry.register()
    await registry.approve(ana)
    for number in range(30):
        await registry.violate(version, f"check-{number}")
    replicas = [watch(registry) for _ in range(3)]
    counts = await asyncio.gather(*(replica.look() for replica in replicas))
    assert 1 <= sum(counts) <= 3
    (event,) = await told(registry)
    assert event["ReasonCount"] == 30
    assert isinstance(event["Reasons"], list)
    assert len(event["Reasons"]) == 20
    assert await watch(registry).look() == 0


async def test_what_one_process_writes_it_hears_of_at_once(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    version = await registry.register()
    await registry.approve(ana)
    running, wrote = watch(registry), asyncio.Event()
    registry.catalog.on_write.add(wrote.set)
    running.start()
    try:
        await registry.violate(version)
        async with asyncio.timeout(20):
            while not await told(registry):
                wrote.clear()
                await wrote.wait()
    finally:
        await running.stop()
        registry.catalog.on_write.discard(wrote.set)
    assert len(await told(registry)) == 1
