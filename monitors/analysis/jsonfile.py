"""Strict JSON with the strings that the monitors' files use for NaN and infinities."""

import json
import math
from collections.abc import Mapping
from typing import Any

import orjson

from monitors.analysis.errors import DocumentError

Document = dict[str, Any]

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def number(value: float) -> float | str:
    """`value` as strict JSON can hold it: NaN and infinities become `"NaN"`, `"Infinity"`, `"-Infinity"`."""
    if math.isfinite(value):
        return float(value)
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def parse_number(value: object, where: str) -> float:
    """The number that `number` wrote.

    Raises:
        DocumentError: `value` is neither a number nor one of the three strings; `where` names its place.
    """
    if isinstance(value, str) and value in _SPECIAL:
        return _SPECIAL[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DocumentError(f"{where} is {value!r}; a number, or one of the strings {', '.join(_SPECIAL)}, is needed.")
    return float(value)


def dump(document: Mapping[str, Any]) -> bytes:
    """`document` as UTF-8 JSON in the order of its keys: the same document always gives the same bytes."""
    return orjson.dumps(document)


def load(data: bytes | str, what: str) -> Document:
    """The object that `data` holds; `what` names the file in errors.

    Python's own `NaN`, `Infinity` and `-Infinity` outside of strings are read too, since files of other tools hold
    them.

    Raises:
        DocumentError: It is not JSON, not UTF-8, or not an object.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{what} is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise DocumentError(f"{what} holds a JSON {type(document).__name__}; an object is needed.")
    return document
