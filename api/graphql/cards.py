"""Model cards, their versions and exports."""

from datetime import datetime

import strawberry

from api.graphql import cursors
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.entities import EntityType
from api.graphql.names import CardStatus, Sort, SortOrder
from api.graphql.scalars import JSON, BigInt
from graph.errors import NotFoundError
from graph.registry.cards import exports, lists
from graph.registry.cards.lists import Card
from graph.registry.lists import RegistryFilter
from graph.times import Moment, from_ms


@strawberry.type
class ModelCardVersion:
    """A content of a card; its status is the one that it had while it was the newest, at last."""

    version: int
    status: CardStatus
    text: str
    created_at: datetime


@strawberry.type
class ModelCardExport:
    """An export as PDF: `uri` is where the file lies, `reason` why there is none."""

    arn: strawberry.ID
    name: str
    version: int
    uri: str | None
    reason: str | None
    created_at: datetime


@strawberry.type
class ModelCard(EntityType):
    """What is said of a model version, a model or a group: a document with versions and a status."""

    card: strawberry.Private[Card]

    @strawberry.field
    def display_name(self) -> str:
        """The card's name, as it was given."""
        return self.card.name

    @strawberry.field
    def version(self) -> int:
        return self.card.version

    @strawberry.field
    def status(self) -> CardStatus:
        return self.card.status

    @strawberry.field
    def content(self) -> JSON:
        """What it says, as a JSON object."""
        return JSON(self.card.content)

    @strawberry.field
    def text(self) -> str:
        """What it says, as it was given."""
        return self.card.text

    @strawberry.field
    def model_id(self) -> str | None:
        """The model or model version that it says it speaks about."""
        return self.card.subject.model_id

    @strawberry.field
    def risk_rating(self) -> str | None:
        return self.card.subject.risk

    @strawberry.field
    async def versions(
        self, info: Info, order: SortOrder = SortOrder.DESCENDING, first: int = 20, after: str | None = None
    ) -> Connection[ModelCardVersion]:
        """Its contents by number."""
        context = info.context
        list_ = cursors.identity(context.account, "cardVersions", self.data.arn, order)
        when, key = cursors.decode(after, list_) if after is not None else (self.when, None)
        page = await lists.versions(
            *(context.catalog.store, context.place, self.card, when),
            descending=order is SortOrder.DESCENDING,
            first=first,
            after=None if key is None else int(key),
        )
        items = [(number, _version(card)) for number, card in page.items]
        return connection(list_, when, items, more=page.more, after=after)

    @strawberry.field
    async def exports(self, info: Info) -> list[ModelCardExport]:
        """Its exports, the oldest first."""
        context = info.context
        found = await exports.of_card(context.catalog.store, context.place, self.card, self.when)
        return [shown_export(one) for one in found]


async def model_card(
    info: Info,
    card: strawberry.ID,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> ModelCard | None:
    """A card by its name or ARN."""
    context = info.context
    when = await context.moment(as_of, known_at, known_at_sequence)
    try:
        return shown(await lists.card(context.catalog.store, context.place, card, when), when)
    except NotFoundError:
        return None


async def model_cards(
    info: Info,
    status: CardStatus | None = None,
    contains: str | None = None,
    sort_by: Sort = Sort.CREATED,
    order: SortOrder = SortOrder.DESCENDING,
    first: int = 50,
    after: str | None = None,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Connection[ModelCard]:
    """The cards, also those of a status, or whose name contains a text, whatever the case of its letters."""
    context = info.context
    times = (as_of, known_at, known_at_sequence)
    list_ = cursors.identity(context.account, "modelCards", status, contains, sort_by, order, times)
    when, key = cursors.decode(after, list_) if after is not None else (await context.moment(*times), None)
    page = await lists.page(
        *(context.catalog.store, context.account, when),
        filter=RegistryFilter(approval=status, contains=contains),
        sort=sort_by,
        descending=order is SortOrder.DESCENDING,
        first=first,
        after=key,
    )
    items = [(at, shown(card, when)) for at, card in page.items]
    return connection(list_, when, items, more=page.more, after=after)


def shown(card: Card, when: Moment) -> ModelCard:
    """A card as GraphQL shows it."""
    return ModelCard(data=card.entity, when=when, card=card)


def shown_export(one: exports.Export) -> ModelCardExport:
    """An export as GraphQL shows it."""
    arn = strawberry.ID(one.entity.resource_arn or one.entity.arn)
    return ModelCardExport(
        arn=arn,
        name=one.name,
        version=one.version,
        uri=one.uri,
        reason=one.reason,
        created_at=from_ms(one.entity.created_at),
    )


def _version(card: Card) -> ModelCardVersion:
    return ModelCardVersion(
        version=card.version, status=card.status, text=card.text, created_at=from_ms(card.begun or 0)
    )
