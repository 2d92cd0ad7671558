"""Processing jobs: those of our images are run by `stemma worker`, others are records of jobs that run elsewhere."""

from collections.abc import Mapping
from typing import Any

from api.sagemaker import jobs, monitoring, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph.access import Permission, require
from graph.entities import Entity, Status
from graph.errors import InvalidError
from graph.jobs import File, JobKind, job_name
from graph.monitoring import executions
from graph.monitoring.executions import Execution
from graph.monitoring.runs import inputs_of
from graph.times import now_ms
from monitors.processing.images import image_of
from monitors.processing.sources import read_texts

NOTE = (
    "With the image of the model monitor's analyzer or of Clarify, from any registry, a worker of ours runs it; scripts and "
    "configuration are read when it is made. Any other image is a record: whoever runs the job reports how it goes."
)
RUNTIME_SECONDS = 86_400
REPEATED = (
    *("ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources", "StoppingCondition", "AppSpecification"),
    *("Environment", "NetworkConfig", "RoleArn", "ExperimentConfig", "MonitoringScheduleArn"),
)
SCRIPTS = ("record_preprocessor_script", "post_analytics_processor_script")
CONFIGURATION = "analysis_config"


@operation("CreateProcessingJob", note=NOTE)
async def create_processing_job(call: Call, given: Input) -> Output:
    """A new processing job, with its inputs and image."""
    require(call.caller, Permission.WRITE)
    ours = image_of(given["AppSpecification"]["ImageUri"])
    _apart(given)
    told = monitoring.with_defaults({key: value for key, value in given.items() if key != "Tags"}, RUNTIME_SECONDS)
    if ours is not None:
        told["Read"] = await read_texts(call.policy, call.account, _small(given))
        now = now_ms()
        # First the queue: what is in it without a record is soon forgotten, a record that no worker sees would never run.
        execution = Execution(call.account, given["ProcessingJobName"].lower(), now, now, ready_at=now)
        await executions.put(call.catalog.store, [execution])
    cluster = given["ProcessingResources"]["ClusterConfig"]
    arn = await jobs.create(
        call,
        JobKind.PROCESSING,
        given["ProcessingJobName"],
        {**told, **{key: given[key] for key in ("Tags",) if key in given}},
        inputs=[File(item["InputName"], item["S3Input"]["S3Uri"]) for item in inputs_of(given)],
        image=given["AppSpecification"]["ImageUri"],
        parameters={
            f"SageMaker.{key}": {"number": repr(float(cluster[key]))}
            for key in ("InstanceCount", "VolumeSizeInGB")
            if key in cluster
        },
    )
    return {"ProcessingJobArn": arn}


@operation("DescribeProcessingJob")
async def describe_processing_job(call: Call, given: Input) -> Output:
    """One processing job: its request, and how it goes."""
    entity = await jobs.find(call, JobKind.PROCESSING, given["ProcessingJobName"])
    repeated = jobs.asked(entity, REPEATED)
    if not {"ProcessingResources", "AppSpecification"} <= repeated.keys():
        # A run of `stemma monitor`: it had neither, and the model requires both.
        cluster = {"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
        repeated = {
            "ProcessingResources": {"ClusterConfig": cluster},
            "AppSpecification": {"ImageUri": "stemma"},
            **repeated,
        }
    return {
        **_summary(entity),
        **repeated,
        "ProcessingStartTime": entity.started_at,
    }


@operation("StopProcessingJob", note="Sets the status Stopping; whoever runs the job sees it and stops.")
async def stop_processing_job(call: Call, given: Input) -> Output:
    """Ask for a processing job to be stopped."""
    require(call.caller, Permission.WRITE)
    name = given["ProcessingJobName"]
    entity = await jobs.find(call, JobKind.PROCESSING, name)
    await jobs.stop(call, JobKind.PROCESSING, name)
    found = await executions.find(call.catalog.store, call.account, [job_name(entity)])
    for execution in found.values():
        await executions.stopping(call.catalog.store, execution)
    return {}


@operation("ListProcessingJobs", note="Oldest first unless asked otherwise.")
async def list_processing_jobs(call: Call, given: Input) -> Output:
    """A page of processing jobs."""
    ordered = {"SortOrder": "Ascending", **given}
    return await jobs.listed(call, ordered, JobKind.PROCESSING, "ProcessingJobSummaries", _summary)


def _summary(entity: Entity) -> dict[str, Any]:
    assert entity.status is not None
    said = entity.status_message
    return {
        "ProcessingJobName": job_name(entity),
        "ProcessingJobArn": entity.resource_arn,
        "CreationTime": entity.created_at,
        "ProcessingEndTime": entity.ended_at,
        "LastModifiedTime": entity.modified_at,
        "ProcessingJobStatus": shapes.STATUSES[entity.status],
        "FailureReason": said if entity.status is Status.FAILED else None,
        "ExitMessage": said if entity.status is Status.COMPLETED else None,
    }


def _small(given: Mapping[str, Any]) -> list[str]:
    """The inputs that are scripts, or the configuration of an analysis."""
    scripts = [path for name in SCRIPTS if (path := given.get("Environment", {}).get(name))]
    found = []
    for item in inputs_of(given):
        source = item["S3Input"]
        local = source.get("LocalPath", "").rstrip("/")
        if item["InputName"] == CONFIGURATION or any(local and path.startswith(local + "/") for path in scripts):
            found.append(source["S3Uri"])
    return found


def _apart(given: Mapping[str, Any]) -> None:
    names = [item["InputName"] for item in given.get("ProcessingInputs", ())]
    if len(set(names)) != len(names):
        raise InvalidError(
            "Duplicate InputNames in ProcessingInputs", path="ProcessingInputs", constraint="each name once"
        )
