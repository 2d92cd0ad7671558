"""The shape of an entity, written once; every door maps to it.

A *state* is what a revision keeps: a dict of canonical JSON in which empty fields are left out. Fractional numbers in it
are kept as their shortest decimal text, and maps with free keys as sorted or ordered lists of pairs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson


class Kind(StrEnum):
    """The four lineage types."""

    ARTIFACT = "ARTIFACT"
    ACTION = "ACTION"
    CONTEXT = "CONTEXT"
    TRIAL_COMPONENT = "TRIAL_COMPONENT"


class Status(StrEnum):
    """How far an action or a trial component has come. A trial component is never `UNKNOWN`."""

    UNKNOWN = "UNKNOWN"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"


class Approval(StrEnum):
    """Whether a model version may run."""

    PENDING_MANUAL_APPROVAL = "PENDING_MANUAL_APPROVAL"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class CardStatus(StrEnum):
    """How far a model card has come in its review."""

    DRAFT = "DRAFT"
    PENDING_REVIEW = "PENDING_REVIEW"
    APPROVED = "APPROVED"
    ARCHIVED = "ARCHIVED"


State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entity:
    """What has an ARN, as it was at one moment.

    Attributes:
        arn: the lineage ARN, the key of everything.
        resource_arn: the resource's own ARN where it has one (a training job, an endpoint).
        type: a word of the field, such as `DataSet`; free text.
        properties, tags: in the order of their keys and in the order given.
        source_types: pairs of an id type (`MD5Hash`, `S3ETag`, `S3Version`, `Custom`) and a value.
        display_name: what people call it; `name` is what its ARN is made of.
        source_type, source_id: what an action's or context's source is, and its id there; what kind of job `source_arn` is.
        status_message: why the status is what it is.
        metadata: where it comes from: `CommitId`, `Repository`, `GeneratedBy`, `ProjectId`.
        specification: what it was asked to be, as JSON text: a job's or an endpoint's request.
        parameters: name → `{"number": "0.1"}` or `{"string": "adam"}`.
        inputs, outputs: name → `{"value": URI, "media_type": …}`.
        approval: of a model version, and of an action that decided on one; None for all else. Only the registry sets it.
        aliases: of a model group, name → version number.
        card_status, card_version: of a model card; None for all else. Only the registry sets them.
        started_at, ended_at, created_at, modified_at: epoch milliseconds.
        deleted: a tombstone; only a history shows those.
    """

    arn: str
    account: str
    kind: Kind
    name: str
    created_at: int
    created_by: str
    modified_at: int
    modified_by: str
    type: str | None = None
    display_name: str | None = None
    description: str | None = None
    resource_arn: str | None = None
    source_uri: str | None = None
    source_arn: str | None = None
    source_type: str | None = None
    source_id: str | None = None
    source_types: tuple[tuple[str, str], ...] = ()
    status: Status | None = None
    status_message: str | None = None
    started_at: int | None = None
    ended_at: int | None = None
    properties: Mapping[str, str] | None = None
    tags: Mapping[str, str] | None = None
    metadata: Mapping[str, str] | None = None
    specification: str | None = None
    parameters: Mapping[str, Mapping[str, str]] | None = None
    metrics: Mapping[str, Mapping[str, str]] | None = None
    inputs: Mapping[str, Mapping[str, str]] | None = None
    outputs: Mapping[str, Mapping[str, str]] | None = None
    approval: Approval | None = None
    aliases: Mapping[str, int] | None = None
    card_status: CardStatus | None = None
    card_version: int | None = None
    deleted: bool = False


MAPS = ("properties", "tags", "metadata", "parameters", "metrics", "inputs", "outputs", "aliases")


def from_state(state: State) -> Entity:
    """The entity that a state describes."""
    fields = dict(state)
    fields["kind"] = Kind(fields["kind"])
    if "status" in fields:
        fields["status"] = Status(fields["status"])
    if "approval" in fields:
        fields["approval"] = Approval(fields["approval"])
    if "card_status" in fields:
        fields["card_status"] = CardStatus(fields["card_status"])
    fields["source_types"] = tuple((kind, value) for kind, value in fields.get("source_types", ()))
    for name in MAPS:
        fields[name] = dict(fields.get(name, ()))
    return Entity(**fields)


def from_body(body: str) -> Entity:
    """The entity whose canonical state is `body`."""
    return from_state(orjson.loads(body))


def compact(state: State) -> State:
    """The state without its empty fields."""
    return {key: value for key, value in state.items() if value is not None and value != [] and value != ""}
