"""Merging in one fixed tree, whoever computed the leaves and in whatever order they come."""

from collections.abc import Iterable

from monitors.analysis.profile import Profile

Node = tuple[int, int, Profile]
"""Height h, position i and the profile of the leaves from i · 2^h to (i + 1) · 2^h, of which the last may be missing."""


class MergeTree:
    """Profiles of consecutive parts, merged in pairs as soon as both halves of a pair are there.

    Floating-point sums and sketches depend on the order of merging, so the order is fixed: the binary tree over the
    leaves' positions. What is merged where and when does not matter.

    Example:
        >>> tree = MergeTree()
        >>> tree.add((0, 1, Profile(rows=2)))
        >>> tree.add((0, 0, Profile(rows=1)))
        >>> tree.whole().rows
        3
    """

    def __init__(self) -> None:
        self._nodes: dict[tuple[int, int], Profile] = {}

    def add(self, node: Node) -> None:
        """Take in a leaf (height 0) or what another tree holds; its profile is the tree's from now on."""
        height, position, profile = node
        while (sibling := self._nodes.pop((height, position ^ 1), None)) is not None:
            left, right = (sibling, profile) if position & 1 else (profile, sibling)
            left.merge(right)
            height, position, profile = height + 1, position >> 1, left
        self._nodes[height, position] = profile

    def nodes(self) -> list[Node]:
        """What is held: at most two nodes of a height, ordered by their leaves, when the leaves were consecutive."""
        return [
            (height, position, self._nodes[height, position])
            for height, position in sorted(self._nodes, key=lambda node: node[1] << node[0])
        ]

    def whole(self) -> Profile | None:
        """The profile of all leaves, once they are there from the first to the last; None without any."""
        whole: Profile | None = None
        for _, _, profile in reversed(self.nodes()):
            if whole is not None:
                profile.merge(whole)
            whole = profile
        self._nodes.clear()
        return whole


def merged(profiles: Iterable[Profile]) -> Profile | None:
    """The profiles of consecutive parts as one, merged in the fixed tree; None without any."""
    tree = MergeTree()
    for position, profile in enumerate(profiles):
        tree.add((0, position, profile))
    return tree.whole()
