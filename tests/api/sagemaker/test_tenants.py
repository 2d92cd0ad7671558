"""Two accounts with keys at AWS's door: what is the other's looks like what is not there, and readers change nothing."""

import asyncio
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import cbor2
import pytest_asyncio
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from api import auth
from api.sagemaker.calls import OFFERED
from api.sagemaker.model import service as model_of
from graph.access import Caller, Role
from graph.keys import MadeKey
from graph.monitoring import executions
from graph.monitoring.executions import Execution
from tests.api.conftest import Serve
from tests.api.keys import Keys
from tests.api.sagemaker.tenants import QUERY, Place, mutates, places, request, requests
from tests.api.sagemaker.test_monitoring import KINDS, definition
from tests.conformance.conftest import object_store, policy

__all__ = ["object_store"]
CONFIG = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
DIFFERS = re.compile(r'<RequestId>[^<]*</RequestId>|AROA[0-9A-F]{17}|artifact/[0-9a-f]{32}|"NextToken":"[^"]*"')
"""What two answers never have in common."""
Answer = tuple[int, str]


@dataclass
class Tenant:
    """An account with a key, things of every kind, and two words that stand in nothing else.

    Attributes:
        word: what its things are called, and lie at.
        secret: what stands in their descriptions, properties, tags and parameters.
        arns: of its things, by what they are.
        own: what requests of its own need, by the members' names.
        sent: values that it tried to name something with.
    """

    keys: Keys
    key: MadeKey
    word: str
    secret: str
    clients: dict[str, Any] = field(default_factory=dict)
    arns: dict[str, str] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    @property
    def account(self) -> str:
        return self.key.key.account

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=str(self.keys.service.client.base_url),
                region_name="us-east-1",
                aws_access_key_id=self.key.key.id,
                aws_secret_access_key=self.key.secret,
                config=CONFIG,
            )
        return self.clients[service]

    async def ask(self, operation: str, service: str = "sagemaker", **given: Any) -> Answer:
        """The status and the raw body of the answer."""
        client = self.client(service)
        seen: list[Answer] = []

        def keep(http_response: Any, **_: Any) -> None:
            content = http_response.content
            if http_response.headers.get("smithy-protocol") is not None:
                content = json.dumps(cbor2.loads(content)).encode()
            seen.append((http_response.status_code, content.decode()))

        client.meta.events.register("after-call", keep, unique_id="keep")
        try:
            await asyncio.to_thread(partial(getattr(client, xform_name(operation)), **given))
        except ClientError:
            pass
        finally:
            client.meta.events.unregister("after-call", unique_id="keep")
        return seen[0]

    async def done(self, operation: str, service: str = "sagemaker", **given: Any) -> dict[str, Any]:
        found: dict[str, Any] = await asyncio.to_thread(
            partial(getattr(self.client(service), xform_name(operation)), **given)
        )
        return found


@pytest_asyncio.fixture
async def keys(serve: Serve, account: str, object_store: str, tmp_path: Path) -> Keys:
    """A service that asks for keys and lets two accounts write to a bucket of their own, and what makes keys."""
    others = [account, f"{int(account) ^ 1:012d}"]
    service = serve(keys="required", policy=policy(tmp_path, object_store, others))
    principals = auth.principals(service.settings, service.catalog)
    return Keys(service, principals, Caller(account, "operator", "test", Role.ADMIN))


async def tenant(keys: Keys, account: str, role: Role = Role.WRITER) -> Tenant:
    """An account with two things of every kind."""
    key = await keys.principals.create(replace(keys.admin, account=account), role.value, role=role)
    made = Tenant(keys, key, f"w{uuid.uuid4().hex[:16]}", f"x{uuid.uuid4().hex[:16]}")
    for name in (f"{made.word}2", made.word):
        await _fill(made, name)
    return made


