"""Times as the graph keeps them: integers, because temporal values lose their zone on one of the databases.

Valid time (when a fact was true in the world) is in epoch milliseconds, recorded time (when we came to know it) in epoch
microseconds. `FOREVER` ends both: 2⁵³−1, the largest integer that every JSON reader keeps exactly.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

FOREVER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Moment:
    """The point in both times at which a read looks, resolved once a request.

    Attributes:
        at: valid time, epoch milliseconds.
        known: recorded time, epoch microseconds.
        sequence: the account's last ledger entry at `known`; 0 before the first.
    """

    at: int
    known: int
    sequence: int


def now_ms() -> int:
    """This moment in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def now_us() -> int:
    """This moment in epoch microseconds."""
    return time.time_ns() // 1_000


def from_ms(milliseconds: int) -> datetime:
    """The UTC time of epoch milliseconds."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)


def from_us(microseconds: int) -> datetime:
    """The UTC time of epoch microseconds."""
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(microsecond=microseconds % 1_000_000)


def to_ms(moment: datetime) -> int:
    """Epoch milliseconds of a time, rounded down; one without a zone is taken as UTC."""
    return to_us(moment) // 1000


def to_us(moment: datetime) -> int:
    """Epoch microseconds of a time; one without a zone is taken as UTC."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    delta = zoned - datetime.fromtimestamp(0, UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
