"""Decisions on model versions, with what the gates of the group found."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from api.graphql.context import Info
from api.graphql.entities import Action
from api.graphql.gates import GateResult, result
from api.graphql.names import Approval
from api.graphql.values import Actor, actor
from graph.entities import Entity, Kind
from graph.registry import decisions, findings
from graph.registry.approvals import RESULT, reason_of
from graph.times import Moment, from_ms


@strawberry.type(name="Approval")
class Decision:
    """A decision on a version: who took it, when and why; its evidence are the ascendants of its action.

    One that is not `effective` is an approval that was recorded while others were still missing.
    """

    action: Action
    decision: Approval
    effective: bool
    by: Actor
    at: datetime
    reason: str | None

    @strawberry.field
    def overridden(self) -> bool:
        """Whether an administrator approved it although gates did not pass."""
        return bool(decisions.overridden(self.action.data))

    @strawberry.field
    async def gate_results(self, info: Info) -> list[GateResult]:
        """What the gates of the group found then; nothing when there were none."""
        arn = findings.said(self.action.data).get(RESULT)
        found = None if arn is None else await info.context.entities.load((arn, self.action.when))
        document = decisions.results(self.action.data, {} if found is None else {found.arn: found})
        return [result(kept) for kept in (document or {}).get("results", ())]


def shown_decisions(found: Iterable[Entity], when: Moment) -> list[Decision]:
    """The decisions among what a version contributed to, the first one first."""
    return [
        Decision(
            action=Action(data=action, when=when),
            decision=Approval.APPROVED if findings.is_vote(action) else action.approval,
            effective=not findings.is_vote(action),
            by=actor(action.created_by),
            at=from_ms(action.created_at),
            reason=reason_of(action),
        )
        for action in sorted(found, key=lambda entity: (entity.created_at, entity.arn))
        if action.kind is Kind.ACTION and action.approval is not None
    ]
