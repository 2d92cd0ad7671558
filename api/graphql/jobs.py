"""Reports of jobs that run elsewhere."""

from datetime import datetime
from typing import Any

import strawberry

from api.graphql import payloads
from api.graphql.context import Info
from api.graphql.entities import TrialComponent
from api.graphql.inputs import SourceTypeInput
from api.graphql.names import Status
from api.graphql.payloads import Payload
from api.graphql.requests import by_key
from graph import jobs
from graph.jobs import File


@strawberry.input
class JobOutputInput:
    """Something that a job wrote, such as its model; `sourceTypes` tell its content, where a digest is known."""

    key: str
    uri: str
    type: str | None = None
    media_type: str | None = None
    source_types: list[SourceTypeInput] | None = None


@strawberry.input
class MetricInput:
    """A number by name."""

    key: str
    number: float


@strawberry.input
class ReportJobInput:
    """How a job goes: `arn` is the job's own or its trial component's, `step` a word for what it does now."""

    arn: strawberry.ID
    status: Status
    step: str | None = None
    message: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outputs: list[JobOutputInput] | None = None
    metrics: list[MetricInput] | None = None
    client_request_id: str | None = None


@strawberry.type
class JobMutations:
    """What can be said of jobs."""

    @strawberry.mutation
    async def report_job(self, info: Info, input: ReportJobInput) -> Payload[TrialComponent]:
        """Records how a job that runs elsewhere goes; one that has ended stays as it ended."""
        context = info.context
        kind, name = jobs.named(context.place, input.arn)
        made = jobs.report(context.place, kind, name, **_report(input))
        outcome = await context.catalog.write(
            context.caller, made, operation="reportJob", request_id=input.client_request_id
        )
        return payloads.written(jobs.component_arn(context.place, kind, name), outcome)


def _report(given: ReportJobInput) -> dict[str, Any]:
    """The arguments of `jobs.report` that an input names.

    Raises:
        InvalidError: a key is there twice.
    """
    outputs = by_key(given.outputs, "outputs", lambda item: item) or {}
    return {
        "status": given.status,
        "step": given.step,
        "message": given.message,
        "started_at": given.started_at,
        "ended_at": given.ended_at,
        "outputs": [
            File(
                *(item.key, item.uri, item.type, item.media_type),
                tuple((each.type.value, each.value) for each in item.source_types or ()),
            )
            for item in outputs.values()
        ],
        "metrics": by_key(given.metrics, "metrics", lambda item: item.number),
    }
