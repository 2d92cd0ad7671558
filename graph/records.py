"""What one ledger entry adds to the graph: revisions, edges, and the closing of older ones.

A record's `recorded_from` (and, once it is closed, `recorded_to`) is the recorded time of the entry that wrote it, and
`leaf` (`closed_leaf`) its place among that entry's leaves, so each record can be checked against the ledger on its own.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from graph.associations import Triple
from graph.canonical import canonical, digest
from graph.entities import Kind, State
from graph.times import FOREVER


@dataclass(slots=True)
class Revision:
    """The state of an entity from `valid_from` until before `valid_to`, or its absence (`state` None).

    Attributes:
        operation: `create`, `update`, `delete`, or `restate` for what is left of an older revision that was cut.
        replaces: the key of the revision that stood here before.
    """

    arn: str
    account: str
    kind: Kind
    state: State | None
    valid_from: int
    valid_to: int = FOREVER
    operation: str = "create"
    replaces: str | None = None
    key: str = ""
    leaf: int = -1
    body: str | None = None
    salt: str = ""
    digest: str = ""

    def content(self) -> dict[str, Any]:
        """What the ledger hashes of it."""
        return revision_content(
            self.key, self.arn, self.operation, self.replaces, self.body, self.valid_from, self.valid_to
        )


@dataclass(slots=True)
class Edge:
    """An association from `valid_from` until before `valid_to`."""

    triple: Triple
    account: str
    valid_from: int
    valid_to: int = FOREVER
    key: str = ""
    leaf: int = -1
    salt: str = ""
    digest: str = ""

    def content(self) -> dict[str, Any]:
        """What the ledger hashes of it."""
        return edge_content(self.key, self.triple, self.valid_from, self.valid_to)


@dataclass(slots=True)
class Closing:
    """The end of a record's recorded time. It tells nothing about anybody, so it needs no salt."""

    record: Revision | Edge
    leaf: int = -1
    digest: str = ""

    def content(self) -> dict[str, Any]:
        """What the ledger hashes of it."""
        return closing_content(self.record.key)


@dataclass(slots=True)
class Records:
    """The records of one entry, in the order in which they were made."""

    revisions: list[Revision] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.revisions or self.edges or self.closings)

    def __len__(self) -> int:
        return len(self.revisions) + len(self.edges) + len(self.closings)

    def seal(self, account: str, sequence: int) -> list[bytes]:
        """Number the records, salt and hash them; the digests are the entry's leaves."""
        leaves: list[bytes] = []
        salts = os.urandom(16 * (len(self.revisions) + len(self.edges))).hex()
        for revision in self.revisions:
            revision.body = None if revision.state is None else canonical(revision.state).decode()
        records: list[Revision | Edge] = [*self.revisions, *self.edges]
        for number, record in enumerate(records):
            record.leaf = number
            record.key = record_key(account, sequence, number)
            record.salt = salts[32 * number : 32 * number + 32]
            record.digest = leaf_digest(record.salt, record.content())
            leaves.append(bytes.fromhex(record.digest))
        for closing in self.closings:
            closing.leaf = len(leaves)
            closing.digest = leaf_digest("", closing.content())
            leaves.append(bytes.fromhex(closing.digest))
        return leaves


def record_key(account: str, sequence: int, leaf: int) -> str:
    """The key of a record: sorts by account, entry and place."""
    return f"{account}/{sequence:016d}/{leaf:06d}"


def leaf_digest(salt: str, content: dict[str, Any]) -> str:
    """The salted SHA-256 of a change, in hex."""
    return digest(salt.encode() + canonical(content))


def revision_content(
    key: str, arn: str, operation: str, replaces: str | None, body: str | None, valid_from: int, valid_to: int
) -> dict[str, Any]:
    """What the ledger hashes of a revision; the state goes in as its canonical text."""
    return {
        "arn": arn,
        "body": body,
        "key": key,
        "operation": operation,
        "replaces": replaces,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }


def edge_content(key: str, triple: Triple, valid_from: int, valid_to: int) -> dict[str, Any]:
    """What the ledger hashes of an edge; not its `recorded_to`, since closing it is a change of its own."""
    return {"association": list(triple), "key": key, "valid_from": valid_from, "valid_to": valid_to}


def closing_content(key: str) -> dict[str, Any]:
    """What the ledger hashes of the closing of a record."""
    return {"closes": key}


def state_of(piece: Revision) -> State | None:
    """The state of a piece, read from its text when it came from the database."""
    if piece.state is None and piece.body is not None:
        piece.state = orjson.loads(piece.body)
    return piece.state


def present(pieces: Sequence[Revision], account: str) -> State | None:
    """The state that an account's entity has now, from its pieces of history; None when it is not there."""
    if not pieces or pieces[-1].valid_to != FOREVER or pieces[-1].account != account:
        return None
    return state_of(pieces[-1])
