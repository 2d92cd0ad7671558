"""Trials: what groups the components of one attempt, in an experiment."""

from collections.abc import Callable
from typing import Any

from api.sagemaker import listings, shapes
from api.sagemaker.calls import Call, Input, Output, operation, size
from graph import commands, experiments
from graph.entities import Entity, Kind
from graph.experiments import COMPONENT, EXPERIMENT, TRIAL, Members
from graph.listing import Sort


@operation("CreateTrial")
async def create_trial(call: Call, given: Input) -> Output:
    """A new trial in an experiment; its name is unique in the account."""
    made = experiments.create_trial(
        call.place,
        given["TrialName"],
        given["ExperimentName"],
        display_name=given.get("DisplayName"),
        metadata=given.get("MetadataProperties"),
        tags=shapes.tags_given(given.get("Tags")),
    )
    arn = _arn(call, given)
    await call.write(*made)
    return {"TrialArn": arn}


@operation("DescribeTrial")
async def describe_trial(call: Call, given: Input) -> Output:
    """One trial."""
    when = await call.catalog.moment(call.account)
    entity = await call.entity(_arn(call, given), when)
    found = await experiments.experiments(call.catalog.store, call.place, [entity.arn], when)
    return trial(entity, found.get(entity.arn))


@operation("UpdateTrial")
async def update_trial(call: Call, given: Input) -> Output:
    """Change its display name."""
    arn = _arn(call, given)
    await call.write(commands.update(arn, Kind.CONTEXT, display_name=given.get("DisplayName")))
    return {"TrialArn": arn}


@operation("DeleteTrial")
async def delete_trial(call: Call, given: Input) -> Output:
    """End a trial that has no components."""
    arn = _arn(call, given)
    await call.write(experiments.Withdraw(arn))
    return {"TrialArn": arn}


@operation("ListTrials")
async def list_trials(call: Call, given: Input) -> Output:
    """A page of trials: all, an experiment's, a component's, or those of a component in an experiment."""
    experiment, component = given.get("ExperimentName"), given.get("TrialComponentName")
    if experiment is None and component is None:
        filter_ = listings.filtered(given, prefix=call.place.arn(f"{TRIAL}/"))
        return await listings.listed(call, given, Kind.CONTEXT, filter_, "TrialSummaries", _summary)
    which, only = Members.DIRECT, None
    group = call.place.arn(f"{EXPERIMENT}/{experiment}")
    if component is not None:
        arn = call.place.arn(f"{COMPONENT}/{component}")
        if experiment is None:
            group, which = arn, Members.GROUPS
        else:
            when, _ = await call.page(given)
            await call.entity(arn, when)
            held = await experiments.parents(call.catalog.store, call.place, [arn], when)
            only = [parent.trial_arn for parent in held.get(arn, ())]
    return await grouped(call, given, group, TRIAL, which, "TrialSummaries", _summary, only)


@operation("AssociateTrialComponent", note="Doing it again changes nothing.")
async def associate_trial_component(call: Call, given: Input) -> Output:
    """Let a component belong to a trial."""
    component, arn = _pair(call, given)
    await call.write(experiments.join(component, arn))
    return {"TrialComponentArn": component, "TrialArn": arn}


@operation("DisassociateTrialComponent")
async def disassociate_trial_component(call: Call, given: Input) -> Output:
    """Let a component belong to a trial no longer."""
    component, arn = _pair(call, given)
    await call.write(experiments.leave(component, arn))
    return {"TrialComponentArn": component, "TrialArn": arn}


async def grouped(
    call: Call,
    given: Input,
    group: str,
    family: str,
    which: Members,
    member: str,
    summary: Callable[[Entity], dict[str, Any]],
    only: list[str] | None = None,
) -> Output:
    """One page of the entities around a group as the member of an output.

    Raises:
        NotFoundError: there is no such group.
    """
    call.arns.append(group)
    when, after = await call.page(given)
    await call.entity(group, when)
    page = await experiments.members(
        call.catalog.store,
        call.account,
        group,
        family,
        when,
        which=which,
        only=only,
        filter=listings.filtered(given),
        sort=Sort.NAME if given.get("SortBy") == "Name" else Sort.CREATED,
        descending=listings.descending(given),
        first=size(given),
        after=after,
    )
    last = page.items[-1][0] if page.more else None
    return {member: [summary(entity) for _, entity in page.items], **call.next_token(given, when, last)}


def trial(entity: Entity, experiment: str | None) -> dict[str, Any]:
    """What DescribeTrial answers; a trial made elsewhere may be in no experiment."""
    return {
        "TrialName": entity.name,
        "TrialArn": entity.arn,
        "DisplayName": shapes.display_name(entity),
        "ExperimentName": experiment,
        "Source": shapes.arn_source(entity),
        "MetadataProperties": entity.metadata or None,
        **shapes.described(entity),
    }


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "TrialArn": entity.arn,
        "TrialName": entity.name,
        "DisplayName": shapes.display_name(entity),
        "TrialSource": shapes.arn_source(entity),
        **shapes.summarised(entity),
    }


def _arn(call: Call, given: Input) -> str:
    arn = call.place.arn(f"{TRIAL}/{given['TrialName']}")
    call.arns.append(arn)
    return arn


def _pair(call: Call, given: Input) -> tuple[str, str]:
    component = call.place.arn(f"{COMPONENT}/{given['TrialComponentName']}")
    call.arns.append(component)
    return component, _arn(call, given)
