"""Letting entities end: one, with some or all of its associations, or with all that was made from it."""

from dataclasses import dataclass
from typing import Any

from graph.applied import Applied
from graph.associations import AssociationType, Triple
from graph.drafts import Draft
from graph.errors import ConflictError, InvalidError
from graph.reserved import check_deletion, check_ending, need_ends
from graph.working import Needs, Working

DESCENDANTS = "DESCENDANTS"
FREE: dict[str, tuple[AssociationType, ...]] = {
    "NONE": (),
    "SAME_AS": (AssociationType.SAME_AS,),
    "ASSOCIATIONS": tuple(AssociationType),
    DESCENDANTS: tuple(AssociationType),
}
"""What may end with an entity, by the cascade: nothing, what says that it is the same as another, all of its associations;
and with DESCENDANTS, all that was made from it and from nothing else (`graph/cascades.py`), with all of its associations."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a cascade takes along.

    Attributes:
        entities: those that end, the one that is deleted first, then the nearest.
        associations: those that end.
        kept: entities made from one that ends which stay, since they were made from something else, too; in order.
    """

    entities: tuple[str, ...]
    associations: frozenset[Triple]
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delete:
    """Let an entity end; `cascade` says what may go with it.

    Attributes:
        extent: what the cascade DESCENDANTS was found to take along (`graph.cascades.deletion`); None for the others.
    """

    arn: str
    cascade: str = "NONE"
    valid_to: int | None = None
    extent: Extent | None = None

    @property
    def arns(self) -> tuple[str, ...]:
        """What ends."""
        return (self.arn,) if self.extent is None else self.extent.entities

    @property
    def kept(self) -> tuple[str, ...]:
        """What was made from something that ends, and stays."""
        return () if self.extent is None else self.extent.kept

    def needs(self, needs: Needs) -> None:
        """The entities and all their edges."""
        for arn in self.arns:
            needs.entity(arn, self.valid_to)
            needs.incident.add(arn)

    def follow(self, working: Working, needs: Needs) -> None:
        """What of the model registry it may touch."""
        for arn in self.arns:
            need_ends(working, arn, needs)

    def apply(self, draft: Draft) -> Applied:
        """End it, and what the cascade takes along.

        Raises:
            InvalidError: there is no such cascade, or nobody looked what it takes along.
            NotFoundError: it is not there.
            ConflictError: it has associations that the cascade does not cover; or what it takes along has changed since; or
                it is the model registry's, or evidence of its decisions.
            ForbiddenError: it is a violation, or lineage of a model version, and the caller may not end that.
        """
        if self.cascade not in FREE:
            raise InvalidError(f"cascade is one of {', '.join(FREE)}", path="cascade", constraint="|".join(FREE))
        if self.cascade == DESCENDANTS and self.extent is None:
            raise InvalidError("the cascade DESCENDANTS has to be walked first", path="cascade")
        valid_to = draft.moment(self.valid_to, "validTo")
        draft.existing(self.arn)
        triples = {triple for arn in self.arns for triple in draft.touching(arn, valid_to)}
        if self.extent is not None:
            self._unchanged(self.extent, draft, triples)
        if held := sorted(triple for triple in triples if triple[1] not in FREE[self.cascade]):
            source, association, destination = held[0]
            raise ConflictError(
                f"{self.arn} has {len(held)} associations (the first: {source} {association} {destination}); "
                "end them first, or delete with cascade ASSOCIATIONS"
            )
        for arn in self.arns:
            if (state := draft.state(arn)) is not None:
                check_deletion(draft, arn, state)
        check_ending(draft, sorted(triples))
        for triple in sorted(triples):
            draft.disconnect(triple, valid_to)
        for arn in self.arns:
            draft.delete(arn, valid_to)
        return Applied(self.arn, entities=len(self.arns), associations=len(triples))

    def payload(self) -> dict[str, Any]:
        """The deletion that was asked for; what it takes along is not asked for, so that it can be repeated."""
        return {"delete": self.arn, "cascade": self.cascade, "valid_to": self.valid_to}

    def _unchanged(self, extent: Extent, draft: Draft, triples: set[Triple]) -> None:
        """Check, under the write's lock, that there is to be deleted what was walked and shown, no more and no less."""
        gone = [arn for arn in extent.entities if draft.state(arn) is None]
        new, old = sorted(triples - extent.associations), sorted(extent.associations - triples)
        if gone or new or old:
            what = f"{gone[0]} has ended" if gone else f"{' '.join((new or old)[0])} has {'begun' if new else 'ended'}"
            raise ConflictError(
                f"what {self.arn} takes along has changed since it was looked at: {what}; "
                "look at the preview again, and repeat the deletion"
            )
