"""Conditions over documents: nested mappings and lists, as doors show entities.

A document's values are texts, numbers and times (epoch milliseconds). A property names some of them; a condition holds when
one of them fits. Expressions combine conditions; `tests/graph/test_search.py` holds them to a plain reading of the rules.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from graph.errors import InvalidError
from graph.times import to_ms

Document = Mapping[str, Any]
Reader = Callable[[Any], list[Any]]


class Operator(StrEnum):
    """How a property's values are compared with the value of a condition."""

    EQUALS = "Equals"
    NOT_EQUALS = "NotEquals"
    GREATER = "GreaterThan"
    GREATER_EQUAL = "GreaterThanOrEqualTo"
    LESS = "LessThan"
    LESS_EQUAL = "LessThanOrEqualTo"
    CONTAINS = "Contains"
    EXISTS = "Exists"
    NOT_EXISTS = "NotExists"
    IN = "In"


ORDERS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.GREATER: lambda found, wanted: bool(found > wanted),
    Operator.GREATER_EQUAL: lambda found, wanted: bool(found >= wanted),
    Operator.LESS: lambda found, wanted: bool(found < wanted),
    Operator.LESS_EQUAL: lambda found, wanted: bool(found <= wanted),
}


class Form(StrEnum):
    """What a property's values are."""

    TEXT = "text"
    NAME = "name"
    """text in which upper and lower case are the same"""
    NUMBER = "number"
    TIME = "time"
    FREE = "free"
    """numbers and texts mixed, such as parameters: a number is compared as a number wherever both are numbers"""


@dataclass(frozen=True, slots=True)
class Property:
    """Some values of a document.

    Attributes:
        path: its name, such as `Parents.TrialName`.
        read: its values in a document; none where it is missing.
    """

    path: str
    form: Form
    read: Reader


class Expression:
    """What is true or false of a document."""

    __slots__ = ()

    def holds(self, document: Any) -> bool:
        """Whether it is true."""
        raise NotImplementedError

    def conditions(self) -> "Iterator[Condition]":
        """Every condition in it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Condition(Expression):
    """One comparison; `wanted` are the values of which one has to fit. Made by `condition`."""

    property: Property
    operator: Operator
    wanted: tuple[Any, ...] = ()

    def holds(self, document: Any) -> bool:
        """Whether one of the property's values fits; for NOT_EQUALS and NOT_EXISTS, whether none does."""
        values = self.property.read(document)
        operator = self.operator
        if operator is Operator.EXISTS:
            return bool(values)
        if operator is Operator.NOT_EXISTS:
            return not values
        if operator is Operator.NOT_EQUALS:
            return not self._equal(values)
        if operator in (Operator.EQUALS, Operator.IN):
            return self._equal(values)
        form, wanted = self.property.form, self.wanted[0]
        if operator is Operator.CONTAINS:
            return any(wanted in _text(value, form) for value in values)
        compare = ORDERS[operator]
        if form is Form.FREE:
            numbers = (number for value in values if (number := _number(value)) is not None)
            return any(compare(number, wanted) for number in numbers)
        return any(compare(value, wanted) for value in values)

    def conditions(self) -> "Iterator[Condition]":
        """Itself."""
        yield self

    def _equal(self, values: Sequence[Any]) -> bool:
        form = self.property.form
        if form in (Form.NUMBER, Form.TIME):
            return any(value in self.wanted for value in values)
        if form is Form.FREE:
            return any(
                value == wanted if isinstance(value, str) else value == _number(wanted)
                for value in values
                for wanted in self.wanted
            )
        return any(_text(value, form) in self.wanted for value in values)


@dataclass(frozen=True, slots=True)
class Every(Expression):
    """All parts hold."""

    parts: tuple[Expression, ...]

    def holds(self, document: Any) -> bool:
        """Whether all parts hold."""
        return all(part.holds(document) for part in self.parts)

    def conditions(self) -> Iterator[Condition]:
        """Those of all parts."""
        for part in self.parts:
            yield from part.conditions()


