"""Changes of model cards: made, written anew, their status set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from graph import limits
from graph.access import Permission, Role
from graph.associations import AssociationType
from graph.changes import Applied, Put
from graph.commands import Place, create_artifact
from graph.drafts import Draft
from graph.entities import CardStatus, Kind, State
from graph.errors import ConflictError, ForbiddenError
from graph.registry.cards import content as contents
from graph.registry.cards import names
from graph.registry.cards.content import Content
from graph.registry.names import checked
from graph.working import Needs

ASSOCIATED = AssociationType.ASSOCIATED_WITH.value
NAME, CONTENT, SECURITY = "ModelCardName", "Content", "SecurityConfig"
"""In a card's specification, which only the registry writes."""
SHOWN = {
    CardStatus.DRAFT: "Draft",
    CardStatus.PENDING_REVIEW: "PendingReview",
    CardStatus.APPROVED: "Approved",
    CardStatus.ARCHIVED: "Archived",
}
"""Statuses in SageMaker's words."""


@dataclass(frozen=True, slots=True)
class Create:
    """Make a card; made by `create`."""

    place: Place
    name: str
    put: Put
    content: Content
    status: CardStatus

    @property
    def arn(self) -> str:
        """The card's lineage ARN."""
        return self.put.arn

    @property
    def permission(self) -> Permission:
        """To approve, when it begins approved."""
        return _permission(self.status)

    def needs(self, needs: Needs) -> None:
        """The card, what it speaks about, and which versions there ever were."""
        self.put.needs(needs)
        needs.incident.add(self.arn)
        needs.numbered.add(names.prefix(self.place, self.name))
        for candidate in contents.candidates(self.place, self.content):
            needs.entity(candidate.arn, None)

    def apply(self, draft: Draft) -> Applied:
        """Make it.

        Raises:
            ConflictError: there is one of this name.
        """
        if (draft.state(self.arn) or {}).get("card_status") is not None:
            raise ConflictError(f"Model card {names.resource(self.place, self.name)} already exists.")
        made = {
            "created_at": draft.now,
            "created_by": draft.actor,
            "modified_at": draft.now,
            "modified_by": draft.actor,
            # Not begun anew after a deletion, so that a number always means the same content.
            "card_version": draft.number(names.prefix(self.place, self.name)),
            "card_status": self.status.value,
        }
        # An artifact that somebody made by hand under its ARN becomes it.
        draft.create(self.arn, Kind.ARTIFACT, {**self.put.state, **made, "account": draft.account}, draft.now)
        _associate(draft, self.place, self.arn, self.content)
        return Applied(self.arn, created=True)

    def payload(self) -> dict[str, Any]:
        """The card that was asked for."""
        return {"card": self.put.payload(), "status": self.status.value}


@dataclass(frozen=True, slots=True)
class Revise:
    """Write a card's content anew; made by `revise`.

    Attributes:
        role: of who asks: whoever may approve cards may change what an approved card says.
    """

    place: Place
    name: str
    text: str
    content: Content
    role: Role

    @property
    def arn(self) -> str:
        """The card's lineage ARN."""
        return names.lineage(self.place, self.name)

    def needs(self, needs: Needs) -> None:
        """The card with its edges, and what it is to speak about."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)
        for candidate in contents.candidates(self.place, self.content):
            needs.entity(candidate.arn, None)

    def apply(self, draft: Draft) -> Applied:
        """Write it; the same content again changes nothing.

        Raises:
            NotFoundError: there is no such card.
            ConflictError: it is archived.
            ForbiddenError: it is approved, and the caller may not approve.
        """
        state = held(draft, self.place, self.name)
        specification = asked(state)
        before = specification[CONTENT]
        if before == self.text:
            return Applied(self.arn, changed=False)
        if state["card_status"] == CardStatus.ARCHIVED:
            raise ConflictError(
                f"Model Card is in Archived state. {state['resource_arn']} takes another status first; content is not "
                "changed while it is archived"
            )
        if state["card_status"] == CardStatus.APPROVED and not self.role.may(Permission.APPROVE):
            raise ForbiddenError(
                f"{draft.actor} may not change what the approved card {state['resource_arn']} says: that takes the role "
                "approver; set its status to Draft first, and have it approved again"
            )
        specification[CONTENT] = self.text
        changes = {
            "specification": limits.specification(orjson.dumps(specification).decode()),
            "card_version": state["card_version"] + 1,
        }
        draft.patch(self.arn, lambda state: {**state, **changes}, draft.now)
        for candidate in contents.candidates(self.place, orjson.loads(before)):
            draft.disconnect((self.arn, ASSOCIATED, candidate.arn), draft.now)
        _associate(draft, self.place, self.arn, self.content)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The content that was asked for."""
        return {"revise_card": self.arn, "content": self.text}


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Set how far a card has come in its review; that is no version of it, as at AWS.

    Attributes:
        version: which version the caller has read; None for whichever is the newest.
    """

    place: Place
    name: str
    status: CardStatus
    version: int | None = None

    @property
    def arn(self) -> str:
        """The card's lineage ARN."""
        return names.lineage(self.place, self.name)

    @property
    def permission(self) -> Permission:
        """To approve, where it is to be approved."""
        return _permission(self.status)

    def needs(self, needs: Needs) -> None:
        """The card."""
        needs.entity(self.arn, None)

    def apply(self, draft: Draft) -> Applied:
        """Set it.

        Raises:
            NotFoundError: there is no such card.
            ConflictError: somebody else wrote its content anew.
        """
        newest = held(draft, self.place, self.name)["card_version"]
        if self.version not in (None, newest):
            raise ConflictError(
                f"Model card {names.resource(self.place, self.name)} has version {newest} by now, not {self.version}; "
                "read it before setting its status"
            )
        status = self.status.value
        changed = draft.patch(self.arn, lambda state: {**state, "card_status": status}, draft.now)
        return Applied(self.arn, changed=changed)

    def payload(self) -> dict[str, Any]:
        """The status that was asked for."""
        return {"card_status": self.arn, "status": self.status.value, "version": self.version}


