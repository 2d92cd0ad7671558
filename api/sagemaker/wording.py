"""What does not fit, in AWS's words."""

from typing import Any

from api.sagemaker.failures import ProtocolError

SHOWN = 512
"""Characters of a value that a message repeats."""

Problems = list[str]


def problem(value: Any, path: str, constraint: str) -> str:
    """One value that does not fit."""
    shown = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def constraints(noted: Problems) -> str:
    """What the problems of a list's or map's members say, each once."""
    found = [text.split("failed to satisfy constraint: ", 1)[1] for text in noted]
    return ", ".join(dict.fromkeys(found))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        text = f"[{', '.join(_shown(item) for item in value[:20])}]"
    elif isinstance(value, dict):
        text = f"{{{', '.join(f'{key[:60]}={_shown(item)}' for key, item in list(value.items())[:20])}}}"
    else:
        text = str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def mismatch(value: Any, wanted: str, path: str) -> ProtocolError:
    """A value of another type than the shape's."""
    found = {
        bool: "a Boolean",
        str: "a String",
        int: "a Number",
        float: "a Number",
        list: "a list",
        dict: "a structure",
    }
    at = path or "the body"
    return ProtocolError(
        "SerializationException", f"{at}: {found.get(type(value), 'null')} can not be converted to {wanted}"
    )
