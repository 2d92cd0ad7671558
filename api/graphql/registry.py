"""The model registry: groups, their versions, decisions and aliases."""

from datetime import datetime
from typing import Any

import orjson
import strawberry

from api.graphql import cards, collections, cursors
from api.graphql.cards import ModelCard
from api.graphql.collections import Collection
from api.graphql.connections import Connection, connection
from api.graphql.context import Context, Info
from api.graphql.decisions import Decision, shown_decisions
from api.graphql.entities import EntityType
from api.graphql.gates import (
    ApprovalStale,
    Gates,
    VersionStanding,
    shown_gates,
    shown_standing,
    stale_reasons,
)
from api.graphql.names import Approval, Sort, SortOrder
from api.graphql.scalars import JSON, BigInt
from graph import history
from graph.associations import AssociationType
from graph.entities import Entity
from graph.errors import NotFoundError
from graph.listing import Page
from graph.registry import lists, names
from graph.registry.cards.lists import in_force
from graph.registry.collections.lists import holding
from graph.registry.gates import of as gates_of
from graph.registry.lists import RegistryFilter
from graph.registry.staleness import stale
from graph.registry.standing import standing
from graph.times import Moment

LINKS = 500
"""Decisions of a version that are looked for."""


@strawberry.type
class Alias:
    """A name for a version of a group, such as `champion`."""

    name: str
    version: int


@strawberry.type
class Container:
    """What runs a model version: an image with model data."""

    image: str | None
    image_digest: str | None
    model_data_url: str | None


@strawberry.type
class ModelGroup(EntityType):
    """A group of model versions."""

    @strawberry.field
    def display_name(self) -> str:
        """The group's name, as it was given."""
        return self.data.display_name or self.data.name

    @strawberry.field
    def aliases(self) -> list[Alias]:
        return [Alias(name=name, version=number) for name, number in (self.data.aliases or {}).items()]

    @strawberry.field
    def gates(self) -> Gates | None:
        """What it asks of a version before that may be approved; none when it asks for nothing."""
        return shown_gates(gates_of(self.data.specification))

    @strawberry.field
    async def versions(
        self,
        info: Info,
        approval: Approval | None = None,
        order: SortOrder = SortOrder.DESCENDING,
        first: int = 20,
        after: str | None = None,
    ) -> "Connection[ModelVersion]":
        """Its versions by number."""
        context = info.context
        filter_ = RegistryFilter(group=_group_of(self.data), numbered=True, approval=approval)
        list_ = cursors.identity(context.account, "versions", self.data.arn, approval, order)
        when, key = cursors.decode(after, list_) if after is not None else (self.when, None)
        found = await lists.page(
            *(context.catalog.store, context.account, names.PACKAGE, when),
            filter=filter_,
            descending=order is SortOrder.DESCENDING,
            first=first,
            after=key,
        )
        return _shown(list_, when, found, after, ModelVersion)

    @strawberry.field
    async def latest(self, info: Info) -> "ModelVersion | None":
        """The version with the highest number."""
        return await _of(info.context, _group_of(self.data), lists.LATEST, self.when)

    @strawberry.field
    async def latest_approved(self, info: Info) -> "ModelVersion | None":
        """The approved version with the highest number."""
        return await _of(info.context, _group_of(self.data), lists.LATEST_APPROVED, self.when)

    @strawberry.field
    async def collections(self, info: Info) -> list[Collection]:
        """The collections that it belongs to."""
        context = info.context
        found = await holding(context.catalog.store, context.account, self.data.arn, self.when)
        return [collections.shown(one, self.when) for one in found]


