"""What people write on a command line, as the graph takes it."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from graph.errors import InvalidError

if TYPE_CHECKING:
    from api.cli.call import Session
    from graph.entities import Kind
    from graph.times import Moment

UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = re.compile(r"(\d{1,6})([smhd])", re.ASCII)


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


def milliseconds(text: str, path: str) -> int:
    """A length of time such as `90d`, `24h`, `30m` or `0s`, in milliseconds.

    Raises:
        InvalidError: it is none.
    """
    found = DURATION.fullmatch(text)
    if found is None:
        raise InvalidError(f"--{path} {text!r} is no length of time; write it like 24h, 30m or 7d", path=path)
    return int(found[1]) * UNITS[found[2]]


def end(text: str | None, path: str) -> int:
    """When something ends, epoch milliseconds: at a time, after a length of time, or never when nothing is said.

    Raises:
        InvalidError: it is neither.
    """
    from graph.times import FOREVER, now_ms, to_ms

    if text is None:
        return FOREVER
    if DURATION.fullmatch(text):
        return now_ms() + milliseconds(text, path)
    found = time(text, path)
    assert found is not None
    return to_ms(found)


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


def kinds_of(texts: Sequence[str] | None) -> "set[Kind]":
    """The kinds that `--kind` names, such as `trial-component`.

    Raises:
        InvalidError: there is no such kind.
    """
    from graph.entities import Kind
    from graph.errors import InvalidError

    found = set()
    for text in texts or ():
        try:
            found.add(Kind(text.upper().replace("-", "_")))
        except ValueError:
            raise InvalidError(f"--kind {text!r} is none of {', '.join(Kind)}", path="kind") from None
    return found
