"""Execution with a short way for long lists of plain rows.

graphql-core completes every value on its own, some 4 µs each. The rows of a walk come by the thousand and hold nothing but
leaves, so a list of them is projected in one go, and its values are shown as the slow way would show them.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from graphql import GraphQLList, GraphQLObjectType, GraphQLOutputType, get_named_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.graphql.scalars import show_time

Shown = Callable[[Any], Any]


def _value(member: Any) -> Any:
    return member.value


PLAIN: dict[str, dict[str, tuple[str, Shown | None]]] = {
    "LineageNode": {
        "arn": ("arn", None),
        "kind": ("kind", _value),
        "type": ("type", None),
        "name": ("name", None),
        "depth": ("depth", None),
        "createdAt": ("created_at", show_time),
    },
    "LineageEdge": {
        "source": ("source", None),
        "destination": ("destination", None),
        "association": ("association", _value),
        "validFrom": ("valid_from", show_time),
        "validTo": ("valid_to", show_time),
    },
}
"""By type and field: the attribute, and how it is shown when it is not as it is."""


class Projecting(StrawberryGraphQLCoreExecutionContext):
    """The executor that knows the short way."""

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: list[Any],
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Complete a list, by projection where it holds plain rows and only their leaves are asked for."""
        item_type = get_named_type(return_type.of_type)
        if type(result) is list and isinstance(item_type, GraphQLObjectType) and item_type.name in PLAIN:
            collected = self.collect_subfields(item_type, field_details_list)
            fields = [(name, details[0].node.name.value) for name, details in collected.grouped_field_set.items()]
            known = PLAIN[item_type.name]
            if fields and not collected.new_defer_usages and all(field in known for _, field in fields):
                return project(result, [(name, *known[field]) for name, field in fields])
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)


def project(items: Sequence[Any], columns: Sequence[tuple[str, str, Shown | None]]) -> list[dict[str, Any]]:
    """The rows of plain items: of each column its name, its attribute, and how its values are shown.

    >>> project([1 + 2j], [("re", "real", None), ("im", "imag", int)])
    [{'re': 1.0, 'im': 2}]
    """
    names = [name for name, _, _ in columns]
    values: Iterable[Iterable[Any]] = [_column(items, attribute, shown) for _, attribute, shown in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _column(items: Sequence[Any], attribute: str, shown: Shown | None) -> Iterable[Any]:
    found = map(attrgetter(attribute), items)
    return found if shown is None else [None if value is None else shown(value) for value in found]
