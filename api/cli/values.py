"""What people write on a command line, as the graph takes it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from graph.errors import InvalidError

if TYPE_CHECKING:
    from api.cli.call import Session
    from graph.times import Moment


def time(text: str | None, path: str) -> datetime | None:
    """A time such as `2026-03-03`, `2026-03-03T12:00` (UTC) or `2026-03-03T12:00:00+01:00`.

    Raises:
        InvalidError: it is none.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError(
            f"--{path} {text!r} is no time; write it like 2026-03-03 or 2026-03-03T12:00:00Z", path=path
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def pairs(texts: Iterable[str], path: str) -> dict[str, str]:
    """Pairs written as `key=value`.

    Raises:
        InvalidError: one has no `=`, or a key stands twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise InvalidError(f"--{path} {text!r} is not of the form key=value", path=path, constraint="key=value")
        if key in found:
            raise InvalidError(f"--{path} names {key!r} twice", path=path, constraint="unique keys")
        found[key] = value
    return found


async def moment(session: "Session", as_of: str | None, known_at: str | None) -> "Moment":
    """The point at which a read looks; `known_at` is a time or the number of a ledger entry."""
    from graph.times import to_ms, to_us

    sequence = int(known_at) if known_at is not None and known_at.isdecimal() and len(known_at) < 16 else None
    at = time(as_of, "as-of")
    known = None if sequence is not None else time(known_at, "known-at")
    return await session.catalog.moment(
        session.account,
        as_of=None if at is None else to_ms(at),
        known_at=None if known is None else to_us(known),
        sequence=sequence,
    )
