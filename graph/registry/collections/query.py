"""Queries of resource groups: which types of resources with which tags belong to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from graph.entities import Entity
from graph.errors import InvalidError
from graph.memberships import RESOURCE_TYPES, keys_in

TAG_FILTERS = "TAG_FILTERS_1_0"
EVERY = "AWS::AllSupported"
LONGEST = 4096
FAMILIES = {
    "group": "AWS::ResourceGroups::Group",
    "model-package-group": "AWS::SageMaker::ModelPackageGroup",
    "model-package": "AWS::SageMaker::ModelPackage",
    "model": "AWS::SageMaker::Model",
    "model-card": "AWS::SageMaker::ModelCard",
    "endpoint": "AWS::SageMaker::Endpoint",
    "endpoint-config": "AWS::SageMaker::EndpointConfig",
}
"""Types of resources, by what their own ARNs begin with."""


@dataclass(frozen=True, slots=True)
class Query:
    """What belongs to a resource group: resources of one of the types that carry a tag of each filter.

    Attributes:
        filters: a tag's key, and the values of which it has one; any value when there are none.
    """

    types: tuple[str, ...]
    filters: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def rule(self) -> list[str] | None:
        """The one tag that makes a member, where this is the query of a collection."""
        if len(self.filters) != 1 or not keys_in([self.filters[0][0]]) or len(self.filters[0][1]) != 1:
            return None
        return [self.filters[0][0], self.filters[0][1][0]]

    @property
    def members(self) -> list[str]:
        """The types of a collection's members."""
        return [name for name in RESOURCE_TYPES.values() if EVERY in self.types or name in self.types]

    @property
    def text(self) -> str:
        """As AWS's clients read it."""
        filters = [{"Key": key, "Values": list(values)} for key, values in self.filters]
        return orjson.dumps({"ResourceTypeFilters": list(self.types), "TagFilters": filters}).decode()

    def fits(self, entity: Entity) -> bool:
        """Whether a resource belongs to it."""
        kind = type_of(entity)
        if kind is None or not (EVERY in self.types or kind in self.types):
            return False
        return tagged(entity.tags or {}, self.filters)


def read(kind: str, text: str) -> Query:
    """The query of a resource group.

    Raises:
        InvalidError: it is no query by tags.
    """
    if kind != TAG_FILTERS:
        raise InvalidError(f"Query of type {kind} is not supported here; {TAG_FILTERS} is", path="ResourceQuery")
    try:
        found: Any = orjson.loads(text)
        types = tuple(str(name) for name in found["ResourceTypeFilters"])
        filters = tuple(
            (str(item["Key"]), tuple(str(value) for value in item.get("Values") or ())) for item in found["TagFilters"]
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise InvalidError(
            'Query not valid: a JSON object such as {"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": '
            '[{"Key": "stage", "Values": ["prod"]}]} was expected',
            path="Query",
            constraint="JSON with ResourceTypeFilters and TagFilters",
        ) from None
    if not types or not filters or len(text) > LONGEST or len(filters) > 50:
        raise InvalidError("Query not valid: it needs resource types and 1 to 50 tags", path="Query", constraint="size")
    return Query(types, filters)


def of_collection(key: str, path: str) -> Query:
    """The query of a collection at a path."""
    return Query(tuple(RESOURCE_TYPES.values()), ((key, (path,)),))


def type_of(entity: Entity) -> str | None:
    """The type of a resource; None for what is none."""
    return FAMILIES.get(family_of(entity))


def family_of(entity: Entity) -> str:
    """What a resource's own ARN begins with."""
    return (entity.resource_arn or ":::::").split(":", 5)[5].split("/", 1)[0]


def tagged(tags: Mapping[str, str], filters: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether some tags fit every filter."""
    return all(key in tags and (not values or tags[key] in values) for key, values in filters)
