"""Which revisions tell of an event: they hold their own key a second time, under an index of few, so that a feed finds them.

A revision is the event's record: it was written with its ledger entry or not at all, and its key never changes.
"""

from graph.entities import Kind, State
from graph.times import FOREVER

CHANGED = ("model-package", "model-package-group")
"""Families of resources whose creation and changes are told."""
BEGUN = ("ModelDeployment", "ModelReplaced", "MonitoringAlert", "ApprovalStale")
"""Types of actions whose beginning is told."""


def outbox_key(key: str, operation: str, state: State | None, valid_to: int) -> str | None:
    """What a revision holds as `outbox`: its key when an event may follow from it, else None."""
    # Of the pieces into which a change of the past is cut, the one in force tells of it.
    if state is None or valid_to != FOREVER or operation not in ("create", "update"):
        return None
    if (own := state.get("resource_arn")) is not None and own.split(":", 5)[5].partition("/")[0] in CHANGED:
        return key
    begun = operation == "create" and state["kind"] == Kind.ACTION and state.get("type") in BEGUN
    return key if begun else None
