"""Training jobs that run elsewhere, as records: whoever runs one reports how it goes (`stemma job report`, GraphQL, HTTP)."""

from typing import Any

from api.sagemaker import jobs, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph.entities import Entity, Status
from graph.errors import InvalidError
from graph.jobs import File, JobKind, job_name

NOTE = "A record: Stemma runs no training. Whoever runs the job reports its status and outputs."
REPEATED = (
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "DebugHookConfig",
    "ExperimentConfig",
    "DebugRuleConfigurations",
    "TensorBoardOutputConfig",
    "ProfilerConfig",
    "ProfilerRuleConfigurations",
    "Environment",
    "RetryStrategy",
    "RemoteDebugConfig",
    "InfraCheckConfig",
    "ServerlessJobConfig",
    "MlflowConfig",
    "ModelPackageConfig",
)
RUNTIME_SECONDS = 86_400


@operation("CreateTrainingJob", note=NOTE)
async def create_training_job(call: Call, given: Input) -> Output:
    """Record a training job, its channels, image and checkpoints."""
    algorithm = given.get("AlgorithmSpecification", {})
    resources = given.get("ResourceConfig", {})
    numbers = {
        f"SageMaker.{key}": {"number": repr(float(resources[key]))}
        for key in ("InstanceCount", "VolumeSizeInGB")
        if key in resources
    }
    machine = {"SageMaker.InstanceType": {"string": resources["InstanceType"]}} if "InstanceType" in resources else {}
    hyper = {key: {"string": value} for key, value in given.get("HyperParameters", {}).items()}
    arn = await jobs.create(
        call,
        JobKind.TRAINING,
        given["TrainingJobName"],
        given,
        inputs=[_channel(channel) for channel in given.get("InputDataConfig", ())],
        image=algorithm.get("TrainingImage") or algorithm.get("AlgorithmName"),
        parameters={**hyper, **numbers, **machine},
        checkpoint=given.get("CheckpointConfig", {}).get("S3Uri"),
    )
    return {"TrainingJobArn": arn}


@operation("DescribeTrainingJob", note="ModelArtifacts holds what was reported, and before that where it is expected.")
async def describe_training_job(call: Call, given: Input) -> Output:
    """One training job: its request, and how it goes."""
    entity = await jobs.find(call, JobKind.TRAINING, given["TrainingJobName"])
    repeated = jobs.asked(entity, REPEATED)
    seconds = None
    if entity.started_at is not None and entity.ended_at is not None:
        seconds = max(0, (entity.ended_at - entity.started_at) // 1000)
    return {
        "TrainingJobName": job_name(entity),
        "TrainingJobArn": entity.resource_arn,
        "ModelArtifacts": {"S3ModelArtifacts": _model(entity, repeated)},
        **_progress(entity),
        "FailureReason": entity.status_message if entity.status is Status.FAILED else None,
        "StoppingCondition": {"MaxRuntimeInSeconds": RUNTIME_SECONDS},
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        **repeated,
        "CreationTime": entity.created_at,
        "LastModifiedTime": entity.modified_at,
        "TrainingStartTime": entity.started_at,
        "TrainingEndTime": entity.ended_at,
        "TrainingTimeInSeconds": seconds or None,
        "BillableTimeInSeconds": seconds or None,
        "SecondaryStatusTransitions": await jobs.transitions(call, entity),
        "FinalMetricDataList": [
            {"MetricName": name, "Value": float(value["number"]), "Timestamp": entity.modified_at}
            for name, value in (entity.metrics or {}).items()
        ],
    }


@operation("StopTrainingJob", note="Sets the status Stopping; whoever runs the job sees it and reports Stopped.")
async def stop_training_job(call: Call, given: Input) -> Output:
    """Ask for a training job to be stopped."""
    await jobs.stop(call, JobKind.TRAINING, given["TrainingJobName"])
    return {}


@operation("ListTrainingJobs")
async def list_training_jobs(call: Call, given: Input) -> Output:
    """A page of training jobs."""
    for name in ("WarmPoolStatusEquals", "TrainingPlanArnEquals"):
        if name in given:
            raise InvalidError(f"{name} can't be asked for: job records have neither warm pools nor plans", path=name)
    return await jobs.listed(call, given, JobKind.TRAINING, "TrainingJobSummaries", _summary)


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "TrainingJobName": job_name(entity),
        "TrainingJobArn": entity.resource_arn,
        "CreationTime": entity.created_at,
        "TrainingEndTime": entity.ended_at,
        "LastModifiedTime": entity.modified_at,
        **_progress(entity),
    }


def _progress(entity: Entity) -> dict[str, Any]:
    assert entity.status is not None
    return {"TrainingJobStatus": shapes.STATUSES[entity.status], "SecondaryStatus": jobs.secondary(entity)}


def _channel(channel: dict[str, Any]) -> File:
    source = channel["DataSource"]
    if "S3DataSource" in source:
        uri = source["S3DataSource"]["S3Uri"]
    elif "FileSystemDataSource" in source:
        disk = source["FileSystemDataSource"]
        uri = f"{disk['FileSystemType'].lower()}://{disk['FileSystemId']}{disk['DirectoryPath']}"
    elif "DatasetSource" in source:
        uri = source["DatasetSource"]["DatasetArn"]
    else:
        raise InvalidError(f"the channel {channel['ChannelName']} has no data source", path="inputDataConfig")
    return File(channel["ChannelName"], uri, media_type=channel.get("ContentType"))


def _model(entity: Entity, repeated: dict[str, Any]) -> str:
    written = entity.outputs or {}
    for key in ("model", "SageMaker.ModelArtifact"):
        if key in written:
            return str(written[key]["value"])
    place: str = repeated["OutputDataConfig"]["S3OutputPath"]
    return f"{place.rstrip('/')}/{job_name(entity)}/output/model.tar.gz"
