"""The window of a schedule's run: what an endpoint captured in it, brought to this host with the baseline."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from graph import history
from graph.catalog import Catalog
from graph.errors import InvalidError, NotFoundError
from graph.hosting import names as hosted
from graph.hosting import production, records
from graph.hosting.names import Hosted
from graph.hosting.records import shown_name
from graph.monitoring.names import Monitor
from graph.monitoring.runs import hours
from graph.times import Moment, from_ms
from monitors.processing import transforms
from monitors.processing.inputs import FILES, Prepared, analysis_config, clarify_plan, inside, output_of
from monitors.processing.plans import Analysis, Plan, read_format
from monitors.processing.sources import Bucket, Fetched, below, script

ANALYSES = {
    Monitor.DATA_QUALITY: Analysis.DATA_QUALITY,
    Monitor.MODEL_QUALITY: Analysis.MODEL_QUALITY,
    Monitor.MODEL_BIAS: Analysis.BIAS,
    Monitor.MODEL_EXPLAINABILITY: Analysis.EXPLAINABILITY,
}
LABELLED = (Monitor.MODEL_QUALITY, Monitor.MODEL_BIAS)
"""What needs ground truth."""
CONFIGURED = (Monitor.MODEL_BIAS, Monitor.MODEL_EXPLAINABILITY)
"""What an `analysis_config.json` describes."""


async def of_run(catalog: Catalog, account: str, told: Mapping[str, Any], bucket: Bucket, folder: Path) -> Prepared:
    """Bring the data of a schedule's window here, and the baseline that it is held against.

    Raises:
        NotFoundError: there is no data in the window, or no such endpoint.
        InvalidError: what the schedule runs can't be run, or its configuration could not be read.
        ForbiddenError: the account may not touch it.
    """
    run = told["Run"]
    monitor = Monitor(run["Monitor"])
    window = (run["Start"], run["End"])
    given = run["Request"][f"{monitor.value}JobInput"]
    made = folder / "output"
    made.mkdir()
    plan, seen = await _captured(catalog, account, run, given, bucket, folder)
    inputs: dict[str, Fetched] = {}
    for what, uri in run["Baseline"].items():
        inputs[what] = await asyncio.to_thread(bucket.fetch, uri, folder / "inputs" / f"{what}.json")
    against: dict[str, Any] = {what: str(fetched.path) for what, fetched in inputs.items()}
    plan = replace(plan, **against)
    plan = replace(plan, **_scripts(run, run["Request"].get(f"{monitor.value}AppSpecification", {}), folder))
    merged = None
    if monitor in CONFIGURED:
        config = analysis_config(run["Read"], run["Request"][f"{monitor.value}AppSpecification"]["ConfigUri"])
        plan = await asyncio.to_thread(clarify_plan, replace(plan, config=config), bucket, folder)
    if monitor in LABELLED:
        labels = folder / "inputs" / "truth"
        truth = given["GroundTruthS3Input"]["S3Uri"].rstrip("/")
        await asyncio.to_thread(_truth, bucket, truth, window, plan.looked, labels)
        source = given.get("EndpointInput") or given["BatchTransformInput"]
        plan = replace(plan, truth=str(labels), **_attributes(monitor, source, run["Request"]))
        output = run["Request"][f"{monitor.value}JobOutputConfig"]["MonitoringOutputs"][0]["S3Output"]
        merged = output["S3Uri"].rstrip("/")
    return Prepared(plan, output_of(told), inputs, seen.makers, seen.endpoint, merged)


@dataclass(frozen=True, slots=True)
class Seen:
    """Who made captured records.

    Attributes:
        makers: ARNs of deployments, or of transform jobs.
        endpoint: the ARN of the endpoint.
    """

    makers: list[str]
    endpoint: str | None = None


async def _captured(
    catalog: Catalog, account: str, run: Mapping[str, Any], given: Mapping[str, Any], bucket: Bucket, folder: Path
) -> tuple[Plan, Seen]:
    """Bring what was captured in a window here: a plan that reads it, and who made it."""
    window = (run["Start"], run["End"])
    source: Mapping[str, Any] = given.get("EndpointInput") or given["BatchTransformInput"]
    if run["Endpoint"] is None:
        captured = source["DataCapturedDestinationS3Uri"].rstrip("/")
        when = await catalog.moment(account)
        makers = [entity.arn for entity in await transforms.jobs(catalog.store, account, captured, window, when)]
        seen = Seen(makers)
    else:
        captured, makers = await _endpoint(catalog, account, run["Endpoint"], window)
        arn = hosted.lineage(catalog.place(account), Hosted.ENDPOINT, run["Endpoint"])
        present = await history.entities(catalog.store, account, [arn], await catalog.moment(account))
        seen = Seen(makers, arn if arn in present else None)
    shown = f"the window [{from_ms(window[0]).isoformat()}, {from_ms(window[1]).isoformat()}) below {captured}/"
    excluded = tuple(part.strip() for part in source.get("ExcludeFeaturesAttribute", "").split(",") if part.strip())
    data = folder / "inputs" / "data"
    data.mkdir(parents=True)
    plan = Plan(
        ANALYSES[Monitor(run["Monitor"])],
        str(data),
        f"{captured}?from={from_ms(window[0]):%Y-%m-%dT%H:%M:%SZ}&to={from_ms(window[1]):%Y-%m-%dT%H:%M:%SZ}",
        str(folder / "output"),
        window=window,
        looked=shown,
        excluded=excluded,
        features=source.get("FeaturesAttribute"),
    )
    folders = hours(*window)
    if run["Endpoint"] is None:
        batch = folder / "inputs" / "batch"
        await asyncio.to_thread(transforms.bring, bucket, captured, folders, batch, shown)
        fields = read_format(source["DatasetFormat"])
        return replace(plan, batch=str(batch), names=(run["Schedule"],), **fields), seen
    # Their places tell whose they are, and of which hour.
    files = await asyncio.to_thread(_window, bucket, captured, folders, data / captured.rpartition("/")[2])
    if not files:
        raise NotFoundError(
            f"no captured data in {shown}: {len(folders)} folders of hours were looked at "
            f"({folders[0]} to {folders[-1]}), with 0 files. Check that the endpoint captures (DataCaptureConfig) and was "
            "asked at that time, or widen StartTimeOffset and EndTimeOffset"
        )
    return plan, seen


def _scripts(run: Mapping[str, Any], application: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What a plan says of a definition's scripts."""
    members = {"RecordPreprocessorSourceUri": "preprocessor", "PostAnalyticsProcessorSourceUri": "postprocessor"}
    return {
        stage: str(script(run["Read"], application[member], folder, stage))
        for member, stage in members.items()
        if member in application
    }


