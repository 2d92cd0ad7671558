"""What the bulk mutation takes."""

from datetime import datetime

import strawberry

from api.graphql.inputs import ActionInput, ArtifactInput, ContextInput, RepeatableInput, TrialComponentInput
from api.graphql.names import AssociationType


@strawberry.input(one_of=True)
class IngestEntityInput:
    """One new entity."""

    artifact: strawberry.Maybe[ArtifactInput]
    action: strawberry.Maybe[ActionInput]
    context: strawberry.Maybe[ContextInput]
    trial_component: strawberry.Maybe[TrialComponentInput]


@strawberry.input
class IngestAssociationInput:
    """One new association; each end is an ARN, or the row of `entities` that makes it, counted from 0."""

    source: strawberry.ID | None = None
    source_row: int | None = None
    destination: strawberry.ID | None = None
    destination_row: int | None = None
    association: AssociationType = AssociationType.ASSOCIATED_WITH
    valid_from: datetime | None = None


@strawberry.input
class IngestInput(RepeatableInput):
    """Rows that are written all or not at all, entities first; at most 10,000 in both lists."""

    entities: list[IngestEntityInput] = strawberry.field(default_factory=list)
    associations: list[IngestAssociationInput] = strawberry.field(default_factory=list)
