"""What each gate of a group finds of a version's evidence, and what is still missing before it may be approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from graph.canonical import digest
from graph.entities import Approval, CardStatus, Entity
from graph.registry import voters
from graph.registry.evidence import Evaluation, Evidence, content_digest, state_digest
from graph.registry.gates import EVER, Bound, Gates
from graph.times import from_ms

NAMED = 5
"""Violations and data sets that a text names; evidence holds all."""
MEMBERS = (
    *("InferenceSpecification", "SourceAlgorithmSpecification", "AdditionalInferenceSpecifications", "SourceUri"),
    *("ModelMetrics", "DriftCheckBaselines", "ModelPackageRegistrationType"),
)
"""What of a version's request an approval is about."""
VOTE, SUBJECT = "Vote", "Subject"
"""In the specification of an approval's action, which only the registry writes."""


class GateKind(StrEnum):
    """What a gate looks at."""

    APPROVALS = "APPROVALS"
    METRIC = "METRIC"
    VIOLATIONS = "VIOLATIONS"
    MODEL_CARD = "MODEL_CARD"
    DATA_LICENCE = "DATA_LICENCE"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence as it was when it was looked at.

    Attributes:
        uri: what it is, where it has a source URI.
        content: the digest of its bytes, where that is known.
        state: the SHA-256 of what the graph says of it.
        by: who recorded it.
    """

    arn: str
    uri: str | None
    content: str | None
    state: str
    by: str

    def kept(self) -> dict[str, Any]:
        """As a gate's result keeps it."""
        return {"arn": self.arn, "uri": self.uri, "content": self.content, "state": self.state, "by": self.by}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one gate found.

    Attributes:
        wanted: what it asks for.
        found: what there is.
    """

    gate: GateKind
    wanted: str
    passed: bool
    found: str
    evidence: tuple[Piece, ...] = ()

    @property
    def missing(self) -> str:
        """What is missing, in a sentence."""
        return f"{self.wanted}: {self.found}"

    def kept(self) -> dict[str, Any]:
        """As a result keeps it."""
        pieces = [piece.kept() for piece in self.evidence]
        return {
            "gate": self.gate.value,
            "wanted": self.wanted,
            "passed": self.passed,
            "found": self.found,
            "evidence": pieces,
        }


def findings(gates: Gates, evidence: Evidence) -> list[Finding]:
    """What the gates of evidence find, in the order of `GateKind`; how many approve is not among it (`approving`)."""
    found = [_metric(bound, evidence.evaluations) for bound in gates.bounds]
    if gates.violations_since is not None:
        found.append(_violations(gates.violations_since, evidence))
    if gates.card:
        found.append(_card(evidence))
    if gates.licences:
        found.append(_licences(evidence))
    return found


def approving(wanted: int, actors: Sequence[str], registrant: str, known: voters.Principals) -> Finding:
    """What the gate of approvals finds of those who approve."""
    counted = voters.counted(actors, registrant, known)
    said = ", ".join(counted) or "nobody"
    objections = []
    for actor in dict.fromkeys(actors):
        if actor in counted:
            continue
        reason = voters.objection(actor, registrant, known)
        if reason is None:
            reason = (
                f"{actor}, or a key of theirs, was made by {voters.maker(actor, actors, known)}, who approves it, too"
            )
        objections.append(reason)
    found = f"{len(counted)} of {wanted} so far ({said})"
    if objections:
        found += f"; not counted: {'; '.join(objections)}"
    persons = "another person" if wanted == 1 else f"{wanted} persons"
    asked = f"approval by {persons} with the role approver who did not register it"
    return Finding(GateKind.APPROVALS, asked, len(counted) >= wanted, found)


def voting(decisions: Sequence[Entity], subject: str) -> list[Entity]:
    """The actions by which persons approved a version as it is now, since it was decided on last, that decided nothing yet."""
    ended = [action.started_at or action.created_at for action in decisions if not is_vote(action)]
    since = max(ended, default=-1)
    return [
        action
        for action in decisions
        if is_vote(action) and (action.started_at or 0) > since and said(action).get(SUBJECT) == subject
    ]


def is_vote(action: Entity) -> bool:
    """Whether an action is an approval that alone decided nothing."""
    return action.approval is Approval.PENDING_MANUAL_APPROVAL and VOTE in said(action)


def said(action: Entity) -> dict[str, Any]:
    """What the registry keeps with the action of a decision."""
    found: dict[str, Any] = orjson.loads(action.specification or "{}")
    return found


def subject_digest(specification: Mapping[str, Any]) -> str:
    """The SHA-256 of what an approval is about: what runs, and what its request names as evidence."""
    held = {name: specification[name] for name in MEMBERS if name in specification}
    return digest(orjson.dumps(held, option=orjson.OPT_SORT_KEYS))


def _metric(bound: Bound, evaluations: Sequence[Evaluation]) -> Finding:
    newest = next((each for each in evaluations if bound.name in each.values), None)
    if newest is None:
        found = f"no evaluation of the version says {bound.name}"
        return Finding(GateKind.METRIC, bound.text, passed=False, found=found)
    value = newest.values[bound.name]
    found = f"{bound.name} is {value:g} in {newest.entity.source_uri or newest.entity.name} of {_time(newest.at)}"
    return Finding(GateKind.METRIC, bound.text, bound.holds(value), found, (_piece(newest.entity),))


def _violations(since: int, evidence: Evidence) -> Finding:
    wanted = f"no open violation since {_time(since)}" if since > EVER else "no open violation"
    # A gate that can't see everything must not open.
    if not evidence.whole:
        return Finding(
            GateKind.VIOLATIONS, wanted, passed=False, found="more leads from the version than can be looked at"
        )
    open_ = [each for each in evidence.violations if each.created_at >= since]
    shown = ", ".join(each.name for each in open_[:NAMED])
    found = f"{len(open_)} open ({shown}{', …' if len(open_) > NAMED else ''})" if open_ else "none is open"
    return Finding(GateKind.VIOLATIONS, wanted, not open_, found, tuple(map(_piece, open_)))


def _card(evidence: Evidence) -> Finding:
    wanted = "an approved model card"
    card = evidence.card
    if card is None:
        return Finding(
            GateKind.MODEL_CARD, wanted, passed=False, found="no model card has the version's ARN as its model_id"
        )
    found = f"{card.name} is {card.shown}"
    return Finding(GateKind.MODEL_CARD, wanted, card.status is CardStatus.APPROVED, found, (_piece(card.entity),))


def _licences(evidence: Evidence) -> Finding:
    wanted = "a tag licence on each data set"
    if not evidence.whole:
        return Finding(
            GateKind.DATA_LICENCE, wanted, passed=False, found="more led to the version than can be looked at"
        )
    if not evidence.data:
        return Finding(
            GateKind.DATA_LICENCE, wanted, passed=False, found="no data set is known to have led to the version"
        )
    pieces = tuple(_piece(entity) for each in evidence.data for entity in each.entities)
    lacking = [each.uri for each in evidence.data if each.licence is None]
    shown = ", ".join(lacking[:NAMED]) + (", …" if len(lacking) > NAMED else "")
    found = f"{shown} has none" if lacking else f"all {len(evidence.data)} have one"
    return Finding(GateKind.DATA_LICENCE, wanted, not lacking, found, pieces)


def _piece(entity: Entity) -> Piece:
    return Piece(entity.arn, entity.source_uri, content_digest(entity), state_digest(entity), entity.created_by)


def _time(at: int) -> str:
    return from_ms(at).isoformat(timespec="seconds").replace("+00:00", "Z")
