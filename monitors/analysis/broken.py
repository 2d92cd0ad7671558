"""Lines that can't be read: how many, where, and why; never what stands in them."""

from dataclasses import dataclass, field

MOST_EXAMPLES = 20


@dataclass(frozen=True, order=True)
class BrokenLine:
    """One line (numbered from 1) and what is wrong with it."""

    file: str
    line: int
    reason: str


@dataclass
class BrokenLines:
    """How many lines are broken, and the first of them.

    Attributes:
        count: All broken lines.
        examples: At most 20, in the order of the files and lines.
    """

    count: int = 0
    examples: list[BrokenLine] = field(default_factory=list)

    def add(self, file: str, line: int, reason: str) -> None:
        """Note a broken line; lines come in their order."""
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(BrokenLine(file, line, reason))

    def merge(self, other: "BrokenLines") -> None:
        """Take in the broken lines of the rows that follow; `other` is unchanged."""
        self.count += other.count
        self.examples = [*self.examples, *other.examples][:MOST_EXAMPLES]
