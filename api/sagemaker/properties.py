"""The properties that Search names, found in the model's shapes: `Status.PrimaryStatus`, `Tags.team`, `Metrics.auc.Max`.

Members are found whatever the case of their letters, as older clients write `metrics.auc.max`; keys of maps and tags are
taken as they are.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from api.sagemaker.model import Shape
from graph.errors import InvalidError
from graph.search import Form, Property, Reader, leaves

KEYED = {
    "TagList": ("Key", "Value"),
    "TrialComponentMetricSummaries": ("MetricName", "Last"),
}
"""Lists that are read by a key, by their shape's name: the member that is the key, the one that the key alone means."""
NUMBERS = ("integer", "long", "float", "double")
Read = tuple[Form, Reader]


def property_of(shape: Shape, path: str) -> Property:
    """The property that a path names in a structure.

    Raises:
        InvalidError: there is none of this name.
    """
    found = _found(shape, path)
    if found is None:
        raise InvalidError(f"Unknown property name: {path[:100]}", path="Name", constraint="a property of the resource")
    return Property(path, *found)


def list_of(shape: Any, path: str) -> tuple[Any, Reader]:
    """The list of structures that NestedFilters names: the shape of its elements, and their reader.

    Raises:
        InvalidError: there is no such list.
    """
    name = _member(shape, path)
    member: Any = None if name is None else shape.members[name]
    if name is None or member.type_name != "list" or member.member.type_name != "structure":
        raise InvalidError(
            f"{path[:100]} is no list of structures", path="NestedPropertyName", constraint="a list of the resource"
        )
    return member.member, lambda document: list(document.get(name) or ())


def names_of(shape: Any) -> Iterator[str]:
    """The names of all properties that do not depend on what is kept."""
    for name, member in shape.members.items():
        if member.type_name == "structure":
            yield from (f"{name}.{inner}" for inner in names_of(member))
        elif member.type_name == "list" and member.member.type_name == "structure" and member.name not in KEYED:
            yield from (f"{name}.{inner}" for inner in names_of(member.member))
        else:
            yield name


def first_of(path: str) -> str:
    """The first part of a path, in lower case."""
    return path.partition(".")[0].lower()


def _found(shape: Any, path: str) -> Read | None:
    """The form and reader of a path in a shape; None when there is none."""
    if not path:
        return _leaf(shape)
    finders: dict[str, Callable[[Any, str], Read | None]] = {"structure": _inside, "map": _mapped, "list": _listed}
    finder = finders.get(shape.type_name)
    return None if finder is None else finder(shape, path)


def _leaf(shape: Any) -> Read:
    if shape.type_name == "timestamp":
        return Form.TIME, _itself
    if shape.type_name in NUMBERS:
        return Form.NUMBER, _itself
    named = shape.name.endswith(("EntityName", "Arn"))
    return (Form.NAME if named else Form.TEXT), leaves


def _itself(value: Any) -> list[Any]:
    return [] if value is None else [value]


def _inside(shape: Any, path: str) -> Read | None:
    first, _, rest = path.partition(".")
    name = _member(shape, first)
    found = None if name is None else _found(shape.members[name], rest)
    if name is None or found is None:
        return None
    form, read = found
    return form, lambda value: read(value.get(name)) if value else []


def _mapped(shape: Any, path: str) -> Read:
    """A key, which may hold dots itself; of a structured value all, or one member."""
    key, _, last = path.rpartition(".")
    member = _member(shape.value, last) if shape.value.type_name == "structure" else None

    def read(value: Mapping[str, Any] | None) -> list[Any]:
        if value is None:
            return []
        if path in value:
            return _values(value[path])
        return _itself(value[key].get(member)) if member is not None and key in value else []

    return Form.FREE, read


def _values(value: Any) -> list[Any]:
    if not isinstance(value, Mapping):
        return _itself(value)
    # A file is its location; its media type is asked for by name.
    return _itself(value["Value"]) if "Value" in value else [item for item in value.values() if item is not None]


def _listed(shape: Any, path: str) -> Read | None:
    if shape.name not in KEYED:
        found = _found(shape.member, path)
        if found is None:
            return None
        form, inner = found
        return form, lambda value: [leaf for element in value or () for leaf in inner(element)]
    key, meant = KEYED[shape.name]
    # The key may hold dots itself: the last part is a member where it is the name of one.
    before, _, last = path.rpartition(".")
    member = _member(shape.member, last) if before else None
    form, _ = _leaf(shape.member.members[member or meant])

    def read(value: list[Mapping[str, Any]] | None) -> list[Any]:
        held = value or ()
        whole = [leaf for element in held if element[key] == path for leaf in _itself(element.get(meant))]
        if whole or member is None:
            return whole
        return [leaf for element in held if element[key] == before for leaf in _itself(element.get(member))]

    return form, read


def _member(shape: Any, name: str) -> str | None:
    """The member of a structure of this name, whatever its case."""
    wanted = name.lower()
    return next((member for member in shape.members if member.lower() == wanted), None)
