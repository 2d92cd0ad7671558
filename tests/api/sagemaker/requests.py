"""Requests made from AWS's service models: inputs that fit a shape, and inputs in which one thing does not."""

import base64
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

Sampled = Mapping[str, list[str]]
"""Texts to use for strings, by a part of their shape's or member's name in lower case."""

Spoil = tuple[dict[str, Any], str, Any]
"""Where, which member, and what it becomes."""

GONE = object()
WRONG: dict[str, Any] = {
    "string": 5,
    "integer": "x",
    "boolean": "yes",
    "timestamp": {},
    "structure": [],
    "list": {},
    "map": [],
}
DEPTH = 6
ITEMS = 3
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)


def valid(shape: Any, sampled: Sampled, member: str = "", depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that fit a shape, as JSON has them."""
    kind = shape.type_name
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    if kind == "structure":
        required = {
            name: valid(part, sampled, name, depth + 1)
            for name, part in shape.members.items()
            if name in shape.required_members
        }
        rest = {name: part for name, part in shape.members.items() if name not in required}
        optional = {name: valid(part, sampled, name, depth + 1) for name, part in rest.items() if depth < DEPTH}
        return st.fixed_dictionaries(required, optional=optional)
    if kind == "list":
        item = valid(shape.member, sampled, member, depth + 1)
        least = int(minimum or 0)
        return st.lists(item, min_size=least, max_size=max(least, min(int(maximum or ITEMS), ITEMS)))
    if kind == "map":
        key, value = (valid(part, sampled, member, depth + 1) for part in (shape.key, shape.value))
        return st.dictionaries(key, value, max_size=min(int(maximum or ITEMS), ITEMS))
    if kind == "string":
        return _text(shape, sampled, member)
    if kind in ("integer", "long"):
        return st.integers(int(minimum or 0), int(maximum if maximum is not None else (minimum or 0) + 1000))
    if kind in ("float", "double"):
        return st.floats(allow_nan=False, allow_infinity=False, min_value=minimum, max_value=maximum)
    if kind == "boolean":
        return st.booleans()
    if kind == "timestamp":
        return st.integers(0, 4_000_000_000) | st.floats(0, 4e9)
    assert kind == "blob", kind
    return st.binary(max_size=20).map(lambda content: base64.b64encode(content).decode())


def invalid(shape: Any, sampled: Sampled) -> st.SearchStrategy[Any]:
    """Inputs of an operation in which one member has another type, length, pattern or is missing."""

    @st.composite
    def spoilt(draw: st.DrawFn) -> Any:
        value = draw(valid(shape, sampled))
        spoil: list[Spoil] = []
        _collect(shape, value, spoil)
        if not spoil:
            return draw(st.sampled_from([[], "text", 5]))
        inside, name, wrong = draw(st.sampled_from(spoil))
        if wrong is GONE:
            inside.pop(name)
        else:
            inside[name] = wrong
        return value

    return spoilt()


def _collect(shape: Any, value: dict[str, Any], spoil: list[Spoil]) -> None:
    for name, part in shape.members.items():
        maximum = part.metadata.get("max")
        if name in shape.required_members:
            spoil.append((value, name, GONE))
        if part.type_name in WRONG:
            spoil.append((value, name, WRONG[part.type_name]))
        if part.type_name == "string" and maximum is not None and maximum < 100_000:
            spoil.append((value, name, "a" * (int(maximum) + 1)))
        if part.type_name == "string" and part.enum:
            spoil.append((value, name, "Nothing"))
        if part.type_name == "string" and part.metadata.get("pattern", ".*") not in (".*", ""):
            spoil.append((value, name, "\n!§"))
        if part.type_name == "integer" and maximum is not None:
            spoil.append((value, name, int(maximum) + 1))
        if part.type_name == "structure" and isinstance(value.get(name), dict):
            _collect(part, value[name], spoil)


def _text(shape: Any, sampled: Sampled, member: str) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(list(shape.enum))
    minimum, maximum = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 64))
    known = [
        text
        for part, texts in sampled.items()
        if part in member.lower() or part in shape.name.lower()
        for text in texts
        if minimum <= len(text) <= maximum
    ]
    free = _fitting(shape.metadata.get("pattern"), minimum, min(maximum, minimum + 64))
    return st.sampled_from(known) | free if known else free


@cache
def _fitting(pattern: str | None, minimum: int, maximum: int) -> st.SearchStrategy[str]:
    if pattern is None or pattern == ".*":
        return TEXT.map(
            lambda text: (text + "a" * minimum)[: max(maximum, 1)] if len(text) < minimum else text[:maximum]
        )
    try:
        compiled = re.compile(pattern)
    except re.error:
        # Classes of Unicode, which `re` lacks, all admit letters and digits.
        return st.text("abcXYZ019", min_size=max(minimum, 1), max_size=max(maximum, 1))
    return st.from_regex(compiled, fullmatch=True).filter(lambda text: minimum <= len(text) <= maximum)
