"""Constraints, indexes and the version of the schema."""

from importlib.resources import files

import orjson

from graph.errors import UnavailableError
from graph.store.store import Store

VERSION = 4
"""2: revisions hold their resource's own ARN, so that it is found at past moments; 3: principals, keys and the access log;
4: revisions hold their source's ARN, metrics have points."""
COPIED = {"resource_arn": 2, "source_arn": 4}
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
    await store.run("schema/write_version", {"version": VERSION})


async def _copy(store: Store, name: str) -> None:
    """Older versions kept it in the states alone; what was copied before an interruption is not seen again."""
    after = ""
    while lacking := await store.run(f"revision/lacking_{name}", {"after": after, "limit": PAGE}):
        await store.run(
            f"revision/set_{name}", {"rows": [[key, orjson.loads(body).get(name)] for key, body in lacking]}
        )
        after = lacking[-1][0]
