"""Job definitions: what a monitor of one of the four kinds runs, on what, against which baseline.

A definition never changes. Scripts and configuration that it names by URI are read when it is made, since what lies at the
URI may be another file at the next run; the specification keeps their text.
"""

from collections.abc import Mapping
from typing import Any

from graph.commands import Place
from graph.errors import InvalidError
from graph.monitoring import names, records
from graph.monitoring.expressions import offset
from graph.monitoring.names import Monitor

INLINE = {
    "BaselineConfig": "BaselineConfig",
    "AppSpecification": "MonitoringAppSpecification",
    "JobOutputConfig": "MonitoringOutputConfig",
    "JobResources": "MonitoringResources",
}
"""What parts of a definition are called inside of a schedule."""
REQUEST, READ, BASELINE = "Request", "Read", "Baseline"


def create(
    place: Place,
    monitor: Monitor,
    name: str,
    request: Mapping[str, Any],
    *,
    read: Mapping[str, Any] | None = None,
    baseline: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> records.Create:
    """A new job definition.

    Args:
        place: Where ARNs are made.
        monitor: Of which kind.
        name: Its name.
        request: What was asked for, in SageMaker's words, as Describe repeats it.
        read: What lay at the URIs of scripts and configuration: `{uri: {"text": …}}`, or `{"error": …}`.
        baseline: Where `constraints` and `statistics` lie that runs are held against.
        tags: Its tags.

    Raises:
        InvalidError: a field does not fit.
    """
    check_input(request[f"{monitor.value}JobInput"])
    specification = {REQUEST: dict(request), READ: dict(read or {}), BASELINE: dict(baseline or {})}
    put = records.entity(place, monitor.family, name, monitor.type, specification, tags)
    return records.Create(place, monitor.family, name, put)


def check_input(given: Mapping[str, Any]) -> None:
    """Check what data a job reads.

    Raises:
        InvalidError: it names both kinds of input or none, or offsets that are none.
    """
    kinds = [kind for kind in ("EndpointInput", "BatchTransformInput") if kind in given]
    if len(kinds) != 1:
        raise InvalidError(
            "Either EndpointInput or BatchTransformInput has to be given, and not both",
            path="JobInput",
            constraint="one",
        )
    source = given[kinds[0]]
    offsets = [source.get("StartTimeOffset"), source.get("EndTimeOffset")]
    if (offsets[0] is None) != (offsets[1] is None):
        raise InvalidError(
            "StartTimeOffset and EndTimeOffset have to be given together", path="StartTimeOffset", constraint="both"
        )
    if offsets[0] is not None and not offset(offsets[0]) < offset(offsets[1]):
        raise InvalidError(
            f"StartTimeOffset {offsets[0]} has to lie before EndTimeOffset {offsets[1]}",
            path="StartTimeOffset",
            constraint="StartTimeOffset < EndTimeOffset",
        )


def uris(monitor: Monitor, request: Mapping[str, Any]) -> list[str]:
    """What a definition names that has to be read when it is made: scripts, and the configuration of an analysis."""
    application = request.get(f"{monitor.value}AppSpecification", {})
    wanted = ("RecordPreprocessorSourceUri", "PostAnalyticsProcessorSourceUri", "ConfigUri")
    return [application[key] for key in wanted if key in application]


def of_inline(monitor: Monitor, inline: Mapping[str, Any]) -> dict[str, Any]:
    """A definition that stands inside of a schedule, as one of its own would be asked for."""
    made: dict[str, Any] = {
        f"{monitor.value}{own}": inline[there]
        for own, there in INLINE.items()
        if there in inline and own != "JobResources"
    }
    made[f"{monitor.value}JobInput"] = inline["MonitoringInputs"][0]
    made["JobResources"] = inline["MonitoringResources"]
    if "Environment" in inline:
        application = made[f"{monitor.value}AppSpecification"]
        made[f"{monitor.value}AppSpecification"] = {**application, "Environment": inline["Environment"]}
    made |= {key: inline[key] for key in ("NetworkConfig", "RoleArn", "StoppingCondition") if key in inline}
    return made


def endpoint(monitor: Monitor, request: Mapping[str, Any]) -> str | None:
    """The endpoint whose data a definition reads."""
    found: str | None = request[f"{monitor.value}JobInput"].get("EndpointInput", {}).get("EndpointName")
    return found


def named(monitor: Monitor, name: str) -> tuple[tuple[str, str], ...]:
    """What a schedule uses that runs a definition."""
    return ((monitor.family, names.checked(name, "MonitoringJobDefinitionName")),)
