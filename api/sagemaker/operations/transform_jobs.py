"""Batch transform jobs that run elsewhere, as records."""

from typing import Any

from api.sagemaker import jobs, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph import history
from graph.entities import Entity, Status
from graph.jobs import File, JobKind, job_name

NOTE = "A record: Stemma transforms nothing. Whoever runs the job reports its status and outputs."
REPEATED = (
    "ModelName",
    "MaxConcurrentTransforms",
    "ModelClientConfig",
    "MaxPayloadInMB",
    "BatchStrategy",
    "Environment",
    "TransformInput",
    "TransformOutput",
    "DataCaptureConfig",
    "TransformResources",
    "DataProcessing",
    "ExperimentConfig",
)


@operation("CreateTransformJob", note=NOTE)
async def create_transform_job(call: Call, given: Input) -> Output:
    """Record a transform job, its input and, where the graph has it, the model that it uses."""
    model = call.place.arn(f"model/{given['ModelName']}")
    known = await history.resolve(call.catalog.store, call.account, [model])
    source = given["TransformInput"]
    arn = await jobs.create(
        call,
        JobKind.TRANSFORM,
        given["TransformJobName"],
        given,
        inputs=[File("input", source["DataSource"]["S3DataSource"]["S3Uri"], media_type=source.get("ContentType"))],
        parameters={
            "SageMaker.ModelName": {"string": given["ModelName"]},
            "SageMaker.InstanceType": {"string": given["TransformResources"]["InstanceType"]},
            "SageMaker.InstanceCount": {"number": repr(float(given["TransformResources"]["InstanceCount"]))},
        },
        contributors=[known[model]] if model in known else (),
    )
    return {"TransformJobArn": arn}


@operation("DescribeTransformJob")
async def describe_transform_job(call: Call, given: Input) -> Output:
    """One transform job: its request, and how it goes."""
    entity = await jobs.find(call, JobKind.TRANSFORM, given["TransformJobName"])
    return {
        "TransformJobName": job_name(entity),
        "TransformJobArn": entity.resource_arn,
        **_progress(entity),
        **jobs.asked(entity, REPEATED),
        "CreationTime": entity.created_at,
        "TransformStartTime": entity.started_at,
        "TransformEndTime": entity.ended_at,
    }


@operation("StopTransformJob", note="Sets the status Stopping; whoever runs the job sees it and reports Stopped.")
async def stop_transform_job(call: Call, given: Input) -> Output:
    """Ask for a transform job to be stopped."""
    await jobs.stop(call, JobKind.TRANSFORM, given["TransformJobName"])
    return {}


@operation("ListTransformJobs")
async def list_transform_jobs(call: Call, given: Input) -> Output:
    """A page of transform jobs."""
    return await jobs.listed(call, given, JobKind.TRANSFORM, "TransformJobSummaries", _summary)


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "TransformJobName": job_name(entity),
        "TransformJobArn": entity.resource_arn,
        "CreationTime": entity.created_at,
        "TransformEndTime": entity.ended_at,
        "LastModifiedTime": entity.modified_at,
        **_progress(entity),
    }


def _progress(entity: Entity) -> dict[str, Any]:
    assert entity.status is not None
    return {
        "TransformJobStatus": shapes.STATUSES[entity.status],
        "FailureReason": entity.status_message if entity.status is Status.FAILED else None,
    }
