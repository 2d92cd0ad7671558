"""An event, and the document that is sent and shown of it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from graph.commands import Place
from graph.entities import Entity
from graph.events.types import AWS, AWS_SOURCE, DETAIL_TYPES, SOURCE, EventType
from graph.times import from_us

NAMESPACE = uuid.UUID("6f0c1f0e-6d0f-5a53-9d35-0d5c0a3c2b11")
LARGEST = 256 * 1024
"""Bytes of a document, as EventBridge has it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A revision that may tell of events, with the entity before and after it.

    Attributes:
        key: the revision's.
        recorded: when it was written, epoch microseconds.
        digest: the revision's salted digest, which no other has.
    """

    place: Place
    key: str
    recorded: int
    actor: str
    door: str
    digest: str
    before: Entity | None
    after: Entity


@dataclass(frozen=True, slots=True)
class Told:
    """What a source makes of a revision.

    Attributes:
        group: the model group that it concerns, by name in lower case; None for none.
        resources: the own ARNs of what it concerns.
    """

    type: EventType
    resources: Sequence[str]
    detail: Mapping[str, Any]
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        key: its place in the account's feed; sorts as the ledger does.
        id: the same whenever it is read or sent; no other event has it.
        sequence: the ledger entry that it belongs to; 0 for none.
        at: when that was recorded, epoch microseconds.
    """

    place: Place
    key: str
    id: str
    sequence: int
    at: int
    actor: str
    door: str
    told: Told = field(repr=False)

    @property
    def type(self) -> EventType:
        """What happened."""
        return self.told.type

    def document(self) -> dict[str, Any]:
        """The event in the form of EventBridge; what we have to say beside stands under `stemma`.

        Members of its detail that would make it larger than EventBridge allows are left out, the largest first.
        """
        detail_type = DETAIL_TYPES[self.type]
        own: dict[str, Any] = {"type": self.type.value, "sequence": self.sequence, "actor": self.actor}
        own |= {"door": self.door, "group": self.told.group}
        document = {
            "version": "0",
            "id": self.id,
            "detail-type": detail_type,
            "source": AWS_SOURCE if detail_type == AWS else SOURCE,
            "account": self.place.account,
            "time": shown(self.at // 1000),
            "region": self.place.region,
            "resources": list(self.told.resources),
            "detail": dict(self.told.detail),
            "stemma": own,
        }
        sizes = {name: len(orjson.dumps(value)) for name, value in self.told.detail.items()}
        surplus = len(orjson.dumps(document)) - LARGEST
        left_out = []
        for name in sorted(sizes, key=lambda name: -sizes[name]):
            if surplus <= 0:
                break
            del document["detail"][name]  # type: ignore[attr-defined]  # made above
            left_out.append(name)
            surplus -= sizes[name]
        if left_out:
            own["leftOut"] = left_out
        return document


def event(written: Written, number: int, told: Told) -> Event:
    """The `number`-th event of a revision."""
    return Event(
        written.place,
        f"{written.key}/{number:03d}",
        str(uuid.uuid5(NAMESPACE, f"{written.key}/{written.digest}/{number}")),
        int(written.key.split("/")[1]),
        written.recorded,
        written.actor,
        written.door,
        told,
    )


def shown(milliseconds: int) -> str:
    """A time as EventBridge writes it: `2021-02-24T17:00:14Z`."""
    return from_us(milliseconds * 1000).strftime("%Y-%m-%dT%H:%M:%SZ")
