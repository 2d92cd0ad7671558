"""What names and values may be: SageMaker's limits, with a free artifact name on our own doors."""

import re
from collections.abc import Iterable, Mapping

from graph.errors import InvalidError

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", re.ASCII)
SOURCE_ID_TYPES = ("MD5Hash", "S3ETag", "S3Version", "Custom")
METADATA = ("CommitId", "Repository", "GeneratedBy", "ProjectId")
SPECIFICATION = 2**20
BATCH_ROWS = 10_000
"""Entities and associations that one request may write."""


def text(value: str, path: str, *, maximum: int, minimum: int = 0, lines: bool = True) -> str:
    """The value, when its length fits and it holds only text.

    Raises:
        InvalidError: too short, too long, or with characters that are not text (NUL, controls, lone surrogates).
    """
    if not minimum <= len(value) <= maximum:
        raise InvalidError(
            f"{path} has {len(value)} characters; it may have {minimum} to {maximum}",
            path=path,
            constraint=f"{minimum} <= length <= {maximum}",
        )
    # Latin and most other text passes the first check at once; only odd characters are looked at one by one.
    if not value.isprintable():
        allowed = "\n\r\t" if lines else ""
        for position, character in enumerate(value):
            code = ord(character)
            if (code < 32 and character not in allowed) or code == 127 or 0xD800 <= code <= 0xDFFF:
                raise InvalidError(
                    f"{path} has the character U+{code:04X} at position {position}, which is not text",
                    path=path,
                    constraint="printable text",
                )
    return value


def name(value: str, path: str = "name") -> str:
    """A name of which an ARN is made.

    Raises:
        InvalidError: it is not 1 to 120 letters, digits and inner hyphens.
    """
    text(value, path, minimum=1, maximum=120, lines=False)
    if NAME.fullmatch(value) is None:
        raise InvalidError(
            f"{path} {value!r} may hold letters, digits and hyphens only, and neither begin nor end with a hyphen",
            path=path,
            constraint=NAME.pattern,
        )
    return value


def pairs(values: Mapping[str, str], path: str, *, count: int, key: int, value: int) -> list[list[str]]:
    """The pairs of a map, checked, in the order given.

    Raises:
        InvalidError: too many pairs, or a key or value that does not fit.
    """
    if len(values) > count:
        raise InvalidError(
            f"{path} has {len(values)} pairs; at most {count} are allowed", path=path, constraint=f"size <= {count}"
        )
    return [
        [
            text(k, f"{path}.key", minimum=1, maximum=key, lines=False),
            text(v, f"{path}[{k[:40]!r}]", maximum=value),
        ]
        for k, v in values.items()
    ]


def tags(values: Mapping[str, str]) -> list[list[str]]:
    """Tags, in the order given: at most 50, keys of 1 to 128 and values of 0 to 256 characters."""
    return pairs(values, "tags", count=50, key=128, value=256)


def properties(values: Mapping[str, str], *, artifact: bool) -> list[list[str]]:
    """Properties, sorted by key: at most 30, keys of 1 to 2500 characters, values of at most 2500 (an artifact's 4096)."""
    return sorted(pairs(values, "properties", count=30, key=2500, value=4096 if artifact else 2500))


def metadata(values: Mapping[str, str]) -> list[list[str]]:
    """Where something comes from, sorted by key: SageMaker's four MetadataProperties, of at most 1024 characters each.

    Raises:
        InvalidError: another key, or a value that is too long.
    """
    for key in values:
        if key not in METADATA:
            raise InvalidError(
                f"metadata has the key {key[:60]!r}; known are {', '.join(METADATA)}",
                path="metadata",
                constraint=f"one of {', '.join(METADATA)}",
            )
    return sorted(pairs(values, "metadata", count=len(METADATA), key=128, value=1024))


def specification(value: str) -> str:
    """What something was asked to be: JSON text of at most 1 MiB.

    Raises:
        InvalidError: it is longer.
    """
    if len(value) > SPECIFICATION:
        raise InvalidError(
            f"the specification has {len(value)} characters; it may have {SPECIFICATION}",
            path="specification",
            constraint=f"length <= {SPECIFICATION}",
        )
    return value


def source_types(values: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Source types, sorted: each an id type of SageMaker's and a value of at most 256 characters."""
    checked = []
    for id_type, value in values:
        if id_type not in SOURCE_ID_TYPES:
            raise InvalidError(
                f"sourceTypes has the id type {id_type!r}; known are {', '.join(SOURCE_ID_TYPES)}",
                path="sourceTypes",
                constraint=f"one of {', '.join(SOURCE_ID_TYPES)}",
            )
        checked.append([id_type, text(value, "sourceTypes.value", maximum=256, lines=False)])
    if len(checked) > 50:
        raise InvalidError(
            f"sourceTypes has {len(checked)} pairs; at most 50 are allowed",
            path="sourceTypes",
            constraint="size <= 50",
        )
    return sorted(checked)