async def _fill(made: Tenant, name: str) -> None:
    word, secret = name, made.secret
    tags = [{"Key": secret, "Value": secret}]
    source = {"SourceUri": f"s3://{word}/data"}
    common: dict[str, Any] = {"Properties": {secret: secret}, "Tags": tags}
    arns = {
        "artifact": await made.done("CreateArtifact", ArtifactName=word, Source=source, ArtifactType=word, **common),
        "action": await made.done(
            "CreateAction", ActionName=word, Source=source, ActionType=word, Description=secret, **common
        ),
        "context": await made.done(
            "CreateContext", ContextName=word, Source=source, ContextType=word, Description=secret, **common
        ),
        "experiment": await made.done("CreateExperiment", ExperimentName=word, Description=secret, Tags=tags),
        "trial": await made.done("CreateTrial", TrialName=word, ExperimentName=word, Tags=tags),
        "component": await made.done(
            "CreateTrialComponent",
            TrialComponentName=word,
            Parameters={secret: {"StringValue": secret}},
            InputArtifacts={secret: {"Value": f"s3://{word}/data"}},
            Tags=tags,
        ),
    }
    arns["group"] = await made.done(
        "CreateModelPackageGroup", ModelPackageGroupName=word, ModelPackageGroupDescription=secret, Tags=tags
    )
    arns["package"] = await made.done(
        "CreateModelPackage",
        ModelPackageGroupName=word,
        ModelPackageDescription=secret,
        InferenceSpecification={"Containers": [{"Image": word, "ModelDataUrl": f"s3://{word}/model"}]},
        AdditionalInferenceSpecifications=[{"Name": "mine", "Containers": [{"Image": word}]}],
        CustomerMetadataProperties={secret: secret},
    )
    content = json.dumps({"model_overview": {"model_name": secret}})
    arns["card"] = await made.done(
        "CreateModelCard", ModelCardName=word, Content=content, ModelCardStatus="Draft", Tags=tags
    )
    output = {"S3OutputPath": f"s3://cards-{made.account}/{word}"}
    arns["export"] = await made.done(
        "CreateModelCardExportJob", ModelCardName=word, ModelCardExportJobName=word, OutputConfig=output
    )
    wanted = {"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": secret}]}
    collected = await made.done(
        "CreateGroup",
        "resource-groups",
        Name=word,
        Description=secret,
        ResourceQuery={"Type": "TAG_FILTERS_1_0", "Query": json.dumps(wanted)},
        Tags={secret: secret},
    )
    arns["collection"] = collected["Group"]
    await made.done("UpdateModelCard", ModelCardName=word, Content=content.replace("{", "{ ", 1))
    await made.done("PutModelPackageGroupPolicy", ModelPackageGroupName=word, ResourcePolicy=f'{{"Id": "{secret}"}}')
    experiment = {"ExperimentName": word, "TrialName": word}
    await made.done("AssociateTrialComponent", TrialComponentName=word, TrialName=word)
    point = {"MetricName": secret, "Value": 1.0, "Timestamp": 1_700_000_000, "Step": 1}
    await made.done("BatchPutMetrics", "sagemaker-metrics", TrialComponentName=word, MetricData=[point])
    role = f"arn:aws:iam::{made.account}:role/{word}"
    arns["training"] = await made.done(
        "CreateTrainingJob",
        TrainingJobName=word,
        HyperParameters={secret: secret},
        AlgorithmSpecification={"TrainingImage": word, "TrainingInputMode": "File"},
        RoleArn=role,
        OutputDataConfig={"S3OutputPath": f"s3://{word}/out"},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        ExperimentConfig=experiment,
        Tags=tags,
    )
    arns["transform"] = await made.done(
        "CreateTransformJob",
        TransformJobName=word,
        ModelName=word,
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{word}/data"}}},
        TransformOutput={"S3OutputPath": f"s3://{word}/out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        Environment={secret: secret},
        Tags=tags,
    )
    container = {"Image": word, "ModelDataUrl": f"s3://{word}/data", "Environment": {secret: secret}}
    arns["model"] = await made.done("CreateModel", ModelName=word, PrimaryContainer=container, Tags=tags)
    variant = {"VariantName": word, "ModelName": word, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    arns["config"] = await made.done(
        "CreateEndpointConfig", EndpointConfigName=word, ProductionVariants=[variant], Tags=tags
    )
    arns["endpoint"] = await made.done("CreateEndpoint", EndpointName=word, EndpointConfigName=word, Tags=tags)
    arns |= await _monitors(made, word, tags, role)
    for kind, answer in arns.items():
        made.arns[kind] = next(value for key, value in answer.items() if key.endswith("Arn"))
    ends = {"SourceArn": made.arns["artifact"], "DestinationArn": made.arns["context"]}
    await made.done("AddAssociation", **ends, AssociationType="ContributedTo")
    logs = {"logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamNamePrefix": f"{word}/"}
    (stream,) = (await made.done("DescribeLogStreams", "logs", **logs))["logStreams"]
    names = (
        "Action",
        "Context",
        "Experiment",
        "Trial",
        "TrialComponent",
        "TrainingJob",
        "TransformJob",
        "Model",
        "EndpointConfig",
        "ProcessingJob",
        "JobDefinition",
        "MonitoringJobDefinition",
        "MonitoringSchedule",
    )
    made.own = {
        **{f"{which}Name": word for which in names},
        "EndpointName": word,
        "ModelCardName": word,
        "ModelCardExportJobArn": made.arns["export"],
        **output,
        **dict.fromkeys(("Group", "GroupName"), word),
        "Arn": made.arns["collection"],
        "ResourceARNList": made.arns["group"],
        "Query": QUERY,
        "Type": "TAG_FILTERS_1_0",
        "Content": "{}",
        "VariantName": word,
        **ends,
        "ArtifactArn": made.arns["artifact"],
        "ResourceArn": made.arns["component"],
        "ModelPackageGroupName": word,
        **dict.fromkeys(("ModelPackageName", "ModelPackageArn", "ModelPackageArnList"), made.arns["package"]),
        "StartArns": made.arns["artifact"],
        "RoleArn": role,
        "LineageGroupName": "sagemaker-default-lineage-group",
        "logStreamName": stream["logStreamName"],
        "Resource": "ExperimentTrialComponent",
        "XAxisType": "IterationNumber",
        "Period": "IterationNumber",
    }


async def _monitors(made: Tenant, word: str, tags: list[dict[str, str]], role: str) -> dict[str, Any]:
    """Job definitions, a schedule with a run, and a processing job."""
    secret = made.secret
    resources = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}}
    output = {"S3Uri": f"s3://{word}/data", "LocalPath": "/out"}
    arns: dict[str, Any] = {}
    for kind in KINDS:
        asked = definition(kind, RoleArn=role, Tags=tags)
        asked[f"{kind}AppSpecification"] |= {"Environment": {secret: secret}}
        asked[f"{kind}JobInput"] = {
            **asked[f"{kind}JobInput"],
            "EndpointInput": {"EndpointName": word, "LocalPath": "/in"},
        }
        asked[f"{kind}JobOutputConfig"] = {"MonitoringOutputs": [{"S3Output": output}]}
        arns[kind] = await made.done(f"Create{kind}JobDefinition", JobDefinitionName=word, **asked)
    config = {"MonitoringJobDefinitionName": word, "MonitoringType": "DataQuality"}
    schedule = {"MonitoringScheduleName": word}
    arns["schedule"] = await made.done(
        "CreateMonitoringSchedule", **schedule, MonitoringScheduleConfig=config, Tags=tags
    )
    arns["processing"] = await made.done(
        "CreateProcessingJob",
        ProcessingJobName=word,
        ProcessingResources=resources,
        AppSpecification={"ImageUri": "sagemaker-model-monitor-analyzer"},
        RoleArn=role,
        Environment={secret: secret},
        Tags=tags,
    )
    one = Execution(made.account, f"{word}-run", 1, 1, schedule=word, endpoint=word, definition=word, failure=secret)
    await executions.put(made.keys.service.catalog.store, [one])
    return arns


