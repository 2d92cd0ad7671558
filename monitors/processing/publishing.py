"""Metrics of runs to the CloudWatch that the policy names: in batches, tried again, and never in a run's way."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from graph.errors import StemmaError
from graph.monitoring.executions import Execution
from graph.monitoring.measured import Measurement
from graph.monitoring.published import Datum, Namespaces, data, of_schedule
from graph.reach import Policy
from graph.reach.s3 import Credentials
from monitors.processing.plans import Outcome

ENABLED = "publish_cloudwatch_metrics"
BATCH = 500
"""Metrics of one request; CloudWatch takes 1,000, and a megabyte."""
ATTEMPTS = 6
log = structlog.get_logger("stemma.publishing")


def wanted(policy: Policy, run: Execution, told: Mapping[str, Any], outcome: Outcome) -> bool:
    """Whether what a run measured is to be sent: its job and its baseline say so, and there is a CloudWatch."""
    enabled = told.get("Environment", {}).get(ENABLED) == "Enabled"
    return enabled and outcome.emits and run.schedule is not None and policy.cloudwatch(run.account) is not None


async def publish(policy: Policy, namespaces: Namespaces, run: Execution, measured: Sequence[Measurement]) -> None:
    """Send what a run measured; what can't be sent is told to the log.

    Args:
        policy: Whose CloudWatch.
        namespaces: Where metrics go.
        run: The run of a schedule.
        measured: What it measured.
    """
    credentials = policy.cloudwatch(run.account)
    assert credentials is not None, "wanted has looked"
    assert run.schedule is not None, "wanted has looked"
    namespace = namespaces.transforms if run.endpoint is None else namespaces.endpoints
    found = [_shown(datum, run.scheduled_at) for datum in data(measured, of_schedule(run.schedule, run.endpoint))]
    try:
        await asyncio.to_thread(send, credentials, namespace, found)
    except (BotoCoreError, ClientError, StemmaError) as error:
        log.error(
            "metrics were not all published", schedule=run.schedule, job=run.job, metrics=len(found), error=str(error)
        )


def send(credentials: Credentials, namespace: str, found: Sequence[dict[str, Any]]) -> None:
    """Send metrics in batches; a batch that is refused does not hold back the others.

    Args:
        credentials: Whose CloudWatch.
        namespace: Where metrics go.
        found: Metrics as `put_metric_data` takes them.

    Raises:
        ClientError: a batch was refused (the last refusal, after all were tried), or CloudWatch takes nothing for now.
        BotoCoreError: CloudWatch was not reached.
    """
    # Backs off between attempts, also where CloudWatch says that it is asked too often.
    config = Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
    client = credentials.session().client("cloudwatch", endpoint_url=credentials.endpoint, config=config)
    refused: ClientError | None = None
    for begin in range(0, len(found), BATCH):
        try:
            client.put_metric_data(Namespace=namespace, MetricData=found[begin : begin + BATCH])
        except ClientError as error:
            # It was tried again and again, so CloudWatch takes nothing for now.
            if error.response["ResponseMetadata"].get("RetryAttempts"):
                raise
            refused = error
    if refused is not None:
        raise refused


def _shown(datum: Datum, at: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "MetricName": datum.name[:255],
        "Dimensions": [{"Name": name, "Value": value[:1024] or "-"} for name, value in datum.dimensions.items()],
        "Timestamp": datetime.fromtimestamp(at / 1000, UTC),
    }
    if datum.value is not None:
        return {**shown, "Value": datum.value}
    numbers = {"Minimum": datum.minimum, "Maximum": datum.maximum, "Sum": datum.total, "SampleCount": datum.count}
    return {**shown, "StatisticValues": numbers}
