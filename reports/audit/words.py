"""How a report writes what it finds: times, digests, names, and what it misses."""

from dataclasses import dataclass, field

from graph.entities import Entity
from graph.times import from_ms
from reports.documents import Paragraph, Section


@dataclass(slots=True)
class Told:
    """A section of the report, and what it found missing."""

    section: Section
    missing: list[Paragraph] = field(default_factory=list)


def time(milliseconds: int | None) -> str:
    """A time to the second, in UTC."""
    return "–" if milliseconds is None else f"{from_ms(milliseconds):%Y-%m-%d %H:%M:%S} UTC"


def digest(entity: Entity) -> str | None:
    """What is known of an artifact's bytes, as people write it: `sha256:…`, `S3ETag:…`."""
    for kind, value in entity.source_types:
        if kind == "Custom" and value.startswith("sha256:"):
            return value
    known = [(kind, value) for kind, value in entity.source_types if kind != "Custom"]
    return f"{known[0][0]}:{known[0][1]}" if known else None


def name(entity: Entity) -> str:
    """What people call it."""
    return entity.display_name or entity.name


def kind(entity: Entity) -> str:
    """Its type, else its kind."""
    return entity.type or entity.kind.value.lower().replace("_", " ")


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 entity`, `2 entities`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
