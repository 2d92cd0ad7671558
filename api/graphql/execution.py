"""Execution with a short way for long lists of plain rows.

graphql-core completes every value on its own, some 4 µs each, of an object that has to be made for it. The rows of a walk come
by the thousand and hold nothing but leaves, so where no more is asked for they are projected in one go from what the graph
gave, and their values are shown as the long way would show them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

from graphql import GraphQLList, GraphQLObjectType, GraphQLOutputType, get_named_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.graphql.scalars import show_time
from graph.associations import Association
from graph.detours import Detour
from graph.times import FOREVER, from_ms

Getter = Callable[[Any], Any]
T = TypeVar("T")


class Rows(Generic[T]):
    """Rows as the graph gives them: for fields that need more than their values, each is made into an object first.

    Args:
        items: Tuples, of nodes or of edges.
        make: The object of an item.
    """

    def __init__(self, items: Sequence[Any], make: Callable[[Any], T]) -> None:
        self.items = items
        self._make = make

    def __iter__(self) -> Iterator[T]:
        return map(self._make, self.items)


def _ms(milliseconds: int) -> str | None:
    return None if milliseconds == FOREVER else show_time(from_ms(milliseconds))


def _via(edge: Association | Detour) -> list[str]:
    return list(edge.via) if isinstance(edge, Detour) else []


Column = tuple[Getter, Callable[[Any], Any] | None]
PLAIN: dict[str, dict[str, Column]] = {
    "LineageNode": {
        "arn": (attrgetter("arn"), None),
        "kind": (attrgetter("kind.value"), None),
        "type": (attrgetter("type"), None),
        "name": (attrgetter("name"), None),
        "depth": (attrgetter("depth"), None),
        "createdAt": (attrgetter("created_at"), _ms),
    },
    "LineageEdge": {
        "source": (attrgetter("source"), None),
        "destination": (attrgetter("destination"), None),
        "association": (attrgetter("association.value"), None),
        "validFrom": (attrgetter("valid_from"), _ms),
        "validTo": (attrgetter("valid_to"), _ms),
        "via": (_via, None),
    },
}
"""By type and field of an item: its value, and how it is shown when it is not as it is."""


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
        if isinstance(result, Rows) and isinstance(item_type, GraphQLObjectType):
            collected = self.collect_subfields(item_type, field_details_list)
            fields = [(name, details[0].node.name.value) for name, details in collected.grouped_field_set.items()]
            known = PLAIN[item_type.name]
            if fields and not collected.new_defer_usages and all(field in known for _, field in fields):
                return project(result.items, [(name, *known[field]) for name, field in fields])
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)


def project(
    items: Sequence[Any], columns: Sequence[tuple[str, Getter, Callable[[Any], Any] | None]]
) -> list[dict[str, Any]]:
    """The rows of plain items: of each column its name, how it is got, and how its values are shown.

    >>> project([1 + 2j], [("re", attrgetter("real"), None), ("im", attrgetter("imag"), int)])
    [{'re': 1.0, 'im': 2}]
    """
    names = [name for name, _, _ in columns]
    values: list[Iterable[Any]] = [_column(items, getter, shown) for _, getter, shown in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _column(items: Sequence[Any], getter: Getter, shown: Callable[[Any], Any] | None) -> Iterable[Any]:
    found = map(getter, items)
    return found if shown is None else map(shown, found)
