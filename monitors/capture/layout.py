"""Where captured and merged records lie: `<prefix>/<endpoint>/<variant>/yyyy/mm/dd/hh/<file>`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graph.errors import InvalidError

_NAME = r"[A-Za-z0-9][A-Za-z0-9-]{0,62}"
_PLACE = re.compile(rf"(?:^|/)({_NAME})/({_NAME})/(\d{{4}})/(\d\d)/(\d\d)/(\d\d)/[^/]+$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of a variant's records, or of a batch schedule's, which has no variant."""

    names: tuple[str, ...]
    at: datetime

    @property
    def folder(self) -> str:
        """Its folder below a destination."""
        return "/".join((*self.names, f"{self.at:%Y/%m/%d/%H}"))


def names(*given: str) -> tuple[str, ...]:
    """Names of an endpoint and a variant, or of a schedule, as folders.

    Raises:
        InvalidError: one can't be a name of that kind.
    """
    for name in given:
        if re.fullmatch(_NAME, name, re.ASCII) is None:
            raise InvalidError(
                f"{name[:80]!r} names no endpoint, variant or schedule: 1 to 63 letters, digits and '-'",
                path="endpoint",
                constraint=_NAME,
            )
    return given


def hour_of_path(path: str) -> Hour | None:
    """The hour that a capture file's path says; None if it is elsewhere."""
    found = _PLACE.search(path)
    if found is None:
        return None
    try:
        at = datetime(int(found[3]), int(found[4]), int(found[5]), int(found[6]), tzinfo=UTC)
    except ValueError:
        return None
    return Hour((found[1], found[2]), at)


def time_of(record: Mapping[str, Any]) -> datetime | None:
    """When an event was, in UTC."""
    metadata = record.get("eventMetadata")
    return time_at(metadata.get("inferenceTime")) if isinstance(metadata, dict) else None


def time_at(text: Any) -> datetime | None:
    """The time that an `inferenceTime` says, in UTC; one without a zone is in UTC. None if it is no time."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
