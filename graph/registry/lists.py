"""Pages of groups and packages, and single versions by number, alias, `latest` and `latestApproved`."""

from dataclasses import dataclass

from graph import history
from graph.commands import Place
from graph.entities import Approval, CardStatus, Entity, from_body
from graph.errors import InvalidError, NotFoundError
from graph.ledger import entry_key
from graph.listing import Page, Sort, first_within
from graph.registry import names
from graph.registry.names import Package
from graph.store.numbering import highest, key
from graph.store.store import Store
from graph.times import FOREVER, Moment

WINDOW = 4_000
"""Numbers that one look-up covers at most."""
LATEST, LATEST_APPROVED = "latest", "latestApproved"


@dataclass(frozen=True, slots=True)
class RegistryFilter:
    """Which groups or packages a list shows; times in epoch milliseconds, `created_before` exclusive.

    Attributes:
        group: the name of the group whose versions are wanted.
        numbered: versions of groups (True), packages of their own (False), both (None).
        approval: of packages; of cards, their status.
        contains: a part of the name, whatever the case of its letters.
    """

    group: str | None = None
    numbered: bool | None = None
    approval: Approval | CardStatus | None = None
    contains: str | None = None
    created_after: int | None = None
    created_before: int | None = None


ALL = RegistryFilter()


async def page(
    store: Store,
    account: str,
    family: str,
    when: Moment,
    *,
    filter: RegistryFilter = ALL,  # noqa: A002  # the field's word; immutable
    sort: Sort = Sort.CREATED,
    descending: bool = True,
    first: int = 50,
    after: str | None = None,
) -> Page[Entity]:
    """One page of registry objects of a family (`model-package-group`, `model-package`).

    A group's versions come in the order of their numbers, whatever the sort.

    Raises:
        InvalidError: `first` is out of its range, or the cursor belongs to another list.
    """
    first_within(first)
    if filter.group is not None:
        return await _versions(store, account, when, filter, descending=descending, first=first, after=after)
    prefix = f"{account}/{family}/"
    by_created = sort is Sort.CREATED
    kind = "ARTIFACT" if family in (names.PACKAGE, "model", "model-card") else "CONTEXT"
    # "0" is the character after "/": no key lies past it.
    ranges = {"": [prefix, f"{prefix[:-1]}0"], "created_": [f"{account}/{kind}/", f"{account}/{kind}0"]}
    if after is not None:
        narrowed = ranges["created_" if by_created else ""]
        if not narrowed[0] < after < narrowed[1]:
            raise InvalidError("the cursor belongs to another list", path="after", constraint="a cursor of this list")
        narrowed[1 if descending else 0] = after
    parameters = {
        "from": ranges[""][0],
        "to": ranges[""][1],
        "at": when.at,
        "known": when.known,
        "approval": filter.approval,
        "contains": None if filter.contains is None else filter.contains.lower(),
        "numbered": filter.numbered,
        "created_after": filter.created_after or 0,
        "created_before": FOREVER if filter.created_before is None else filter.created_before,
        "limit": first + 1,
    }
    if by_created:
        parameters |= {"created_from": ranges["created_"][0], "created_to": ranges["created_"][1]}
    name = f"registry/list_by_{'created' if by_created else 'resource'}_{'descending' if descending else 'ascending'}"
    found = await store.read(name, parameters)
    return Page([(at, from_body(body)) for at, body in found[:first]], len(found) > first)


