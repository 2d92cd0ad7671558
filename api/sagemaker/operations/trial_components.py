"""Trial components: one step of an attempt, with its parameters, metrics and files."""

import re
from collections.abc import Mapping
from typing import Any

from api.sagemaker import listings, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from api.sagemaker.operations.metrics import summaries_shown
from api.sagemaker.operations.trials import grouped
from graph import commands, experiments, metrics
from graph.entities import Entity, Kind
from graph.errors import InvalidError
from graph.experiments import COMPONENT, EXPERIMENT, TRIAL, Members
from graph.metrics import Summary

MEDIA_TYPE = re.compile(r"[-\w]+/[-\w+]+")
"""What SageMaker's pattern admits; our own doors take any."""


@operation("CreateTrialComponent")
async def create_trial_component(call: Call, given: Input) -> Output:
    """A new trial component; its name is unique."""
    put = commands.create_named(
        call.place,
        Kind.TRIAL_COMPONENT,
        given["TrialComponentName"],
        display_name=given.get("DisplayName"),
        metadata=given.get("MetadataProperties"),
        tags=shapes.tags_given(given.get("Tags")),
        exclusive=True,
        **_details(given),
    )
    call.arns.append(put.arn)
    await call.write(put)
    return {"TrialComponentArn": put.arn}


@operation("DescribeTrialComponent")
async def describe_trial_component(call: Call, given: Input) -> Output:
    """One trial component, by name or ARN."""
    entity = await call.entity(shapes.arn_of(call, COMPONENT, given["TrialComponentName"]))
    call.arns.append(entity.arn)
    summaries = await metrics.summaries(call.catalog.store, call.account, [entity])
    found = component(entity, summaries[entity.arn])
    return {**found, "Sources": [found["Source"]] if found["Source"] is not None else None}


@operation(
    "UpdateTrialComponent",
    note="Parameters and artifacts are merged by name, then those to remove are removed; empty maps change nothing.",
)
async def update_trial_component(call: Call, given: Input) -> Output:
    """Change some of it; what is left out stays."""
    arn = _arn(call, given)
    removed = {
        "parameters": given.get("ParametersToRemove", ()),
        "inputs": given.get("InputArtifactsToRemove", ()),
        "outputs": given.get("OutputArtifactsToRemove", ()),
    }
    details = {"display_name": given.get("DisplayName"), **_details(given)}
    await call.write(commands.update(arn, Kind.TRIAL_COMPONENT, removed=removed, **details))
    return {"TrialComponentArn": arn}


@operation("DeleteTrialComponent", note="Its lineage associations end with it.")
async def delete_trial_component(call: Call, given: Input) -> Output:
    """End a component that belongs to no trial."""
    arn = _arn(call, given)
    await call.write(experiments.Withdraw(arn))
    return {"TrialComponentArn": arn}


@operation("ListTrialComponents")
async def list_trial_components(call: Call, given: Input) -> Output:
    """A page of trial components: all, an experiment's, a trial's, or those made by one source."""
    asked = [name for name in ("ExperimentName", "TrialName", "SourceArn") if name in given]
    if len(asked) > 1:
        raise InvalidError(f"{' and '.join(asked)} can't be given together; filter by one of them", path=asked[1])
    member = "TrialComponentSummaries"
    if (name := given.get("TrialName")) is not None:
        group = call.place.arn(f"{TRIAL}/{name}")
        return await grouped(call, given, group, COMPONENT, Members.DIRECT, member, _summary)
    if (name := given.get("ExperimentName")) is not None:
        group = call.place.arn(f"{EXPERIMENT}/{name}")
        return await grouped(call, given, group, COMPONENT, Members.INDIRECT, member, _summary)
    filter_ = listings.filtered(given, source_arn=given.get("SourceArn"))
    return await listings.listed(call, given, Kind.TRIAL_COMPONENT, filter_, member, _summary)


def component(entity: Entity, summaries: list[Summary]) -> dict[str, Any]:
    """What DescribeTrialComponent and Search answer."""
    return {
        "TrialComponentName": entity.name,
        "TrialComponentArn": entity.arn,
        "DisplayName": shapes.display_name(entity),
        "Source": shapes.arn_source(entity),
        "Status": _status(entity),
        "StartTime": entity.started_at,
        "EndTime": entity.ended_at,
        "Parameters": {name: _parameter(value) for name, value in (entity.parameters or {}).items()},
        "InputArtifacts": _artifacts(entity.inputs),
        "OutputArtifacts": _artifacts(entity.outputs),
        "Metrics": summaries_shown(entity, summaries),
        "MetadataProperties": entity.metadata or None,
        "LineageGroupArn": shapes.group_arn(entity),
        **shapes.described(entity),
    }


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "TrialComponentName": entity.name,
        "TrialComponentArn": entity.arn,
        "DisplayName": shapes.display_name(entity),
        "TrialComponentSource": shapes.arn_source(entity),
        "Status": _status(entity),
        "StartTime": entity.started_at,
        "EndTime": entity.ended_at,
        **shapes.described(entity),
    }


def _status(entity: Entity) -> dict[str, Any] | None:
    if entity.status is None and entity.status_message is None:
        return None
    status = None if entity.status is None else shapes.STATUSES[entity.status]
    return {"PrimaryStatus": status, "Message": entity.status_message}


def _parameter(value: Mapping[str, str]) -> dict[str, Any]:
    # The shortest decimal text of a double is that double again.
    return {"NumberValue": float(value["number"])} if "number" in value else {"StringValue": value["string"]}


def _artifacts(files: Mapping[str, Mapping[str, str]] | None) -> dict[str, Any]:
    return {
        name: {
            "Value": file.get("value", ""),
            "MediaType": kind if (kind := file.get("media_type")) and MEDIA_TYPE.fullmatch(kind) else None,
        }
        for name, file in (files or {}).items()
    }


def _details(given: Input) -> dict[str, Any]:
    status = given.get("Status", {})
    primary = status.get("PrimaryStatus")
    return {
        "status": None if primary is None else shapes.STATUS_OF[primary].value,
        "status_message": status.get("Message"),
        "started_at": given.get("StartTime"),
        "ended_at": given.get("EndTime"),
        "parameters": _parameters_given(given.get("Parameters")),
        "inputs": _files_given(given.get("InputArtifacts")),
        "outputs": _files_given(given.get("OutputArtifacts")),
    }


def _parameters_given(values: Mapping[str, Mapping[str, Any]] | None) -> dict[str, dict[str, str]] | None:
    if values is None:
        return None
    found: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        if len(value) != 1:
            raise InvalidError(
                f"Parameters[{name[:60]!r}] must have either NumberValue or StringValue", path=f"Parameters.{name[:60]}"
            )
        found[name] = (
            {"number": repr(value["NumberValue"])} if "NumberValue" in value else {"string": value["StringValue"]}
        )
    return found


def _files_given(values: Mapping[str, Mapping[str, str]] | None) -> dict[str, dict[str, str]] | None:
    if values is None:
        return None
    return {
        name: {"value": file["Value"], **({"media_type": kind} if (kind := file.get("MediaType")) else {})}
        for name, file in values.items()
    }


def _arn(call: Call, given: Input) -> str:
    arn = call.place.arn(f"{COMPONENT}/{given['TrialComponentName']}")
    call.arns.append(arn)
    return arn
