"""Merging in one fixed tree, whoever computed the leaves and in whatever order they come."""

from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeVar


class Mergeable(Protocol):
    """A state of some rows."""

    def merge(self, other: Any, /) -> None:
        """Take in the state of the rows that follow."""


M = TypeVar("M", bound=Mergeable)
Node = tuple[int, int, M]
"""Height h, position i and the state of the leaves from i · 2^h to (i + 1) · 2^h, of which the last may be missing."""


class MergeTree(Generic[M]):
    """States of consecutive parts, merged in pairs as soon as both halves of a pair are there.

    Floating-point sums and sketches depend on the order of merging, so the order is fixed: the binary tree over the
    leaves' positions. What is merged where and when does not matter.

    Example:
        >>> tree: MergeTree[Profile] = MergeTree()
        >>> tree.add((0, 1, Profile(rows=2)))
        >>> tree.add((0, 0, Profile(rows=1)))
        >>> tree.whole().rows
        3
    """

    def __init__(self) -> None:
        self._nodes: dict[tuple[int, int], M] = {}

    def add(self, node: Node[M]) -> None:
        """Take in a leaf (height 0) or what another tree holds; its state is the tree's from now on."""
        height, position, state = node
        while (sibling := self._nodes.pop((height, position ^ 1), None)) is not None:
            left, right = (sibling, state) if position & 1 else (state, sibling)
            left.merge(right)
            height, position, state = height + 1, position >> 1, left
        self._nodes[height, position] = state

    def nodes(self) -> list[Node[M]]:
        """What is held: at most two nodes of a height, ordered by their leaves, when the leaves were consecutive."""
        return [
            (height, position, self._nodes[height, position])
            for height, position in sorted(self._nodes, key=lambda node: node[1] << node[0])
        ]

    def whole(self) -> M | None:
        """The state of all leaves, once they are there from the first to the last; None without any."""
        whole: M | None = None
        for _, _, state in reversed(self.nodes()):
            if whole is not None:
                state.merge(whole)
            whole = state
        self._nodes.clear()
        return whole


def merged(states: Iterable[M]) -> M | None:
    """The states of consecutive parts as one, merged in the fixed tree; None without any."""
    tree: MergeTree[M] = MergeTree()
    for position, state in enumerate(states):
        tree.add((0, position, state))
    return tree.whole()
