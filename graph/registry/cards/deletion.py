"""Letting a model card end, with its exports."""

from dataclasses import dataclass
from typing import Any

from graph.associations import AssociationType
from graph.changes import Applied
from graph.commands import Place
from graph.drafts import Draft
from graph.records import present
from graph.registry.cards import names
from graph.registry.cards.changes import held
from graph.working import Needs, Working

CONTRIBUTED = AssociationType.CONTRIBUTED_TO.value


@dataclass(frozen=True, slots=True)
class Delete:
    """Let a card end, with its associations and its export jobs; the files that those wrote stay."""

    place: Place
    name: str

    @property
    def arn(self) -> str:
        """The card's lineage ARN."""
        return names.lineage(self.place, self.name)

    def needs(self, needs: Needs) -> None:
        """The card with its edges."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)

    def follow(self, working: Working, needs: Needs) -> None:
        """Its export jobs with theirs."""
        if present(working.pieces.get(self.arn, ()), self.place.account) is None:
            return
        for source, association, end in working.touching.get(self.arn, ()):
            if source == self.arn and association == CONTRIBUTED:
                needs.entity(end, None)
                needs.incident.add(end)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: there is no such card.
        """
        state = held(draft, self.place, self.name)
        ending = [self.arn]
        for source, association, end in draft.touching(self.arn, draft.now):
            other = draft.state(end) if source == self.arn and association == CONTRIBUTED else None
            if other is not None and (other.get("resource_arn") or "").startswith(f"{state['resource_arn']}/"):
                ending.append(end)
        for arn in ending:
            for triple in draft.touching(arn, draft.now):
                draft.disconnect(triple, draft.now)
            draft.delete(arn, draft.now)
        return Applied(self.arn, entities=len(ending))

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"delete_card": self.arn}
