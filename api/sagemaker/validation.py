"""Checking a request against its shape, in AWS's words; botocore's own validator, meant for clients, checks minima only.

A shape is compiled once into nested functions; each takes a value and its path and gives the value as handlers get it
(times as `datetime`, blobs as `bytes`), noting what is wrong.
"""

import base64
import binascii
import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import regex

from api.sagemaker.failures import VALIDATION, ProtocolError
from api.sagemaker.model import Shape
from api.sagemaker.wording import Problems, constraints, mismatch, problem

Check = Callable[[Any, str, Problems], Any]

PATTERN_SECONDS = 0.25
REPORTED = 20
SCALARS = ("string", "integer", "long", "float", "double", "boolean", "timestamp", "blob", "character")
INTEGERS = {"integer": 2**31, "long": 2**63}

_compiled: dict[int, tuple[Shape, Check]] = {}


def validate(shape: Shape | None, given: Any) -> dict[str, Any]:
    """The input of an operation, checked; members that the shape does not know are left out, as AWS does.

    Raises:
        ProtocolError: `ValidationException` with everything that does not fit, or `SerializationException` for a value of
            another type.
    """
    if shape is None:
        return {}
    problems: Problems = []
    checked: dict[str, Any] = check_of(shape)(given, "", problems)
    if problems:
        count = len(problems)
        text = "; ".join(problems[:REPORTED])
        raise ProtocolError(VALIDATION, f"{count} validation error{'s' if count > 1 else ''} detected: {text}")
    return checked


def check_of(shape: Shape) -> Check:
    """The compiled check of a shape."""
    held = _compiled.get(id(shape))
    if held is None:
        # The shape is kept beside its check, so that its id stays its own.
        held = _compiled[id(shape)] = (shape, MAKERS.get(shape.type_name, _number)(shape))
    return held[1]


