"""Experiments: what groups trials."""

from typing import Any

from api.sagemaker import listings, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph import commands, experiments
from graph.entities import Entity, Kind
from graph.experiments import EXPERIMENT


@operation("CreateExperiment")
async def create_experiment(call: Call, given: Input) -> Output:
    """A new experiment; its name is unique."""
    made = experiments.create_experiment(
        call.place,
        given["ExperimentName"],
        display_name=given.get("DisplayName"),
        description=given.get("Description") or None,
        tags=shapes.tags_given(given.get("Tags")),
    )
    arn = call.place.arn(f"{EXPERIMENT}/{given['ExperimentName']}")
    call.arns.append(arn)
    await call.write(*made)
    return {"ExperimentArn": arn}


@operation("DescribeExperiment")
async def describe_experiment(call: Call, given: Input) -> Output:
    """One experiment."""
    return experiment(await call.entity(_arn(call, given)))


@operation("UpdateExperiment")
async def update_experiment(call: Call, given: Input) -> Output:
    """Change its display name and description; what is left out stays."""
    arn = _arn(call, given)
    shown, description = given.get("DisplayName"), given.get("Description")
    await call.write(commands.update(arn, Kind.CONTEXT, display_name=shown, description=description))
    return {"ExperimentArn": arn}


@operation("DeleteExperiment")
async def delete_experiment(call: Call, given: Input) -> Output:
    """End an experiment that has no trials."""
    arn = _arn(call, given)
    await call.write(experiments.Withdraw(arn))
    return {"ExperimentArn": arn}


@operation("ListExperiments")
async def list_experiments(call: Call, given: Input) -> Output:
    """A page of experiments."""
    filter_ = listings.filtered(given, prefix=call.place.arn(f"{EXPERIMENT}/"))
    return await listings.listed(call, given, Kind.CONTEXT, filter_, "ExperimentSummaries", _summary)


def experiment(entity: Entity) -> dict[str, Any]:
    """What DescribeExperiment answers."""
    return {
        "ExperimentName": entity.name,
        "ExperimentArn": entity.arn,
        "DisplayName": shapes.display_name(entity),
        "Source": shapes.arn_source(entity),
        "Description": entity.description,
        **shapes.described(entity),
    }


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "ExperimentArn": entity.arn,
        "ExperimentName": entity.name,
        "DisplayName": shapes.display_name(entity),
        "ExperimentSource": shapes.arn_source(entity),
        **shapes.summarised(entity),
    }


def _arn(call: Call, given: Input) -> str:
    arn = call.place.arn(f"{EXPERIMENT}/{given['ExperimentName']}")
    call.arns.append(arn)
    return arn