@dataclass(frozen=True, slots=True)
class Either(Expression):
    """One of the parts holds."""

    parts: tuple[Expression, ...]

    def holds(self, document: Any) -> bool:
        """Whether one of the parts holds."""
        return any(part.holds(document) for part in self.parts)

    def conditions(self) -> Iterator[Condition]:
        """Those of all parts."""
        for part in self.parts:
            yield from part.conditions()


@dataclass(frozen=True, slots=True)
class Nested(Expression):
    """One element of a list, such as one parent, fits all conditions; their properties read an element."""

    path: str
    elements: Reader
    parts: tuple[Condition, ...]

    def holds(self, document: Any) -> bool:
        """Whether there is such an element."""
        return any(all(part.holds(element) for part in self.parts) for element in self.elements(document))

    def conditions(self) -> Iterator[Condition]:
        """Those of an element."""
        yield from self.parts


def condition(property_: Property, operator: Operator, value: str | None) -> Condition:
    """A condition from a caller's text.

    Equals, NotEquals and In take several values, separated by commas, of which one has to fit (for NotEquals none).

    Raises:
        InvalidError: the operator needs a value, or does not go with the property, or the value is none of its form.
    """
    if operator in (Operator.EXISTS, Operator.NOT_EXISTS):
        return Condition(property_, operator)
    if value is None:
        raise InvalidError(f"{property_.path}: {operator} needs a Value", path=property_.path, constraint="a value")
    form = property_.form
    if operator is Operator.CONTAINS:
        if form in (Form.NUMBER, Form.TIME):
            raise InvalidError(
                f"{property_.path} is no text: Contains does not go with it", path=property_.path, constraint="a text"
            )
        return Condition(property_, operator, (_text(value, form),))
    if operator in ORDERS:
        if form in (Form.TEXT, Form.NAME):
            raise InvalidError(
                f"{property_.path} is a text: {operator} does not go with it",
                path=property_.path,
                constraint="a number or a time",
            )
        return Condition(property_, operator, (_read(property_, value),))
    parts = [value, *(part.strip() for part in value.split(","))] if "," in value else [value]
    if form in (Form.NUMBER, Form.TIME):
        return Condition(property_, operator, tuple(_read(property_, part) for part in parts[len(parts) > 1 :]))
    return Condition(property_, operator, tuple(_text(part, form) for part in parts))


def order(property_: Property) -> Callable[[Document], tuple[Any, ...]]:
    """A sort key: documents by the first value of a property; those without one, and texts among numbers, are apart."""

    def key(document: Document) -> tuple[Any, ...]:
        values = property_.read(document)
        if not values:
            return (0,)
        number = _number(values[0]) if property_.form is not Form.TEXT else None
        return (1, number) if number is not None else (2, _text(values[0], property_.form))

    return key


def leaves(value: Any) -> list[Any]:
    """All texts and numbers in a value, the keys of maps among them."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [*value, *(leaf for inner in value.values() for leaf in leaves(inner))]
    if isinstance(value, list | tuple):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def _read(property_: Property, text: str) -> float:
    if property_.form is Form.TIME:
        moment = _time(text.strip())
        if moment is not None:
            return moment
    elif (number := _number(text)) is not None:
        return number
    raise InvalidError(
        f"{property_.path}: {text[:60]!r} is no {'number' if property_.form is not Form.TIME else 'time'}",
        path=property_.path,
        constraint="ISO 8601 or epoch seconds" if property_.form is Form.TIME else "a number",
    )


def _time(text: str) -> int | None:
    if (seconds := _number(text)) is not None:
        return math.floor(seconds * 1000) if abs(seconds) < 1e12 else None
    try:
        moment = datetime.fromisoformat(text)
        return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: Any, form: Form) -> str:
    text = str(value)
    return text.lower() if form is Form.NAME else text