def _structure(shape: Any) -> Check:
    members: dict[str, tuple[str, Check]] = {}
    required = [(name, _lower(name)) for name in shape.required_members]

    def check(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            raise mismatch(value, "a structure", path)
        if not members:
            # Only now, since a shape may hold itself, each time as another object.
            members.update({name: (_lower(name), check_of(member)) for name, member in shape.members.items()})
        prefix = f"{path}." if path else ""
        for name, shown in required:
            if value.get(name) is None:
                problems.append(problem(None, prefix + shown, "Member must not be null"))
        return {
            name: inner(item, prefix + shown, problems)
            for name, (shown, inner) in members.items()
            if (item := value.get(name)) is not None
        }

    return check


def _list(shape: Any) -> Check:
    inner, scalar = check_of(shape.member), shape.member.type_name in SCALARS
    minimum, maximum = _bounds(shape)

    def check(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, list):
            raise mismatch(value, "a list", path)
        _length(value, len(value), minimum, maximum, path, problems)
        # A list far too long is not looked through.
        if maximum is not None and len(value) > maximum * 10:
            return value
        found = []
        if scalar:
            for item in value:
                noted: Problems = []
                found.append(inner(_some(item, path), path, noted))
                if noted:
                    problems.append(problem(value, path, f"Member must satisfy constraint: [{constraints(noted)}]"))
                    break
            return found
        for number, item in enumerate(value, 1):
            at = f"{path}.{number}.member"
            found.append(inner(_some(item, at), at, problems))
        return found

    return check


def _map(shape: Any) -> Check:
    named, inner, scalar = check_of(shape.key), check_of(shape.value), shape.value.type_name in SCALARS
    minimum, maximum = _bounds(shape)

    def check(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            raise mismatch(value, "a map", path)
        _length(value, len(value), minimum, maximum, path, problems)
        if maximum is not None and len(value) > maximum * 10:
            return value
        found: dict[str, Any] = {}
        keys: Problems = []
        values: Problems = []
        for name, item in value.items():
            named(name, path, keys)
            if item is None:
                continue
            found[name] = inner(item, f"{path}.{name[:60]}.member", values if scalar else problems)
        if keys:
            problems.append(problem(value, path, f"Map keys must satisfy constraint: [{constraints(keys)}]"))
        if values:
            problems.append(problem(value, path, f"Map value must satisfy constraint: [{constraints(values)}]"))
        return found

    return check


def _string(shape: Any) -> Check:
    low, high = _bounds(shape)
    shortest, longest = low or 0, math.inf if high is None else high
    known = frozenset(shape.enum)
    pattern = shape.metadata.get("pattern")
    fits = None if pattern is None else PLAIN.get(pattern) or partial(_matches, pattern)

    def check(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, str):
            raise mismatch(value, "a String", path)
        if known and value not in known:
            listed = ", ".join(shape.enum)
            problems.append(problem(value, path, f"Member must satisfy enum value set: [{listed}]"))
        elif not shortest <= len(value) <= longest:
            _length(value, len(value), low, high, path, problems)
        elif fits is not None and not fits(value):
            problems.append(problem(value, path, f"Member must satisfy regular expression pattern: {pattern}"))
        return value

    return check


def _number(shape: Any) -> Check:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    kind = shape.type_name
    limit = INTEGERS.get(kind)

    def check(value: Any, path: str, problems: Problems) -> Any:
        if limit is not None:
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if not isinstance(value, int) or isinstance(value, bool):
                raise mismatch(value, "an Integer" if kind == "integer" else "a Long", path)
            if not -limit <= value < limit:
                raise mismatch(value, "an Integer" if kind == "integer" else "a Long", path)
        else:
            if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
                value = float(value)
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise mismatch(value, "a Double", path)
            value = float(value)
        if minimum is not None and not value >= float(minimum):
            problems.append(problem(value, path, f"Member must have value greater than or equal to {minimum}"))
        if maximum is not None and not value <= float(maximum):
            problems.append(problem(value, path, f"Member must have value less than or equal to {maximum}"))
        return value

    return check


def _boolean(_: Any) -> Check:
    def check(value: Any, path: str, __: Problems) -> Any:
        if not isinstance(value, bool):
            raise mismatch(value, "a Boolean", path)
        return value

    return check


def _timestamp(_: Any) -> Check:
    def check(value: Any, path: str, __: Problems) -> Any:
        try:
            if isinstance(value, str):
                moment = datetime.fromisoformat(value)
                return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            pass
        raise mismatch(value, "a Timestamp", path)

    return check


def _blob(shape: Any) -> Check:
    minimum, maximum = _bounds(shape)

    def check(value: Any, path: str, problems: Problems) -> Any:
        try:
            content = base64.b64decode(value, validate=True) if isinstance(value, str) else None
        except (binascii.Error, ValueError):
            content = None
        if content is None:
            raise mismatch(value, "a Blob", path)
        _length("java.nio.HeapByteBuffer", len(content), minimum, maximum, path, problems)
        return content

    return check


MAKERS: dict[str, Callable[[Any], Check]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}


def _bounds(shape: Any) -> tuple[int | None, int | None]:
    return shape.metadata.get("min"), shape.metadata.get("max")


def _length(value: Any, size: int, minimum: int | None, maximum: int | None, path: str, problems: Problems) -> bool:
    if maximum is not None and size > maximum:
        problems.append(problem(value, path, f"Member must have length less than or equal to {maximum}"))
        return False
    if minimum is not None and size < minimum:
        problems.append(problem(value, path, f"Member must have length greater than or equal to {minimum}"))
        return False
    return True


def _line(value: str) -> bool:
    return "\n" not in value


PLAIN: dict[str, Callable[[str], bool]] = {".*": _line, "[\\S\\s]*": lambda _: True, "[\\s\\S]*": lambda _: True}
"""The most frequent patterns, which match whole lines, or anything."""


@cache
def _compile(pattern: str) -> "regex.Pattern[str]":
    # One range of the model is written in UTF-16 halves, two patterns repeat the end of the text.
    meant = pattern.replace("\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\U00010000-\\U0010FFFF")
    # As in Java, for which the patterns are written, \w and \d are ASCII's; \p{…} would be, too, under that flag.
    flags = regex.UNICODE if "\\p{" in meant else regex.ASCII
    return regex.compile(regex.sub(r"\$\{\d+,\d+\}$", "", meant), flags)


def _matches(pattern: str, value: str) -> bool:
    try:
        return _compile(pattern).fullmatch(value, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        # No value that the model means needs so long.
        return False


def _some(item: Any, path: str) -> Any:
    if item is None:
        raise mismatch(item, "a value", path)
    return item


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
