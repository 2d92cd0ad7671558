"""What the general commands leave to the model registry: its entities, decisions on them, and what speaks for or against them.

They may read and extend all of it; what they would end or rewrite here would get around approvals.
"""

from collections.abc import Iterable
from typing import Any

from graph.access import Permission, Role
from graph.associations import AssociationType, Triple
from graph.drafts import Draft
from graph.entities import Kind, State
from graph.errors import ConflictError, ForbiddenError
from graph.working import Needs, Working

CARD = "model-card"
OPERATIONS = {
    "model-package": "DeleteModelPackage, deleteModelVersion or `stemma registry delete`",
    "model-package-group": "DeleteModelPackageGroup, deleteModelGroup or `stemma registry delete`",
    CARD: "DeleteModelCard",
}
"""What ends the registry's own entities, by the family of their ARNs."""
LINEAGE = ("model-package", "model-package-group")
DECIDE = "UpdateModelPackage, decide or `stemma registry approve|reject`"
FIXED = ("specification", "approval", "aliases")
"""Fields of such an entity that only the registry writes."""


def family(state: State) -> str | None:
    """The family of a registry entity's own ARN; None for other entities."""
    own = state.get("resource_arn")
    found = None if own is None else own.split(":", 5)[5].split("/", 1)[0]
    # What somebody made by hand under a card's ARN is none.
    return found if found in OPERATIONS and (found != CARD or state.get("card_status") is not None) else None


def is_decision(state: State) -> bool:
    """Whether it is the action of a decision, or what gates found for one."""
    if state["kind"] == Kind.ACTION:
        return state.get("approval") is not None
    uri = state.get("source_uri") or ""
    return state.get("type") == "GateResult" and ":model-package/" in uri and state.get("specification") is not None


def check_deletion(draft: Draft, arn: str, state: State) -> None:
    """Check that an entity may be deleted by the general command.

    Raises:
        ConflictError: it is the registry's.
        ForbiddenError: it is a violation, which approvers close.
    """
    if (found := family(state)) is not None:
        raise ConflictError(f"{arn} is the model registry's {state['resource_arn']}; {OPERATIONS[found]} ends it")
    if is_decision(state):
        raise ConflictError(f"{arn} belongs to a decision of the model registry, which stays; {DECIDE} decides anew")
    if state.get("type") == "Violation" and not draft.role.may(Permission.APPROVE):
        raise ForbiddenError(
            f"{draft.actor} has the role {draft.role} and may not delete the violation {arn}: while it is there it is open, "
            f"and closing it takes the role {Role.APPROVER}"
        )


def check_ending(draft: Draft, triples: Iterable[Triple]) -> None:
    """Check that associations may be ended by a general command.

    Raises:
        ConflictError: one is the evidence of a decision.
        ForbiddenError: one is a model version's, and the caller is no administrator.
    """
    for triple in triples:
        states = [state for arn in (triple[0], triple[2]) if (state := draft.state(arn)) is not None]
        if any(is_decision(state) for state in states):
            raise ConflictError(
                f"the association {' '.join(triple)} belongs to a decision of the model registry and stays; {DECIDE} decides "
                "anew"
            )
        kept = [state["resource_arn"] for state in states if family(state) in LINEAGE]
        if kept and not draft.role.may(Permission.OVERRIDE):
            raise ForbiddenError(
                f"the association {' '.join(triple)} is lineage of the model registry's {kept[0]}; ending it takes the role "
                f"{Role.ADMIN}"
            )


def check_association(draft: Draft, triple: Triple) -> None:
    """Check that an association may be made by a general command.

    Raises:
        ConflictError: it would add to the evidence of a decision.
    """
    state = draft.state(triple[2])
    if state is not None and is_decision(state):
        raise ConflictError(
            f"{triple[2]} belongs to a decision of the model registry, whose evidence was complete when it was taken; "
            f"{DECIDE} decides anew"
        )


def check_update(state: State, fields: Iterable[str]) -> None:
    """Check that fields of an entity may be changed by a general command.

    Raises:
        ConflictError: only the registry changes one of them.
    """
    fixed: list[Any] = [name for name in fields if name in FIXED]
    if fixed and (family(state) is not None or is_decision(state)):
        raise ConflictError(
            f"{', '.join(fixed)} of {state['arn']} is the model registry's; {DECIDE} and its like change it"
        )


def need_ends(working: Working, arn: str, needs: Needs) -> None:
    """Ask for the other ends of an entity's associations that may be the registry's: versions and decisions."""
    for source, association, destination in working.touching.get(arn, ()):
        other = destination if source == arn else source
        if ":artifact/" in other or (":action/" in other and association == AssociationType.CONTRIBUTED_TO.value):
            needs.entity(other, None)
