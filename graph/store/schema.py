"""Constraints, indexes and the version of the schema."""

from importlib.resources import files

import orjson

from graph.errors import UnavailableError
from graph.store.store import Store

VERSION = 3
"""2: revisions hold their resource's own ARN, so that it is found at past moments; 3: principals, keys and the access log."""
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
    if found == 1:
        await _copy_resource_arns(store)
    await store.run("schema/write_version", {"version": VERSION})


async def _copy_resource_arns(store: Store) -> None:
    """Version 1 kept them in the states alone; what was copied before an interruption is not seen again."""
    after = ""
    while lacking := await store.run("revision/lacking_resource_arn", {"after": after, "limit": PAGE}):
        await store.run(
            "revision/set_resource_arn", {"rows": [[key, orjson.loads(body)["resource_arn"]] for key, body in lacking]}
        )
        after = lacking[-1][0]
