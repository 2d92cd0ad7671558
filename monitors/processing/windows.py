"""The window of a schedule's run: what an endpoint captured in it, brought to this host with the baseline."""

import asyncio
from collections.abc import Mapping, Sequence
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
from graph.monitoring.runs import hours
from graph.times import Moment, from_ms
from monitors.processing.inputs import FILES, Prepared, inside, output_of
from monitors.processing.plans import Analysis, Plan
from monitors.processing.sources import Bucket, Fetched, below


async def of_run(catalog: Catalog, account: str, told: Mapping[str, Any], bucket: Bucket, folder: Path) -> Prepared:
    """Bring the data of a schedule's window here, and the baseline that it is held against.

    Raises:
        NotFoundError: there is no data in the window, or no such endpoint.
        InvalidError: what the schedule runs can't be run.
        ForbiddenError: the account may not touch it.
    """
    run = told["Run"]
    if run["Monitor"] != "DataQuality":
        raise InvalidError(
            f"schedules of {run['Monitor']} can't be run yet; their baselines can",
            path="MonitoringType",
            constraint="DataQuality",
        )
    if run["Endpoint"] is None:
        raise InvalidError("batch transforms can't be run yet", path="BatchTransformInput", constraint="EndpointInput")
    window = (run["Start"], run["End"])
    captured, deployments = await _endpoint(catalog, account, run["Endpoint"], window)
    shown = f"the window [{from_ms(window[0]).isoformat()}, {from_ms(window[1]).isoformat()}) below {captured}/"
    folders = hours(*window)
    data = folder / "inputs" / "data"
    data.mkdir(parents=True)
    made = folder / "output"
    made.mkdir()
    files = await asyncio.to_thread(_window, bucket, captured, folders, data)
    if not files:
        raise NotFoundError(
            f"no captured data in {shown}: {len(folders)} folders of hours were looked at "
            f"({folders[0]} to {folders[-1]}), with 0 files. Check that the endpoint captures (DataCaptureConfig) and was "
            "asked at that time, or widen StartTimeOffset and EndTimeOffset"
        )
    inputs: dict[str, Fetched] = {}
    for what, uri in run["Baseline"].items():
        inputs[what] = await asyncio.to_thread(bucket.fetch, uri, folder / "inputs" / f"{what}.json")
    against: dict[str, Any] = {what: str(fetched.path) for what, fetched in inputs.items()}
    source = run["Request"]["DataQualityJobInput"]["EndpointInput"]
    excluded = tuple(part.strip() for part in source.get("ExcludeFeaturesAttribute", "").split(",") if part.strip())
    uri = f"{captured}?from={from_ms(window[0]):%Y-%m-%dT%H:%M:%SZ}&to={from_ms(window[1]):%Y-%m-%dT%H:%M:%SZ}"
    plan = Plan(
        Analysis.DATA_QUALITY, str(data), uri, str(made), window=window, looked=shown, excluded=excluded, **against
    )
    arn = hosted.lineage(catalog.place(account), Hosted.ENDPOINT, run["Endpoint"])
    present = await history.entities(catalog.store, account, [arn], await catalog.moment(account))
    endpoint = arn if arn in present else None
    return Prepared(plan, output_of(told), inputs, deployments, endpoint)


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
