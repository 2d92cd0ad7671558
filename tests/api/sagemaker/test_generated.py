"""Thousands of requests made from AWS's own models: each is answered as the model says, or with an error that it knows.

What is answered is held to the models by the server that the tests use; here it is held to end, without a 5xx.
"""

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from api.sagemaker.calls import OFFERED
from api.sagemaker.model import service as model_of
from tests.api.conftest import Service
from tests.api.sagemaker.requests import Sampled, invalid, valid

SOAK = int(os.environ.get("STEMMA_SOAK", "1"))
EXAMPLES = 25 if SOAK == 1 else 20 * SOAK
"""Of inputs that fit and of inputs that do not, each, an operation and database."""
NAMES = ["a", "b", "Job-1", "churn"]


def sampled(aws: Service) -> Sampled:
    """Names and ARNs of which some exist, so that requests meet one another."""
    artifact = "artifact/" + "0" * 32
    families = (
        "action",
        "context",
        "experiment",
        "experiment-trial",
        "experiment-trial-component",
        "training-job",
        "processing-job",
    )
    arns = [aws.arn(f"{family}/{name.lower()}") for family in families for name in NAMES[:2]]
    foreign = [arn.replace(aws.account, "999999999999") for arn in arns[:2]]
    return {
        "name": NAMES,
        "arn": [aws.arn(artifact), *arns, *foreign],
        "uri": ["s3://b/k", "s3://b/model.tar.gz", "file:///etc/passwd", "http://169.254.169.254/"],
        "type": ["DataSet", "Model", "Approval", "Endpoint"],
        "nexttoken": ["AAAA", "x" * 100],
    }


async def send(aws: Service, name: str, operation: str, given: Any) -> tuple[int, Any]:
    known = model_of(name)
    model = known.model.operation_model(operation)
    headers: dict[str, str] = {}
    content: bytes | str = json.dumps(given)
    method, path = model.http["method"], model.http["requestUri"].partition("?")[0]
    if known.protocol == "json":
        headers = {"X-Amz-Target": f"{known.target}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    elif known.protocol == "query":
        fields = {"Action": operation, "Version": known.model.api_version}
        if isinstance(given, Mapping):
            fields |= {key: str(value) for key, value in given.items()}
        content, headers = urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    else:
        headers = {"Content-Type": "application/json"}
        for label in [part.split("}")[0] for part in path.split("{")[1:]]:
            path = path.replace(f"{{{label}}}", quote(str((given or {}).get(label.strip("+"), "x")), safe=""))
    response = await aws.client.request(method, path, content=content, headers=headers)
    body = response.content
    return response.status_code, json.loads(body) if body and known.protocol != "query" else body


@pytest.mark.soak
@pytest.mark.parametrize(("name", "operation"), sorted(OFFERED), ids=str)
@seed(7)
@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_every_operation_answers_what_is_generated(
    service: Service, name: str, operation: str, data: st.DataObject
) -> None:
    shape = model_of(name).model.operation_model(operation).input_shape
    known = sampled(service)
    fits = st.just({}) if shape is None else valid(shape, known)
    spoilt = st.sampled_from([[], "x", 7]) if shape is None else invalid(shape, known)
    for inputs in (fits, spoilt):
        sent = data.draw(inputs)
        status, body = await send(service, name, operation, sent)
        assert status in (200, 400), (status, body, sent)