def fresh(own: Mapping[str, Any]) -> dict[str, Any]:
    """What requests need, with names for new things that nothing has yet."""
    new = f"fresh{uuid.uuid4().hex}"
    return {**own, "new": new, "SourceUri": f"s3://{new}/data"}


def order(place: Place) -> int:
    """When a place is tried: what reads; what ends something; what creates; what else changes; what takes the very name.

    So nothing that the caller wrote itself is there yet to be taken for the other account's.
    """
    operation = place.operation
    if not mutates(operation):
        return 0
    if operation.startswith("Create"):
        return 4 if place.path in ((f"{operation.removeprefix('Create')}Name",), ("Name",)) else 2
    return 1 if operation.startswith(("Delete", "Disassociate", "Stop", "Untag")) else 3


def tries(place: Place, theirs: Tenant, mine: Tenant, tokens: Mapping[str, str]) -> Iterator[list[str]]:
    """Values for a place: one of theirs, and the same as it would be if it were not there."""
    absent = f"w{uuid.uuid4().hex[:16]}"
    if place.path[-1] == "NextToken":
        token = tokens.get(place.operation)
        if token is not None:
            yield [token, token[:-8] + ("AAAAAAA=" if token.endswith("=") else "AAAAAAAA")]
        return
    yield [theirs.word, absent]
    asked = f"{place.path} {place.shape.name} {place.shape.metadata.get('pattern')}".lower()
    if "uri" in asked:
        yield [f"s3://{theirs.word}/data", f"s3://{absent}/data"]
    if "stream" in asked:
        stream: str = theirs.own["logStreamName"]
        yield [stream, stream.replace(theirs.word, absent)]
    for arn in theirs.arns.values() if "arn" in asked else [theirs.arns["component"]]:
        gone = arn.replace(theirs.word, absent)
        if gone == arn:  # an artifact, whose id is a digest
            gone = arn[: arn.rindex("/") + 1] + uuid.uuid4().hex
        yield [arn, gone, gone.replace(theirs.account, mine.account)]


