"""Inputs from what graphql-core read, by a plan that is made once a type.

strawberry works out names and types again for every value, which for the 10,000 rows of an ingest takes longer than reading
them. Its hook `from_input` lets a type build its own values; these are the same as strawberry would build.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any

from strawberry.schema.name_converter import NameConverter
from strawberry.types.arguments import InputContext
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
)
from strawberry.types.maybe import Some

from api.graphql import inputs
from graph.errors import InvalidError

Convert = Callable[[Any], Any]
NAMES = NameConverter()


def plan_inputs() -> None:
    """Let all our input types build their own values."""
    for made in vars(inputs).values():
        if inspect.isclass(made) and (definition := _definition(made)) is not None:
            definition.from_input = build


def build(type_: type, value: Mapping[str, Any], _: InputContext | None = None) -> Any:
    """The input object of a type that a value describes."""
    required, fields = _plan(type_)
    found: dict[str, Any] = dict.fromkeys(required)
    for name, given in value.items():
        field, convert = fields[name]
        found[field] = given if convert is None else convert(given)
    return type_(**found)


@cache
def _plan(type_: type) -> tuple[tuple[str, ...], dict[str, tuple[str, Convert | None]]]:
    """The fields without a default, and by GraphQL's name each field's name and conversion."""
    definition = _definition(type_)
    assert definition is not None
    required = tuple(
        field.python_name
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    )
    fields = {
        NAMES.from_field(field): (field.python_name, _conversion(field.resolve_type(type_definition=definition)))
        for field in definition.fields
    }
    return required, fields


def _conversion(type_: Any) -> Convert | None:
    """How values of a type are converted; None for leaves, which graphql-core has read already."""
    if isinstance(type_, StrawberryMaybe):
        return _some(_conversion(type_.of_type), nullable=isinstance(type_.of_type, StrawberryOptional))
    if isinstance(type_, StrawberryOptional):
        inner = _conversion(type_.of_type)
        return None if inner is None else lambda value: None if value is None else inner(value)
    if isinstance(type_, StrawberryList):
        item = _conversion(type_.of_type)
        return list if item is None else lambda values: [item(value) for value in values]
    if inspect.isclass(type_) and _definition(type_) is not None:
        return lambda value: build(type_, value)
    return None


def _some(inner: Convert | None, *, nullable: bool) -> Convert:
    def convert(value: Any) -> Any:
        if value is None and not nullable:
            raise InvalidError(
                "a field is null that can't be; leave it out, or give it a value", path="input", constraint="not null"
            )
        return Some(value if inner is None else inner(value))

    return convert


def _definition(type_: type) -> StrawberryObjectDefinition | None:
    found = vars(type_).get("__strawberry_definition__")
    return found if isinstance(found, StrawberryObjectDefinition) and found.is_input else None
