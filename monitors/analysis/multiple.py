"""Many tests at once: p-values adjusted so that chance alone does not raise alarms."""

from collections.abc import Mapping
from typing import Literal

Correction = Literal["None", "Holm", "BenjaminiHochberg"]

CORRECTIONS: tuple[Correction, ...] = ("None", "Holm", "BenjaminiHochberg")


def adjusted(p_values: Mapping[str, float], correction: Correction) -> dict[str, float]:
    """The p-values (none of them NaN), adjusted for being tested together.

    Holm holds the probability of any false alarm under the threshold; Benjamini–Hochberg the share of false ones among
    the alarms, for tests that are independent or positively dependent. Sources: Holm, "A Simple Sequentially Rejective
    Multiple Test Procedure" (1979); Benjamini, Hochberg, "Controlling the False Discovery Rate" (1995).

    Example:
        >>> adjusted({"a": 0.01, "b": 0.04}, "Holm")
        {'a': 0.02, 'b': 0.04}
    """
    if correction == "None":
        return dict(p_values)
    count = len(p_values)
    ascending = sorted(p_values, key=lambda name: (p_values[name], name))
    found: dict[str, float] = {}
    if correction == "Holm":
        highest = 0.0
        for rank, name in enumerate(ascending):
            highest = max(highest, min(1.0, (count - rank) * p_values[name]))
            found[name] = highest
    else:
        lowest = 1.0
        for rank, name in reversed(list(enumerate(ascending, 1))):
            lowest = min(lowest, count / rank * p_values[name])
            found[name] = lowest
    return {name: found[name] for name in p_values}
