"""What people say of alerts and violations: that they have seen one, and that a schedule is to be quiet for a while.

Each is an action with its reason, made by whom the ledger says: an acknowledgement comes after what it speaks of, a silence
belongs to its schedule until it ends or is ended. While a schedule is silent, its alert is recorded and not told; the first
run after it tells an alert that is still raised.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graph import commands, history, limits, listing
from graph.access import Caller, Permission, require
from graph.associations import AssociationType
from graph.canonical import digest
from graph.catalog import Catalog
from graph.commands import Place
from graph.entities import Entity, Kind, Status
from graph.errors import InvalidError, NotFoundError
from graph.listing import Filter
from graph.monitoring import names
from graph.monitoring.schedules import Schedule
from graph.store.store import Store
from graph.times import Moment, from_ms, now_ms, to_ms

ACKNOWLEDGED_TYPE, SILENCE_TYPE = "MonitoringAcknowledgement", "MonitoringSilence"
VIOLATION_TYPE = "Violation"
REASON = 1_024
"""Characters of a reason."""
LONGEST_MS = 366 * 86_400_000
MOST = 100
"""Silences of one schedule that are looked at."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a schedule is quiet, and until when.

    Attributes:
        arn: the action's.
        until: epoch milliseconds.
        by: who said so.
    """

    arn: str
    reason: str
    until: int
    by: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """That somebody has seen an alert or a violation: who, when (epoch milliseconds), and what they say of it."""

    arn: str
    reason: str
    at: int
    by: str


async def acknowledge(catalog: Catalog, caller: Caller, arn: str, reason: str) -> str:
    """Say that an alert or a violation was seen, and what is done about it; the ARN of the action.

    Args:
        catalog: The graph.
        caller: Who says it.
        arn: Of a violation, or of the action of an alert.
        reason: What is said.

    Raises:
        ForbiddenError: the caller may only read.
        NotFoundError: it is not there.
        InvalidError: it is neither, or there is no reason.
    """
    require(caller, Permission.WRITE)
    place, when = catalog.place(caller.account), await catalog.moment(caller.account)
    found = (await history.entities(catalog.store, caller.account, [arn], when)).get(arn)
    if found is None:
        raise NotFoundError(f"there is no {arn}")
    if (found.kind, found.type) not in ((Kind.ARTIFACT, VIOLATION_TYPE), (Kind.ACTION, names.ALERT_TYPE)):
        raise InvalidError(
            f"{arn} is no violation and no alert but {found.type or found.kind.value.lower()}",
            path="arn",
            constraint="a violation, or an alert",
        )
    now = now_ms()
    made = commands.create_named(
        place,
        Kind.ACTION,
        f"acknowledged-{digest(f'{arn} {now}'.encode())[:16]}",
        type=ACKNOWLEDGED_TYPE,
        source_uri=arn,
        status=Status.COMPLETED,
        started_at=from_ms(now),
        ended_at=from_ms(now),
        properties={"Reason": _reason(reason)},
    )
    told = commands.associate(arn, made.arn, AssociationType.CONTRIBUTED_TO)
    await catalog.write(caller, [made, told], operation="acknowledge")
    return made.arn


async def acknowledgements(store: Store, account: str, arn: str, when: Moment) -> list[Acknowledgement]:
    """What was said of an alert or a violation, oldest first."""
    page = await listing.entities(
        *(store, account, Kind.ACTION, when),
        filter=Filter(type=ACKNOWLEDGED_TYPE, source_uri=arn),
        descending=False,
        first=MOST,
    )
    return [
        Acknowledgement(item.arn, (item.properties or {}).get("Reason", ""), item.created_at, item.created_by or "")
        for _, item in page.items
    ]


async def silence(catalog: Catalog, caller: Caller, schedule: Schedule, reason: str, until: datetime) -> str:
    """Let a schedule's alert be recorded and not told until a time; the ARN of the action.

    Raises:
        ForbiddenError: the caller may only read.
        InvalidError: there is no reason, or the time is past or further than a year ahead.
    """
    require(caller, Permission.WRITE)
    place, now, end = catalog.place(caller.account), now_ms(), to_ms(until)
    if not now < end <= now + LONGEST_MS:
        raise InvalidError(
            f"a silence ends at {until.isoformat()}; a time from now to a year ahead is needed",
            path="until",
            constraint="within a year",
        )
    made = commands.create_named(
        place,
        Kind.ACTION,
        f"silence-{digest(f'{schedule.entity.arn} {now}'.encode())[:16]}",
        type=SILENCE_TYPE,
        source_uri=schedule.entity.resource_arn,
        source_type=names.SCHEDULE_TYPE,
        status=Status.IN_PROGRESS,
        started_at=from_ms(now),
        properties={"Schedule": schedule.name, "Reason": _reason(reason), "Until": from_ms(end).isoformat()},
    )
    told = commands.associate(made.arn, schedule.entity.arn, AssociationType.ASSOCIATED_WITH)
    await catalog.write(caller, [made, told], operation="silence")
    return made.arn


async def unsilence(catalog: Catalog, caller: Caller, schedule: Schedule, reason: str) -> int:
    """End all silences of a schedule; how many there were.

    Raises:
        ForbiddenError: the caller may only read.
        InvalidError: there is no reason.
    """
    require(caller, Permission.WRITE)
    now = now_ms()
    text = _reason(reason)
    count = 0
    while held := await _silences(catalog.store, caller.account, schedule, await catalog.moment(caller.account)):
        await catalog.write(caller, _ended(held, text, now), operation="unsilence")
        count += len(held)
    return count


def _ended(held: Sequence[Entity], text: str, now: int) -> list[commands.Command]:
    return [
        commands.update(
            *(item.arn, Kind.ACTION), status=Status.COMPLETED, ended_at=from_ms(now), properties={"Ended": text}
        )
        for item in held
    ]


async def silenced(store: Store, place: Place, schedule: Schedule, when: Moment, now: int) -> Silence | None:
    """The silence of a schedule that ends last, if there is one at a time."""
    found = [_silence(item) for item in await _silences(store, place.account, schedule, when)]
    running = [item for item in found if item.until > now]
    return max(running, key=lambda item: item.until, default=None)


async def _silences(store: Store, account: str, schedule: Schedule, when: Moment) -> Sequence[Entity]:
    page = await listing.entities(
        *(store, account, Kind.ACTION, when),
        filter=Filter(
            type=SILENCE_TYPE,
            source_uri=schedule.entity.resource_arn,
            status=Status.IN_PROGRESS,
            created_after=schedule.entity.created_at,
        ),
        first=MOST,
    )
    return [item for _, item in page.items]


def _silence(action: Entity) -> Silence:
    said = action.properties or {}
    try:
        until = to_ms(datetime.fromisoformat(said.get("Until", "")))
    except (ValueError, OverflowError):
        until = 0
    # Somebody may have made it by hand: it is worth what could have been asked for.
    until = min(until, action.created_at + LONGEST_MS) if said.get("Reason") else 0
    return Silence(action.arn, said.get("Reason", ""), until, action.created_by or "")


def _reason(text: str) -> str:
    return limits.text(text.strip(), "reason", minimum=1, maximum=REASON, lines=True)
