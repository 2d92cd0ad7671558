"""Pages of associations with their ends, by filters and in an order; `listing.associations` reads one entity's, as it grew."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from graph import arns
from graph.associations import AssociationType
from graph.listing import Page, first_within
from graph.store.store import Store
from graph.times import FOREVER, Moment


class AssociationSort(StrEnum):
    """By what a list is sorted; equal ones by when they were recorded."""

    CREATED = "created"
    SOURCE = "source"
    DESTINATION = "destination"
    SOURCE_TYPE = "source_type"
    DESTINATION_TYPE = "destination_type"


@dataclass(frozen=True, slots=True)
class AssociationFilter:
    """Which associations a list shows: those that fit all that is given.

    Attributes:
        source, destination: ARNs of ends.
        source_type, destination_type: types of ends, as they are now.
        created_after, created_before: since when they hold, epoch milliseconds; the latter exclusive.
    """

    source: str | None = None
    destination: str | None = None
    association: AssociationType | None = None
    source_type: str | None = None
    destination_type: str | None = None
    created_after: int | None = None
    created_before: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """One end of an association."""

    arn: str
    type: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Connection:
    """An association with its ends; `created_at` is since when it holds, epoch milliseconds."""

    source: End
    association: AssociationType
    destination: End
    created_at: int


async def connections(
    store: Store,
    account: str,
    region: str,
    when: Moment,
    *,
    wanted: AssociationFilter = AssociationFilter(),
    sort: AssociationSort = AssociationSort.CREATED,
    descending: bool = True,
    first: int = 50,
    after: str | None = None,
) -> Page[Connection]:
    """One page of an account's associations between lineage entities; memberships of experiments and trials are left out.

    Args:
        store: Where to look.
        account: Whose associations.
        region: In which region the account's ARNs are.
        when: At which moment.
        wanted: Which of them.
        sort: In which order.
        descending: Last first.
        first: How many, 1 to 500.
        after: The key of an item: only what follows it.

    Raises:
        InvalidError: `first` is out of its range.
    """
    first_within(first)
    mine = arns.make(region, account, "")
    parameters: dict[str, Any] = {
        "source": wanted.source,
        "destination": wanted.destination,
        "from": mine,
        # ";" is the character after ":".
        "to": f"{mine[:-1]};",
        "account": account,
        "at": when.at,
        "known": when.known,
        "association": None if wanted.association is None else wanted.association.value,
        "source_type": wanted.source_type,
        "destination_type": wanted.destination_type,
        "created_after": wanted.created_after or 0,
        "created_before": FOREVER if wanted.created_before is None else wanted.created_before,
        "experiments": f"{mine}experiment/",
        "trials": f"{mine}experiment-trial/",
        "sort": sort.value,
        "place": after,
        "limit": first + 1,
    }
    start = "outgoing" if wanted.source is not None else "incoming" if wanted.destination is not None else "all"
    way = "descending" if descending else "ascending"
    found = await store.read(f"association/list_{start}_{way}", parameters)
    items = [
        (place, Connection(End(*source), AssociationType(kind), End(*destination), since))
        for place, *source, kind, b_arn, b_type, b_name, since in found
        for destination in [(b_arn, b_type, b_name)]
    ]
    return Page(items[:first], len(found) > first)