def create(
    place: Place,
    name: str,
    text: str,
    *,
    status: CardStatus = CardStatus.DRAFT,
    tags: Mapping[str, str] | None = None,
    security: Mapping[str, str] | None = None,
) -> Create:
    """A new card; its name is unique, whatever the case of its letters.

    Args:
        place: Where ARNs are made.
        name: 1 to 63 letters, digits and inner hyphens.
        text: Its content, JSON of at most 100,000 characters.
        status: How it begins; approved takes the permission to approve.
        tags: Its tags.
        security: SageMaker's SecurityConfig, kept and given back.

    Raises:
        InvalidError: a field does not fit.
    """
    checked(name, "card")
    content = contents.read(text)
    resource = names.resource(place, name)
    specification = {NAME: name, CONTENT: text, **({} if security is None else {SECURITY: dict(security)})}
    put = create_artifact(
        place,
        resource,
        name=name,
        type=names.TYPE,
        resource_arn=resource,
        specification=orjson.dumps(specification).decode(),
        tags=tags,
    )
    return Create(place, name, put, content, CardStatus(status))


def revise(place: Place, card: str, text: str, *, role: Role) -> Revise:
    """A new content of a card, named by its name or ARN; see `Revise`.

    Raises:
        InvalidError: the content does not fit.
        NotFoundError: the card is another account's.
    """
    return Revise(place, names.named(place, card), text, contents.read(text), role)


def set_status(place: Place, card: str, status: CardStatus, *, version: int | None = None) -> SetStatus:
    """A new status of a card, named by its name or ARN; see `SetStatus`.

    Raises:
        NotFoundError: the card is another account's.
    """
    return SetStatus(place, names.named(place, card), CardStatus(status), version)


def held(draft: Draft, place: Place, name: str) -> State:
    """The state of a card.

    Raises:
        NotFoundError: there is none of this name.
    """
    state = draft.state(names.lineage(place, name))
    # Whoever may write can make an artifact under a card's ARN; only the registry gives one a status.
    if state is None or state.get("card_status") is None:
        raise names.missing(names.resource(place, name))
    return state


def asked(state: State) -> dict[str, Any]:
    """What a card was asked to be: its name as it was given, its content, its SecurityConfig."""
    found: dict[str, Any] = orjson.loads(state["specification"])
    return found


def _associate(draft: Draft, place: Place, card: str, content: Content) -> None:
    """Associate a card with the nearest of what it speaks about that is there."""
    for candidate in contents.candidates(place, content):
        if (draft.state(candidate.arn) or {}).get("resource_arn") == candidate.resource:
            draft.connect((card, ASSOCIATED, candidate.arn), draft.now)
            return


def _permission(status: CardStatus) -> Permission:
    return Permission.APPROVE if status is CardStatus.APPROVED else Permission.WRITE
