"""The scalars of the schema: times with a zone, integers past 32 bits, and free JSON."""

from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
JSON = NewType("JSON", object)

SAFE = 2**53 - 1


def show_time(moment: datetime) -> str:
    """ISO-8601 in UTC, in milliseconds, or in microseconds where the time has those.

    >>> show_time(datetime(2026, 3, 3, tzinfo=UTC))
    '2026-03-03T00:00:00.000Z'
    """
    return moment.isoformat(timespec="microseconds" if moment.microsecond % 1000 else "milliseconds")[:-6] + "Z"


def read_time(text: Any) -> datetime:
    """The time that an ISO-8601 text names; UTC where it names no zone.

    Raises:
        GraphQLError: it names none.
    """
    if isinstance(text, str) and len(text) <= 40 and text.isascii():
        try:
            found = datetime.fromisoformat(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    shown = repr(text) if isinstance(text, str) and len(text) <= 60 else "the value"
    raise GraphQLError(f"{shown} is not a time; expected ISO-8601 such as 2026-03-03T12:00:00Z")


def read_integer(value: Any) -> int:
    """An integer of at most 53 bits, given as a number or as its digits.

    Raises:
        GraphQLError: it is none.
    """
    if isinstance(value, str) and len(value) <= 17 and value.isascii() and value.removeprefix("-").isdigit():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and -SAFE <= value <= SAFE:
        return value
    raise GraphQLError("the value is not an integer of at most 53 bits")


def _no_input(_: Any) -> Any:
    raise GraphQLError("JSON is not taken as input")


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="ISO-8601 with zone, shown in UTC; taken as UTC where an input has no zone.",
        serialize=show_time,
        parse_value=read_time,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="An integer of at most 53 bits, as a number; an input may be its decimal digits.",
        serialize=int,
        parse_value=read_integer,
    ),
    JSON: strawberry.scalar(
        name="JSON", description="Free JSON.", serialize=lambda value: value, parse_value=_no_input
    ),
}
