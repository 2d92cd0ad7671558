"""boto3 with a real key: every offered operation, every paginator, the error classes; each answer is held to its model."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest_asyncio
from botocore import xform_name

from api import auth
from api.sagemaker.calls import OFFERED
from graph import jobs
from graph.access import Caller, Role
from graph.monitoring import alerts, executions, schedules
from graph.monitoring.executions import Execution
from tests.api.conftest import Serve, Service
from tests.api.sagemaker.test_hosting import CONTAINER, variant
from tests.api.sagemaker.test_jobs import TRAINING, TRANSFORM
from tests.api.sagemaker.test_monitoring import KINDS, METHODS, PROCESSING, by_definition, definition
from tests.api.sagemaker.test_registry import REQUEST
from tests.conformance.conftest import policy
from tests.conformance.lives import LIVES, SOURCE, Boto3

CREATED = 7
RAISED = 4
PAGE = 3


@pytest_asyncio.fixture
async def aws(serve: Serve, account: str, object_store: str, tmp_path: Path) -> Boto3:
    return await keyed(serve(keys="required", policy=policy(tmp_path, object_store, [account])), Role.APPROVER)


async def keyed(service: Service, role: Role) -> Boto3:
    admin = Caller(service.account, "operator", "test", Role.ADMIN)
    made = await auth.principals(service.settings, service.catalog).create(admin, role.name.lower(), role=role)
    return Boto3(service, (made.key.id, made.secret))


async def test_every_offered_operation_answers(aws: Boto3) -> None:
    for live in LIVES:
        await live(aws)
    answered = {name for name, status in aws.service.checked.answers if status == 200}
    assert answered == {f"{service}:{name}" for service, name in OFFERED}, "what is offered is called in lives.py"


def paged() -> Iterator[str]:
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    for service, name in OFFERED:
        if service == "sagemaker" and client.can_paginate(xform_name(name)):
            yield xform_name(name)


async def test_every_paginator_gives_each_thing_once(aws: Boto3) -> None:
    await fill(aws)
    part = (await aws("describe_trial_component", TrialComponentName="step-0"))["TrialComponentArn"]
    # What is asked, and how many there are; jobs have trial components, images and data sets of their own beside.
    asked: dict[str, tuple[dict[str, Any], int]] = {
        "list_artifacts": ({"ArtifactType": "Paged"}, CREATED),
        "list_actions": ({"ActionType": "Paged"}, CREATED),
        "list_contexts": ({"ContextType": "Paged"}, CREATED),
        "list_associations": ({"DestinationArn": part}, CREATED),
        "list_experiments": ({}, CREATED),
        "list_trials": ({"ExperimentName": "churn-0"}, CREATED),
        "list_trial_components": ({"TrialName": "trial-0"}, CREATED),
        "list_training_jobs": ({"NameContains": "job"}, CREATED),
        "list_transform_jobs": ({"SortBy": "Name", "SortOrder": "Ascending"}, CREATED),
        "list_lineage_groups": ({}, 1),
        "list_tags": ({"ResourceArn": part}, 3),
        "list_model_package_groups": ({}, CREATED),
        "list_model_packages": ({"ModelPackageGroupName": "group-0"}, CREATED),
        "list_models": ({}, CREATED),
        "list_model_cards": ({"NameContains": "card"}, CREATED),
        "list_model_card_export_jobs": ({"ModelCardName": "card-0"}, CREATED),
        "list_model_card_versions": ({"ModelCardName": "card-0"}, CREATED),
        "list_endpoint_configs": ({"NameContains": "config"}, CREATED),
        "list_endpoints": ({"SortBy": "Name"}, CREATED),
        "list_processing_jobs": ({}, CREATED + RAISED),
        **{f"list_{METHODS[kind]}_job_definitions": ({"NameContains": "watch"}, CREATED) for kind in KINDS},
        "list_monitoring_schedules": ({"StatusEquals": "Scheduled"}, CREATED),
        "list_monitoring_executions": ({"MonitoringScheduleName": "schedule-0"}, CREATED),
        "list_monitoring_alerts": ({"MonitoringScheduleName": "schedule-0"}, 1),
        "list_monitoring_alert_history": ({"StatusEquals": "InAlert"}, RAISED),
        "search": ({"Resource": "Experiment", "SortBy": "ExperimentName"}, CREATED),
    }
    assert set(asked) == set(paged()), "a paginated operation that is offered has a line here"
    for name, (given, count) in asked.items():
        size = 50 if name == "list_tags" else PAGE
        paginator = aws.client().get_paginator(name)
        (key,) = [parsed.expression for parsed in paginator.result_keys]

        def pages(
            paginator: Any = paginator, given: dict[str, Any] = given, size: int = size, key: str = key
        ) -> list[list[str]]:
            return [
                [repr(item) for item in page[key]]
                for page in paginator.paginate(**given, PaginationConfig={"PageSize": size})
            ]

        found = await asyncio.to_thread(pages)
        items = [item for page in found for item in page]
        assert (len(items), len(set(items))) == (count, count), name
        assert len(found) == -(-count // size), name


async def fill(aws: Boto3) -> None:
    await aws("create_experiment", ExperimentName="churn-0")
    tags = [{"Key": str(number), "Value": "x"} for number in range(3)]
    for number in range(CREATED):
        source = {"SourceUri": f"s3://lake/{number}"}
        data = (await aws("create_artifact", ArtifactType="Paged", Source=source))["ArtifactArn"]
        await aws("create_action", ActionName=f"act-{number}", ActionType="Paged", Source=source)
        await aws("create_context", ContextName=f"place-{number}", ContextType="Paged", Source=source)
        if number:
            await aws("create_experiment", ExperimentName=f"churn-{number}")
        await aws("create_trial", TrialName=f"trial-{number}", ExperimentName="churn-0")
        name = f"step-{number}"
        await aws("create_trial_component", TrialComponentName=name, Tags=tags)
        await aws("associate_trial_component", TrialName="trial-0", TrialComponentName=name)
        part = (await aws("describe_trial_component", TrialComponentName="step-0"))["TrialComponentArn"]
        await aws("add_association", SourceArn=data, DestinationArn=part)
        await aws("create_training_job", TrainingJobName=f"job-{number}", **TRAINING)
        await aws("create_transform_job", TransformJobName=f"job-{number}", **TRANSFORM)
        await aws("create_model_package_group", ModelPackageGroupName=f"group-{number}")
        await aws("create_model_package", ModelPackageGroupName="group-0", **REQUEST)
        await aws("create_model", ModelName=f"model-{number}", PrimaryContainer=CONTAINER)
        await aws("create_model_card", ModelCardName=f"card-{number}", Content="{}", ModelCardStatus="Draft")
        output = {"S3OutputPath": f"s3://cards-{aws.service.account}/out"}
        job: dict[str, Any] = {"ModelCardExportJobName": f"job-{number}", "OutputConfig": output}
        await aws("create_model_card_export_job", ModelCardName="card-0", **job)
        if number:
            await aws("update_model_card", ModelCardName="card-0", Content=f'{{"number": {number}}}')
        config = {"EndpointConfigName": f"config-{number}"}
        await aws("create_endpoint_config", **config, ProductionVariants=[variant("a", f"model-{number}")])
        await aws("create_endpoint", EndpointName=f"endpoint-{number}", **config)
        await aws("create_processing_job", ProcessingJobName=f"job-{number}", **PROCESSING)
        for kind in KINDS:
            name = f"watch-{number}"
            await aws(f"create_{METHODS[kind]}_job_definition", JobDefinitionName=name, **definition(kind))
        schedule = {"MonitoringScheduleName": f"schedule-{number}"}
        await aws("create_monitoring_schedule", **schedule, MonitoringScheduleConfig=by_definition("watch-0"))
    await run(aws)


async def run(aws: Boto3) -> None:
    """Executions of a schedule, some of which raised its alert."""
    catalog, account = aws.service.catalog, aws.service.account
    place = catalog.place(account)
    schedule = await schedules.find(catalog.store, place, "schedule-0", await catalog.moment(account))
    runner = Caller(account, "runner", "test", Role.WRITER)
    for number in range(CREATED):
        one = Execution(account, f"run-{number}", number, number, schedule="schedule-0", scheduled_at=number)
        await executions.put(catalog.store, [one])
    for number in range(RAISED):
        job = f"raised-{number}"
        made = jobs.create(place, jobs.JobKind.PROCESSING, job, specification="{}")
        change = alerts.change(place, schedule, alerts.AlertStatus.IN_ALERT, job, number)
        await catalog.write(runner, [*made, *change], operation="test")


async def test_errors_are_boto3s_classes(aws: Boto3) -> None:
    known = aws.client().exceptions
    missing = await aws.error("describe_action", ActionName="none")
    assert isinstance(missing, known.ResourceNotFound)
    await aws("create_training_job", TrainingJobName="one", **TRAINING)
    assert isinstance(await aws.error("create_training_job", TrainingJobName="one", **TRAINING), known.ResourceInUse)
    arn = (await aws("create_artifact", ArtifactType="DataSet", Source=SOURCE))["ArtifactArn"]
    taken = await aws.error("create_artifact", ArtifactType="DataSet", Source=SOURCE)
    assert taken.response["Error"]["Code"] == "ValidationException"
    assert "already exists" in taken.response["Error"]["Message"]
    assert taken.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert taken.response["ResponseMetadata"]["RequestId"]
    long = await aws.error("update_artifact", ArtifactArn=arn, ArtifactName="a" * 300)
    assert long.response["Error"]["Message"].startswith("1 validation error detected: Value 'aaa")
    token = await aws.error("list_actions", NextToken="made-up")
    assert token.response["Error"]["Code"] == "ValidationException"
    other = await aws.error("list_notebook_instances")
    assert other.response["Error"]["Code"] == "UnknownOperationException"
    assert "sagemaker:ListNotebookInstances is not offered" in other.response["Error"]["Message"]


async def test_who_is_not_let_in_is_told_in_awss_words(aws: Boto3) -> None:
    reader = await keyed(aws.service, Role.READER)
    assert (await reader("list_actions"))["ActionSummaries"] == []
    refused = await reader.error("create_action", ActionName="a", ActionType="b", Source=SOURCE)
    assert refused.response["Error"]["Code"] == "AccessDeniedException"
    unknown = await Boto3(aws.service, ("AKIANOBODY", "secret")).error("list_actions")
    assert unknown.response["Error"]["Code"] == "UnrecognizedClientException"
    assert unknown.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    forged = await Boto3(aws.service, (aws.key[0], "another")).error("list_actions")
    assert forged.response["Error"]["Code"] == "InvalidSignatureException"
