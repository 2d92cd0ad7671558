"""The graphs that are walked, from the standard library alone: ml-metadata's environment reads this module, too."""

import itertools
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A layered graph: nodes by layer, even layers artifacts and odd ones executions; edges lead one layer on."""

    layers: list[list[int]]
    edges: list[tuple[int, int]]

    @property
    def nodes(self) -> int:
        return sum(len(layer) for layer in self.layers)

    def artifact(self) -> set[int]:
        """The nodes that are artifacts."""
        return {node for layer in self.layers[::2] for node in layer}


def cone(layers: int = 20, width: int = 140, edges: int = 5_000, seed: int = 7) -> Shape:
    """One artifact from which every other node is reached: 2,801 nodes and 5,000 edges in 20 levels."""
    dice = random.Random(seed)
    rows = [[0]]
    for layer in range(layers):
        first = 1 + layer * width
        rows.append(list(range(first, first + width)))
    pairs = {(above[i % len(above)], node) for above, row in itertools.pairwise(rows) for i, node in enumerate(row)}
    while len(pairs) < edges:
        layer = dice.randrange(1, layers)
        pairs.add((dice.choice(rows[layer]), dice.choice(rows[layer + 1])))
    return Shape(rows, sorted(pairs))
