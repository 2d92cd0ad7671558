import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from graph.canonical import canonical, digest
from graph.entities import Kind
from graph.ledger import GENESIS, Head, entry_key, entry_row, merkle_root, next_entry
from graph.records import Closing, Edge, Records, Revision, record_key

ACCOUNT = "123456789012"


def naive_root(hashes: list[bytes]) -> bytes:
    """As the ADR has it: level by level, an odd one moves up."""
    if len(hashes) == 1:
        return hashes[0]
    up = []
    for n in range(0, len(hashes), 2):
        pair = hashes[n : n + 2]
        up.append(hashlib.sha256(b"\x01" + pair[0] + pair[1]).digest() if len(pair) == 2 else pair[0])
    return naive_root(up)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40))
def test_merkle_root_is_that_of_the_format(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == naive_root([hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]).hex()


def test_leaves_and_nodes_can_not_be_taken_for_each_other() -> None:
    leaves = [b"a" * 32, b"b" * 32]
    nodes = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    assert merkle_root(leaves) != merkle_root([hashlib.sha256(nodes[0] + nodes[1]).digest()])
    assert merkle_root(leaves) != merkle_root(leaves[::-1])
    assert merkle_root([leaves[0]]) != merkle_root([leaves[0], leaves[0]])


def test_entries_follow_each_other() -> None:
    head = Head(ACCOUNT, 0, GENESIS, 0)
    fields = {"actor": "me", "door": "test", "request": f"{ACCOUNT}/x/1", "payload": "", "leaves": [b"l" * 32]}
    first = next_entry(head, recorded=5, **fields)  # type: ignore[arg-type]
    second = next_entry(first.head(), recorded=6, **fields)  # type: ignore[arg-type]
    assert (first.sequence, second.sequence, second.previous) == (1, 2, first.hash)
    body = json.loads(second.body)
    assert second.hash == digest(second.body.encode()) == digest(canonical(body))
    assert body == {
        "account": ACCOUNT,
        "actor": "me",
        "count": 1,
        "door": "test",
        "format": 1,
        "payload": "",
        "previous": first.hash,
        "recorded": 6,
        "request": f"{ACCOUNT}/x/1",
        "sequence": 2,
        "root": merkle_root([b"l" * 32]),
    }
    assert entry_row(second)["key"] == entry_key(ACCOUNT, 2) == f"{ACCOUNT}/0000000000000002"


def test_sealed_records_have_keys_salts_and_digests() -> None:
    state = {"name": "é", "description": "x"}
    records = Records(
        [Revision("arn:a", ACCOUNT, Kind.ACTION, state, 5), Revision("arn:a", ACCOUNT, Kind.ACTION, None, 6)],
        [Edge(("arn:a", "PRODUCED", "arn:b"), ACCOUNT, 7)],
    )
    records.closings.append(Closing(Edge(("arn:a", "PRODUCED", "arn:b"), ACCOUNT, 1, key="old")))
    leaves = records.seal(ACCOUNT, 3)
    made: list[Revision | Edge] = [*records.revisions, *records.edges]
    assert [record.key for record in made] == [record_key(ACCOUNT, 3, n) for n in range(3)]
    assert len({record.salt for record in made}) == 3
    assert all(len(record.salt) == 32 for record in made)
    content = {
        "arn": "arn:a",
        "body": '{"description":"x","name":"é"}',
        "key": made[0].key,
        "operation": "create",
        "replaces": None,
        "valid_from": 5,
        "valid_to": 2**53 - 1,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert leaves[0] == hashlib.sha256((made[0].salt + text).encode()).digest()
    assert records.revisions[1].body is None
    assert leaves[3] == hashlib.sha256(b'{"closes":"old"}').digest()
    assert [leaf.hex() for leaf in leaves] == [*(r.digest for r in made), records.closings[0].digest]