@strawberry.type
class ModelVersion(EntityType):
    """A version of a model group."""

    @strawberry.field
    def version(self) -> int | None:
        """Its number; none for a package of no group."""
        named = names.of_arn(self.data.resource_arn or "")
        return None if named is None else named.number

    @strawberry.field
    def approval(self) -> Approval | None:
        return self.data.approval

    @strawberry.field
    def approval_reason(self) -> str | None:
        """Why its approval is what it is."""
        said: str | None = _asked(self.data).get("ApprovalDescription")
        return said

    @strawberry.field
    def containers(self) -> list[Container]:
        held = _asked(self.data).get("InferenceSpecification", {}).get("Containers", ())
        return [
            Container(
                image=item.get("Image"),
                image_digest=item.get("ImageDigest"),
                model_data_url=item.get("ModelDataUrl")
                or item.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri"),
            )
            for item in held
        ]

    @strawberry.field
    def specification(self) -> JSON:
        """All that it was registered with, in SageMaker's words."""
        return JSON(_asked(self.data))

    @strawberry.field
    async def group(self, info: Info) -> ModelGroup | None:
        found = await self._group(info.context)
        return None if found is None else ModelGroup(data=found, when=self.when)

    @strawberry.field
    async def aliases(self, info: Info) -> list[str]:
        """The names that lead to it."""
        found, named = await self._group(info.context), names.of_arn(self.data.resource_arn or "")
        if found is None or named is None:
            return []
        return [alias for alias, number in (found.aliases or {}).items() if number == named.number]

    @strawberry.field
    async def card(self, info: Info) -> ModelCard | None:
        """The model card that counts for it: an approved one before others, then the one that was changed last."""
        found = await in_force(info.context.catalog.store, info.context.place, self.data, self.when)
        return None if found is None else cards.shown(found, self.when)

    @strawberry.field
    async def approvals(self, info: Info) -> list[Decision]:
        """The decisions on it, the first one first."""
        context = info.context
        types = (AssociationType.CONTRIBUTED_TO,)
        page = await context.associations.load((self.data.arn, self.when, True, types, LINKS, None))
        arns = [edge.destination for _, edge in page.items]
        found = await history.entities(context.catalog.store, context.account, arns, self.when)
        return shown_decisions(found.values(), self.when)

    @strawberry.field
    async def approval_stale(self, info: Info) -> ApprovalStale | None:
        """Why the evidence of its approval is no longer what it was; none when it is, or when it is not approved."""
        context = info.context
        found = await stale(context.catalog.store, context.place, self.data, self.when)
        return ApprovalStale(reasons=stale_reasons(found)) if found else None

    @strawberry.field
    async def standing(self, info: Info) -> VersionStanding | None:
        """How it stands now, whenever this version is looked at; none for a package of no group, or one that is gone."""
        context = info.context
        named = names.of_arn(self.data.resource_arn or "")
        if named is None or named.number is None:
            return None
        now = await lists.packages(
            context.catalog.store, context.place, [named], await context.catalog.moment(context.account)
        )
        if named not in now:
            return None
        return shown_standing(await standing(context.catalog.store, context.place, now[named]))

    async def _group(self, context: Context) -> Entity | None:
        named = names.of_arn(self.data.resource_arn or "")
        if named is None or named.number is None:
            return None
        return await context.entities.load((names.group_arn(context.place, named.name), self.when))


async def model_group(
    info: Info,
    group: strawberry.ID,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> ModelGroup | None:
    """A group by its name or ARN."""
    context = info.context
    when = await context.moment(as_of, known_at, known_at_sequence)
    try:
        return ModelGroup(data=await lists.group(context.catalog.store, context.place, group, when), when=when)
    except NotFoundError:
        return None


async def model_groups(
    info: Info,
    contains: str | None = None,
    sort_by: Sort = Sort.CREATED,
    order: SortOrder = SortOrder.DESCENDING,
    first: int = 50,
    after: str | None = None,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Connection[ModelGroup]:
    """The groups, also those whose name contains a text, whatever the case of its letters."""
    context = info.context
    times = (as_of, known_at, known_at_sequence)
    list_ = cursors.identity(context.account, "modelGroups", contains, sort_by, order, times)
    when, key = cursors.decode(after, list_) if after is not None else (await context.moment(*times), None)
    found = await lists.page(
        *(context.catalog.store, context.account, names.GROUP, when),
        filter=RegistryFilter(contains=contains),
        sort=sort_by,
        descending=order is SortOrder.DESCENDING,
        first=first,
        after=key,
    )
    return _shown(list_, when, found, after, ModelGroup)


async def model_version(
    info: Info,
    group: strawberry.ID,
    version: str = lists.LATEST,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> ModelVersion | None:
    """A version by its group and its number, an alias, `latest` or `latestApproved`."""
    when = await info.context.moment(as_of, known_at, known_at_sequence)
    return await _of(info.context, group, version, when)


async def _of(context: Context, group: str, version: str, when: Moment) -> ModelVersion | None:
    try:
        found = await lists.version(context.catalog.store, context.place, group, version, when)
    except NotFoundError:
        return None
    return ModelVersion(data=found, when=when)


def _shown(list_: str, when: Moment, found: Page[Entity], after: str | None, shape: Any) -> Connection[Any]:
    items = [(key, shape(data=entity, when=when)) for key, entity in found.items]
    return connection(list_, when, items, more=found.more, after=after)


def _asked(entity: Entity) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(entity.specification or "{}")
    return found


def _group_of(entity: Entity) -> str:
    return (entity.resource_arn or "").rsplit("/", 1)[1]
