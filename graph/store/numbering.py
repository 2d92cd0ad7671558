"""The highest number that was given under each of some beginnings of keys, found by a few look-ups.

Numbers are given without gaps and never again, so whether one was given says that all before it were. The embedded database
sorts a whole range to find its end; a look-up of 32 keys costs it little, however many versions there are.
"""

from collections.abc import Iterable, Mapping

from graph.working import Run

PROBES = 32
BITS = 31
"""Numbers have fewer bits."""


def key(prefix: str, number: int) -> str:
    """The key of a number."""
    return f"{prefix}{number:010d}"


async def highest(run: Run, prefixes: Iterable[str], hints: Mapping[str, int] | None = None) -> dict[str, int]:
    """The highest number by prefix, 0 where none was given.

    Args:
        run: Runs a statement: a store's or a transaction's.
        prefixes: What the keys begin with: `<account>/model-package/churn/`.
        hints: Numbers that were the highest not long ago; wrong ones cost only time.
    """
    hints = hints or {}
    # `low` was given, `high` was not; 0 counts as given.
    low = dict.fromkeys(prefixes, 0)
    high = dict.fromkeys(low, 1 << BITS)
    asked = {prefix: _doubling(hints.get(prefix, 0)) for prefix in low}
    while asked:
        keys = {key(prefix, number): (prefix, number) for prefix, numbers in asked.items() for number in numbers}
        given = {keys[found] for found in await run("registry/given", {"keys": list(keys)})}
        for prefix, number in keys.values():
            if (prefix, number) in given:
                low[prefix] = max(low[prefix], number)
            else:
                high[prefix] = min(high[prefix], number)
        asked = {prefix: _between(low[prefix], high[prefix]) for prefix in low if high[prefix] - low[prefix] > 1}
    return low


def _doubling(hint: int) -> list[int]:
    """The hint, and numbers ever farther behind it."""
    steps = [hint + (1 << power) for power in range(BITS)]
    return [*([hint] if hint else []), *(number for number in steps if number < 1 << BITS)]


def _between(low: int, high: int) -> list[int]:
    step = -(-(high - low) // PROBES)
    return list(range(low + step, high, step))
