"""The schema's descriptions: the docstrings of its types and resolvers, so that each is written once."""

import inspect
import sys
from types import ModuleType

from strawberry.types.base import StrawberryObjectDefinition

from api.graphql import (
    access_log,
    associations,
    card_changes,
    cards,
    collections,
    comparison,
    connections,
    decisions,
    deletions,
    deployments,
    entities,
    events,
    gates,
    ingest_inputs,
    inputs,
    lineage,
    metrics,
    monitoring,
    mutations,
    payloads,
    queries,
    registry,
    registry_changes,
    registry_inputs,
    revisions,
    values,
    webhooks,
)

MODULES: tuple[ModuleType, ...] = (
    ingest_inputs,
    *(
        access_log,
        associations,
        card_changes,
        cards,
        collections,
        comparison,
        connections,
        decisions,
        deletions,
        deployments,
        entities,
        events,
        gates,
        inputs,
    ),
    *(
        lineage,
        metrics,
        monitoring,
        mutations,
        payloads,
        queries,
        registry,
        registry_changes,
        registry_inputs,
        revisions,
        values,
        webhooks,
    ),
)


def describe() -> None:
    """Give every type and field that has a docstring and no description the docstring as its description."""
    for module in MODULES:
        for made in vars(module).values():
            found = vars(made).get("__strawberry_definition__") if inspect.isclass(made) else None
            if not isinstance(found, StrawberryObjectDefinition) or made.__module__ not in sys.modules:
                continue
            if found.description is None:
                found.description = _text(made.__doc__)
            for field in found.fields:
                if field.description is None and field.base_resolver is not None:
                    field.description = _text(field.base_resolver.wrapped_func.__doc__)


def _text(docstring: str | None) -> str | None:
    return None if docstring is None else inspect.cleandoc(docstring)
