"""Requests for every place of the schema where a caller can name something, made from the schema itself.

A place is an argument, or a field of an input object within one, that takes an ID or a text. A request fills it with a given
value, everything else that is needed with something of the caller's own, and asks for all fields of the answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_leaf_type,
)

from api.graphql.schema import schema

CORE = schema()._schema
TEXTS = ("ID", "String")
DEPTH = 2
Path = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where a value goes.

    Attributes:
        root: `query` or `mutation`.
        field: the root field.
        nested: a field of the root field's answer whose argument this is; None for one of the root field itself.
        path: the argument, and the input fields within it.
        scalar: `ID` or `String`.
    """

    root: str
    field: str
    nested: tuple[str, str] | None
    path: Path
    scalar: str

    def __str__(self) -> str:
        within = f".{self.nested[0]}.{self.nested[1]}" if self.nested else ""
        return f"{self.field}{within}({'.'.join(self.path)})"


def places() -> Iterator[Place]:
    """Every place, of arguments of root fields and of fields below them."""
    seen: set[tuple[str, str]] = set()
    for root, type_ in (("query", CORE.query_type), ("mutation", CORE.mutation_type)):
        assert type_ is not None
        for name, field in type_.fields.items():
            for path, scalar in _paths(field.args):
                yield Place(root, name, None, path, scalar)
            answer = get_named_type(field.type)
            if isinstance(answer, GraphQLObjectType | GraphQLInterfaceType):
                for below, nested in answer.fields.items():
                    for path, scalar in _paths(nested.args):
                        if (answer.name, f"{below}{path}") not in seen:
                            seen.add((answer.name, f"{below}{path}"))
                            yield Place(root, name, (answer.name, below), path, scalar)


def request(place: Place, value: str, own: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The query and variables that put a value into a place.

    Args:
        place: Which.
        value: What goes there.
        own: What fills other places: by argument or field name, `*` for the rest.
    """
    type_ = CORE.query_type if place.root == "query" else CORE.mutation_type
    assert type_ is not None
    field = type_.fields[place.field]
    answer = get_named_type(field.type)
    variables: dict[str, GraphQLInputType] = {}
    values: dict[str, Any] = {}

    def arguments(of: GraphQLField, path: Path | None, prefix: str) -> str:
        given = []
        for name, argument in of.args.items():
            chosen = path is not None and path[0] == name
            if chosen or _needed(argument) or name in ("first", "asOf"):
                variables[prefix + name] = argument.type
                rest = path[1:] if chosen and path is not None else None
                values[prefix + name] = _value(argument.type, name, rest, value, own)
                given.append(f"{name}: ${prefix}{name}")
        return f"({', '.join(given)})" if given else ""

    outer = arguments(field, None if place.nested else place.path, "")
    if place.nested:
        assert isinstance(answer, GraphQLObjectType | GraphQLInterfaceType)
        below = answer.fields[place.nested[1]]
        inner = f"{place.nested[1]}{arguments(below, place.path, 'nested_')} {selection(below.type, DEPTH)}"
        body = f"{place.field}{outer} {{ {inner} }}"
    else:
        body = f"{place.field}{outer} {selection(field.type, DEPTH)}"
    declared = ", ".join(f"${name}: {type_}" for name, type_ in variables.items())
    return f"{place.root} Try{f'({declared})' if declared else ''} {{ {body} }}", values


def selection(type_: GraphQLOutputType, depth: int) -> str:
    """All fields of a type down to a depth."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    if isinstance(named, GraphQLUnionType):
        return f"{{ {' '.join(f'... on {each.name} {selection(each, depth)}' for each in named.types)} }}"
    assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
    parts = []
    for name, field in named.fields.items():
        below = selection(field.type, depth - 1) if depth > 1 or is_leaf_type(get_named_type(field.type)) else None
        if below is not None and not any(_needed(argument) for argument in field.args.values()):
            few = "(first: 2)" if "first" in field.args else ""
            parts.append(f"{name}{few} {below}")
    return f"{{ {' '.join(parts)} }}"


def _paths(fields: dict[str, GraphQLArgument] | dict[str, GraphQLInputField]) -> Iterator[tuple[Path, str]]:
    for name, field in fields.items():
        named = get_named_type(field.type)
        if isinstance(named, GraphQLInputObjectType):
            for path, scalar in _paths(named.fields):
                yield (name, *path), scalar
        elif isinstance(named, GraphQLScalarType) and named.name in TEXTS:
            yield (name,), named.name


def _needed(field: GraphQLArgument | GraphQLInputField) -> bool:
    return isinstance(field.type, GraphQLNonNull) and field.default_value is Undefined


def _value(type_: GraphQLInputType, name: str, path: Path | None, value: str, own: dict[str, str]) -> Any:
    """A value of a type: the given one at the end of the path, else something that fits."""
    if isinstance(type_, GraphQLNonNull):
        return _value(type_.of_type, name, path, value, own)
    if isinstance(type_, GraphQLList):
        return [_value(type_.of_type, name, path, value, own)]
    if isinstance(type_, GraphQLInputObjectType):
        made = {}
        for inner, field in type_.fields.items():
            chosen = bool(path) and path is not None and path[0] == inner
            # An association's end that is not tried has to be there, too, though the schema does not ask for it.
            if chosen or _needed(field) or (inner in ("source", "destination") and path is not None):
                made[inner] = _value(field.type, inner, path[1:] if chosen and path is not None else None, value, own)
        return made
    if path is not None and not path:
        return value
    if name in own:
        return own[name]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    assert isinstance(type_, GraphQLScalarType)
    return {"Int": 2, "Float": 1.0, "Boolean": False, "BigInt": "1"}.get(type_.name, own["*"])
