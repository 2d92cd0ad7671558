"""Four eyes: whose approvals of a version count, and why another's does not.

Persons with the role approver count, each once, unless they registered the version, or were made by who registered it or by
another who approves it. Who made a key of a person could have used it, and counts as who made that person; so does who made
that one in turn.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from graph.access import Permission, Role
from graph.keys import PrincipalKind


@dataclass(frozen=True, slots=True)
class Principal:
    """Who may hold keys.

    Attributes:
        makers: the actors that made it or a key of it.
    """

    kind: PrincipalKind
    role: Role
    makers: frozenset[str]


Principals = Mapping[str, Principal]
"""By their actors: `person/ana`."""


def principals(rows: Collection[list[Any]]) -> Principals:
    """What `principal/makers` returned."""
    return {
        f"{kind}/{name}": Principal(PrincipalKind(kind), Role(role), frozenset({made_by, *makers}))
        for kind, name, role, made_by, makers in rows
    }


def objection(actor: str, registrant: str, known: Principals) -> str | None:
    """Why an actor's approval of a version can't count, whoever else approves; None when it can."""
    found = known.get(actor)
    if found is None:
        return f"{actor} is no person with an access key of this account"
    if found.kind is not PrincipalKind.PERSON:
        return f"{actor} is a {found.kind}, and only persons count"
    if not found.role.may(Permission.APPROVE):
        return f"{actor} has the role {found.role} by now"
    if actor == registrant:
        return f"{actor} registered the version"
    if registrant in _makers(actor, known):
        return f"{actor}, or a key of theirs, was made by {registrant}, who registered the version"
    return None


def counted(actors: Collection[str], registrant: str, known: Principals) -> list[str]:
    """Those of the actors whose approvals count, in their order."""
    eligible = [actor for actor in dict.fromkeys(actors) if objection(actor, registrant, known) is None]
    return [actor for actor in eligible if maker(actor, eligible, known) is None]


def maker(actor: str, others: Collection[str], known: Principals) -> str | None:
    """One of the others who made an actor or a key of it; None for none."""
    return min((_makers(actor, known) & set(others)) - {actor}, default=None)


def _makers(actor: str, known: Principals) -> set[str]:
    """Who made an actor, who made those, and so on."""
    found: set[str] = set()
    left = [actor]
    while left:
        held = known.get(left.pop())
        new = (held.makers if held is not None else frozenset()) - found
        found |= new
        left += new
    return found - {actor}
