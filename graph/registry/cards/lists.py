"""Model cards as they were at a moment: one, pages of them, their versions, and the card that speaks about a model version."""

from dataclasses import dataclass

import orjson

from graph import history, listing
from graph.associations import AssociationType
from graph.commands import Place
from graph.entities import CardStatus, Entity, from_body
from graph.errors import NotFoundError
from graph.listing import Page, Sort
from graph.registry import lists
from graph.registry.cards import content as contents
from graph.registry.cards import names
from graph.registry.cards.changes import CONTENT, NAME, SECURITY, SHOWN
from graph.registry.cards.content import Content, Subject
from graph.registry.lists import RegistryFilter
from graph.store.numbering import key
from graph.store.store import Store
from graph.times import Moment

CARDS = 500
"""Cards of one model version that are looked at."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card, or an older version of one.

    Attributes:
        entity: its artifact, as it last was while the version was the newest.
        name: as it was given.
        text: its content.
        begun: when the version was written, epoch milliseconds.
    """

    entity: Entity
    name: str
    text: str
    status: CardStatus
    version: int
    begun: int | None = None
    security: dict[str, str] | None = None

    @property
    def resource(self) -> str:
        """Its own ARN."""
        return self.entity.resource_arn or ""

    @property
    def content(self) -> Content:
        """What it says."""
        found: Content = orjson.loads(self.text)
        return found

    @property
    def subject(self) -> Subject:
        """What it says that it speaks about."""
        return contents.subject(self.content)

    @property
    def shown(self) -> str:
        """Its status in SageMaker's words."""
        return SHOWN[self.status]


def card_of(entity: Entity, begun: int | None = None) -> Card | None:
    """The card that an entity is; None when it is none."""
    if entity.card_status is None or entity.card_version is None or entity.specification is None:
        return None
    held = orjson.loads(entity.specification)
    return Card(
        *(entity, held[NAME], held[CONTENT], entity.card_status, entity.card_version, begun),
        security=held.get(SECURITY),
    )


async def card(store: Store, place: Place, text: str, when: Moment, version: int | None = None) -> Card:
    """A card by its name or ARN, in its newest version or an older one.

    Raises:
        NotFoundError: there is none, or it has no such version.
    """
    name = names.named(place, text)
    arn, resource = names.lineage(place, name), names.resource(place, name)
    entity = (await history.entities(store, place.account, [arn], when)).get(arn)
    found = None if entity is None else card_of(entity)
    if found is None:
        raise names.missing(resource)
    if version is None or version == found.version:
        return found
    older = await _window(store, place, found, when, version, version) if version > 0 else []
    if not older:
        raise NotFoundError(f"Model card {resource} has no version {version}; its newest is {found.version}.")
    return older[0]


async def page(
    store: Store,
    account: str,
    when: Moment,
    *,
    filter: RegistryFilter = lists.ALL,  # noqa: A002  # the field's word; immutable
    sort: Sort = Sort.CREATED,
    descending: bool = True,
    first: int = 50,
    after: str | None = None,
) -> Page[Card]:
    """One page of cards; of the filter, group and numbered have no meaning.

    Raises:
        InvalidError: `first` is out of its range, or the cursor belongs to another list.
    """
    cards: list[tuple[str, Card]] = []
    more = True
    while more and len(cards) < first:
        found = await lists.page(
            *(store, account, names.CARD, when),
            filter=filter,
            sort=sort,
            descending=descending,
            first=first,
            after=after,
        )
        # An artifact that somebody made by hand under a card's ARN is none.
        cards += [(at, held) for at, entity in found.items if (held := card_of(entity)) is not None]
        more, after = found.more, found.items[-1][0] if found.items else after
    return Page(cards[:first], more or len(cards) > first)


async def versions(
    store: Store,
    place: Place,
    newest: Card,
    when: Moment,
    *,
    descending: bool = True,
    first: int = 50,
    after: int | None = None,
) -> Page[Card]:
    """One page of a card's versions, by number; each keyed by it.

    Args:
        store: Where to look.
        place: Whose.
        newest: The card.
        when: At which moment.
        descending: The newest first.
        first: How many.
        after: The number of a version: only what follows it.
    """
    listing.first_within(first)
    low, high = 1, newest.version
    if after is not None:
        low, high = (low, min(high, after - 1)) if descending else (after + 1, high)
    found: list[Card] = []
    while low <= high and len(found) <= first:
        width = first + 1
        start, end = (max(low, high - width + 1), high) if descending else (low, min(high, low + width - 1))
        window = await _window(store, place, newest, when, start, end)
        found += sorted(window, key=lambda card: card.version, reverse=descending)
        low, high = (low, start - 1) if descending else (end + 1, high)
    return Page([(str(card.version), card) for card in found[:first]], len(found) > first)


async def _window(store: Store, place: Place, newest: Card, when: Moment, start: int, end: int) -> list[Card]:
    """The versions of a card with numbers in a range; those before it was deleted and made again are not among them."""
    prefix = names.prefix(place, newest.name)
    parameters = {
        "from": key(prefix, start),
        "to": key(prefix, end),
        "created_at": newest.entity.created_at,
        "at": when.at,
        "known": when.known,
    }
    found = await store.read("registry/card_versions", parameters)
    cards = [card_of(from_body(body), begun) for _, begun, body in found]
    return [card for card in cards if card is not None]


async def in_force(store: Store, place: Place, package: Entity, when: Moment) -> Card | None:
    """The card that speaks about a model package: of several an approved one, then the one that was changed last.

    A card that is associated with the package but speaks about something else does not count, nor one that is archived.
    """
    page = await listing.associations(
        *(store, place.account, package.arn, when),
        outgoing=False,
        types=(AssociationType.ASSOCIATED_WITH,),
        first=CARDS,
    )
    found = await history.entities(store, place.account, [edge.source for _, edge in page.items], when)
    cards = [card for entity in found.values() if (card := card_of(entity)) is not None]
    return foremost(cards, package.resource_arn or "")


def foremost(cards: list[Card], package: str) -> Card | None:
    """Of some cards the one that counts for a package, by its own ARN; see `in_force`."""
    speaking = [
        card
        for card in cards
        if card.status is not CardStatus.ARCHIVED and (card.subject.model_id or "").lower() == package
    ]
    return max(speaking, key=_rank, default=None)


def _rank(card: Card) -> tuple[bool, int, str]:
    return card.status is CardStatus.APPROVED, card.entity.modified_at, card.entity.arn
