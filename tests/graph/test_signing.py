"""The heads that a service signs while it runs."""

import asyncio

from graph import history
from graph.access import Caller
from graph.catalog import Catalog
from graph.checkpoints import SECONDS
from graph.commands import create_artifact


async def test_the_last_head_of_a_burst_is_signed_without_another_write(catalog: Catalog, caller: Caller) -> None:
    place = catalog.place(caller.account)
    for number in range(5):
        await catalog.write(caller, [create_artifact(place, f"s3://bucket/{number}")], operation="put")
    head = await history.head(catalog.store, caller.account)
    for _ in range(40):
        checkpoint = catalog.checkpoints.read(caller.account)
        if checkpoint is not None and checkpoint.head == head:
            break
        await asyncio.sleep(SECONDS / 10)
    assert checkpoint is not None
    assert checkpoint.head == head
    assert catalog.checkpoints.genuine(checkpoint)
