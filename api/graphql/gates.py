"""What groups ask of their versions, what was found, and whether it still holds."""

from datetime import datetime
from typing import Any

import strawberry

from api.graphql.names import GateKind, StaleKind
from api.graphql.values import Actor, actor
from graph.registry import gates
from graph.registry.findings import Finding
from graph.registry.staleness import Reason
from graph.registry.standing import Standing
from graph.times import from_ms


@strawberry.type
class MetricBound:
    """What the newest evaluation of a version has to say of a metric."""

    name: str
    at_least: float | None
    at_most: float | None


@strawberry.type
class Gates:
    """What a group asks of a version before it may be approved.

    `requiredApprovals` persons who had no part in it; `noViolationsSince`: no younger violation of a monitor is open;
    `approvedModelCard`: its model card is approved; `licensedData`: each data set that it came from has a tag `licence`.
    """

    required_approvals: int
    metrics: list[MetricBound]
    no_violations_since: datetime | None
    approved_model_card: bool
    licensed_data: bool


@strawberry.type
class GateEvidence:
    """Evidence as a gate saw it: the digest of its bytes where that is known, and of what the graph said of it."""

    arn: strawberry.ID
    uri: str | None
    content: str | None
    state: str
    by: Actor


@strawberry.type
class GateResult:
    """What one gate wants, and what it found."""

    gate: GateKind
    wanted: str
    found: str
    passed: bool
    evidence: list[GateEvidence]


@strawberry.type
class StaleReason:
    """What happened to an approval's evidence after it, and to which."""

    kind: StaleKind
    text: str
    arn: strawberry.ID
    at: datetime


@strawberry.type
class ApprovalStale:
    """An approval whose evidence changed after it; it still holds."""

    reasons: list[StaleReason]


@strawberry.type
class VersionStanding:
    """How a version stands now: whether it may run, and what is missing.

    It passes when it is approved and its evidence still passes its group's gates, unless an administrator overrode them and
    nothing has changed since; `overridden` says what was missing then.
    """

    passed: bool
    missing: list[str]
    results: list[GateResult]
    overridden: list[str]
    stale: list[StaleReason]


def shown_gates(asked: gates.Gates) -> Gates | None:
    """Gates, where there are any."""
    if not asked:
        return None
    return Gates(
        required_approvals=asked.approvals,
        metrics=[MetricBound(name=each.name, at_least=each.at_least, at_most=each.at_most) for each in asked.bounds],
        no_violations_since=None if asked.violations_since is None else from_ms(asked.violations_since),
        approved_model_card=asked.card,
        licensed_data=asked.licences,
    )


def result(kept: dict[str, Any]) -> GateResult:
    """A finding, from what `Finding.kept` gave."""
    return GateResult(
        gate=GateKind(kept["gate"]),
        wanted=kept["wanted"],
        found=kept["found"],
        passed=kept["passed"],
        evidence=[
            GateEvidence(
                arn=strawberry.ID(piece["arn"]),
                uri=piece["uri"],
                content=piece["content"],
                state=piece["state"],
                by=actor(piece["by"]),
            )
            for piece in kept["evidence"]
        ],
    )


def results(found: tuple[Finding, ...]) -> list[GateResult]:
    """Findings."""
    return [result(finding.kept()) for finding in found]


def stale_reasons(found: tuple[Reason, ...] | list[Reason]) -> list[StaleReason]:
    """Why an approval is stale."""
    return [
        StaleReason(kind=reason.kind, text=reason.text, arn=strawberry.ID(reason.arn), at=from_ms(reason.at))
        for reason in found
    ]


def shown_standing(found: Standing) -> VersionStanding:
    """How a version stands."""
    return VersionStanding(
        passed=found.passed,
        missing=list(found.missing),
        results=results(found.findings),
        overridden=list(found.overridden),
        stale=stale_reasons(found.stale),
    )
