"""What the records of training and transform jobs share at this door; the rules are those of `graph/jobs.py`."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from api.sagemaker import shapes
from api.sagemaker.calls import Call, Input, Output, size
from api.sagemaker.listings import descending
from graph import history, jobs, listing
from graph.entities import Entity, Kind, Status
from graph.errors import AlreadyExistsError, InvalidError, NotFoundError
from graph.jobs import JobKind
from graph.listing import Filter, Sort
from graph.times import Moment, to_ms

ORDER = (Status.COMPLETED, Status.FAILED, Status.IN_PROGRESS, Status.STOPPED, Status.STOPPING)
"""Statuses in the order of their names, for lists that are sorted by status."""
CHANGES = 100
DEFAULT_TRIAL = "Default-Run-Group-"


async def create(call: Call, kind: JobKind, name: str, given: Input, **details: Any) -> str:
    """Record a job that begins, with its request; its own ARN.

    Raises:
        AlreadyExistsError: there is one of this name.
        NotFoundError: its trial does not exist.
    """
    arn = jobs.job_arn(call.place, kind, name)
    call.arns.append(arn)
    config = given.get("ExperimentConfig", {})
    try:
        await call.write(
            *jobs.create(
                call.place,
                kind,
                name,
                specification=orjson.dumps({key: value for key, value in given.items() if key != "Tags"}).decode(),
                trial=_trial(call, config),
                display_name=config.get("TrialComponentDisplayName"),
                tags=shapes.tags_given(given.get("Tags")),
                **details,
            )
        )
    except AlreadyExistsError:
        raise AlreadyExistsError(
            f"Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})"
        ) from None
    return arn


async def find(call: Call, kind: JobKind, name: str, when: Moment | None = None) -> Entity:
    """A job's trial component.

    Raises:
        InvalidError: there is none, in the words that SageMaker's clients know: AWS answers so too, though its model lists
            ResourceNotFound (boto/boto3 issue 2808).
    """
    call.arns.append(jobs.job_arn(call.place, kind, name))
    try:
        return await call.entity(jobs.component_arn(call.place, kind, name), when)
    except NotFoundError:
        raise InvalidError("Requested resource not found.") from None


async def stop(call: Call, kind: JobKind, name: str) -> None:
    """Ask whoever runs a job to stop it.

    Raises:
        InvalidError: it has ended, or there is none of this name.
    """
    entity = await find(call, kind, name)
    if entity.status in jobs.ENDED:
        raise InvalidError(
            f"The request was rejected because the {kind.value.replace('-', ' ')} is in status "
            f"{shapes.STATUSES[entity.status]}"
        )
    await call.write(*jobs.report(call.place, kind, name, Status.STOPPING))


async def transitions(call: Call, entity: Entity) -> list[dict[str, Any]]:
    """The steps that a job went through, from its history: `Status`, `StartTime`, `EndTime`, `StatusMessage`."""
    moment = await call.catalog.moment(call.account)
    changes = await history.changes(call.catalog.store, call.account, entity.arn, moment.known, first=CHANGES)
    steps: list[dict[str, Any]] = []
    for change in reversed(changes):
        if change.after is None:
            continue
        step = secondary(change.after)
        if not steps or steps[-1]["Status"] != step:
            if steps:
                steps[-1]["EndTime"] = change.valid_from
            message = change.after.status_message or f"The job is {step}"
            steps.append({"Status": step, "StartTime": change.valid_from, "StatusMessage": message})
    return steps


def secondary(entity: Entity) -> str:
    """What a job does, in SageMaker's words for a secondary status."""
    assert entity.status is not None
    reported = (entity.properties or {}).get("SecondaryStatus")
    if entity.status is Status.IN_PROGRESS:
        return reported or "Starting"
    return shapes.STATUSES[entity.status]


def asked(entity: Entity, names: Iterable[str]) -> dict[str, Any]:
    """The members of the request for a job that its description repeats."""
    held = orjson.loads(entity.specification or "{}")
    return {name: held[name] for name in names if name in held}


async def listed(
    call: Call, given: Input, kind: JobKind, member: str, summary: Callable[[Entity], dict[str, Any]]
) -> Output:
    """One page of jobs as the member of an output."""
    when, place = await call.page(given)
    wanted = _in_order(given) if given.get("SortBy") == "Status" else [_status(given)]
    index, after = (0, None) if place is None else place
    first = size(given)
    found: list[tuple[str, Entity]] = []
    more = False
    while index < len(wanted):
        page = await listing.entities(
            call.catalog.store,
            call.account,
            Kind.TRIAL_COMPONENT,
            when,
            filter=_filter(given, kind, wanted[index]),
            sort=Sort.NAME if given.get("SortBy") == "Name" else Sort.CREATED,
            descending=descending(given),
            first=first - len(found),
            after=after,
        )
        found += page.items
        if page.more or len(found) == first:
            more = page.more or index + 1 < len(wanted)
            if not page.more:
                index, after = index + 1, None
            else:
                after = page.items[-1][0]
            break
        index, after = index + 1, None
    return {
        member: [summary(entity) for _, entity in found],
        **call.next_token(given, when, [index, after] if more else None),
    }


def _in_order(given: Input) -> list[Status | None]:
    """The statuses that a list sorted by status goes through."""
    only = _status(given)
    ordered = [status for status in ORDER if only in (None, status)]
    return [*reversed(ordered)] if descending(given) else [*ordered]


def _status(given: Input) -> Status | None:
    wanted = given.get("StatusEquals")
    if wanted is None:
        return None
    # A job record is never of another status of the model, such as `Deleting`: UNKNOWN finds nothing.
    return shapes.STATUS_OF.get(wanted, Status.UNKNOWN)


def _filter(given: Input, kind: JobKind, status: Status | None) -> Filter:
    def ms(name: str) -> int | None:
        return None if given.get(name) is None else to_ms(given[name])

    return Filter(
        type=kind.type,
        contains=given.get("NameContains"),
        status=status,
        created_after=ms("CreationTimeAfter"),
        created_before=ms("CreationTimeBefore"),
        modified_after=ms("LastModifiedTimeAfter"),
        modified_before=ms("LastModifiedTimeBefore"),
    )


def _trial(call: Call, config: dict[str, str]) -> str | None:
    name = config.get("TrialName")
    if name is None and config.get("RunName") is not None and config.get("ExperimentName") is not None:
        name = DEFAULT_TRIAL + config["ExperimentName"]
    return None if name is None else call.place.arn(f"experiment-trial/{name}")
