"""A model's way into production and out of it: gates, evidence, another person's approval, and why it was allowed.

    export STEMMA_URL=http://127.0.0.1:8440
    export RHEA=… TESS=… ANA=…          # keys as ID:SECRET of an administrator and of two approvers (docs/how-to/registry.md)
    python examples/registry.py

Versions, models and endpoints are written with boto3, gates and questions with GraphQL. It takes boto3 alone.
"""

import json
import os
import re
import urllib.request
import uuid
from datetime import UTC, datetime

import boto3
from botocore.exceptions import ClientError

URL = os.environ.get("STEMMA_URL", "http://127.0.0.1:8440")
RHEA, TESS, ANA = (os.environ[name] for name in ("RHEA", "TESS", "ANA"))
GROUP = f"churn-{uuid.uuid4().hex[:8]}"


def sagemaker(key):
    """A client of one person."""
    key_id, _, secret = key.partition(":")
    return boto3.client(
        "sagemaker",
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )


def graphql(key, query, **variables):
    """What a question or a change of one person comes to."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    with urllib.request.urlopen(urllib.request.Request(f"{URL}/graphql", body, headers)) as answer:  # noqa: S310  # our own
        found = json.load(answer)
    if "errors" in found:
        raise RuntimeError(found["errors"][0]["message"])
    return found["data"]


def tell(text):
    """Print a line without what differs from run to run."""
    print(re.sub(r" of 20\S+Z", "", text.replace(GROUP, "churn")))


tess, ana = sagemaker(TESS), sagemaker(ANA)

# A group, and what Rhea asks of its versions before one may run.
tess.create_model_package_group(ModelPackageGroupName=GROUP)
graphql(
    RHEA,
    "mutation($gates: SetGatesInput!) { setGates(input: $gates) { sequence } }",
    gates={
        "group": GROUP,
        "requiredApprovals": 1,
        "metrics": [{"name": "auc", "atLeast": 0.9}],
        "noViolationsSince": "1970-01-01T00:00:00Z",
    },
)

# Tess registers three versions; each says where its metrics will lie.
versions = []
for number in (1, 2, 3):
    metrics = f"s3://models/{GROUP}/{number}/evaluation.json"
    container = {"Image": "xgboost:1.7", "ModelDataUrl": f"s3://models/{GROUP}/{number}/model.tar.gz"}
    made = tess.create_model_package(
        ModelPackageGroupName=GROUP,
        InferenceSpecification={"Containers": [container]},
        ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": metrics}}},
    )
    versions.append((made["ModelPackageArn"], metrics))
tell(f"registered {len(versions)} versions of {GROUP}")


def approve(person, client, number):
    """A person approves a version; says what came of it."""
    try:
        client.update_model_package(ModelPackageArn=versions[number - 1][0], ModelApprovalStatus="Approved")
    except ClientError as refused:
        tell(f"{person} may not approve {number}: {refused.response['Error']['Message'].split(': ', 1)[1]}")
    else:
        tell(f"{person} approved {number}")


# Nothing is known of version 2 yet, so its gates refuse it.
approve("ana", ana, 2)

# The evaluations arrive: 1 is not good enough.
for (_, metrics), auc in zip(versions, ("0.88", "0.93", "0.95"), strict=True):
    tess.create_artifact(ArtifactType="ModelMetrics", Source={"SourceUri": metrics}, Properties={"auc": auc})
approve("ana", ana, 1)
approve("tess", tess, 2)
approve("ana", ana, 2)
approve("ana", ana, 3)


def deploy(number):
    """Let an endpoint run a version."""
    model = f"{GROUP}-{number}"
    tess.create_model(ModelName=model, PrimaryContainer={"ModelPackageName": versions[number - 1][0]})
    variant = {"VariantName": "main", "ModelName": model, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    tess.create_endpoint_config(EndpointConfigName=model, ProductionVariants=[variant])
    if number == 2:
        tess.create_endpoint(EndpointName=GROUP, EndpointConfigName=model)
    else:
        tess.update_endpoint(EndpointName=GROUP, EndpointConfigName=model)
    tell(f"{number} runs at {GROUP}")


deploy(2)
that_day = datetime.now(UTC)
deploy(3)

# What ran on that day, and why was it allowed?
asked = """query($at: DateTime!, $endpoint: ID!) { deployments(at: $at, endpoint: $endpoint) { nodes { versions
  approvals { by { name } overridden gateResults { gate wanted found passed } } } } }"""
for at in (that_day, datetime.now(UTC)):
    for ran in graphql(ANA, asked, at=at.isoformat(), endpoint=GROUP)["deployments"]["nodes"]:
        (approval,) = ran["approvals"]
        tell(f"{ran['versions'][0].split(':')[-1]} ran, approved by {approval['by']['name']}:")
        for gate in approval["gateResults"]:
            tell(f"  {gate['wanted']}: {gate['found']}")