def told(answer: Answer, value: str, operation: str) -> Answer:
    """An answer without what differs by itself: the value tried, new names, the request's id."""
    status, body = answer
    if status == 200 and mutates(operation):
        # What a write makes is of the caller's own account; here it counts that it is done, as it is for the other value.
        return status, ""
    text = body.replace(value, "TRIED").replace(value.lower(), "TRIED")
    return status, re.sub(r"fresh[0-9a-f]{32}", "NEW", DIFFERS.sub("", text))


async def tokens_of(made: Tenant) -> dict[str, str]:
    """A NextToken of every list that has a second page."""
    found = {}
    for service, operation in sorted(OFFERED):
        shape: Any = model_of(service).model.operation_model(operation).input_shape
        if shape is None or not {"NextToken", "MaxResults"} <= shape.members.keys():
            continue
        few = max(1, shape.members["MaxResults"].metadata.get("min", 1))
        for given in requests(service, operation, made.own):
            _, body = await made.ask(operation, service, **given, MaxResults=few)
            if (token := json.loads(body).get("NextToken")) is not None:
                found[operation] = token
                break
    return found


async def test_nothing_of_another_account_shows_at_any_operation(keys: Keys) -> None:
    theirs = await tenant(keys, keys.admin.account)
    mine = await tenant(keys, f"{int(keys.admin.account) ^ 1:012d}")
    head = (await keys.service.catalog.moment(theirs.account)).known
    tokens = await tokens_of(theirs)
    assert {"ListArtifacts", "ListTrials", "ListTrialComponents", "ListAssociations", "ListTrainingJobs"} <= set(tokens)
    wrong: list[str] = []

    def look(what: str, answer: Answer, operation: str, *given: str) -> None:
        status, body = answer
        if status not in (200, 400):
            wrong.append(f"{what} answers {answer}")
        # What the caller itself sent may come back: in the same answer, and in later ones once a write has kept it.
        for value in sorted(mine.sent if mutates(operation) else given, key=len, reverse=True):
            body = body.replace(value, "").replace(value.lower(), "")
        if any(mark in body for mark in (theirs.account, theirs.word, theirs.secret)):
            wrong.append(f"{what} shows something: {answer}")

    count = 0
    for service, operation in sorted(OFFERED):
        if not mutates(operation):
            for given in requests(service, operation, mine.own):
                look(operation, await mine.ask(operation, service, **given), operation)
    for place in sorted((place for place in places() if place.names), key=order):
        for values in tries(place, theirs, mine, tokens):
            if not all(place.takes(value) for value in values):
                continue
            answers = set()
            for value in values:
                mine.sent.add(value)
                answer = await mine.ask(place.operation, place.service, **request(place, value, fresh(mine.own)))
                count += 1
                look(f"{place} with {value}", answer, place.operation, value)
                answers.add(told(answer, value, place.operation))
            if len(answers) > 1:
                wrong.append(f"{place} tells {values} apart: {sorted(answers)}")
    assert not wrong, "\n".join(wrong)
    assert count > 500, count
    # Nothing happened there, and all that was there still is.
    assert (await keys.service.catalog.moment(theirs.account)).known == head
    for kind, operation in (("artifact", "DescribeArtifact"), ("component", "ListTags"), ("training", "ListTags")):
        member = "ArtifactArn" if kind == "artifact" else "ResourceArn"
        assert theirs.secret in str(await theirs.done(operation, **{member: theirs.arns[kind]}))


