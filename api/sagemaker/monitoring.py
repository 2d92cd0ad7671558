"""What job definitions, schedules and processing jobs share at this door; the rules are those of `graph/monitoring/`."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from api.sagemaker.calls import Call, Input, Output, size
from api.sagemaker.listings import descending
from graph import history, jobs
from graph.entities import Entity
from graph.errors import InvalidError
from graph.history import PAGE
from graph.jobs import JobKind
from graph.listing import Sort
from graph.monitoring import names
from graph.monitoring.names import Monitor
from graph.registry import lists
from graph.registry.lists import RegistryFilter
from graph.times import to_ms
from monitors.processing.images import Image, image_of

NETWORK = {"EnableInterContainerTrafficEncryption": False, "EnableNetworkIsolation": False}


def own_arn(call: Call, family: str, name: str) -> str:
    """The own ARN of what is named, noted as what the call is about."""
    arn = names.resource(call.place, family, name)
    call.arns.append(arn)
    return arn


async def baseline(call: Call, monitor: Monitor, given: Mapping[str, Any]) -> dict[str, str]:
    """Where the files lie that runs are held against: those that are named, else those that a job writes.

    Raises:
        InvalidError: the job that is named is not there, or writes nowhere.
    """
    found = {
        "constraints": given.get("ConstraintsResource", {}).get("S3Uri"),
        "statistics": given.get("StatisticsResource", {}).get("S3Uri"),
    }
    if (name := given.get("BaseliningJobName")) is not None and found["constraints"] is None:
        arn = jobs.component_arn(call.place, JobKind.PROCESSING, name)
        when = await call.catalog.moment(call.account)
        job = (await history.entities(call.catalog.store, call.account, [arn], when)).get(arn)
        told = orjson.loads(job.specification or "{}") if job is not None else {}
        outputs = told.get("ProcessingOutputConfig", {}).get("Outputs", ())
        if not outputs or "S3Output" not in outputs[0]:
            raise InvalidError(
                f"The baselining job {name} does not exist, or has no output",
                path="BaseliningJobName",
                constraint="a job",
            )
        folder = outputs[0]["S3Output"]["S3Uri"].rstrip("/")
        clarify = image_of(told["AppSpecification"]["ImageUri"]) is Image.CLARIFY
        found["constraints"] = f"{folder}/{'analysis' if clarify else 'constraints'}.json"
        if monitor is Monitor.DATA_QUALITY and found["statistics"] is None:
            found["statistics"] = f"{folder}/statistics.json"
    return {key: value for key, value in found.items() if value}


def with_baseline(monitor: Monitor, config: Mapping[str, Any], resolved: Mapping[str, str]) -> dict[str, Any]:
    """A baseline's configuration as Describe shows it, with the files that a job writes."""
    made = dict(config)
    if "constraints" in resolved:
        made["ConstraintsResource"] = {"S3Uri": resolved["constraints"]}
    if "statistics" in resolved and monitor is Monitor.DATA_QUALITY:
        made["StatisticsResource"] = {"S3Uri": resolved["statistics"]}
    return made


def with_defaults(given: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    """A request with what Describe adds to it: a stopping condition, and both switches of a network that was given."""
    made = {**given, "StoppingCondition": given.get("StoppingCondition", {"MaxRuntimeInSeconds": seconds})}
    if "NetworkConfig" in made:
        made["NetworkConfig"] = {**NETWORK, **made["NetworkConfig"]}
    return made


async def listed(
    call: Call,
    given: Input,
    family: str,
    member: str,
    summary: Callable[[Entity], dict[str, Any]],
    fits: Callable[[dict[str, Any]], bool],
    *,
    narrowed: bool,
) -> Output:
    """One page of schedules or job definitions as the member of an output.

    Args:
        call: The call.
        given: Its input.
        family: Of which family they are.
        member: The output's member.
        summary: What is shown of one.
        fits: Whether one is to be shown, by its summary.
        narrowed: Whether `fits` may say no.
    """
    when, after = await call.page(given)

    def ms(name: str) -> int | None:
        return None if given.get(name) is None else to_ms(given[name])

    only = RegistryFilter(
        contains=given.get("NameContains"),
        created_after=ms("CreationTimeAfter"),
        created_before=ms("CreationTimeBefore"),
    )
    found: list[tuple[str, dict[str, Any]]] = []
    wanted, more = size(given), True
    while more and len(found) <= wanted:
        page = await lists.page(
            *(call.catalog.store, call.account, family, when),
            filter=only,
            sort=Sort.NAME if given.get("SortBy") == "Name" else Sort.CREATED,
            descending=descending(given),
            first=PAGE if narrowed else wanted,
            after=after,
        )
        summaries = [(key, summary(entity)) for key, entity in page.items]
        found += [(key, item) for key, item in summaries if fits(item)]
        more = page.more
        after = page.items[-1][0] if page.items else after
        if not narrowed:
            break
    rest = more or len(found) > wanted
    found = found[:wanted]
    place = found[-1][0] if rest and found else None
    return {member: [item for _, item in found], **call.next_token(given, when, place)}
