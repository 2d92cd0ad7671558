"""The changes of associations: letting one hold, and letting one or all between two entities end."""

from dataclasses import dataclass
from typing import Any

from graph.applied import Applied
from graph.associations import AssociationType, Triple
from graph.drafts import Draft
from graph.errors import AlreadyExistsError, NotFoundError
from graph.reserved import check_association, check_ending
from graph.times import FOREVER, from_ms
from graph.working import Needs


@dataclass(frozen=True, slots=True)
class Associate:
    """Let an association hold from `valid_from` on."""

    triple: Triple
    valid_from: int | None = None
    exclusive: bool = False

    def needs(self, needs: Needs) -> None:
        """Both ends and the edges between them."""
        needs.entity(self.triple[0], self.valid_from)
        needs.entity(self.triple[2], self.valid_from)
        needs.triples.add(self.triple)

    def apply(self, draft: Draft) -> Applied:
        """Connect, or find it connected.

        Raises:
            NotFoundError: one end is not there.
            AlreadyExistsError: it holds and the caller wanted it to be new.
            InvalidError: one end did not exist yet at that time.
            ConflictError: it would add to the evidence of a decision of the model registry.
        """
        valid_from = draft.moment(self.valid_from)
        draft.existing(self.triple[0])
        draft.existing(self.triple[2])
        check_association(draft, self.triple)
        held = any(edge.valid_to == FOREVER for edge in draft.edges(self.triple))
        if held and self.exclusive:
            raise AlreadyExistsError(f"the association {' '.join(self.triple)} already exists")
        changed = draft.connect(self.triple, valid_from)
        return Applied(triple=self.triple, changed=changed, created=changed and not held)

    def payload(self) -> dict[str, Any]:
        """The association that was asked for."""
        return {"associate": list(self.triple), "valid_from": self.valid_from, "exclusive": self.exclusive}


@dataclass(frozen=True, slots=True)
class Dissociate:
    """Let an association hold no longer from `valid_to` on; at or before its beginning, it never held."""

    triple: Triple
    valid_to: int | None = None

    def needs(self, needs: Needs) -> None:
        """The edges of the triple, and its ends, without which no edges are looked for."""
        needs.entity(self.triple[0], None)
        needs.entity(self.triple[2], None)
        needs.triples.add(self.triple)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it does not hold, or an end of it is not there.
            ConflictError, ForbiddenError: it is lineage of the model registry; see `graph.reserved`.
        """
        valid_to = draft.moment(self.valid_to, "validTo")
        if draft.edges(self.triple):
            check_ending(draft, [self.triple])
        if not draft.disconnect(self.triple, valid_to):
            for arn in (self.triple[0], self.triple[2]):
                draft.existing(arn)  # an end that is not there is said so, as of another account's
            raise NotFoundError(
                f"the association {' '.join(self.triple)} does not hold at {from_ms(valid_to).isoformat()}"
            )
        return Applied(triple=self.triple)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"dissociate": list(self.triple), "valid_to": self.valid_to}


@dataclass(frozen=True, slots=True)
class Part:
    """Let no association hold between two entities any longer, whatever its type."""

    source: str
    destination: str
    valid_to: int | None = None

    @property
    def triples(self) -> list[Triple]:
        """What may hold between them."""
        return [(self.source, kind.value, self.destination) for kind in AssociationType]

    def needs(self, needs: Needs) -> None:
        """Both ends and the edges between them."""
        needs.entity(self.source, None)
        needs.entity(self.destination, None)
        needs.triples.update(self.triples)

    def apply(self, draft: Draft) -> Applied:
        """End all of them.

        Raises:
            NotFoundError: none holds.
            ConflictError, ForbiddenError: one is lineage of the model registry; see `graph.reserved`.
        """
        valid_to = draft.moment(self.valid_to, "validTo")
        check_ending(draft, [triple for triple in self.triples if draft.edges(triple)])
        ended = [triple for triple in self.triples if draft.disconnect(triple, valid_to)]
        if not ended:
            raise NotFoundError(
                f"no association from {self.source} to {self.destination} exists in account {draft.account}"
            )
        return Applied(triple=ended[0])

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"part": [self.source, self.destination], "valid_to": self.valid_to}
