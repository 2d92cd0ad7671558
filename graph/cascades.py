"""What ends with an entity that is deleted together with its descendants: walked before the write, and shown on request.

The cascade DESCENDANTS takes along what was made from the entity and from nothing else:

- It follows PRODUCED and DERIVED_FROM, from cause to effect, for any number of edges. A job that only read a data set
  (CONTRIBUTED_TO), a group that an entity belongs to (ASSOCIATED_WITH) and the same thing under another name (SAME_AS) stay.
- An entity stays when something that stays made it, too: a table joined from two sources outlives one of them, and so does
  what was made from the table.
- Whatever ends, ends with all of its associations.

Facts are those that are known now and hold at some time past the deletion's valid time. The writer checks under its lock that
nothing of this has changed; see `graph.deletions.Delete`.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from graph import commands, history
from graph.access import Caller
from graph.applied import Applied
from graph.associations import AssociationType, Triple
from graph.deletions import DESCENDANTS, Delete, Extent
from graph.drafts import Draft
from graph.errors import TooExpensiveError
from graph.limits import BATCH_ROWS
from graph.store.loading import load
from graph.store.store import Store, Transaction
from graph.times import FOREVER, now_us
from graph.working import Needs

MADE = (AssociationType.PRODUCED, AssociationType.DERIVED_FROM)
CHUNK = 1_000


async def deletion(
    store: Store, account: str, arn: str, *, cascade: str = "NONE", valid_to: datetime | None = None
) -> Delete:
    """The command that deletes an entity and what the cascade takes along.

    Args:
        store: Where to look.
        account: Whose.
        arn: What is deleted; that it is there is checked by the write.
        cascade: NONE, SAME_AS, ASSOCIATIONS or DESCENDANTS.
        valid_to: Since when it is gone; None for now.

    Raises:
        InvalidError: it is no ARN.
        TooExpensiveError: the cascade reaches more than `BATCH_ROWS` entities and associations.
    """
    command = commands.delete(arn, cascade=cascade, valid_to=valid_to)
    if cascade != DESCENDANTS:
        return command
    extent = await _extent(store, account, command.arn, command.valid_to)
    return Delete(command.arn, cascade, command.valid_to, extent)


async def preview(store: Store, caller: Caller, command: Delete) -> Applied:
    """What a deletion would come to now; nothing is written.

    Raises:
        NotFoundError: the entity is not there.
        InvalidError: it cannot have ended then.
        ConflictError: it has associations that the cascade does not cover.
    """
    needs = Needs()
    command.needs(needs)

    async def look(transaction: Transaction) -> Applied:
        working = await load(transaction, needs)
        more = Needs()
        command.follow(working, more)
        working = await load(transaction, more, working)
        return command.apply(Draft(working, caller.account, caller.actor, now_us(), caller.role))

    return await store.transact(look)


async def _extent(store: Store, account: str, arn: str, valid_to: int | None) -> Extent:
    # Nothing ends in the future, so what holds past now is what has no end.
    since = FOREVER - 1 if valid_to is None else valid_to
    distances = {arn: 0}
    triples: set[Triple] = set()
    level = [arn]
    distance = 0
    while level:
        triples |= (found := await _touching(store, account, level, since))
        new = {end for start, kind, end in found if kind in MADE and start in distances} - distances.keys()
        if valid_to is not None:
            # What has ended since keeps its own history.
            new = await _there(store, account, new)
        distance += 1
        distances |= dict.fromkeys(new, distance)
        if len(distances) + len(triples) > BATCH_ROWS:
            raise TooExpensiveError(
                f"deleting {arn} with its descendants touches more than {BATCH_ROWS} entities and associations; "
                "delete some of its descendants first"
            )
        level = sorted(new)
    gone = distances.keys() - _kept(arn, distances, triples)
    ended = frozenset(triple for triple in triples if triple[0] in gone or triple[2] in gone)
    kept = {
        end for start, kind, end in ended if kind in MADE and start in gone and end in distances and end not in gone
    }
    return Extent(tuple(sorted(gone, key=lambda each: (distances[each], each))), ended, tuple(sorted(kept)))


def _kept(root: str, reached: Collection[str], triples: Collection[Triple]) -> set[str]:
    """Those reached that something made which stays; the root ends whatever made it."""
    made: dict[str, list[str]] = defaultdict(list)
    for start, kind, end in triples:
        if kind in MADE and end in reached and end != root:
            made[start].append(end)
    kept: set[str] = set()
    level = [end for start in made.keys() - set(reached) for end in made[start]]
    while level:
        kept.update(level)
        level = [end for start in level for end in made.get(start, ()) if end not in kept]
    return kept


async def _touching(store: Store, account: str, arns: list[str], since: int) -> set[Triple]:
    """The associations of entities; when they are too many for a deletion, not all of them."""
    found: set[Triple] = set()
    # An association between two of them is there twice.
    parameters = {"account": account, "forever": FOREVER, "since": since, "limit": 2 * (BATCH_ROWS + 1)}
    for begin in range(0, len(arns), CHUNK):
        rows = await store.read("association/ending", {**parameters, "arns": arns[begin : begin + CHUNK]})
        found.update((start, kind, end) for start, kind, end in rows)
        if len(found) > BATCH_ROWS:
            break
    return found


async def _there(store: Store, account: str, arns: Collection[str]) -> set[str]:
    found: set[str] = set()
    when = await history.moment(store, account)
    ordered = sorted(arns)
    for begin in range(0, len(ordered), CHUNK):
        found |= (await history.entities(store, account, ordered[begin : begin + CHUNK], when)).keys()
    return found
