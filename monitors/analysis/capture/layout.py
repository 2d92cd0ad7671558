"""Which field of a captured record is which column."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError

from monitors.analysis.errors import ColumnsError

Part = Literal["output", "input", "truth"]

MEMBERS: Mapping[Part, tuple[str, ...]] = {
    "output": ("endpointOutput", "batchTransformOutput"),
    "input": ("endpointInput", "batchTransformInput"),
}
"""What a part is called in `captureData`, at an endpoint and in a batch transform."""

ALL_PARTS: frozenset[Part] = frozenset(("output", "input", "truth"))

TRUTH = "groundTruth"
"""The column of ground truth that nobody named."""

_PLAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*")


class MisfitError(ValueError):
    """A record whose fields are not those of the columns; the text is the reason, without any value."""


@dataclass(frozen=True)
class Attribute:
    """Where in a record a column's value is.

    Attributes:
        part: The model's answer, the request, or the ground truth.
        where: A position from 0 (of CSV, or of a JSON list), the name of a JSON field (`a.b` inside of another), or a
            JMESPath, of which a list gives several rows.
    """

    part: Part
    where: str

    def __post_init__(self) -> None:
        if self.is_path:
            compiled(self.where)

    @property
    def key(self) -> int | str:
        """The position or name."""
        return int(self.where) if self.where.isdecimal() else self.where

    @property
    def is_path(self) -> bool:
        """Whether it is more than a position or a name."""
        return _PLAIN.fullmatch(self.where) is None


@dataclass(frozen=True)
class CaptureLayout:
    """What the fields of captured records are called.

    Attributes:
        names: The columns in order, those of the answer first, usually a baseline's; values without a name of their own
            (CSV, JSON lists) are called so by position. Without names they are `_c0`, `_c1` ….
        columns: Columns with a place of their own; they count no more among `names`. A part in which a JMESPath is
            looked up gives only what is named here.
        features: A JMESPath to the features in the request, such as `instances[*].features`.
        excluded: Columns that are left out.
        parts: Of which values without a place of their own are columns too.

    Example:
        >>> CaptureLayout(("churned", "age", "city"), (("label", Attribute("truth", "0")),))  # doctest: +SKIP
    """

    names: tuple[str, ...] = ()
    columns: tuple[tuple[str, Attribute], ...] = ()
    features: str | None = None
    excluded: frozenset[str] = field(default_factory=frozenset)
    parts: frozenset[Part] = ALL_PARTS

    def __post_init__(self) -> None:
        if self.features is not None:
            compiled(self.features)
        named = [name for name, _ in self.columns]
        for repeated in (self.names, named):
            if len(set(repeated)) < len(repeated):
                raise ColumnsError(f"Two columns of the capture have one name: {', '.join(map(repr, repeated))}.")

    def takes_paths(self, part: Part) -> bool:
        """Whether only what JMESPaths find in a part counts."""
        if part == "input" and self.features is not None:
            return True
        return any(attribute.is_path for _, attribute in self.columns if attribute.part == part)

    def to_document(self) -> dict[str, Any]:
        """As what a run depends on."""
        return {
            "names": list(self.names),
            "columns": {name: f"{attribute.part}:{attribute.where}" for name, attribute in self.columns},
            "features": self.features or "",
            "excluded": sorted(self.excluded),
            **({} if self.parts == ALL_PARTS else {"parts": sorted(self.parts)}),
        }


def read_attribute(text: str) -> tuple[str, Attribute]:
    """A column and its place from `NAME=PART:WHERE`.

    Raises:
        ColumnsError: It has another form, or its JMESPath is none.

    Example:
        >>> read_attribute("prediction=output:0")
        ('prediction', Attribute(part='output', where='0'))
    """
    name, equals, place = text.partition("=")
    part, colon, where = place.partition(":")
    if not (name and equals and colon and where) or part not in ("output", "input", "truth"):
        raise ColumnsError(
            f"{text!r} names no column of a capture: NAME=output:WHERE, NAME=input:WHERE or NAME=truth:WHERE, where WHERE "
            "is a position, a name or a JMESPath."
        )
    return name, Attribute(part, where)  # type: ignore[arg-type]


@lru_cache(256)
def compiled(expression: str) -> Any:
    """A JMESPath, ready to search.

    Raises:
        ColumnsError: It is none.
    """
    try:
        return jmespath.compile(expression)
    except (JMESPathError, RecursionError) as error:
        raise ColumnsError(f"{expression!r} is no JMESPath: {str(error).splitlines()[0]}") from error


NO_LAYOUT = CaptureLayout()

Shape = int | tuple[str, ...]
"""How many values a part has without names, or their names."""

Plan = list[tuple[Part, int | str, str]]
"""Part, position or name there, column."""


@lru_cache(1024)
def plan(layout: CaptureLayout, shapes: tuple[tuple[Part, Shape], ...]) -> Plan:
    """Which value of each part becomes which column.

    Raises:
        MisfitError: There are more or fewer values than columns, or none of them has a column's name.
    """
    fixed = {(attribute.part, attribute.key): name for name, attribute in layout.columns}
    found: Plan = []
    by_position: list[tuple[int, Part, int, int]] = []
    by_name: dict[str, Part] = {}
    offset = 0
    for part, shape in shapes:
        keys: Sequence[int | str] = shape if isinstance(shape, tuple) else range(shape)
        for position, key in enumerate(keys):
            if (part, key) in fixed:
                found.append((part, key, fixed.pop((part, key))))
            elif part not in layout.parts:
                continue
            elif part == "truth":
                lone = isinstance(key, int) and shape == 1
                found.append((part, key, TRUTH if lone else f"{TRUTH}.{key}"))
            elif isinstance(key, int):
                by_position.append((len(found), part, key, offset + position))
                found.append((part, key, ""))
            elif key in by_name:
                raise MisfitError(f"{key!r} is in the request and in the answer; name one of them as a column")
            else:
                by_name[key] = part
                found.append((part, key, key))
        offset += 0 if isinstance(shape, tuple) else shape
    _all_found(fixed, shapes)
    taken = {name for name, _ in layout.columns} | by_name.keys()
    free = [name for name in layout.names if name not in taken]
    if layout.names and by_position and len(by_position) != len(free):
        raise MisfitError(f"{_told(shapes)}; expected are the columns {_list(layout.names)}")
    if layout.names and by_name and not by_position and not any(name in layout.names for name in by_name):
        raise MisfitError(f"{_told(shapes)}; expected are the columns {_list(layout.names)}")
    for index, (place, part, key, overall) in enumerate(by_position):
        found[place] = (part, key, free[index] if layout.names else f"_c{overall}")
    if len({name for _, _, name in found}) < len(found):
        raise MisfitError(f"two values would be one column; {_told(shapes)}")
    return [entry for entry in found if entry[2] not in layout.excluded]


def _all_found(absent: Mapping[tuple[Part, int | str], str], shapes: tuple[tuple[Part, Shape], ...]) -> None:
    there = {part for part, _ in shapes}
    for (part, key), name in absent.items():
        # A record may lack its ground truth, or what was captured of it may be one side only.
        if part in there and not Attribute(part, str(key)).is_path:
            raise MisfitError(f"{part}:{key}, the column {name!r}, is not there; {_told(shapes)}")


def _told(shapes: tuple[tuple[Part, Shape], ...]) -> str:
    words = {"output": "the answer", "input": "the request", "truth": "the ground truth"}
    return ", ".join(
        f"{words[part]} has {_list(shape) if isinstance(shape, tuple) else f'{shape} values without names'}"
        for part, shape in shapes
    )


def _list(names: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name[:60]) for name in names[:50])
    return shown if len(names) <= 50 else f"{shown} and {len(names) - 50} more"