async def test_readers_read_everything_and_change_nothing(keys: Keys) -> None:
    writer = await tenant(keys, keys.admin.account)
    key = await keys.principals.create(keys.admin, "reader", role=Role.READER)
    reader = replace(writer, key=key, clients={})

    async def state() -> Any:
        metrics = await writer.done("DescribeTrialComponent", TrialComponentName=writer.word)
        return (await keys.service.catalog.moment(writer.account)).known, metrics["Metrics"]

    before = await state()
    changing = [(service, operation) for service, operation in sorted(OFFERED) if mutates(operation)]
    # All names of operations that change something begin with a verb that says so.
    verbs = (
        *("Add", "Associate", "BatchPut", "Create", "Delete", "Disassociate", "Put", "Start", "Stop", "Tag", "Untag"),
        "Update",
    )
    assert {operation for _, operation in changing if not operation.startswith(verbs)} == set()
    for service, operation in sorted(OFFERED):
        given = next(requests(service, operation, fresh(writer.own)))
        status, body = await reader.ask(operation, service, **given)
        refused = (status, "AccessDeniedException" in body, "reader" in body) == (400, True, True)
        assert refused == mutates(operation), (operation, status, body)
        assert status == (400 if refused else 200), (operation, body)
    assert await state() == before
    # The same requests are a writer's to make.
    for service, operation in changing:
        given = next(requests(service, operation, fresh(writer.own)))
        status, body = await writer.ask(operation, service, **given)
        assert "AccessDenied" not in body, (operation, body)
        assert "validation error" not in body, (operation, body)
    assert await state() != before


def test_requests_fit_the_models() -> None:
    own = {"new": "new", "ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:context/a"}
    own |= {"RoleArn": "arn:aws:iam::123456789012:role/a"}
    tried = set()
    for place in places():
        tried.add((place.service, place.operation))
        given = request(place, "mine", own)
        found: Any = given
        for part in place.path:
            found = next(iter(found.values())) if isinstance(found, dict) and isinstance(part, int) else found[part]
        assert found == "mine", str(place)
    nameless = set(OFFERED) - tried
    assert {
        key for key in nameless if getattr(model_of(key[0]).model.operation_model(key[1]).input_shape, "members", {})
    } == set()
