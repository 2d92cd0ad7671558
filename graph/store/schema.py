"""Constraints, indexes and the version of the schema."""

from importlib.resources import files

from graph.errors import UnavailableError
from graph.store.store import Store

VERSION = 3
"""3: principals, keys and the access log."""


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
    await store.run("schema/write_version", {"version": VERSION})
