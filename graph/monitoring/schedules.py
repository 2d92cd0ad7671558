"""Monitoring schedules: when which job runs. A schedule holds its job, or names a job definition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.commands import Place
from graph.entities import Entity
from graph.errors import ConflictError, InvalidError
from graph.monitoring import definitions, names, records
from graph.monitoring.expressions import NOW, offset, times
from graph.monitoring.names import Monitor
from graph.monitoring.records import Specification
from graph.store.store import Store
from graph.times import Moment

CONFIG, STATUS, READ, ALERT, ENDPOINT, BASELINE = "Config", "Status", "Read", "Alert", "Endpoint", "Baseline"
SCHEDULED, STOPPED = "Scheduled", "Stopped"
HOURLY = "cron(0 * ? * * *)"
"""When a schedule runs that does not say it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule, as it is told to run.

    Attributes:
        config: SageMaker's MonitoringScheduleConfig, as Describe repeats it.
        read: what lay at the URIs of scripts and configuration of a job that it holds itself.
        alert: `DatapointsToAlert` and `EvaluationPeriod`.
        endpoint: whose data it reads, where it reads an endpoint's.
        baseline: `constraints` and `statistics` of a job that it holds itself: where they lie.
    """

    entity: Entity
    config: Mapping[str, Any]
    status: str
    read: Mapping[str, Any]
    alert: Mapping[str, int]
    endpoint: str | None
    baseline: Mapping[str, str]

    @property
    def name(self) -> str:
        """As it was given."""
        return self.entity.display_name or self.entity.name

    @property
    def monitor(self) -> Monitor:
        """What it looks at."""
        return monitor_of(self.config)

    @property
    def expression(self) -> str:
        """When it runs."""
        found: str = self.config.get("ScheduleConfig", {}).get("ScheduleExpression", HOURLY)
        return found

    @property
    def definition(self) -> str | None:
        """The name of the job definition that it runs, if it does not hold its own."""
        return self.config.get("MonitoringJobDefinitionName")


def read(entity: Entity) -> Schedule:
    """A schedule from its entity."""
    held = records.specification(entity)
    return Schedule(
        entity, held[CONFIG], held[STATUS], held.get(READ, {}), held[ALERT], held.get(ENDPOINT), held.get(BASELINE, {})
    )


async def find(store: Store, place: Place, name: str, when: Moment) -> Schedule:
    """A schedule, at a moment.

    Raises:
        NotFoundError: there is none of this name.
    """
    return read(await records.find(store, place, names.SCHEDULE, name, when))


def monitor_of(config: Mapping[str, Any]) -> Monitor:
    """What a schedule looks at; data quality where it does not say."""
    return Monitor(config.get("MonitoringType", Monitor.DATA_QUALITY))


def create(
    place: Place,
    name: str,
    config: Mapping[str, Any],
    *,
    endpoint: str | None = None,
    read: Mapping[str, Any] | None = None,
    baseline: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> records.Create:
    """A new schedule, which runs from now on.

    Args:
        place: Where ARNs are made.
        name: Its name.
        config: When it runs what, in SageMaker's words.
        endpoint: Whose data it reads: that of its job definition.
        read: What lay at the URIs that a job of its own names.
        baseline: Where the `constraints` and `statistics` lie that such a job is held against.
        tags: Its tags.

    Raises:
        InvalidError: a field does not fit.
    """
    check(config)
    specification: Specification = {
        CONFIG: dict(config),
        STATUS: SCHEDULED,
        READ: dict(read or {}),
        ALERT: {"DatapointsToAlert": 1, "EvaluationPeriod": 1},
        ENDPOINT: endpoint,
        BASELINE: dict(baseline or {}),
    }
    put = records.entity(place, names.SCHEDULE, name, names.SCHEDULE_TYPE, specification, tags)
    return records.Create(place, names.SCHEDULE, name, put, _uses(config))


def update(
    place: Place,
    name: str,
    config: Mapping[str, Any],
    *,
    endpoint: str | None = None,
    read: Mapping[str, Any] | None = None,
    baseline: Mapping[str, str] | None = None,
) -> records.Change:
    """A schedule that runs something else, or at other times; one that was stopped runs again.

    Without a `ScheduleConfig` it goes on to run at the times at which it ran.

    Raises:
        InvalidError: a field does not fit.
    """
    check(config)

    def changed(held: Specification) -> Specification:
        when = {key: held[CONFIG][key] for key in ("ScheduleConfig",) if key in held[CONFIG]}
        held_too = {CONFIG: {**when, **config}, STATUS: SCHEDULED, ENDPOINT: endpoint}
        return {**held, **held_too, READ: dict(read or {}), BASELINE: dict(baseline or {})}

    return records.Change(place, name, changed, {"config": dict(config)}, _uses(config))


def start(place: Place, name: str) -> records.Change:
    """A schedule that runs; one that does already goes on."""
    return _set(place, name, {STATUS: SCHEDULED})


def stop(place: Place, name: str) -> records.Change:
    """A schedule that does not run until it is started again."""
    return _set(place, name, {STATUS: STOPPED})


def alert(place: Place, name: str, datapoints: int, period: int) -> records.Change:
    """A schedule whose alert is raised once `datapoints` of its last `period` runs found something.

    Raises:
        InvalidError: more runs would have to fail than are looked at.
    """
    if datapoints > period:
        raise InvalidError(
            f"DatapointsToAlert {datapoints} is more than EvaluationPeriod {period}",
            path="DatapointsToAlert",
            constraint="DatapointsToAlert <= EvaluationPeriod",
        )
    return _set(place, name, {ALERT: {"DatapointsToAlert": datapoints, "EvaluationPeriod": period}})


def check(config: Mapping[str, Any]) -> None:
    """Check what a schedule is told.

    Raises:
        InvalidError: it names both a job and a definition or none, an expression that is none, or a range that is none.
    """
    if ("MonitoringJobDefinition" in config) == ("MonitoringJobDefinitionName" in config):
        raise InvalidError(
            "Either MonitoringJobDefinition or MonitoringJobDefinitionName has to be given, and not both",
            path="MonitoringScheduleConfig",
            constraint="one of both",
        )
    if "MonitoringJobDefinition" in config:
        definitions.check_input(config["MonitoringJobDefinition"]["MonitoringInputs"][0])
    elif "MonitoringType" not in config:
        raise InvalidError(
            "MonitoringType has to be given with MonitoringJobDefinitionName", path="MonitoringType", constraint="given"
        )
    when = config.get("ScheduleConfig", {})
    times(when.get("ScheduleExpression", HOURLY))
    limits = [when.get("DataAnalysisStartTime"), when.get("DataAnalysisEndTime")]
    if when.get("ScheduleExpression") == NOW:
        if None in limits or not offset(limits[0]) < offset(limits[1]):
            raise InvalidError(
                "A schedule that runs NOW needs DataAnalysisStartTime before DataAnalysisEndTime, such as -PT1H and -PT0H",
                path="DataAnalysisStartTime",
                constraint="DataAnalysisStartTime < DataAnalysisEndTime",
            )
    elif limits != [None, None]:
        raise InvalidError(
            "DataAnalysisStartTime and DataAnalysisEndTime belong to the ScheduleExpression NOW; others have offsets",
            path="DataAnalysisStartTime",
            constraint="with NOW",
        )


def runs(schedule: Schedule) -> None:
    """Check that a schedule is not stopped.

    Raises:
        ConflictError: it is.
    """
    if schedule.status != SCHEDULED:
        raise ConflictError(f"{schedule.entity.resource_arn} is {schedule.status}; start it first")


def _set(place: Place, name: str, fields: Specification) -> records.Change:
    return records.Change(place, name, lambda held: {**held, **fields}, fields)


def _uses(config: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    definition = config.get("MonitoringJobDefinitionName")
    return () if definition is None else definitions.named(monitor_of(config), definition)
