"""What a batch of requests has to see, and what it has seen or made: pieces of history and edges, as known now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from graph.associations import Triple
from graph.records import Edge, Revision
from graph.times import FOREVER


@dataclass(slots=True)
class Needs:
    """What a request has to see.

    Attributes:
        entities: with the valid time from which.
        triples: associations.
        incident: entities with all their edges.
        resources: resources' own ARNs, with the entities that have them.
        contents: locations with the contents that are known to have lain there.
        numbered: beginnings of registry objects' keys, with the highest number that was ever given under each.
        candidates: how many of the next numbers commands of the batch may take, by the same; set by `Following.follow`.
    """

    entities: dict[str, int] = field(default_factory=dict)
    triples: set[Triple] = field(default_factory=set)
    incident: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)
    contents: set[str] = field(default_factory=set)
    numbered: set[str] = field(default_factory=set)
    candidates: dict[str, int] = field(default_factory=dict)

    def entity(self, arn: str, since: int | None) -> None:
        """Ask for an entity's pieces that reach past `since`; None for the present alone."""
        wanted = FOREVER - 1 if since is None else since
        self.entities[arn] = min(wanted, self.entities.get(arn, FOREVER))

    def add(self, other: "Needs") -> None:
        """Ask for what another request asks for, too."""
        for arn, since in other.entities.items():
            self.entity(arn, since)
        self.triples |= other.triples
        self.incident |= other.incident
        self.resources |= other.resources
        self.contents |= other.contents
        self.numbered |= other.numbered


@dataclass(slots=True)
class Working:
    """The pieces and edges that a batch has seen or made, as known now; pieces in order of their valid time.

    Attributes:
        looked: what commands that stand alone have seen (`Looking`), by the entity that they are about.
    """

    pieces: dict[str, list[Revision]] = field(default_factory=dict)
    edges: dict[Triple, list[Edge]] = field(default_factory=dict)
    touching: dict[str, set[Triple]] = field(default_factory=dict)
    holders: dict[str, str | None] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    looked: dict[str, Any] = field(default_factory=dict)


class Following(Protocol):
    """A command that has to see more, depending on what it asked for first: the version whose number it gets."""

    def follow(self, working: Working, needs: Needs) -> None:
        """Say what more it has to see; others of the batch may have asked for theirs in `needs` already."""


Run = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Runs a statement: a store's `read`, or a transaction's `run`."""


class Looking(Protocol):
    """A command that has to see what can't be named beforehand: all that is reached from a version, say.

    It looks in the transaction that writes it, under the lock, and its request has that transaction for itself: nothing that
    it looks at can change before it is written.
    """

    @property
    def alone(self) -> bool:
        """Whether it has to look at all."""

    async def look(self, run: Run, working: Working) -> None:
        """Look, and keep what was seen in `working.looked`."""
