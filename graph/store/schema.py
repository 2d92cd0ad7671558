"""Constraints, indexes and the version of the schema."""

from importlib.resources import files

import orjson

from graph.errors import UnavailableError
from graph.store.outbox import BEGUN, outbox_key
from graph.store.rows import listing_row
from graph.store.running import running_keys
from graph.store.store import Store
from graph.times import FOREVER

VERSION = 12
"""2: revisions hold their resource's own ARN, so that it is found at past moments; 3: principals, keys and the access log;
4: revisions hold their source's ARN, metrics have points;
5: revisions of registry objects hold by what they are listed, and approvals; 6: those of deployments by when they ran;
7: executions and timers of monitoring; 8: revisions that tell of events hold so, webhooks have deliveries;
9: model cards, resource groups and what monitors is listed, too; 10: alerts tell of events;
11: those who follow the ledgers keep how far they have come, and stale approvals tell of events;
12: runs of schedules leave what they measured."""
COPIED = {"resource_arn": 2, "source_arn": 4, "by_resource": 9}
"""What revisions hold beside their states, by the version since which they do."""
PAGE = 1_000


class NewerSchemaError(UnavailableError):
    """The database was written by a newer version of Stemma."""


async def prepare(store: Store) -> None:
    """Create what is missing; safe to call at every start and by several processes at once.

    Raises:
        NewerSchemaError: the database has a version of the schema that this program does not know.
    """
    found = await store.run("schema/read_version")
    if found is not None and found > VERSION:
        raise NewerSchemaError(
            f"the database has schema version {found}; this Stemma knows versions up to {VERSION}. "
            "Use the newer Stemma that wrote it, or another database"
        )
    if found == VERSION:
        return
    folder = files("cypher").joinpath("schema")
    for name in sorted(entry.name.removesuffix(".cypher") for entry in folder.iterdir()):
        if name.startswith(("unique_", "index_")):
            await store.run(f"schema/{name}")
    for name, since in COPIED.items():
        if found is not None and found < since:
            await _copy(store, name)
    if found is not None and found < 6:
        await _copy_running(store)
    if found is not None and found < 11:
        await _copy_outbox(store)
    await store.run("schema/write_version", {"version": VERSION})


async def _copy(store: Store, name: str) -> None:
    """Older versions kept it in the states alone; what was copied before an interruption is not seen again."""
    after = ""
    while lacking := await store.run(f"revision/lacking_{name}", {"after": after, "limit": PAGE}):
        states = [(key, orjson.loads(body)) for key, body in lacking]
        rows = [[key, listing_row(state["account"], state)[name]] for key, state in states]
        await store.run(f"revision/set_{name}", {"rows": rows})
        after = lacking[-1][0]


async def _copy_running(store: Store) -> None:
    """Say of deployments that were written by hand before version 6 when they ran."""
    after = ""
    while lacking := await store.run("revision/lacking_running", {"after": after, "limit": PAGE}):
        rows = []
        for key, body, valid_from, valid_to, recorded_to in lacking:
            state = orjson.loads(body)
            rows.append([key, *running_keys(state["account"], state, key, valid_from, valid_to, recorded_to)])
        await store.run("revision/set_running", {"rows": rows})
        after = lacking[-1][0]


async def _copy_outbox(store: Store) -> None:
    """Say of what was written before version 8, or of what came to tell of them since, that it tells of events."""
    after = ""
    parameters = {"limit": PAGE, "types": list(BEGUN), "forever": FOREVER}
    while lacking := await store.run("revision/lacking_outbox", {**parameters, "after": after}):
        states = [(key, outbox_key(key, operation, orjson.loads(body), to)) for key, operation, body, to in lacking]
        await store.run("revision/set_outbox", {"rows": [[key, held] for key, held in states if held is not None]})
        after = lacking[-1][0]
