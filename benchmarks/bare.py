"""The least that a program of one's own would do: the same nodes, revisions and edges through the driver alone."""

from collections.abc import Sequence
from typing import Any

from neo4j import AsyncDriver, AsyncManagedTransaction

from graph.access import Caller
from graph.commands import Associate, Command, Put
from graph.drafts import Draft
from graph.ledger import GENESIS, Head, next_entry
from graph.records import Records
from graph.store.rows import edge_row, entity_row, revision_row
from graph.times import now_us
from graph.working import Working

NODES = """
UNWIND $rows AS row
CREATE (e:Entity:{label})-[:HAS_REVISION]->(r:Revision)
SET e = row.entity, r = row.revision
RETURN count(*) AS n
"""
EDGES = """
UNWIND $rows AS row
MATCH (a:Entity {{arn: row.source}})
MATCH (b:Entity {{arn: row.destination}})
CREATE (a)-[r:{type}]->(b)
SET r = row.edge
RETURN count(*) AS n
"""
LABELS = {"ARTIFACT": "Artifact", "ACTION": "Action", "CONTEXT": "Context", "TRIAL_COMPONENT": "TrialComponent"}

Statements = list[tuple[str, list[Any]]]


def prepare(caller: Caller, commands: Sequence[Command], sequence: int) -> Statements:
    """The rows of a batch, made before the clock runs."""
    draft = Draft(Working(), caller.account, caller.actor, now_us())
    for command in commands:
        assert isinstance(command, Put | Associate)
        command.apply(draft)
    records: Records = draft.records
    leaves = records.seal(caller.account, sequence)
    entry = next_entry(
        Head(caller.account, sequence - 1, GENESIS, 0),
        recorded=now_us(),
        actor=caller.actor,
        door=caller.door,
        request="",
        payload="",
        leaves=leaves,
    )
    nodes: dict[str, list[Any]] = {}
    for revision in records.revisions:
        row = {
            "arn": revision.arn,
            "entity": entity_row(revision, entry),
            "revision": revision_row(revision, entry, caller),
        }
        nodes.setdefault(LABELS[revision.kind.value], []).append(row)
    edges: dict[str, list[Any]] = {}
    for edge in records.edges:
        row = {"source": edge.triple[0], "destination": edge.triple[2], "edge": edge_row(edge, entry)}
        edges.setdefault(edge.triple[1], []).append(row)
    return [
        *((NODES.format(label=label), rows) for label, rows in nodes.items()),
        *((EDGES.format(type=kind), rows) for kind, rows in edges.items()),
    ]


async def load(driver: AsyncDriver, database: str, statements: Statements) -> None:
    """Write them in one transaction."""

    async def work(transaction: AsyncManagedTransaction) -> None:
        for text, rows in statements:
            await (await transaction.run(text, rows=rows)).consume()

    async with driver.session(database=database) as session:
        await session.execute_write(work)
