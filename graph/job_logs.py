"""What there is to log of jobs that run elsewhere: that they were recorded, and how their status changed."""

from dataclasses import dataclass

from graph import history
from graph.entities import Entity, Status
from graph.store.store import Store
from graph.times import FOREVER

CHANGES = 500
"""The newest changes of a job that its log tells of."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log.

    Attributes:
        at: when it became true, epoch milliseconds.
        recorded: when it was recorded, epoch milliseconds.
    """

    at: int
    recorded: int
    text: str


async def lines(store: Store, account: str, job: Entity) -> list[Line]:
    """The log of a job, oldest line first; the first names the job's ARN."""
    changes = await history.changes(store, account, job.arn, FOREVER, first=CHANGES)
    name = job.resource_arn or job.arn
    found = [Line(job.created_at, job.created_at, f"{name} recorded by {job.created_by}")]
    said: tuple[Status | None, str | None] = (None, None)
    for change in reversed(changes):
        after = change.after
        if after is None or after.created_at != job.created_at or (after.status, after.status_message) == said:
            continue
        said = (after.status, after.status_message)
        if after.status is not None:
            why = f": {after.status_message}" if after.status_message else ""
            # Times never run back in a log, even where a change was recorded for an earlier time.
            at = max(change.valid_from, found[-1].at)
            found.append(Line(at, max(change.recorded // 1000, at), f"{name} status {after.status.value}{why}"))
    return found
