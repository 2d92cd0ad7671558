"""The highest number is found wherever it is, by few look-ups, whatever was guessed."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.store.numbering import BITS, highest, key

NUMBERS = st.one_of(st.integers(0, 200), st.integers(0, (1 << BITS) - 2))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["a/", "b/", "c/"]), st.tuples(NUMBERS, NUMBERS), min_size=1))
async def test_it_is_found(held: dict[str, tuple[int, int]]) -> None:
    rounds = 0

    async def run(name: str, parameters: dict[str, Any]) -> list[str]:
        nonlocal rounds
        rounds += 1
        assert name == "registry/given"
        asked = parameters["keys"]
        assert len(asked) <= 33 * len(held)
        return [one for one in asked if 1 <= int(one[2:]) <= held[one[:2]][0]]

    hints = {prefix: hint for prefix, (_, hint) in held.items()}
    assert await highest(run, held, hints) == {prefix: last for prefix, (last, _) in held.items()}
    assert rounds <= 9


async def test_a_right_guess_takes_one_look_up() -> None:
    rounds = 0

    async def run(_: str, parameters: dict[str, Any]) -> list[str]:
        nonlocal rounds
        rounds += 1
        return [one for one in parameters["keys"] if one <= key("a/", 10_000)]

    assert await highest(run, ["a/"], {"a/": 10_000}) == {"a/": 10_000}
    assert rounds == 1
