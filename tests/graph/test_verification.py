"""Whatever is changed behind the ledger's back is found and named."""

import asyncio
import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from neo4j import AsyncGraphDatabase

from graph import commands, history
from graph.access import Caller
from graph.associations import AssociationType
from graph.canonical import canonical, digest
from graph.catalog import Catalog
from graph.changes import Command
from graph.checkpoints import Checkpoint, Checkpoints
from graph.entities import Kind
from graph.ledger import GENESIS, Head, entry_key
from graph.records import leaf_digest, record_key, revision_content
from graph.times import FOREVER
from graph.verification import accounts, verify


async def execute(catalog: Catalog, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """What somebody with the database's password can do."""
    address = await catalog.store.provider.address()
    async with AsyncGraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        found = await driver.execute_query(query, parameters, database_=address.database)
        return [record.data() for record in found.records]


class Told:
    """A small history: `first` was updated and leads to `second` since ever and to `third` no more; `gone` was deleted."""

    def __init__(self, catalog: Catalog, caller: Caller, folder: Path) -> None:
        self.catalog = catalog
        self.caller = caller
        self.account = caller.account
        self.checkpoints = Checkpoints(folder)
        place = catalog.place(caller.account)
        names = ("first", "second", "third", "gone")
        self.created = [commands.create_artifact(place, f"s3://b/{n}", type="T", tags={"a": n}) for n in names]
        self.first, self.second, self.third, self.gone = (command.arn for command in self.created)

    async def tell(self) -> "Told":
        link = AssociationType.PRODUCED
        requests: list[list[Command]] = [
            [
                *self.created,
                *(commands.associate(self.first, arn, link) for arn in (self.second, self.third, self.gone)),
            ],
            [commands.update(self.first, Kind.ARTIFACT, description="changed")],
            [commands.dissociate(self.first, self.third, link)],
            [commands.delete(self.gone, cascade="ASSOCIATIONS")],
            [commands.update(self.second, Kind.ARTIFACT, description="changed last")],
        ]
        for request in requests:
            await self.catalog.write(self.caller, request, operation="test")
        head = await self.head()
        self.checkpoints.note([head])
        self.checkpoints.flush()
        return self

    async def head(self) -> Head:
        return await history.head(self.catalog.store, self.account)

    async def execute(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        return await execute(
            self.catalog,
            query,
            account=self.account,
            first=self.first,
            second=self.second,
            third=self.third,
            gone=self.gone,
            entry=entry_key(self.account, 3),
            last=entry_key(self.account, 5),
            forever=FOREVER,
            **parameters,
        )

    async def problem(self, *, signed: bool = True) -> str | None:
        checkpoints = self.checkpoints if signed else None
        return (await verify(self.catalog.store, checkpoints, self.account)).problem


@pytest.fixture
async def told(catalog: Catalog, caller: Caller, tmp_path: Path) -> Told:
    return await Told(catalog, caller, tmp_path).tell()


async def test_an_untouched_graph_is_in_order(told: Told) -> None:
    steps: list[tuple[str, int, int]] = []
    verdict = await verify(
        told.catalog.store, told.checkpoints, told.account, on_progress=lambda *step: steps.append(step)
    )
    assert verdict.problem is None
    assert (verdict.entries, verdict.revisions, verdict.edges) == (5, 10, 5)
    assert verdict.head.sequence == 5
    assert steps[0] == ("entries", 5, 5)
    assert steps[-1] == ("changes", 20, 20)


async def test_an_account_without_a_ledger_is_in_order(catalog: Catalog, account: str) -> None:
    verdict = await verify(catalog.store, catalog.checkpoints, account)
    assert (verdict.problem, verdict.entries, verdict.head) == (None, 0, Head(account, 0, GENESIS, 0))


async def test_accounts_are_those_with_a_ledger(told: Told) -> None:
    found = await accounts(told.catalog.store)
    assert told.account in found
    assert found == sorted(found)


LIVE = "MATCH (e:Entity {arn: $first}) "
NOW = "MATCH (e:Entity {arn: $first})-[h:HAS_REVISION]->(r:Revision) WHERE r.recorded_to = $forever "
OLD = "MATCH (e:Entity {arn: $first})-[:HAS_REVISION]->(r:Revision) WHERE r.recorded_to <> $forever "
EDGE = "MATCH (a:Entity {arn: $first})-[r:PRODUCED]->(b:Entity {arn: $second}) "
ENDED = "MATCH (a:Entity {arn: $first})-[r:PRODUCED]->(b:Entity {arn: $third}) WHERE r.recorded_to <> $forever "
ENTRY = "MATCH (x:ChainEntry {key: $entry}) "
TAMPERINGS = {
    "an entity's name": (LIVE + "SET e.name = 'forged'", "entity .* has the name 'forged', but revision"),
    "an entity's tags": (LIVE + "SET e.tags = ['a\tforged']", "entity .* has the tags"),
    "an entity's body": (LIVE + "SET e.body = '{}'", "entity .* has another body than revision"),
    "an entity's account": (LIVE + "SET e.account = '000000000000'", "entity .* has the account '000000000000'"),
    "an entity's valid time": (LIVE + "SET e.valid_from = 5", "entity .* has the valid_from 5"),
    "an entity's recorded time": (LIVE + "SET e.recorded_from = 5", "entity .* has the recorded_from 5"),
    "an entity's resource": (LIVE + "SET e.resource_arn = 'arn:x'", "entity .* has the resource_arn 'arn:x'"),
    "a property of an entity that we never write": (LIVE + "SET e.extra = 1", "entity .* has 12 properties, not those"),
    "a tombstone made alive": (
        "MATCH (e:Entity {arn: $gone}) SET e.deleted = false",
        "entity .* has the deleted False",
    ),
    "an entity of nobody": (
        "CREATE (e:Entity:Artifact {arn: $first + 'x', account: $account})",
        "entity .*x has no revision, and so no ledger entry made it",
    ),
    "an entity deleted": (LIVE + "DETACH DELETE e", "revision .* hangs on no entity"),
    "a revision's body": (
        NOW + "SET r.body = replace(r.body, 'changed', 'forged!')",
        "revision .* does not have its digest",
    ),
    "an old revision's body": (
        OLD + "SET r.body = replace(r.body, 'first', 'forgd')",
        "revision .* does not have its digest",
    ),
    "a revision's valid time": (NOW + "SET r.valid_from = 5", "revision .* does not have its digest"),
    "a revision's recorded time": (
        NOW + "SET r.recorded_from = 5",
        "revision .* was recorded at 5, but its ledger entry",
    ),
    "a revision ended": (NOW + "SET r.recorded_to = 5", "revision .* ended at 5, where no ledger entry"),
    "a revision ended in the future": (
        NOW + "SET r.recorded_to = $forever - 1",
        "revision .* where no ledger entry is",
    ),
    "a revision ended at another entry's time": (
        "MATCH (x:ChainEntry {key: $last}) WITH x " + OLD + "SET r.recorded_to = x.recorded, r.closed_leaf = 0",
        "the end of revision .* is not what change 0 of ledger entry 5 says",
    ),
    "a revision's end undone": (
        OLD + "SET r.recorded_to = $forever REMOVE r.closed_leaf",
        "entity .* has the|its change . is not in the graph; .* or its end was undone",
    ),
    "a revision's end half undone": (OLD + "SET r.recorded_to = $forever", "revision .* is in force, but names change"),
    "a revision's operation": (NOW + "SET r.operation = 'create'", "revision .* does not have its digest"),
    "a revision's actor": (NOW + "SET r.actor = 'nobody'", "revision .* says 'nobody' made it through 'test'"),
    "a revision's door": (NOW + "SET r.door = 'window'", "revision .* says 'tester' made it through 'window'"),
    "a revision's salt": (NOW + "SET r.salt = '00'", "revision .* does not have its digest"),
    "a revision's salt removed": (NOW + "REMOVE r.salt", "revision .* is damaged"),
    "a revision's digest": (NOW + "SET r.digest = '00'", "revision .* does not have its digest 00"),
    "a revision's account": (NOW + "SET r.account = '000000000000'", "revision .* has a key that is not its own"),
    "a revision's kind": (
        NOW + "SET r.kind = 'ACTION'",
        "revision .* has the kind ACTION, but its state says ARTIFACT",
    ),
    "a revision's type in lists": (NOW + "SET r.type = 'Forged'", "revision .* has the type 'Forged'"),
    "a revision's name in lists": (NOW + "SET r.name = 'forged'", "revision .* has the name 'forged'"),
    "a revision's key by name": (NOW + "REMOVE r.by_name", "revision .* has the by_name None"),
    "a revision's key by creation": (NOW + "SET r.by_created = 'x'", "revision .* has the by_created 'x'"),
    "a revision's source in lists": (NOW + "SET r.source_uri = 'x'", "revision .* has the source_uri 'x'"),
    "a revision's status in lists": (NOW + "SET r.status = 'FAILED'", "revision .* has the status 'FAILED'"),
    "a revision's change in lists": (NOW + "SET r.modified_at = 1", "revision .* has the modified_at 1"),
    "a revision's resource in look-ups": (NOW + "SET r.resource_arn = 'x'", "revision .* has the resource_arn 'x'"),
    "a revision's creation in lists": (NOW + "SET r.created_at = 5", "revision .* has the created_at 5"),
    "a revision's approval in lists": (NOW + "SET r.approval = 'APPROVED'", "revision .* has the approval 'APPROVED'"),
    "a revision's key in the registry's lists": (
        NOW + "SET r.by_resource = 'x'",
        "revision .* has the by_resource 'x'",
    ),
    "a revision deleted": (OLD + "DETACH DELETE r", "ledger entry .*/0*1: its change 0 is not in the graph"),
    "a revision on two entities": (
        NOW + "MATCH (o:Entity {arn: $second}) CREATE (o)-[:HAS_REVISION]->(r)",
        "revision .* hangs on (several entities|arn)",
    ),
    "a revision moved to another entity": (
        NOW + "MATCH (o:Entity {arn: $second}) DELETE h CREATE (o)-[:HAS_REVISION]->(r)",
        "revision .* hangs on arn:",
    ),
    "a revision out of nothing": (
        LIVE + "CREATE (e)-[:HAS_REVISION]->(:Revision {key: $account + '/0000000000000009/000000', arn: $first,"
        " account: $account, leaf: 0, recorded_from: 1, recorded_to: $forever})",
        "revision .* names ledger entry 9, but the chain ends at 5",
    ),
    "a revision with a key of nobody": (
        LIVE + "CREATE (e)-[:HAS_REVISION]->(:Revision {key: 'x' + $account, arn: $first, account: $account})",
        "revision x.* has a key of no ledger entry",
    ),
    "an edge's valid time": (EDGE + "SET r.valid_from = 5", "association .* does not have its digest"),
    "an edge's end": (EDGE + "SET r.valid_to = 5", "association .* does not have its digest"),
    "an edge's recorded time": (
        EDGE + "SET r.recorded_from = 5",
        "association .* was recorded at 5, but its ledger entry",
    ),
    "an edge ended": (EDGE + "SET r.recorded_to = 5", "association .* ended at 5, where no ledger entry ended it"),
    "an edge's end undone": (
        ENDED + "SET r.recorded_to = $forever REMOVE r.closed_leaf",
        "its change . is not in the graph; .* or its end was undone",
    ),
    "an edge's account": (EDGE + "SET r.account = '000000000000'", "association .* has a key that is not its own"),
    "an edge without a key": (EDGE + "REMOVE r.key", "association None .* is damaged"),
    "an edge deleted": (EDGE + "DELETE r", "its change 4 is not in the graph; the revision or association was deleted"),
    "an edge turned round": (
        EDGE + "CREATE (b)-[n:PRODUCED]->(a) SET n = r {.*} DELETE r",
        "association .* does not have its digest",
    ),
    "an edge of another type": (
        EDGE + "CREATE (a)-[n:SAME_AS]->(b) SET n = r {.*} DELETE r",
        "association .* does not have its digest",
    ),
    "an edge twice": (EDGE + "CREATE (a)-[n:PRODUCED]->(b) SET n = r {.*}", "association .* is in the graph twice"),
    "an edge of a type of nobody": (
        EDGE + "CREATE (a)-[n:BLAMED]->(b) SET n = r {.*}",
        "association .* BLAMED .* digest",
    ),
    "an edge out of nothing": (EDGE + "CREATE (b)-[:PRODUCED]->(a)", "association None .* is damaged"),
    "an entry's body": (
        ENTRY + "SET x.body = replace(x.body, 'tester', 'nobody')",
        "ledger entry .*3: its body does not have",
    ),
    "an entry's time": (ENTRY + "SET x.recorded = 5", "ledger entry .*3: its body says recorded .*, the entry 5"),
    "an entry's request": (ENTRY + "SET x.request = 'forged-' + x.request", "ledger entry .*3: its body says request"),
    "an entry's payload": (ENTRY + "SET x.payload = 'forged'", "ledger entry .*3: its body says payload"),
    "an entry's predecessor": (ENTRY + "SET x.previous = 'forged'", "ledger entry .*3: its body says previous"),
    "an entry's account": (
        ENTRY + "SET x.account = '000000000000'",
        "ledger entry .*3 says it is entry 3 of account 000",
    ),
    "an entry's sequence": (ENTRY + "SET x.sequence = 4", "ledger entry .*3: its body says sequence 3, the entry 4"),
    "an entry's hash": (ENTRY + "SET x.hash = '00'", "ledger entry .*3: its body does not have its hash 00"),
    "an entry's leaves": (
        ENTRY + "SET x.leaves = replace(x.leaves, 'a', 'b')",
        "ledger entry .*3: its leaves do not have",
    ),
    "an entry's leaves removed": (ENTRY + "REMOVE x.leaves", "ledger entry .*3 is damaged"),
    "an entry deleted": (ENTRY + "DELETE x", "ledger entry .*3 is missing; .*4 stands in its place"),
    "the last entry deleted": (
        "MATCH (x:ChainEntry {key: $last}) DELETE x",
        "head of account .* is entry 5 .* ends at entry 4",
    ),
    "the head": (
        "MATCH (h:Ledger {account: $account}) SET h.hash = '00'",
        "head of account .* with hash 00, but the chain",
    ),
    "the head set back": (
        "MATCH (x:ChainEntry {key: $entry}) MATCH (h:Ledger {account: $account}) "
        "SET h.sequence = 3, h.hash = x.hash, h.recorded = x.recorded",
        "chain of account .* ends at entry 3, but the signed checkpoint says that it came to entry 5",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_tampering_is_found(told: Told, what: str) -> None:
    query, problem = TAMPERINGS[what]
    await told.execute(query)
    found = await told.problem()
    assert found is not None
    assert re.search(problem, found), found


async def test_a_head_set_back_is_found_without_a_checkpoint(told: Told) -> None:
    await told.execute(TAMPERINGS["the head set back"][0])
    assert "lies past the head, which is entry 3" in str(await told.problem(signed=False))


async def test_a_changed_revision_with_its_digest_changed_too_is_found(told: Told) -> None:
    now = NOW + "AND r.valid_to = $forever "
    (row,) = await told.execute(now + "RETURN r {.*} AS r")
    old = row["r"]
    body = old["body"].replace("changed", "forged!")
    content = revision_content(
        old["key"], old["arn"], old["operation"], old["replaces"], body, old["valid_from"], old["valid_to"]
    )
    await told.execute(
        now + "SET r.body = $body, e.body = $body, r.digest = $digest",
        body=body,
        digest=leaf_digest(old["salt"], content),
    )
    assert "is not what change 1 of ledger entry 2 says" in str(await told.problem())


async def test_a_tail_cut_off_without_a_trace_is_found_by_the_checkpoint(told: Told) -> None:
    """Entry 5 updated `second`: everything of it is taken back, so that the graph and its ledger agree again."""
    await told.execute("MATCH (r:Revision) WHERE r.key = $key DETACH DELETE r", key=record_key(told.account, 5, 0))
    await told.execute("MATCH (x:ChainEntry {key: $last}) DELETE x")
    await told.execute(
        "MATCH (e:Entity {arn: $second})-[:HAS_REVISION]->(r:Revision) SET r.recorded_to = $forever "
        "SET e.body = r.body, e.valid_from = r.valid_from, e.recorded_from = r.recorded_from REMOVE r.closed_leaf"
    )
    await told.execute("MATCH (r:Revision) WHERE r.key = $key DETACH DELETE r", key=record_key(told.account, 5, 1))
    await told.execute(
        "MATCH (x:ChainEntry {key: $before}) MATCH (h:Ledger {account: $account}) "
        "SET h.sequence = 4, h.hash = x.hash, h.recorded = x.recorded",
        before=entry_key(told.account, 4),
    )
    rows = await told.execute("MATCH (r:Revision) WHERE r.arn = $second RETURN r.key AS key, r.valid_to AS valid_to")
    assert [row["key"] for row in rows] == [record_key(told.account, 1, 1)]
    assert await told.problem(signed=False) is None
    assert "its tail was cut off" in str(await told.problem())


async def test_a_chain_written_anew_is_found_by_the_checkpoint(told: Told) -> None:
    rows = await told.execute(
        "MATCH (x:ChainEntry) WHERE x.account = $account RETURN x.key AS key, x.body AS body ORDER BY key"
    )
    previous = GENESIS
    for row in rows:
        body = canonical({**json.loads(row["body"]), "actor": "somebody else", "previous": previous})
        await told.execute(
            "MATCH (x:ChainEntry {key: $key}) SET x.body = $body, x.hash = $hash, x.previous = $previous",
            key=row["key"],
            body=body.decode(),
            hash=digest(body),
            previous=previous,
        )
        previous = digest(body)
    await told.execute("MATCH (h:Ledger {account: $account}) SET h.hash = $hash", hash=previous)
    await told.execute("MATCH (r:Revision) WHERE r.account = $account SET r.actor = 'somebody else'")
    assert await told.problem(signed=False) is None
    assert "but the signed checkpoint says" in str(await told.problem())


def checkpoint_file(told: Told, folder: Path) -> Path:
    return folder / "checkpoints" / f"{told.account}.json"


async def test_a_forged_checkpoint_is_found(told: Told, tmp_path: Path) -> None:
    path = checkpoint_file(told, tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "sequence": 4}))
    assert "does not bear our signature" in str(await told.problem())


async def test_a_checkpoint_signed_with_another_key_is_found(told: Told, tmp_path: Path) -> None:
    signed = told.checkpoints.read(told.account)
    assert signed is not None
    unsigned = Checkpoint(signed.head, signed.signed_at, "")
    signature = base64.b64encode(Ed25519PrivateKey.generate().sign(unsigned.statement())).decode()
    path = checkpoint_file(told, tmp_path)
    path.write_text(json.dumps({**json.loads(unsigned.statement()), "signature": signature}))
    assert "does not bear our signature" in str(await told.problem())


async def test_a_checkpoint_of_another_account_is_found(told: Told, tmp_path: Path) -> None:
    told.checkpoints.note([Head("000000000001", 1, "00", 1)])
    told.checkpoints.flush()
    checkpoint_file(told, tmp_path).write_bytes((tmp_path / "checkpoints" / "000000000001.json").read_bytes())
    assert "does not bear our signature" in str(await told.problem())


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"account": 1}', "\x00"])
async def test_a_damaged_checkpoint_is_found(told: Told, tmp_path: Path, text: str) -> None:
    checkpoint_file(told, tmp_path).write_text(text)
    assert "is damaged" in str(await told.problem())


async def test_writes_that_go_on_meanwhile_raise_no_alarm(catalog: Catalog, caller: Caller) -> None:
    place = catalog.place(caller.account)
    created = [commands.create_artifact(place, f"s3://b/{number}") for number in range(50)]
    await catalog.write(caller, created, operation="test")
    writing = True

    async def write(number: int) -> None:
        link = (created[number].arn, created[number + 1].arn)
        while writing:
            await catalog.write(
                caller,
                [commands.associate(*link), commands.update(link[0], Kind.ARTIFACT, properties={"n": str(number)})],
                operation="test",
            )
            await catalog.write(caller, [commands.dissociate(*link)], operation="test")
            await catalog.write(
                caller, [commands.update(link[0], Kind.ARTIFACT, remove_properties=["n"])], operation="test"
            )

    writers = [asyncio.create_task(write(number)) for number in range(8)]
    try:
        for _ in range(8):
            verdict = await verify(catalog.store, None, caller.account)
            assert verdict.problem is None
    finally:
        writing = False
        await asyncio.gather(*writers)
    assert (await verify(catalog.store, catalog.checkpoints, caller.account)).problem is None
