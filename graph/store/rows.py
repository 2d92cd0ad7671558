"""Records as the rows that the writing statements take, and back."""

from collections.abc import Iterator
from typing import Any, Protocol

from graph.entities import Kind, State
from graph.ledger import Entry
from graph.records import Closing, Edge, Records, Revision, state_of
from graph.store.outbox import outbox_key
from graph.store.running import running_key, superseded_key
from graph.times import FOREVER

LISTED_RESOURCES = (
    *("model-package", "model-package-group", "model", "endpoint", "endpoint-config", "monitoring-schedule"),
    *("data-quality-job-definition", "model-quality-job-definition", "model-bias-job-definition"),
    *("model-explainability-job-definition", "model-card", "group"),
)
CREATE = {kind: f"entity/create_{kind.value.lower()}" for kind in Kind}


class Doer(Protocol):
    """Who did something, through which door."""

    @property
    def actor(self) -> str: ...  # noqa: D102

    @property
    def door(self) -> str: ...  # noqa: D102


class Rows:
    """The rows of one transaction, by statement, in the order in which they must be written."""

    def __init__(self) -> None:
        self._entities: dict[str, dict[str, Any]] = {}
        self._kinds: dict[str, Kind] = {}
        self._new: set[str] = set()
        self._revisions: dict[str, dict[str, Any]] = {}
        self._edges: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {}
        self._closed: list[list[Any]] = []
        self._cut: list[list[Any]] = []
        self._superseded: list[list[Any]] = []

    def add(self, records: Records, entry: Entry, doer: Doer) -> None:
        """Add the records of one entry; what an earlier one of this transaction wrote may be closed by it."""
        for revision in records.revisions:
            row = revision_row(revision, entry, doer)
            self._revisions[revision.key] = row
            if revision.replaces is None and revision.operation != "update":
                self._new.add(revision.arn)
            if revision.valid_to == FOREVER:
                self._entities[revision.arn] = {
                    "arn": revision.arn,
                    "entity": entity_row(revision, entry),
                    "revision": row,
                }
                self._kinds[revision.arn] = revision.kind
        for edge in records.edges:
            row = edge_row(edge, entry)
            self._edges.setdefault(edge.triple[1], {})[edge.key] = (
                edge.key,
                {"source": edge.triple[0], "destination": edge.triple[2], "edge": row},
            )
        for closing in records.closings:
            self._close(closing, entry)

    def statements(self) -> Iterator[tuple[str, list[Any]]]:
        """Each statement with its rows; nodes before what hangs on them."""
        now_in_force = {row["revision"]["key"] for row in self._entities.values()}
        # Sorted by ARN, so that two writers take their locks in one order.
        ordered = sorted(self._entities)
        # Tombstones first: each may free the resource's ARN that another entity takes.
        if rows := [self._entities[arn] for arn in ordered if arn not in self._new and self._deleted(arn)]:
            yield "entity/replace", rows
        for kind, name in CREATE.items():
            if rows := [self._entities[arn] for arn in ordered if arn in self._new and self._kinds[arn] is kind]:
                yield name, rows
        if rows := [self._entities[arn] for arn in ordered if arn not in self._new and not self._deleted(arn)]:
            yield "entity/replace", rows
        if others := [row for key, row in self._revisions.items() if key not in now_in_force]:
            yield "revision/add", others
        for association, edges in self._edges.items():
            yield f"association/put_{association.lower()}", [row for _, row in edges.values()]
        if self._closed:
            yield "revision/close", self._closed
        if self._superseded:
            yield "revision/supersede", self._superseded
        if self._cut:
            yield "association/close", self._cut

    def _deleted(self, arn: str) -> bool:
        return bool(self._entities[arn]["entity"]["deleted"])

    def _close(self, closing: Closing, entry: Entry) -> None:
        record = closing.record
        end = {"recorded_to": entry.recorded, "closed_leaf": closing.leaf}
        if isinstance(record, Revision):
            state = state_of(record) if record.kind is Kind.ACTION else None
            superseded = None
            if running_key(record.account, state, record.valid_from, record.valid_to) is not None:
                superseded = superseded_key(record.account, entry.recorded, record.key)
            if (row := self._revisions.get(record.key)) is not None:
                row.update(end)
                if superseded is not None:
                    row.update(running=None, superseded=superseded)
            else:
                self._closed.append([record.key, entry.recorded, closing.leaf])
                if superseded is not None:
                    self._superseded.append([record.key, superseded])
        else:
            source, association, destination = record.triple
            if (held := self._edges.get(association, {}).get(record.key)) is not None:
                held[1]["edge"].update(end)
            else:
                self._cut.append([source, destination, record.key, entry.recorded, closing.leaf])


