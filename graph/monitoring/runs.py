"""Runs of a schedule: which data one reads, what its processing job is told, and how it is recorded, once for each time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from graph import arns, jobs
from graph.associations import AssociationType
from graph.canonical import digest
from graph.commands import Command, Place, associate
from graph.errors import InvalidError
from graph.jobs import JobKind
from graph.monitoring import definitions, records
from graph.monitoring.executions import Execution
from graph.monitoring.expressions import NOW, offset, times
from graph.monitoring.names import Monitor
from graph.monitoring.schedules import Schedule
from graph.store.store import Store
from graph.times import Moment, from_ms

PREFIXES = {
    Monitor.DATA_QUALITY: "model-monitoring",
    Monitor.MODEL_QUALITY: "model-quality-monitoring",
    Monitor.MODEL_BIAS: "model-bias-monitoring",
    Monitor.MODEL_EXPLAINABILITY: "model-explainability-monitoring",
}
HOUR_MS = 3_600_000
RUNTIME_SECONDS = 3_600
LOCAL = "/opt/ml/processing"


@dataclass(frozen=True, slots=True)
class Task:
    """What a schedule runs: its own job, or its job definition's; one shape for both.

    Attributes:
        request: the definition, in SageMaker's words.
        read: what lay at the URIs that it names.
        baseline: where `constraints` and `statistics` lie.
        definition: the lineage ARN of the job definition, and its name.
    """

    monitor: Monitor
    request: Mapping[str, Any]
    read: Mapping[str, Any]
    baseline: Mapping[str, str]
    definition: tuple[str, str] | None = None

    def part(self, name: str) -> dict[str, Any]:
        """A part of the definition whose name begins with the monitor's: `JobInput`."""
        found: dict[str, Any] = self.request.get(f"{self.monitor.value}{name}", {})
        return found

    @property
    def source(self) -> dict[str, Any]:
        """The input, of either kind."""
        given = self.part("JobInput")
        found: dict[str, Any] = given.get("EndpointInput") or given["BatchTransformInput"]
        return found

    @property
    def output(self) -> dict[str, Any]:
        """Where results go."""
        found: dict[str, Any] = self.part("JobOutputConfig")["MonitoringOutputs"][0]["S3Output"]
        return found


@dataclass(frozen=True, slots=True)
class Run:
    """One run: of which schedule, for which time, over which data.

    Attributes:
        scheduled: the time for which it was due, epoch milliseconds.
        start, end: the data's window, epoch milliseconds; `end` is not part of it.
        again: the how manieth repetition it is; 0 for the run itself.
    """

    schedule: Schedule
    task: Task
    scheduled: int
    start: int
    end: int
    again: int = 0

    @property
    def job(self) -> str:
        """The name of its processing job: the same for the same schedule and time."""
        # A schedule that was made anew under an old name has runs of its own.
        source = f"{self.schedule.entity.arn} {self.schedule.entity.created_at} {self.scheduled}"
        source += f" {self.again}" if self.again else ""
        minute = f"{from_ms(self.scheduled):%Y%m%d%H%M}"
        return f"{PREFIXES[self.task.monitor]}-{minute}-{digest(source.encode())[:16]}"

    @property
    def folder(self) -> str:
        """Where its results go: a folder an hour, and below it one a minute for those that are due within an hour."""
        schedule = self.schedule.name
        at = from_ms(self.scheduled)
        parts = [self.task.output["S3Uri"].rstrip("/")]
        parts += [self.schedule.endpoint] if self.schedule.endpoint is not None else []
        parts += [schedule, f"{at:%Y/%m/%d/%H}"]
        parts += [f"{at:%M}"] if at.minute and self.schedule.expression != NOW else []
        parts += [f"again-{self.again}"] if self.again else []
        return "/".join(parts)


async def task_of(store: Store, place: Place, schedule: Schedule, when: Moment) -> Task:
    """What a schedule runs.

    Raises:
        NotFoundError: its job definition is not there.
    """
    if schedule.definition is None:
        request = definitions.of_inline(schedule.monitor, schedule.config["MonitoringJobDefinition"])
        return Task(schedule.monitor, request, schedule.read, schedule.baseline)
    found = await records.find(store, place, schedule.monitor.family, schedule.definition, when)
    held = records.specification(found)
    baseline = held.get(definitions.BASELINE, {})
    named = (found.arn, schedule.definition)
    return Task(schedule.monitor, held[definitions.REQUEST], held[definitions.READ], baseline, named)


def run_of(schedule: Schedule, task: Task, scheduled: int) -> Run:
    """The run of a schedule that is due at a time, with the window of data that it reads.

    The window is what the schedule's or the input's offsets say, else all since the time before. It is not rounded to hours.

    Raises:
        InvalidError: the schedule is never due before that time, so no window ends there.
    """
    config = schedule.config.get("ScheduleConfig", {})
    source = task.source
    if schedule.expression == NOW:
        offsets = (config["DataAnalysisStartTime"], config["DataAnalysisEndTime"])
    elif "StartTimeOffset" in source:
        offsets = (source["StartTimeOffset"], source["EndTimeOffset"])
    else:
        before = times(schedule.expression).before(scheduled)
        if before is None:
            raise InvalidError(
                f"{schedule.expression!r} has no time before {from_ms(scheduled).isoformat()}, so no window ends there; "
                "give the input a StartTimeOffset",
                path="StartTimeOffset",
            )
        return Run(schedule, task, scheduled, before, scheduled)
    start, end = (scheduled + int(offset(text).total_seconds() * 1000) for text in offsets)
    return Run(schedule, task, scheduled, start, end)


