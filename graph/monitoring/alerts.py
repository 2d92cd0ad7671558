"""The alert of a schedule: whether its last runs found enough to say so, and each change of that, which is an action.

An action stands for one change of state: `IN_PROGRESS` while the alert is raised that it stands for, `COMPLETED` for the end
of one. Its ARN is the id under which the change is told.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from graph import listing
from graph.associations import AssociationType
from graph.commands import Command, Place, associate, create_named
from graph.entities import Entity, Kind, Status
from graph.listing import Filter, Page
from graph.monitoring import executions, handling, names
from graph.monitoring.executions import ExecutionFilter, ExecutionStatus
from graph.monitoring.schedules import Schedule
from graph.store.store import Store
from graph.times import Moment, from_ms, now_ms

FAILING = (ExecutionStatus.VIOLATIONS, ExecutionStatus.FAILED)
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", re.ASCII)
SILENCED = "Silenced"
"""The property of a change that was not told: the ARN of the silence."""
ENDED = (ExecutionStatus.COMPLETED, *FAILING)


class AlertStatus(StrEnum):
    """Whether an alert is raised, in SageMaker's words."""

    IN_ALERT = "InAlert"
    OK = "OK"


@dataclass(frozen=True, slots=True)
class AlertChange:
    """A change of an alert's state.

    Attributes:
        id: the action's ARN.
        at: when, epoch milliseconds.
        told: whether it was an event; false where the schedule was silent.
    """

    id: str
    schedule: str
    status: AlertStatus
    at: int
    told: bool = True


def of_runs(last: Sequence[ExecutionStatus], datapoints: int, period: int) -> AlertStatus:
    """What runs say, the newest first: raised when `datapoints` of the last `period` found violations or failed."""
    found = sum(status in FAILING for status in last[:period])
    return AlertStatus.IN_ALERT if found >= datapoints else AlertStatus.OK


async def status(store: Store, place: Place, schedule: Schedule) -> AlertStatus:
    """What the last runs of a schedule say."""
    period, datapoints = schedule.alert["EvaluationPeriod"], schedule.alert["DatapointsToAlert"]
    created = schedule.entity.created_at
    # Runs that have not ended say nothing yet; those of an earlier schedule of this name never do.
    page = await executions.page(
        store,
        place.account,
        filter=ExecutionFilter(schedule=schedule.name, created_after=created),
        by_scheduled=True,
        first=min(500, 5 * period),
    )
    ended = [execution.status for _, execution in page.items if execution.status in ENDED]
    return of_runs(ended, datapoints, period)


async def last(store: Store, place: Place, schedule: Schedule, when: Moment) -> AlertChange | None:
    """The last change of a schedule's alert."""
    page = await changes(store, place.account, when, schedule=schedule, first=1)
    return page.items[0][1] if page.items else None


async def changes(
    store: Store,
    account: str,
    when: Moment,
    *,
    schedule: Schedule | None = None,
    status: AlertStatus | None = None,
    created_after: int | None = None,
    created_before: int | None = None,
    descending: bool = True,
    first: int = 50,
    after: str | None = None,
) -> Page[AlertChange]:
    """One page of changes of alerts: of one schedule, since it was made, or of all."""
    since = created_after
    if schedule is not None:
        since = max(created_after or 0, schedule.entity.created_at)
    wanted = {AlertStatus.IN_ALERT: Status.IN_PROGRESS, AlertStatus.OK: Status.COMPLETED}
    page = await listing.entities(
        store,
        account,
        Kind.ACTION,
        when,
        filter=Filter(
            type=names.ALERT_TYPE,
            source_uri=None if schedule is None else schedule.entity.resource_arn,
            status=None if status is None else wanted[status],
            created_after=since,
            created_before=created_before,
        ),
        descending=descending,
        first=first,
        after=after,
    )
    # Anybody who may write can make an action of this type.
    known = [
        (key, action) for key, action in page.items if NAME.fullmatch((action.properties or {}).get("Schedule", ""))
    ]
    return Page([(key, _change(action)) for key, action in known], page.more)


def change(
    place: Place,
    schedule: Schedule,
    to: AlertStatus,
    job: str,
    at: int,
    *,
    causes: Sequence[str] = (),
    silence: str | None = None,
) -> list[Command]:
    """The commands that record that an alert was raised, or ended, by a run; done again they change nothing.

    Args:
        place: Where ARNs are made.
        schedule: Whose alert it is.
        to: What it is now.
        job: The processing job of the run that made it so.
        at: When, epoch milliseconds.
        causes: ARNs of what was found: the file with the violations.
        silence: The ARN of the silence for which it is not told.
    """
    raised = to is AlertStatus.IN_ALERT
    made = create_named(
        place,
        Kind.ACTION,
        f"{job}-{'alert' if raised else 'ok'}",
        type=names.ALERT_TYPE,
        source_uri=schedule.entity.resource_arn,
        source_type=names.SCHEDULE_TYPE,
        status=Status.IN_PROGRESS if raised else Status.COMPLETED,
        started_at=from_ms(at),
        ended_at=None if raised else from_ms(at),
        properties={
            "Schedule": schedule.name,
            "AlertStatus": to.value,
            "Job": job,
            **({} if silence is None else {SILENCED: silence}),
        },
    )
    return [
        made,
        *(associate(cause, made.arn, AssociationType.CONTRIBUTED_TO) for cause in causes),
        associate(made.arn, schedule.entity.arn, AssociationType.ASSOCIATED_WITH),
    ]


async def changed(
    store: Store, place: Place, schedule: Schedule, job: str, when: Moment, causes: Sequence[str]
) -> list[Command]:
    """The commands that record that a run changed the state of its schedule's alert; none where it is what it was.

    Args:
        store: Where runs and changes are.
        place: Where ARNs are made.
        schedule: Whose alert it is.
        job: The processing job of the run.
        when: The moment.
        causes: ARNs of what was found.
    """
    at = now_ms()
    now = await status(store, place, schedule)
    before = await last(store, place, schedule, when)
    quiet = await handling.silenced(store, place, schedule, when, at)
    raised = now is AlertStatus.IN_ALERT
    if now is (AlertStatus.OK if before is None else before.status) and not (
        # What was raised in silence is told once that has ended.
        raised and before is not None and not before.told and quiet is None
    ):
        return []
    silence = None if quiet is None else quiet.arn
    return change(place, schedule, now, job, at, causes=causes if raised else (), silence=silence)


def _change(action: Entity) -> AlertChange:
    status = AlertStatus.IN_ALERT if action.status is Status.IN_PROGRESS else AlertStatus.OK
    said = action.properties or {}
    return AlertChange(action.arn, said["Schedule"], status, action.created_at, SILENCED not in said)
