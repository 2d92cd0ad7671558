"""Reading at a moment: resolving it, and what was in force then."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph.entities import Entity, from_body
from graph.errors import InvalidError
from graph.ledger import GENESIS, Head, entry_key
from graph.store.store import Store
from graph.times import Moment, now_ms

PROBES = 32
PAGE = 500
"""The most that one page may hold."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an entity, as the ledger has it.

    Attributes:
        operation: `create`, `update` or `delete`.
        before, after: the entity before and after it; None where it was not there.
        recorded: epoch microseconds; `valid_from`: epoch milliseconds.
        leaf, salt, digest: its proof: the digest is the SHA-256 of the salt and the canonical change.
    """

    key: str
    sequence: int
    recorded: int
    valid_from: int
    actor: str
    door: str
    operation: str
    before: Entity | None
    after: Entity | None
    leaf: int
    salt: str
    digest: str


async def head(store: Store, account: str) -> Head:
    """The head of an account's chain; sequence 0 before its first entry."""
    found = await store.read("ledger/head", {"account": account})
    if found is None:
        return Head(account, 0, GENESIS, 0)
    sequence, hash_, recorded = found
    return Head(account, sequence, hash_, recorded)


async def moment(
    store: Store,
    account: str,
    *,
    as_of: int | None = None,
    known_at: int | None = None,
    sequence: int | None = None,
) -> Moment:
    """The point at which a read looks.

    Args:
        store: Where to look.
        account: Whose ledger.
        as_of: Valid time, epoch milliseconds; now by default.
        known_at: Recorded time, epoch microseconds; what is known now by default.
        sequence: A ledger entry instead of `known_at`.

    Raises:
        InvalidError: both `known_at` and `sequence` are given, or the sequence lies beyond the head.
    """
    if known_at is not None and sequence is not None:
        raise InvalidError("knownAt and knownAtSequence exclude each other", path="knownAt", constraint="one of both")
    now = await head(store, account)
    known = now
    if sequence is not None:
        if not 0 <= sequence <= now.sequence:
            raise InvalidError(
                f"knownAtSequence {sequence} does not lie between 0 and the ledger's head, {now.sequence}",
                path="knownAtSequence",
                constraint=f"0 <= sequence <= {now.sequence}",
            )
        known = await entry(store, account, sequence)
    elif known_at is not None and known_at < now.recorded:
        known = await _entry_at(store, account, now, known_at)
    # Facts never lie in the future, so a present that is not before the head's own time holds all that is known.
    at = max(now_ms(), now.recorded // 1000) if as_of is None else as_of
    return Moment(at, known.recorded, known.sequence)


async def entry(store: Store, account: str, sequence: int) -> Head:
    """The head of an account's chain as it was at an entry, which has to be there; 0 for before the first."""
    if sequence == 0:
        return Head(account, 0, GENESIS, 0)
    found = await store.read("ledger/probe", {"keys": [entry_key(account, sequence)]})
    return Head(account, *found[0])


async def _entry_at(store: Store, account: str, last: Head, known_at: int) -> Head:
    """The last entry recorded at or before a time, found by narrowing to a 32nd each round."""
    low, high = Head(account, 0, GENESIS, 0), last
    while high.sequence - low.sequence > 1:
        step = max(1, (high.sequence - low.sequence) // PROBES)
        keys = [entry_key(account, number) for number in range(low.sequence + step, high.sequence, step)]
        probes = [Head(account, *entry) for entry in await store.read("ledger/probe", {"keys": keys})]
        for probe in probes:
            if probe.recorded <= known_at:
                low = max(low, probe, key=lambda found: found.sequence)
            else:
                high = min(high, probe, key=lambda found: found.sequence)
    return low


async def entities(store: Store, account: str, arns: Sequence[str], when: Moment | None) -> dict[str, Entity]:
    """Those of the entities that are there at a moment; None for now, all as one statement sees them."""
    if not arns:
        return {}
    found: dict[str, Entity] = {}
    past: list[str] = []
    for arn, valid_from, recorded_from, body in await store.read(
        "entity/read", {"arns": list(arns), "account": account}
    ):
        # The node is a copy of the revision in force now: when that one was in force then, it is the answer.
        if when is None or (valid_from <= when.at and recorded_from <= when.known):
            if body is not None:
                found[arn] = from_body(body)
        else:
            past.append(arn)
    if when is not None and past:
        parameters = {"arns": past, "account": account, "at": when.at, "known": when.known}
        for arn, body in await store.read("entity/at", parameters):
            if body is not None:
                found[arn] = from_body(body)
    return found


async def resolve(store: Store, account: str, arns: Sequence[str], when: Moment | None = None) -> dict[str, str]:
    """The lineage ARNs of resources' own ARNs, where the graph has them.

    Args:
        store: Where to look.
        account: Whose resources.
        arns: The resources' own ARNs.
        when: A moment: whose they were then, else whose they were last as known then, so that the past of what was
            deleted is found under both of its names. None for whose they are now.
    """
    if not arns:
        return {}
    found: dict[str, str] = {}
    for resource_arn, arn, valid_from, recorded_from in await store.read("entity/resolve", {"arns": list(arns)}):
        # As in `entities`: a node that was in force at the moment answers for it.
        if when is None or (valid_from <= when.at and recorded_from <= when.known):
            found[resource_arn] = arn
    if when is not None and (past := [arn for arn in arns if arn not in found]):
        parameters = {"arns": past, "account": account, "at": when.at, "known": when.known}
        found |= dict(await store.read("entity/holders", parameters))
    return found


async def changes(
    store: Store, account: str, arn: str, known: int, *, first: int, before: str | None = None
) -> list[Change]:
    """The changes of an entity known at a time, newest first.

    Args:
        store: Where to look.
        account: Whose entity.
        arn: Which entity.
        known: Recorded time, epoch microseconds.
        first: How many at most.
        before: The key of a change: only older ones.
    """
    parameters: dict[str, Any] = {
        "arn": arn,
        "account": account,
        "known": known,
        "before": before if before is not None else f"{account}/~",
        "limit": first,
    }
    found = await store.read("revision/history", parameters)
    replaced = [row[6] for row in found if row[6] is not None]
    bodies: dict[str, str | None] = {}
    if replaced:
        bodies = dict(await store.read("revision/bodies", {"keys": replaced, "account": account}))
    return [
        Change(
            key=key,
            sequence=int(key.split("/")[1]),
            recorded=recorded,
            valid_from=valid_from,
            actor=actor,
            door=door,
            operation=operation,
            before=_entity(bodies.get(replaces)),
            after=_entity(body),
            leaf=leaf,
            salt=salt,
            digest=digest,
        )
        for key, recorded, valid_from, actor, door, operation, replaces, body, salt, digest, leaf in found
    ]


def _entity(body: str | None) -> Entity | None:
    return None if body is None else from_body(body)