def processing(run: Run) -> dict[str, Any]:
    """What the processing job of a run is told, as DescribeProcessingJob repeats it."""
    task, application = run.task, run.task.part("AppSpecification")
    source = task.source
    kind = "EndpointInput" if "EndpointName" in source else "BatchTransformInput"
    where = source.get("DataCapturedDestinationS3Uri", "")
    inputs = [_input("input_1", where, source["LocalPath"])] if where else []
    inputs += [_input(name, uri, f"{LOCAL}/baseline/{name}") for name, uri in task.baseline.items()]
    environment = {
        **application.get("Environment", {}),
        "dataset_source": source["LocalPath"],
        "output_path": task.output["LocalPath"],
        "monitoring_input_type": {"EndpointInput": "ENDPOINT_INPUT"}.get(kind, "BATCH_TRANSFORM_INPUT"),
        "sagemaker_monitoring_schedule_name": run.schedule.name,
        "start_time": f"{from_ms(run.start):%Y-%m-%dT%H:%M:%SZ}",
        "end_time": f"{from_ms(run.end):%Y-%m-%dT%H:%M:%SZ}",
        "metric_time": f"{from_ms(run.scheduled):%Y-%m-%dT%H:%M:%SZ}",
    }
    if run.schedule.endpoint is not None:
        environment["sagemaker_endpoint_name"] = run.schedule.endpoint
    told = {
        key: application[key] for key in ("ImageUri", "ContainerEntrypoint", "ContainerArguments") if key in application
    }
    output = {"S3Uri": run.folder, "LocalPath": task.output["LocalPath"]}
    return {
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "result",
                    "S3Output": {**output, "S3UploadMode": task.output.get("S3UploadMode", "EndOfJob")},
                    "AppManaged": False,
                }
            ]
        },
        "ProcessingResources": dict(task.request["JobResources"]),
        "StoppingCondition": task.request.get("StoppingCondition", {"MaxRuntimeInSeconds": RUNTIME_SECONDS}),
        "AppSpecification": told,
        "Environment": environment,
        **{key: task.request[key] for key in ("NetworkConfig", "RoleArn") if key in task.request},
        "MonitoringScheduleArn": run.schedule.entity.resource_arn,
    }


def commands(place: Place, run: Run, started: datetime) -> list[Command]:
    """The commands that record a run that is due; they fail when it was recorded already."""
    task = run.task
    told = {
        **processing(run),
        "Run": {
            "Schedule": run.schedule.name,
            "Scheduled": run.scheduled,
            "Start": run.start,
            "End": run.end,
            "Monitor": task.monitor.value,
            "Request": dict(task.request),
            "Read": dict(task.read),
            "Baseline": dict(task.baseline),
            "Endpoint": run.schedule.endpoint,
        },
    }
    contributors = [] if task.definition is None else [task.definition[0]]
    made = jobs.create(
        place,
        JobKind.PROCESSING,
        run.job,
        specification=orjson.dumps(told).decode(),
        image=task.part("AppSpecification")["ImageUri"],
        parameters={
            "monitor": {"string": task.monitor.value},
            "window_start": {"string": from_ms(run.start).isoformat()},
            "window_end": {"string": from_ms(run.end).isoformat()},
        },
        contributors=contributors,
        started_at=started,
    )
    component = jobs.component_arn(place, JobKind.PROCESSING, run.job)
    linked = [associate(component, run.schedule.entity.arn, AssociationType.ASSOCIATED_WITH)]
    if run.again:
        earlier = jobs.component_arn(place, JobKind.PROCESSING, replace(run, again=run.again - 1).job)
        linked.append(associate(earlier, component, AssociationType.DERIVED_FROM))
    return [*made, *linked]


def execution(place: Place, run: Run, now: int) -> Execution:
    """A run as it waits in the queue."""
    return Execution(
        place.account,
        run.job,
        created_at=now,
        modified_at=now,
        ready_at=now,
        schedule=run.schedule.name,
        scheduled_at=run.scheduled,
        type=run.task.monitor.value,
        endpoint=run.schedule.endpoint,
        definition=None if run.task.definition is None else run.task.definition[1],
    )


def schedule_name(resource_arn: str) -> str:
    """The name of the schedule that an own ARN names."""
    return arns.parse(resource_arn).resource.partition("/")[2]


def hours(start: int, end: int) -> Sequence[str]:
    """The folders of the hours that a window touches: `2026/11/25/03`."""
    first = start // HOUR_MS
    return [f"{from_ms(hour * HOUR_MS):%Y/%m/%d/%H}" for hour in range(first, -(-end // HOUR_MS))]


def _input(name: str, uri: str, local: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "AppManaged": False,
        "S3Input": {"S3Uri": uri, "LocalPath": local, "S3DataType": "S3Prefix", "S3InputMode": "File"},
    }


def inputs_of(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The inputs of a processing job that lie in S3."""
    return [item for item in told.get("ProcessingInputs", ()) if "S3Input" in item]
