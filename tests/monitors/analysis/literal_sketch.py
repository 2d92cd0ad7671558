"""Deequ's `QuantileNonSample`, one item at a time and as plainly as it can be written: what ours must equal."""

import math


class LiteralSketch:
    def __init__(self, k: int = 2048, c: float = 0.64) -> None:
        self.k = k
        self.c = c
        self.levels: list[list[float]] = [[]]
        self.compressions = [0]
        self.offsets = [0]

    def capacity(self, height: int) -> int:
        return 2 * (math.ceil(self.k * math.pow(self.c, height) / 2) + 1)

    def total_capacity(self) -> int:
        return sum(self.capacity(height) for height in range(len(self.levels)))

    def size(self) -> int:
        return sum(len(level) for level in self.levels)

    def expand(self) -> None:
        self.levels.append([])
        self.compressions.append(0)
        self.offsets.append(0)

    def update(self, item: float) -> None:
        self.levels[0].append(item)
        if self.size() > self.total_capacity():
            self.condense()

    def condense(self) -> None:
        for height, level in enumerate(self.levels):
            if len(level) >= self.capacity(height):
                if height + 1 >= len(self.levels):
                    self.expand()
                self.levels[height + 1].extend(self.compact(height))
                return

    def compact(self, height: int) -> list[float]:
        level = self.levels[height]
        even = len(level) - len(level) % 2
        if self.compressions[height] % 2 == 1:
            self.offsets[height] = 1 - self.offsets[height]
        output = sorted(level[:even])[self.offsets[height] :: 2]
        self.levels[height] = [level[-1]] if len(level) % 2 else []
        self.compressions[height] += 1
        return output

    def merge(self, other: "LiteralSketch") -> None:
        while len(self.levels) < len(other.levels):
            self.expand()
        for height, level in enumerate(other.levels):
            self.levels[height] += level
        while self.size() >= self.total_capacity():
            self.condense()
