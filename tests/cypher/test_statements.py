"""Every statement is a constant text that both databases take."""

from importlib.resources import files

import pytest

import cypher
from cypher import statement
from graph.catalog import Catalog

ROOT = files(cypher)
FOLDERS = ("association", "entity", "ledger", "revision", "schema", "walk")
NAMES = sorted(
    f"{folder}/{entry.name.removesuffix('.cypher')}" for folder in FOLDERS for entry in ROOT.joinpath(folder).iterdir()
)

PARAMETERS = {
    "account": "000000000000",
    "accounts": [],
    "after": "",
    "arn": "",
    "arns": [],
    "associations": [],
    "at": 0,
    "before": "",
    "created_after": 0,
    "created_before": 0,
    "end": "",
    "entries": [],
    "forever": 0,
    "from": "",
    "frontier": ["a", "b"],
    "genesis": "",
    "heads": [],
    "key": "",
    "keys": [],
    "known": 0,
    "limit": 1,
    "name": None,
    "requests": [],
    "rows": [],
    "source_uri": "",
    "to": "",
    "triples": [],
    "type": None,
    "version": 1,
    "wanted": [],
}


def test_every_file_lies_in_a_known_folder() -> None:
    folders = {entry.name for entry in ROOT.iterdir() if entry.is_dir() and not entry.name.startswith("__")}
    assert folders == set(FOLDERS)


@pytest.mark.parametrize("name", NAMES)
async def test_runs_on_both_databases(catalog: Catalog, name: str) -> None:
    value = await catalog.store.run(name, PARAMETERS)
    assert value in (None, [], 0, 1)


@pytest.mark.parametrize("name", NAMES)
def test_has_no_variable_length_pattern(name: str) -> None:
    """The embedded database enumerates paths there; a Neo4j-only statement would need an EXPLAIN test of its plan."""
    assert "*" not in statement(name).replace("count(*)", "").replace("{.*}", "")


def test_unknown_statement_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        statement("entity/unknown")
