"""Training and transform jobs as records, through boto3; who runs them reports through the core."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph import jobs
from graph.access import Caller, Role
from graph.entities import Status
from graph.errors import ConflictError
from graph.jobs import File, JobKind
from tests.api.sagemaker.conftest import Aws

TRAINING: dict[str, Any] = {
    "AlgorithmSpecification": {"TrainingImage": "1.dkr.ecr.us-east-1.amazonaws.com/xgb:1", "TrainingInputMode": "File"},
    "RoleArn": "arn:aws:iam::123456789012:role/ml",
    "HyperParameters": {"eta": "0.1"},
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/train"}},
            "ContentType": "text/csv",
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://b/out/"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    "CheckpointConfig": {"S3Uri": "s3://b/checkpoints"},
}
TRANSFORM: dict[str, Any] = {
    "ModelName": "churn",
    "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}},
    "TransformOutput": {"S3OutputPath": "s3://b/scores"},
    "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
}


async def report(aws: Aws, kind: JobKind, name: str, status: Status, **details: Any) -> None:
    catalog, account = aws.service.catalog, aws.service.account
    runner = Caller(account, "runner", "test", Role.WRITER)
    await catalog.write(
        runner, jobs.report(catalog.place(account), kind, name, status, **details), operation="reportJob"
    )


async def neighbours(aws: Aws, arn: str) -> dict[str, set[tuple[str, str, str]]]:
    found = {}
    for side, other in (("Source", "Destination"), ("Destination", "Source")):
        listed = await aws("list_associations", **{f"{side}Arn": arn, "MaxResults": 100})
        found[other] = {
            (summary["AssociationType"], summary[f"{other}Type"], summary[f"{other}Arn"])
            for summary in listed["AssociationSummaries"]
        }
    return found


async def test_a_training_job_leaves_its_lineage_and_ends_as_reported(aws: Aws) -> None:
    made = await aws("create_training_job", TrainingJobName="Job-1", **TRAINING)
    assert made == {"TrainingJobArn": aws.arn("training-job/job-1")}
    component = await aws("describe_trial_component", TrialComponentName="Job-1-aws-training-job")
    assert component["Source"] == {"SourceArn": made["TrainingJobArn"], "SourceType": "SageMakerTrainingJob"}
    assert component["Parameters"]["eta"] == {"StringValue": "0.1"}
    assert component["Parameters"]["SageMaker.InstanceCount"] == {"NumberValue": 1.0}
    assert component["InputArtifacts"]["train"] == {"MediaType": "text/csv", "Value": "s3://b/train"}
    found = await neighbours(aws, component["TrialComponentArn"])
    assert {edge[:2] for edge in found["Source"]} == {("ContributedTo", "DataSet"), ("ContributedTo", "Image")}
    assert {edge[:2] for edge in found["Destination"]} == {("Produced", "Checkpoint")}
    described = await aws("describe_training_job", TrainingJobName="job-1")
    assert {key: described[key] for key in TRAINING} == TRAINING
    assert (described["TrainingJobName"], described["TrainingJobStatus"], described["SecondaryStatus"]) == (
        *("Job-1", "InProgress", "Starting"),
    )
    assert described["ModelArtifacts"] == {"S3ModelArtifacts": "s3://b/out/Job-1/output/model.tar.gz"}
    begun = datetime.now(UTC) - timedelta(seconds=90)
    await report(aws, JobKind.TRAINING, "Job-1", Status.IN_PROGRESS, step="Training", started_at=begun)
    model = File("model", "s3://b/out/m.tar.gz", "Model", source_types=(("S3ETag", "abc"),))
    for _ in range(2):
        ended = begun + timedelta(seconds=60)
        details = {"ended_at": ended, "outputs": [model], "metrics": {"auc": 0.9}}
        await report(aws, JobKind.TRAINING, "Job-1", Status.COMPLETED, **details)
    described = await aws("describe_training_job", TrainingJobName="Job-1")
    assert (described["TrainingJobStatus"], described["TrainingTimeInSeconds"]) == ("Completed", 60)
    assert described["ModelArtifacts"] == {"S3ModelArtifacts": "s3://b/out/m.tar.gz"}
    steps = [step["Status"] for step in described["SecondaryStatusTransitions"]]
    assert steps == ["Starting", "Training", "Completed"]
    assert [metric["MetricName"] for metric in described["FinalMetricDataList"]] == ["auc"]
    found = await neighbours(aws, component["TrialComponentArn"])
    assert {edge[:2] for edge in found["Destination"]} == {("Produced", "Checkpoint"), ("Produced", "Model")}
    (summary,) = (await aws("list_training_jobs"))["TrainingJobSummaries"]
    assert (summary["TrainingJobName"], summary["TrainingJobStatus"]) == ("Job-1", "Completed")


async def test_a_job_that_ended_stays_as_it_ended(aws: Aws) -> None:
    await aws("create_training_job", TrainingJobName="job", **TRAINING)
    await aws("stop_training_job", TrainingJobName="job")
    assert (await aws("describe_training_job", TrainingJobName="job"))["TrainingJobStatus"] == "Stopping"
    await report(aws, JobKind.TRAINING, "job", Status.STOPPED)
    code, message = await aws.refused("stop_training_job", TrainingJobName="job")
    assert (code, message) == (
        "ValidationException",
        "The request was rejected because the training job is in status Stopped",
    )
    with pytest.raises(ConflictError, match="has ended as STOPPED"):
        await report(aws, JobKind.TRAINING, "job", Status.FAILED, outputs=[File("x", "s3://b/x")])
    assert (await aws("list_artifacts", SourceUri="s3://b/x"))["ArtifactSummaries"] == []


async def test_job_names_are_unique_and_a_missing_job_is_not_found(aws: Aws) -> None:
    await aws("create_training_job", TrainingJobName="job", **TRAINING)
    await aws("create_transform_job", TransformJobName="job", **TRANSFORM)
    for kind, request in (("training", TRAINING), ("transform", TRANSFORM)):
        name = {f"{kind.title()}JobName": "job"}
        code, message = await aws.refused(f"create_{kind}_job", **name, **request)
        assert code == "ResourceInUse"
        assert message.startswith("Job name must be unique within an AWS account and region")
        missing = {f"{kind.title()}JobName": "none"}
        for operation in ("describe", "stop"):
            assert await aws.refused(f"{operation}_{kind}_job", **missing) == (
                *("ValidationException", "Requested resource not found."),
            )


async def test_a_transform_job_is_described_as_it_was_asked_for(aws: Aws) -> None:
    await aws("create_transform_job", TransformJobName="score", **TRANSFORM, Tags=[{"Key": "a", "Value": "b"}])
    described = await aws("describe_transform_job", TransformJobName="score")
    assert {key: described[key] for key in TRANSFORM} == TRANSFORM
    arn = described["TransformJobArn"]
    assert (await aws("list_tags", ResourceArn=arn))["Tags"] == [{"Key": "a", "Value": "b"}]
    await report(aws, JobKind.TRANSFORM, "score", Status.FAILED, message="no rows in s3://b/in")
    described = await aws("describe_transform_job", TransformJobName="score")
    assert (described["TransformJobStatus"], described["FailureReason"]) == ("Failed", "no rows in s3://b/in")


async def test_a_job_joins_the_trial_of_its_experiment(aws: Aws) -> None:
    config = {"ExperimentName": "exp", "TrialName": "first", "TrialComponentDisplayName": "Shown"}
    code, _ = await aws.refused("create_training_job", TrainingJobName="job", **TRAINING, ExperimentConfig=config)
    assert code == "ResourceNotFound"
    await aws("create_experiment", ExperimentName="exp")
    await aws("create_trial", TrialName="first", ExperimentName="exp")
    await aws("create_training_job", TrainingJobName="job", **TRAINING, ExperimentConfig=config)
    (summary,) = (await aws("list_trial_components", TrialName="first"))["TrialComponentSummaries"]
    assert (summary["TrialComponentName"], summary["DisplayName"]) == ("job-aws-training-job", "Shown")
    assert (await aws("describe_training_job", TrainingJobName="job"))["ExperimentConfig"] == config


async def test_jobs_are_listed_by_name_status_and_time(aws: Aws) -> None:
    for number, status in enumerate([Status.COMPLETED, Status.FAILED, Status.IN_PROGRESS, Status.COMPLETED]):
        await aws("create_training_job", TrainingJobName=f"job-{number}", **TRAINING)
        if status is not Status.IN_PROGRESS:
            await report(aws, JobKind.TRAINING, f"job-{number}", status)
    await aws("create_transform_job", TransformJobName="other", **TRANSFORM)

    async def names(**given: Any) -> list[str]:
        pages = await aws.pages("list_training_jobs", MaxResults=2, **given)
        return [summary["TrainingJobName"][4:] for page in pages for summary in page["TrainingJobSummaries"]]

    assert await names() == ["3", "2", "1", "0"]
    assert await names(SortBy="Name", SortOrder="Ascending") == ["0", "1", "2", "3"]
    assert await names(SortBy="Status", SortOrder="Ascending") == ["0", "3", "1", "2"]
    assert await names(SortBy="Status") == ["2", "1", "3", "0"]
    assert await names(StatusEquals="Completed") == ["3", "0"]
    assert await names(StatusEquals="Deleting") == []
    assert await names(NameContains="b-2") == ["2"]
    later = datetime.now(UTC) + timedelta(hours=1)
    assert await names(CreationTimeAfter=later) == await names(LastModifiedTimeAfter=later) == []
    assert len(await names(LastModifiedTimeBefore=later)) == 4
    assert (await aws.refused("list_training_jobs", WarmPoolStatusEquals="InUse"))[0] == "ValidationException"
