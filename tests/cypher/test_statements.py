"""Every statement is a constant text that both databases take."""

from importlib.resources import files
from typing import Any

import pytest
from neo4j import AsyncGraphDatabase, NotificationMinimumSeverity

import cypher
from cypher import statement
from graph.catalog import Catalog
from graph.store.schema import VERSION
from tests.conftest import Databases

ROOT = files(cypher)
FOLDERS = (
    "access",
    "association",
    "entity",
    "event",
    "experiment",
    "follower",
    "hosting",
    "ledger",
    "metric",
    "monitoring",
    "principal",
    "registry",
    "revision",
    "schema",
    "walk",
    "webhook",
)
NAMES = sorted(
    f"{folder}/{entry.name.removesuffix('.cypher')}" for folder in FOLDERS for entry in ROOT.joinpath(folder).iterdir()
)
NEO4J_ONLY = tuple(f"neo4j/walk/{way}_{what}" for way in ("downstream", "upstream") for what in ("edges", "entities"))

PARAMETERS = {
    "account": "000000000000",
    "actor": "",
    "accounts": [],
    "after": "",
    "approval": None,
    "arn": "",
    "arns": [],
    "association": None,
    "associations": [],
    "at": 0,
    "attempt": 1,
    "before": "",
    "begun": True,
    "by_name": False,
    "contains": None,
    "created_after": 0,
    "created_at": 0,
    "created_before": 0,
    "created_from": "",
    "created_to": "",
    "definition": None,
    "destination": None,
    "destination_type": None,
    "end": "",
    "endpoint": None,
    "entries": [],
    "attempts": 0,
    "claim": "",
    "delivered_at": None,
    "description": None,
    "due": None,
    "experiments": "",
    "expires_at": 0,
    "every": True,
    "first": "",
    "forever": 0,
    "from": "",
    "frontier": ["a", "b"],
    "genesis": "",
    "group": None,
    "heads": [],
    "job": "",
    "id": "",
    "key": "",
    "keys": [],
    "kind": "person",
    "known": 0,
    "last": "",
    "limit": 1,
    "modified_after": 0,
    "modified_before": 0,
    "name": None,
    "now": 0,
    "numbered": None,
    "only": None,
    "operation": None,
    "outcome": None,
    "owners": [],
    "place": None,
    "position": "",
    "prefix": "",
    "problem": None,
    "principal": None,
    "recorded": 0,
    "requests": [],
    "role": "reader",
    "rows": [],
    "scheduled_after": 0,
    "scheduled_before": 0,
    "sealed": "",
    "seen": 0,
    "sequence": 0,
    "since": 0,
    "sort": "source",
    "state": None,
    "source": "",
    "source_arn": "",
    "source_type": None,
    "source_uri": "",
    "status": None,
    "to": "",
    "trials": "",
    "text": "",
    "triples": [],
    "type": None,
    "types": [],
    "until": 0,
    "url": "",
    "version": VERSION,
    "wanted": [],
    "worker": "",
}


HOLD_OTHERS = (
    "ledger/accounts",
    "ledger/heads",
    "principal/accounts",
    "principal/any_key",
    "principal/put",
    "principal/read",
    "principal/grant",
    "webhook/put",
    "revision/lacking_by_resource",  # candidates: a card's export job looks like one
)


def test_every_file_lies_in_a_known_folder() -> None:
    folders = {entry.name for entry in ROOT.iterdir() if entry.is_dir() and not entry.name.startswith("__")}
    assert folders == {*FOLDERS, "neo4j"}
    only = {f"neo4j/walk/{entry.name.removesuffix('.cypher')}" for entry in ROOT.joinpath("neo4j/walk").iterdir()}
    assert only == set(NEO4J_ONLY)
    assert [entry.name for entry in ROOT.joinpath("neo4j").iterdir()] == ["walk"]


@pytest.mark.parametrize("name", NAMES)
async def test_runs_on_both_databases(catalog: Catalog, name: str) -> None:
    value = await catalog.store.run(name, PARAMETERS)
    # The other tests' accounts are in the same database.
    assert value in (None, [], 0, 1, VERSION) or name in HOLD_OTHERS


@pytest.mark.parametrize("name", NAMES)
def test_has_no_variable_length_pattern(name: str) -> None:
    """The embedded database enumerates paths there; a Neo4j-only statement would need an EXPLAIN test of its plan."""
    assert "*" not in statement(name).replace("count(*)", "").replace("{.*}", "")


def operators(plan: dict[str, Any]) -> list[str]:
    return [plan["operatorType"], *(name for child in plan.get("children", ()) for name in operators(child))]


@pytest.mark.parametrize("name", NEO4J_ONLY)
async def test_whole_cones_visit_every_entity_once(databases: Databases, name: str) -> None:
    """Any other expand enumerates paths, of which a layered graph has exponentially many."""
    where = await (await databases.provider("neo4j")).address()
    quiet = NotificationMinimumSeverity.OFF
    driver = AsyncGraphDatabase.driver(where.uri, auth=(where.user, where.password), notifications_min_severity=quiet)
    async with driver:
        parameters = {**PARAMETERS, "start": "a"}
        explained = await driver.execute_query(f"EXPLAIN {statement(name)}", parameters, database_=where.database)
        assert explained.summary.plan is not None
        expands = [each for each in operators(explained.summary.plan) if each.startswith("VarLengthExpand")]
        assert expands == ["VarLengthExpand(Pruning,BFS,All)@neo4j"]
        assert (await driver.execute_query(statement(name), parameters, database_=where.database)).records[0][0] in (
            [[]] * 5,
            [[]] * 8,
        )


def test_unknown_statement_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        statement("entity/unknown")