def revision(row: list[Any]) -> Revision:
    """The piece of history that `entity/load` returned."""
    arn, key, valid_from, valid_to, body = row
    account = key.split("/", 1)[0]
    # The kind is in the state; a tombstone's is not needed, since creating again says it anew.
    return Revision(arn, account, _kind(arn), None, valid_from, valid_to, key=key, body=body)


def edge(row: list[Any]) -> Edge:
    """The edge that `association/load` or `association/incident` returned."""
    source, association, destination, key, valid_from, valid_to = row
    return Edge((source, association, destination), key.split("/", 1)[0], valid_from, valid_to, key=key)


def revision_row(revision: Revision, entry: Entry, doer: Doer) -> dict[str, Any]:
    """A revision's properties as the database keeps them."""
    row: dict[str, Any] = {
        "key": revision.key,
        "account": revision.account,
        "arn": revision.arn,
        "kind": revision.kind.value,
        "valid_from": revision.valid_from,
        "valid_to": revision.valid_to,
        "recorded_from": entry.recorded,
        "recorded_to": FOREVER,
        "operation": revision.operation,
        "replaces": revision.replaces,
        "actor": doer.actor,
        "door": doer.door,
        "leaf": revision.leaf,
        "salt": revision.salt,
        "digest": revision.digest,
        "body": revision.body,
    }
    if revision.state is not None:
        row |= listing_row(revision.account, revision.state)
        row["running"] = running_key(revision.account, revision.state, revision.valid_from, revision.valid_to)
        row["outbox"] = outbox_key(revision.key, revision.operation, revision.state, revision.valid_to)
    return row


def listing_row(account: str, state: State) -> dict[str, Any]:
    """What lists and look-ups of the past seek and filter by."""
    prefix = f"{account}/{state['kind']}"
    return {
        "by_created": f"{prefix}/{state['created_at']:016d}/{state['arn']}",
        "by_name": f"{prefix}/{state['name']}\t{state['arn']}",
        "type": state.get("type"),
        "name": state["name"],
        "source_uri": state.get("source_uri"),
        "status": state.get("status"),
        "created_at": state["created_at"],
        "modified_at": state["modified_at"],
        "resource_arn": state.get("resource_arn"),
        "source_arn": state.get("source_arn"),
        "by_resource": resource_key(account, state.get("resource_arn"), state.get("card_version", 0)),
        "approval": state.get("approval", state.get("card_status")),
    }


def resource_key(account: str, resource_arn: str | None, card_version: int = 0) -> str | None:
    """By what registry objects are listed: `<account>/model-package/churn/0000000007`, 0 without a number.

    A card's number is that of its version, which stands in no ARN.
    """
    if resource_arn is None:
        return None
    family, *name = resource_arn.split(":", 5)[5].split("/")
    if family not in LISTED_RESOURCES or not 1 <= len(name) <= 2:
        return None
    number = name[1] if len(name) == 2 else str(card_version)
    return f"{account}/{family}/{name[0]}/{int(number):010d}" if number.isascii() and number.isdigit() else None


def entity_row(revision: Revision, entry: Entry) -> dict[str, Any]:
    """An entity's properties: a copy of the revision now in force, for walks and look-ups in the present."""
    row: dict[str, Any] = {
        "arn": revision.arn,
        "account": revision.account,
        "kind": revision.kind.value,
        "valid_from": revision.valid_from,
        "recorded_from": entry.recorded,
        "deleted": revision.state is None,
        "body": revision.body,
    }
    if (state := revision.state) is not None:
        row |= {
            "resource_arn": state.get("resource_arn"),
            "type": state.get("type"),
            "name": state["name"],
            "created_at": state["created_at"],
            # No key holds a tab.
            "tags": [f"{key}\t{value}" for key, value in state.get("tags", ())] or None,
        }
    return row


def edge_row(edge: Edge, entry: Entry) -> dict[str, Any]:
    """An edge's properties as the database keeps them."""
    return {
        "key": edge.key,
        "account": edge.account,
        "valid_from": edge.valid_from,
        "valid_to": edge.valid_to,
        "recorded_from": entry.recorded,
        "recorded_to": FOREVER,
        "leaf": edge.leaf,
        "salt": edge.salt,
        "digest": edge.digest,
    }


def _kind(arn: str) -> Kind:
    family = arn.split(":", 5)[5].split("/", 1)[0]
    return {
        "artifact": Kind.ARTIFACT,
        "action": Kind.ACTION,
        "experiment-trial-component": Kind.TRIAL_COMPONENT,
    }.get(family, Kind.CONTEXT)
