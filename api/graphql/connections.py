"""Relay's connections, made from pages by keyset."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import strawberry

from api.graphql import cursors
from graph.times import Moment

T = TypeVar("T")


@strawberry.type
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    """An item and its cursor."""

    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    """One page of a list; later pages read at the moment of the first."""

    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo


def connection(
    list_: str, when: Moment, items: Sequence[tuple[str, T]], *, more: bool, after: str | None
) -> Connection[T]:
    """The connection of a page's keys and items."""
    edges = [Edge(cursor=cursors.encode(list_, when, key), node=item) for key, item in items]
    page = PageInfo(
        has_next_page=more,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, nodes=[item for _, item in items], page_info=page)
