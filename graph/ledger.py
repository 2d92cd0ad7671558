"""The account's ledger: one chained entry a mutating request. The format is docs/adr/0002-ledger.md.

An entry's `body` is canonical JSON and names the previous entry's hash; its own hash is the SHA-256 of that body. What the
request changed is bound by a Merkle root over the leaves (RFC 6962's prefixes: 0x00 for leaves, 0x01 for nodes).
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from graph.canonical import canonical, digest

FORMAT = 1
GENESIS = digest(b"stemma ledger 1")


@dataclass(frozen=True, slots=True)
class Head:
    """Where an account's chain stands: its last entry's sequence, hash and recorded time (epoch microseconds)."""

    account: str
    sequence: int
    hash: str
    recorded: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the chain."""

    account: str
    sequence: int
    recorded: int
    request: str
    payload: str
    previous: str
    hash: str
    body: str
    leaves: str

    def head(self) -> Head:
        """The head that this entry makes."""
        return Head(self.account, self.sequence, self.hash, self.recorded)


def entry_key(account: str, sequence: int) -> str:
    """The unique key of an entry: a range over one property is what both databases can seek."""
    return f"{account}/{sequence:016d}"


def merkle_root(leaves: list[bytes]) -> str:
    r"""The Merkle root of leaf digests; an odd node at the end of a level moves up as it is.

    >>> merkle_root([b"a" * 32]) == hashlib.sha256(b"\x00" + b"a" * 32).hexdigest()
    True
    """
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        paired = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0].hex()


def next_entry(
    head: Head, *, recorded: int, actor: str, door: str, request: str, payload: str, leaves: list[bytes]
) -> Entry:
    """The entry that follows `head`."""
    body = canonical(
        {
            "account": head.account,
            "actor": actor,
            "count": len(leaves),
            "door": door,
            "format": FORMAT,
            "payload": payload,
            "previous": head.hash,
            "recorded": recorded,
            "request": request,
            "root": merkle_root(leaves),
            "sequence": head.sequence + 1,
        }
    )
    return Entry(
        account=head.account,
        sequence=head.sequence + 1,
        recorded=recorded,
        request=request,
        payload=payload,
        previous=head.hash,
        hash=digest(body),
        body=body.decode(),
        leaves=b"".join(leaves).hex(),
    )


def entry_row(entry: Entry) -> dict[str, Any]:
    """The entry's properties as the database keeps them."""
    return {
        "key": entry_key(entry.account, entry.sequence),
        "account": entry.account,
        "sequence": entry.sequence,
        "recorded": entry.recorded,
        "request": entry.request,
        "payload": entry.payload,
        "previous": entry.previous,
        "hash": entry.hash,
        "body": entry.body,
        "leaves": entry.leaves,
    }
