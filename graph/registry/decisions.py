"""The decisions on a version as they are read: all of them, and the approval in force with what its gates found."""

from typing import Any

import orjson

from graph import history, listing
from graph.associations import AssociationType
from graph.entities import Approval, Entity, Kind
from graph.history import PAGE
from graph.registry import findings
from graph.registry.approvals import OVERRIDDEN, RESULT
from graph.store.store import Store
from graph.times import Moment


async def decisions(store: Store, account: str, version: str, when: Moment) -> list[Entity]:
    """The actions by which a version was decided on, the first one first.

    Anybody who may write can make an action of this type; only the registry marks one as a decision.
    """
    found = await _contributing(store, account, version, when, outgoing=True)
    made = [each for each in found.values() if each.kind is Kind.ACTION and each.approval is not None]
    return sorted(made, key=lambda action: (action.started_at or action.created_at, action.arn))


async def in_force(store: Store, account: str, version: str, when: Moment) -> Entity | None:
    """The action by which a version is approved, whether it still is or not; None for none."""
    approving = [each for each in await decisions(store, account, version, when) if each.approval is Approval.APPROVED]
    return approving[-1] if approving else None


async def evidence(store: Store, account: str, action: str, when: Moment) -> dict[str, Entity]:
    """What contributed to a decision, by ARN."""
    return await _contributing(store, account, action, when, outgoing=False)


def results(action: Entity, evidence: dict[str, Entity]) -> dict[str, Any] | None:
    """What the gates found for a decision: the document of its result; None when there were no gates."""
    found = evidence.get(findings.said(action).get(RESULT, ""))
    if found is None or found.specification is None:
        return None
    document: dict[str, Any] = orjson.loads(found.specification)
    return document


def seen(action: Entity, evidence: dict[str, Entity]) -> dict[str, str]:
    """The evidence that the gates saw, by ARN: the digest of what the graph said of it."""
    document = results(action, evidence) or {}
    return {piece["arn"]: piece["state"] for finding in document.get("results", ()) for piece in finding["evidence"]}


def overridden(action: Entity) -> list[str]:
    """What was missing when gates were overridden; nothing when they were not."""
    found: list[str] = findings.said(action).get(OVERRIDDEN, [])
    return found


async def _contributing(store: Store, account: str, arn: str, when: Moment, *, outgoing: bool) -> dict[str, Entity]:
    ends: list[str] = []
    after = None
    while True:
        page = await listing.associations(
            *(store, account, arn, when),
            outgoing=outgoing,
            types=[AssociationType.CONTRIBUTED_TO],
            first=PAGE,
            after=after,
        )
        ends += [edge.destination if outgoing else edge.source for _, edge in page.items]
        if not page.more:
            break
        after = page.items[-1][0]
    # Of what a version leads to only actions can be decisions; there may be many of other kinds.
    wanted = [end for end in ends if ":action/" in end] if outgoing else ends
    return await history.entities(store, account, wanted, when)