def _truth(bucket: Bucket, truth: str, window: tuple[int, int], shown: str, labels: Path) -> None:
    """Bring the ground truth of a window's hours here.

    Raises:
        NotFoundError: there is none.
    """
    folders = hours(*window)
    labels.mkdir()
    if not _window(bucket, truth, folders, labels):
        raise NotFoundError(
            f"no ground truth for {shown}: {len(folders)} folders of hours below {truth}/ were looked at "
            f"({folders[0]} to {folders[-1]}), with 0 files. Labels lie at yyyy/mm/dd/hh/*.jsonl by the hour of the data"
        )


def _attributes(monitor: Monitor, source: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan says of the columns of labelled records, from a schedule's input."""
    # Of ground truth there is one value an event, where nothing else is said.
    found = {"ground_truth_attribute": "0"}
    for member, name in (
        ("InferenceAttribute", "inference_attribute"),
        ("ProbabilityAttribute", "probability_attribute"),
    ):
        if member in source:
            found[name] = source[member]
    threshold = source.get("ProbabilityThresholdAttribute")
    if monitor is Monitor.MODEL_BIAS:
        return {"attributes": found, "threshold": threshold}
    if "probability_attribute" not in found:
        found.setdefault("inference_attribute", "0")
    problem = request["ModelQualityAppSpecification"].get("ProblemType")
    return {"attributes": found, "problem": problem, "threshold": 0.5 if threshold is None else threshold}


def _window(bucket: Bucket, captured: str, folders: Sequence[str], data: Path) -> list[Fetched]:
    """Bring the capture files of the hours of a window here, of all variants."""
    found = []
    for uri, relative, _ in below(captured, bucket.listed(f"{captured}/")):
        if any(f"/{hour}/" in f"/{relative}" for hour in folders):
            found.append((uri, relative))
    if len(found) > FILES:
        raise InvalidError(f"{captured} holds {len(found)} files in the window; a job may read {FILES}", path="data")
    return [bucket.fetch(uri, inside(data, relative)) for uri, relative in found]


async def _endpoint(catalog: Catalog, account: str, name: str, window: tuple[int, int]) -> tuple[str, list[str]]:
    """Where an endpoint's captured data lies, as it was at the window's end, and the deployments that ran in the window."""
    place, now = catalog.place(account), await catalog.moment(account)
    end = Moment(min(window[1] - 1, now.at), now.known, now.sequence)
    try:
        found = await records.find(catalog.store, place, Hosted.ENDPOINT, name, end)
    except NotFoundError:
        # Made after the window, or a record that came later than what it describes.
        found = await records.find(catalog.store, place, Hosted.ENDPOINT, name, now)
    capture = orjson.loads(found.specification or "{}").get("DataCaptureConfig")
    if capture is None:
        raise InvalidError(
            f"the endpoint {name} captures nothing: its configuration has no DataCaptureConfig",
            path="DataCaptureConfig",
        )
    own = hosted.resource(place, Hosted.ENDPOINT, name)
    ran: dict[str, None] = {}
    for at in (Moment(window[0], now.known, now.sequence), end):
        page = await production.at(catalog.store, account, at, endpoint=own)
        ran |= dict.fromkeys(item.action.arn for _, item in page.items)
    return f"{capture['DestinationS3Uri'].rstrip('/')}/{shown_name(found)}", list(ran)
