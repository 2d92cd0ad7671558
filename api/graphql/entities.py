"""Entities, as they were at their root's moment."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.associations import AssociationConnection, associations_page
from api.graphql.context import Info
from api.graphql.metrics import SERIES, MetricPoint, MetricSummary, series, summaries
from api.graphql.names import METADATA, AssociationType, Direction, Kind, SourceIdType, Status
from api.graphql.revisions import RevisionConnection, revisions_page
from api.graphql.values import Actor, Metadata, Parameter, Property, SourceType, Tag, TrialArtifact, actor
from graph import entities
from graph.times import Moment, from_ms

if TYPE_CHECKING:
    from api.graphql.lineage import Lineage


@strawberry.interface(name="Entity")
class EntityType:
    """Whatever has an ARN: `arn` is the lineage ARN, `resourceArn` the resource's own where it has one.

    Either is accepted wherever an ARN is. All fields read at the moment of the root they stand under.
    """

    data: strawberry.Private[entities.Entity]
    when: strawberry.Private[Moment]

    @strawberry.field
    def arn(self) -> strawberry.ID:
        return strawberry.ID(self.data.arn)

    @strawberry.field
    def resource_arn(self) -> strawberry.ID | None:
        return None if self.data.resource_arn is None else strawberry.ID(self.data.resource_arn)

    @strawberry.field
    def kind(self) -> Kind:
        return self.data.kind

    @strawberry.field
    def type(self) -> str | None:
        return self.data.type

    @strawberry.field
    def name(self) -> str:
        return self.data.name

    @strawberry.field
    def description(self) -> str | None:
        return self.data.description

    @strawberry.field
    def tags(self) -> list[Tag]:
        return [Tag(key=key, value=value) for key, value in (self.data.tags or {}).items()]

    @strawberry.field
    def properties(self) -> list[Property]:
        return [Property(key=key, value=value) for key, value in (self.data.properties or {}).items()]

    @strawberry.field
    def metadata(self) -> Metadata | None:
        """Where it comes from, as far as that was said."""
        said = self.data.metadata
        return None if not said else Metadata(**{field: said.get(name) for field, name in METADATA.items()})

    @strawberry.field
    def owners(self) -> list[str]:
        """The names in the tag `owner`, which separates them by commas."""
        named = (self.data.tags or {}).get("owner", "").split(",")
        return [name.strip() for name in named if name.strip()]

    @strawberry.field
    def created_at(self) -> datetime:
        return from_ms(self.data.created_at)

    @strawberry.field
    def created_by(self) -> Actor:
        return actor(self.data.created_by)

    @strawberry.field
    def modified_at(self) -> datetime:
        return from_ms(self.data.modified_at)

    @strawberry.field
    def modified_by(self) -> Actor:
        return actor(self.data.modified_by)

    @strawberry.field
    def deleted(self) -> bool:
        return self.data.deleted

    @strawberry.field
    async def associations(
        self,
        info: Info,
        direction: Direction = Direction.BOTH,
        types: list[AssociationType] | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> AssociationConnection:
        """DESCENDANTS are those that begin here, ASCENDANTS those that end here; otherwise the former come first."""
        return await associations_page(info.context, self.data.arn, self.when, direction, types, first, after)

    @strawberry.field
    async def lineage(
        self, info: Info, direction: Direction = Direction.BOTH, depth: int | None = None, limit: int = 5000
    ) -> Annotated["Lineage", strawberry.lazy("api.graphql.lineage")]:
        from api.graphql.lineage import entity_lineage  # a cycle: nodes of a lineage have entities

        return await entity_lineage(info.context, self.data.arn, self.when, direction, depth, limit)

    @strawberry.field
    async def history(self, info: Info, first: int = 50, after: str | None = None) -> RevisionConnection:
        """What became of it, newest first."""
        return await revisions_page(info.context, self.data.arn, self.when, first, after)


@strawberry.type
class Artifact(EntityType):
    """A data set, a model, an image, code, a report: something at a source URI."""

    @strawberry.field
    def source_uri(self) -> str:
        return self.data.source_uri or ""

    @strawberry.field
    def source_types(self) -> list[SourceType]:
        return [SourceType(type=SourceIdType(kind), value=value) for kind, value in self.data.source_types]


@strawberry.type
class Activity(EntityType):
    """What was done: how far it has come, and when."""

    @strawberry.field
    def display_name(self) -> str:
        """What people call it; its name where nothing else was said."""
        return self.data.display_name or self.data.name

    @strawberry.field
    def source_type(self) -> str | None:
        return self.data.source_type

    @strawberry.field
    def status_message(self) -> str | None:
        """Why the status is what it is."""
        return self.data.status_message

    @strawberry.field
    def source_uri(self) -> str | None:
        return self.data.source_uri

    @strawberry.field
    def status(self) -> Status | None:
        return self.data.status

    @strawberry.field
    def started_at(self) -> datetime | None:
        return _time(self.data.started_at)

    @strawberry.field
    def ended_at(self) -> datetime | None:
        return _time(self.data.ended_at)


@strawberry.type
class Action(Activity):
    """Something that was done: an approval, a deployment."""

    @strawberry.field
    def source_id(self) -> str | None:
        return self.data.source_id


@strawberry.type
class Context(EntityType):
    """What groups others: an endpoint, a model group, an experiment."""

    @strawberry.field
    def display_name(self) -> str:
        """What people call it; its name where nothing else was said."""
        return self.data.display_name or self.data.name

    @strawberry.field
    def source_uri(self) -> str | None:
        return self.data.source_uri

    @strawberry.field
    def source_type(self) -> str | None:
        return self.data.source_type

    @strawberry.field
    def source_id(self) -> str | None:
        return self.data.source_id


@strawberry.type
class TrialComponent(Activity):
    """A job: it read inputs, had parameters, and wrote outputs and metrics."""

    @strawberry.field
    def source_arn(self) -> strawberry.ID | None:
        return None if self.data.source_arn is None else strawberry.ID(self.data.source_arn)

    @strawberry.field
    def parameters(self) -> list[Parameter]:
        return _parameters(self.data.parameters)

    @strawberry.field
    async def metrics(self, info: Info) -> list[MetricSummary]:
        """What its metrics came to, by name."""
        return await summaries(info.context, self.data, self.when)

    @strawberry.field
    async def metric_series(
        self, info: Info, name: str, first: int = SERIES, after: str | None = None
    ) -> list[MetricPoint]:
        """The points of one metric, by time, then by step; at most 10,000 at once."""
        return await series(info.context, self.data, self.when, name, first, after)

    @strawberry.field
    def inputs(self) -> list[TrialArtifact]:
        return _files(self.data.inputs)

    @strawberry.field
    def outputs(self) -> list[TrialArtifact]:
        return _files(self.data.outputs)


SHAPES: dict[Kind, type[EntityType]] = {
    Kind.ARTIFACT: Artifact,
    Kind.ACTION: Action,
    Kind.CONTEXT: Context,
    Kind.TRIAL_COMPONENT: TrialComponent,
}


def shaped(entity: entities.Entity, when: Moment) -> EntityType:
    """The GraphQL object of an entity as it was at a moment."""
    return SHAPES[entity.kind](data=entity, when=when)


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)


def _parameters(values: Mapping[str, Mapping[str, str]] | None) -> list[Parameter]:
    return [
        Parameter(key=key, number=float(value["number"]) if "number" in value else None, string=value.get("string"))
        for key, value in (values or {}).items()
    ]


def _files(values: Mapping[str, Mapping[str, str]] | None) -> list[TrialArtifact]:
    return [
        TrialArtifact(key=key, value=value.get("value", ""), media_type=value.get("media_type"))
        for key, value in (values or {}).items()
    ]
