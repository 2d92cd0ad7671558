"""What of a value does not fit a shape of a service model; written apart from the door's own code, whose oracle it is."""

import base64
import binascii
import math
from functools import cache
from typing import Any
from xml.etree import ElementTree

import regex

NOT_NUMBERS = ("NaN", "Infinity", "-Infinity")
"""How AWS's JSON writes floats that JSON has no number for."""


def json_problems(shape: Any, value: Any, path: str = "") -> list[str]:
    """What is wrong with a parsed JSON value: unknown or missing members, types, enums, patterns, lengths, ranges.

    Args:
        shape: A shape of botocore's model.
        value: What `json.loads` gave.
        path: Where it stands, for the texts.
    """
    match shape.type_name:
        case "structure":
            return _structure(shape, value, path)
        case "list":
            if not isinstance(value, list):
                return [_type(path, "a list", value)]
            found = _range(shape, len(value), path, "length")
            return found + [
                p for i, item in enumerate(value) for p in json_problems(shape.member, item, f"{path}[{i}]")
            ]
        case "map":
            if not isinstance(value, dict):
                return [_type(path, "a map", value)]
            found = _range(shape, len(value), path, "length")
            for key, item in value.items():
                found += json_problems(shape.key, key, f"{path}.<{key}>")
                found += json_problems(shape.value, item, f"{path}.{key}")
            return found
        case "string" | "character":
            return _string(shape, value, path)
        case "boolean":
            return [] if isinstance(value, bool) else [_type(path, "a boolean", value)]
        case "integer" | "long":
            if not isinstance(value, int) or isinstance(value, bool):
                return [_type(path, "an integer", value)]
            bits = 31 if shape.type_name == "integer" else 63
            if not -(2**bits) <= value < 2**bits:
                return [f"{path}: {value} does not fit {bits + 1} bits"]
            return _range(shape, value, path, "value")
        case "float" | "double":
            if value in NOT_NUMBERS:
                return []
            if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
                return [_type(path, "a number", value)]
            return _range(shape, value, path, "value")
        case "timestamp":
            good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return (
                []
                if good and abs(value * 1000 - round(value * 1000)) < 1e-3
                else [_type(path, "epoch seconds, ms", value)]
            )
        case "blob":
            try:
                base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError, TypeError):
                return [_type(path, "base64", value)]
            return []
    raise AssertionError(f"{path}: nothing is known about the type {shape.type_name}")


def xml_problems(shape: Any, element: ElementTree.Element, path: str = "") -> list[str]:
    """The same for the XML of the form protocol; namespaces are ignored."""
    kind = shape.type_name
    if kind == "structure":
        names = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        found: list[str] = []
        seen: list[str] = []
        for child in element:
            tag = plain(child.tag)
            if tag not in names:
                found.append(f"{path}.{tag}: no member of {shape.name}")
                continue
            name, member = names[tag]
            flattened = member.type_name == "list" and member.serialization.get("flattened")
            if name in seen and not flattened:
                found.append(f"{path}.{tag}: is there twice")
            seen.append(name)
            found += xml_problems(member.member if flattened else member, child, f"{path}.{tag}")
        return found + [f"{path}.{name}: is required" for name in shape.required_members if name not in seen]
    if kind == "list":
        wanted = shape.member.serialization.get("name", "member")
        found = _range(shape, len(element), path, "length")
        for i, child in enumerate(element):
            if plain(child.tag) != wanted:
                found.append(f"{path}[{i}]: is called {child.tag}, not {wanted}")
            found += xml_problems(shape.member, child, f"{path}[{i}]")
        return found
    if len(element):
        return [f"{path}: holds elements, not {kind}"]
    text = element.text or ""
    try:
        match kind:
            case "boolean":
                return [] if text in ("true", "false") else [_type(path, "a boolean", text)]
            case "integer" | "long":
                return json_problems(shape, int(text), path)
            case "float" | "double":
                return json_problems(shape, float(text), path)
            case "timestamp":
                good = regex.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text)
                return [] if good else [_type(path, "an ISO 8601 time", text)]
    except ValueError:
        return [_type(path, kind, text)]
    return json_problems(shape, text, path)


def plain(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def _structure(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [_type(path, f"a {shape.name}", value)]
    found = [f"{path}.{name}: no member of {shape.name}" for name in value if name not in shape.members]
    found += [f"{path}.{name}: is required" for name in shape.required_members if name not in value]
    for name, item in value.items():
        if name in shape.members:
            found += json_problems(shape.members[name], item, f"{path}.{name}")
    if shape.is_tagged_union and len(value) != 1:
        found.append(f"{path}: of the union {shape.name} exactly one member may be there, not {sorted(value)}")
    return found


def _string(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, str):
        return [_type(path, "a string", value)]
    if shape.enum and value not in shape.enum:
        return [f"{path}: {value!r} is not one of {shape.enum}"]
    found = _range(shape, len(value), path, "length")
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not _compiled(pattern).fullmatch(value):
        found.append(f"{path}: {value!r} does not fit {pattern}")
    return found


@cache
def _compiled(pattern: str) -> "regex.Pattern[str]":
    # Java's names of Unicode classes, as AWS's models have them.
    return regex.compile(pattern, regex.ASCII if r"\p{" not in pattern else 0)


def _range(shape: Any, number: float, path: str, what: str) -> list[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    found = []
    if low is not None and number < float(low):
        found.append(f"{path}: its {what} {number} is below {low}")
    if high is not None and number > float(high):
        found.append(f"{path}: its {what} {number} is above {high}")
    return found


def _type(path: str, wanted: str, value: Any) -> str:
    return f"{path}: not {wanted} but {value!r:.80}"
