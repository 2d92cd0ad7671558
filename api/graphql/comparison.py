"""Two model versions side by side."""

from datetime import datetime

import strawberry

from api.graphql.context import Info
from api.graphql.entities import EntityType, shaped
from api.graphql.registry import ModelVersion
from api.graphql.scalars import BigInt
from graph.registry import comparison, lists


@strawberry.type(name="VersionDifference")
class Difference:
    """A thing by name and what it is for either version; null where that one has none."""

    name: str
    a: str | None
    b: str | None
    same: bool


@strawberry.type(name="VersionComparison")
class Comparison:
    """Two versions side by side.

    `metrics` are those of the jobs that produced the model data and of the metric files that the artifact store holds,
    `parameters` those jobs', `data` what they read and the model data by URI with digests, `features` those of held
    statistics and constraints; `onlyA` and `onlyB` are what only one of them came from.
    """

    a: ModelVersion
    b: ModelVersion
    metrics: list[Difference]
    parameters: list[Difference]
    data: list[Difference]
    features: list[Difference]
    only_a: list[EntityType]
    only_b: list[EntityType]
    truncated: bool


async def compared(
    info: Info,
    a: strawberry.ID,
    b: strawberry.ID,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Comparison:
    """Two versions side by side, each named by its ARN or as `churn/7`."""
    context = info.context
    when = await context.moment(as_of, known_at, known_at_sequence)
    store = context.catalog.store
    first, second = [await lists.package(store, context.place, str(text), when) for text in (a, b)]
    found = await comparison.compare(store, context.place, context.artifacts(), first, second, when)
    lists_ = {
        name: [Difference(name=one.name, a=one.a, b=one.b, same=one.same) for one in getattr(found, name)]
        for name in ("metrics", "parameters", "data", "features")
    }
    return Comparison(
        a=ModelVersion(data=first, when=when),
        b=ModelVersion(data=second, when=when),
        **lists_,
        only_a=[shaped(entity, when) for entity in found.only_a],
        only_b=[shaped(entity, when) for entity in found.only_b],
        truncated=found.truncated,
    )
