"""An account's chain as it is verified: its entries in order, then everything that each of them wrote."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

import orjson

from graph.canonical import digest as digest_of
from graph.checkpoints import Checkpoint
from graph.entities import Kind
from graph.ledger import FORMAT, GENESIS, Entry, Head, entry_key, merkle_root
from graph.records import Revision, closing_content, edge_content, leaf_digest, record_key, revision_content
from graph.store.outbox import outbox_key
from graph.store.rows import entity_row, listing_row
from graph.store.running import running_keys
from graph.times import FOREVER

ENTITY = (
    *("account", "kind", "valid_from", "recorded_from", "deleted", "body"),
    *("resource_arn", "type", "name", "created_at", "tags"),
)
"""What `revision/verify` returns of an entity; of the body only whether it is the revision's."""
LISTED = (
    *("by_created", "by_name", "type", "name", "source_uri", "created_at"),
    *("resource_arn", "source_arn", "status", "modified_at", "by_resource", "approval"),
    *("running", "superseded", "outbox"),
)
"""What it returns of what a revision holds for lists, in its order."""


class ProblemError(Exception):
    """The first thing that is wrong."""


@dataclass(slots=True)
class Chain:
    """What the entries say: per entry its time, its doer and where its leaves begin; the leaves of all in one block."""

    account: str
    head: Head
    recorded: "array[int]" = field(default_factory=lambda: array("q"))
    begins: "array[int]" = field(default_factory=lambda: array("q", [0]))
    doers: "array[int]" = field(default_factory=lambda: array("l"))
    leaves: bytearray = field(default_factory=bytearray)
    seen: bytearray = field(default_factory=bytearray)
    known_doers: dict[tuple[str, str], int] = field(default_factory=dict)
    doer_list: list[tuple[str, str]] = field(default_factory=list)
    previous: str = GENESIS
    found: int = 0
    revisions: int = 0
    edges: int = 0
    beyond: tuple[int, str] = (0, "")
    latest: tuple[int, str] = (0, "")

    def entry(self, row: list[Any], signed: Checkpoint | None) -> None:
        """Check the next entry and take over what it says."""
        key, sequence, recorded, previous, hash_, text, leaves, request, payload, account = row
        number = len(self.recorded) + 1
        if key != entry_key(self.account, number):
            raise ProblemError(f"ledger entry {entry_key(self.account, number)} is missing; {key} stands in its place")
        name = f"ledger entry {key}"
        if digest_of(text.encode()) != hash_:
            raise ProblemError(f"{name}: its body does not have its hash {hash_}")
        body = orjson.loads(text)
        stated = {
            "account": self.account,
            "count": len(leaves) // 64,
            "format": FORMAT,
            "payload": payload,
            "previous": previous,
            "recorded": recorded,
            "request": request,
            "sequence": sequence,
        }
        for what, value in stated.items():
            if body[what] != value:
                raise ProblemError(f"{name}: its body says {what} {body[what]!r}, the entry {value!r}")
        if account != self.account or sequence != number:
            raise ProblemError(f"{name} says it is entry {sequence} of account {account}")
        if previous != self.previous:
            raise ProblemError(f"{name} does not follow the entry before it: it names {previous}, not {self.previous}")
        if self.recorded and recorded <= self.recorded[-1]:
            raise ProblemError(f"{name} was recorded at {recorded}, not after the entry before it")
        raw = bytes.fromhex(leaves)
        if merkle_root([raw[at : at + 32] for at in range(0, len(raw), 32)]) != body["root"]:
            raise ProblemError(f"{name}: its leaves do not have its Merkle root {body['root']}")
        if (
            signed is not None
            and signed.head.sequence == number
            and (hash_, recorded)
            != (
                signed.head.hash,
                signed.head.recorded,
            )
        ):
            raise ProblemError(f"{name} has the hash {hash_}, but the signed checkpoint says {signed.head.hash}")
        doer = (body["actor"], body["door"])
        if doer not in self.known_doers:
            self.known_doers[doer] = len(self.doer_list)
            self.doer_list.append(doer)
        self.doers.append(self.known_doers[doer])
        self.recorded.append(recorded)
        self.leaves += raw
        self.begins.append(len(self.leaves) // 32)
        self.previous = hash_

    def finish_entries(self) -> None:
        """Compare the last entry with the head."""
        last = self.recorded[-1] if self.recorded else 0
        count = len(self.recorded)
        if (count, self.previous, last) != (self.head.sequence, self.head.hash, self.head.recorded):
            raise ProblemError(
                f"the ledger's head of account {self.account} is entry {self.head.sequence} with hash {self.head.hash}, "
                f"but the chain ends at entry {count} with hash {self.previous}"
            )
        self.seen = bytearray(len(self.leaves) // 32)

    def revision(self, row: list[Any]) -> None:
        """Check one revision, and its entity when it is the one in force."""
        (key, arn, operation, replaces, body, valid_from, valid_to, recorded_from, recorded_to, leaf, closed_leaf) = (
            row[:11]
        )
        salt, digest, account, kind = row[11:15]
        listed = dict(zip(LISTED, row[15 : 15 + len(LISTED)], strict=True))
        actor, door, holder, entity = row[15 + len(LISTED) :]
        name = f"revision {key} of {arn}"
        sequence = self._place(name, key, recorded_from, leaf, account)
        if sequence is None:
            return
        content = revision_content(key, arn, operation, replaces, body, valid_from, valid_to)
        self._leaf(name, sequence, leaf, digest, leaf_digest(salt, content))
        self._closing(name, key, recorded_to, closed_leaf)
        if (actor, door) != (wanted := self.doer_list[self.doers[sequence - 1]]):
            raise ProblemError(f"{name} says {actor!r} made it through {door!r}; the ledger says {wanted!r}")
        state = None if body is None else orjson.loads(body)
        expected = dict.fromkeys(listed) if state is None else listing_row(account, state)
        stretch = running_keys(account, state, key, valid_from, valid_to, recorded_to)
        expected["running"], expected["superseded"] = stretch
        expected["outbox"] = outbox_key(key, operation, state, valid_to)
        if state is not None and kind != state["kind"]:
            raise ProblemError(f"{name} has the kind {kind}, but its state says {state['kind']}")
        if listed != expected:
            for what, value in expected.items():
                if listed[what] != value:
                    raise ProblemError(f"{name} has the {what} {listed[what]!r}, but its state says {value!r}")
        if holder != "":
            raise ProblemError(f"{name} hangs on {holder if holder is not None else 'no entity'}")
        if entity is not None:
            piece = Revision(arn, account, Kind(kind), state, valid_from, valid_to, key=key, body=body)
            self._entity(name, arn, entity, entity_row(piece, self._at(recorded_from)))
        self.revisions += 1

    def edge(self, row: list[Any]) -> None:
        """Check one edge."""
        source, association, destination, key, valid_from, valid_to, recorded_from, recorded_to, leaf, closed_leaf = (
            row[:10]
        )
        salt, digest, account = row[10:]
        name = f"association {key} ({source} {association} {destination})"
        sequence = self._place(name, key, recorded_from, leaf, account)
        if sequence is None:
            return
        content = edge_content(key, (source, association, destination), valid_from, valid_to)
        self._leaf(name, sequence, leaf, digest, leaf_digest(salt, content))
        self._closing(name, key, recorded_to, closed_leaf)
        self.edges += 1

    def finish(self, head: Head) -> None:
        """Every leaf must have been found; what seemed newer than the start must be so by the head of now."""
        if self.beyond[0] > head.sequence:
            raise ProblemError(
                f"{self.beyond[1]} names ledger entry {self.beyond[0]}, but the chain ends at {head.sequence}"
            )
        if self.latest[0] > head.recorded:
            raise ProblemError(f"{self.latest[1]} was recorded or ended at {self.latest[0]}, where no ledger entry is")
        if (at := self.seen.find(0)) >= 0:
            sequence = bisect_left(self.begins, at + 1)
            raise ProblemError(
                f"ledger entry {entry_key(self.account, sequence)}: its change {at - self.begins[sequence - 1]} is not in "
                "the graph; the revision or association was deleted, or its end was undone"
            )

    def _place(self, name: str, key: str, recorded_from: int, leaf: int, account: str) -> int | None:
        """The entry that wrote a record; None when it is newer than the head."""
        sequence = int(key.split("/")[1])
        if account != self.account or key != record_key(self.account, sequence, leaf) or sequence < 1:
            raise ProblemError(f"{name} has a key that is not its own: account {account}, leaf {leaf}")
        if sequence > self.head.sequence:
            self.beyond = max(self.beyond, (sequence, name))
            return None
        if recorded_from != self.recorded[sequence - 1]:
            raise ProblemError(
                f"{name} was recorded at {recorded_from}, but its ledger entry {sequence} at {self.recorded[sequence - 1]}"
            )
        return sequence

    def _leaf(self, name: str, sequence: int, leaf: int, stated: str | None, digest: str) -> None:
        at = self.begins[sequence - 1] + leaf
        if stated is not None and stated != digest:
            raise ProblemError(f"{name} does not have its digest {stated}: it was changed")
        if not leaf >= 0 or at >= self.begins[sequence]:
            raise ProblemError(f"{name}: ledger entry {sequence} has no change {leaf}")
        if self.leaves[32 * at : 32 * at + 32].hex() != digest:
            raise ProblemError(f"{name} is not what change {leaf} of ledger entry {sequence} says")
        if self.seen[at]:
            raise ProblemError(f"{name}: change {leaf} of ledger entry {sequence} is in the graph twice")
        self.seen[at] = 1
        self.found += 1

    def _closing(self, name: str, key: str, recorded_to: int, closed_leaf: int | None) -> None:
        if recorded_to == FOREVER:
            if closed_leaf is not None:
                raise ProblemError(f"{name} is in force, but names change {closed_leaf} that ended it")
            return
        if recorded_to > self.head.recorded:
            self.latest = max(self.latest, (recorded_to, name))
            return
        at = bisect_left(self.recorded, recorded_to)
        if self.recorded[at] != recorded_to or closed_leaf is None:
            raise ProblemError(f"{name} ended at {recorded_to}, where no ledger entry ended it")
        self._leaf(f"the end of {name}", at + 1, closed_leaf, None, leaf_digest("", closing_content(key)))

    def _entity(self, name: str, arn: str, entity: list[Any], expected: dict[str, Any]) -> None:
        """Compare an entity with its revision in force."""
        *values, count = entity
        has = dict(zip(ENTITY, values, strict=True))
        if (has["recorded_from"] or 0) > self.head.recorded:
            self.latest = max(self.latest, (has["recorded_from"], f"entity {arn}"))
            return
        same_body = has.pop("body")
        for what, value in has.items():
            if value != (wanted := expected.get(what)):
                raise ProblemError(f"entity {arn} has the {what} {value!r}, but {name} says {wanted!r}")
        if not same_body:
            raise ProblemError(f"entity {arn} has another body than {name}")
        if count != len([value for value in expected.values() if value is not None]):
            raise ProblemError(f"entity {arn} has {count} properties, not those that {name} gives it")

    def _at(self, recorded: int) -> Entry:
        return Entry(self.account, 0, recorded, "", "", "", "", "", "")