async def _versions(
    store: Store,
    account: str,
    when: Moment,
    filter_: RegistryFilter,
    *,
    descending: bool,
    first: int,
    after: str | None,
) -> Page[Entity]:
    """One page of a group's versions by number, read in narrow windows: sorting all of a large group would cost more."""
    prefix = f"{account}/{names.PACKAGE}/{filter_.group}/"
    low, high = 1, (await highest(store.read, [prefix]))[prefix]
    if after is not None:
        tail = after.removeprefix(prefix)
        if not after.startswith(prefix) or not (tail.isascii() and tail.isdigit()):
            raise InvalidError("the cursor belongs to another list", path="after", constraint="a cursor of this list")
        low, high = (low, min(high, int(tail) - 1)) if descending else (int(tail) + 1, high)
    parameters = {
        "at": when.at,
        "known": when.known,
        "approval": filter_.approval,
        "created_after": filter_.created_after or 0,
        "created_before": FOREVER if filter_.created_before is None else filter_.created_before,
    }
    found: list[tuple[str, str]] = []
    width = 2 * first
    if filter_.numbered is False or (filter_.contains or "").lower() not in (filter_.group or ""):
        return Page([], more=False)
    while low <= high and len(found) <= first:
        start, end = (max(low, high - width + 1), high) if descending else (low, min(high, low + width - 1))
        ends = {"from": key(prefix, start), "to": key(prefix, end)}
        window = await store.read("registry/window", {**parameters, **ends})
        found += sorted(((at, body) for at, body in window), reverse=descending)
        low, high = (low, start - 1) if descending else (end + 1, high)
        width = min(4 * width, WINDOW)
    return Page([(at, from_body(body)) for at, body in found[:first]], len(found) > first)


async def group(store: Store, place: Place, text: str, when: Moment) -> Entity:
    """A group by its name or ARN.

    Raises:
        NotFoundError: there is none.
    """
    name = names.group_name(place, text)
    arn, resource = names.group_arn(place, name), names.group_resource(place, name)
    found = (await history.entities(store, place.account, [arn], when)).get(arn)
    if found is None or found.resource_arn != resource:
        raise NotFoundError(f"ModelPackageGroup {resource} does not exist.")
    return found


async def packages(store: Store, place: Place, wanted: list[Package], when: Moment) -> dict[Package, Entity]:
    """Those of the packages that are there."""
    arns = {package: names.package_arn(place, package) for package in wanted}
    found = await history.entities(store, place.account, list(arns.values()), when)
    return {
        package: found[arn] for package, arn in arns.items() if arn in found and found[arn].resource_arn is not None
    }


async def package(store: Store, place: Place, text: str, when: Moment) -> Entity:
    """A package by its ARN, or as `churn/7`.

    Raises:
        NotFoundError: there is none.
    """
    named = names.package(place, text)
    found = await packages(store, place, [named], when)
    if named not in found:
        raise NotFoundError(f"ModelPackage {names.package_resource(place, named)} does not exist.")
    return found[named]


async def version(store: Store, place: Place, group_text: str, wanted: str, when: Moment) -> Entity:
    """A version of a group by its number, an alias, `latest` or `latestApproved`.

    Raises:
        NotFoundError: the group is not there, or has no such version.
    """
    held = await group(store, place, group_text, when)
    name = names.group_name(place, group_text)
    if wanted in (LATEST, LATEST_APPROVED):
        approval = Approval.APPROVED if wanted == LATEST_APPROVED else None
        newest = await page(
            *(store, place.account, names.PACKAGE, when),
            filter=RegistryFilter(group=name, numbered=True, approval=approval),
            first=1,
        )
        if not newest.items:
            raise NotFoundError(f"{held.display_name} has no {'approved ' if approval else ''}version")
        return newest.items[0][1]
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else None
    if number is None:
        number = (held.aliases or {}).get(wanted)
    if number is None:
        known = ", ".join(held.aliases or ()) or "none"
        raise NotFoundError(f"{held.display_name} has no alias {wanted[:63]!r}; its aliases: {known}")
    return await package(store, place, f"{name}/{number}", when)


async def registered(store: Store, account: str, sequence: int) -> list[str]:
    """The own ARNs of the packages that a ledger entry made, in their order."""
    entry = entry_key(account, sequence)
    found: list[str] = await store.read("registry/registered", {"after": f"{entry}/", "end": f"{entry}0"})
    return [arn for arn in found if names.of_arn(arn) is not None]
