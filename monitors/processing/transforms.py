"""What batch transforms captured in a window, brought to this host: manifests and the files that they name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from graph import listing
from graph.entities import Entity, Kind
from graph.errors import InvalidError, NotFoundError
from graph.jobs import JobKind
from graph.listing import Filter
from graph.store.store import Store
from graph.times import Moment
from monitors.processing.batch_records import INPUT, OUTPUT
from monitors.processing.inputs import FILES
from monitors.processing.sources import Bucket, below

MANIFEST_BYTES = 16 << 20
DAY_MS = 86_400_000
TRANSFORMS = 200
"""Transform jobs around a window among which those are looked for that captured there."""


def bring(bucket: Bucket, captured: str, folders: Sequence[str], target: Path, shown: str) -> None:
    """Bring the files here that the manifests of hours name.

    Args:
        bucket: What the account may touch.
        captured: The `s3://` folder with `input/` and `output/`.
        folders: Hours: `2026/11/25/03`.
        target: Where they go: `{input,output}/<hour>/<number>-<file>`.
        shown: The window, for people.

    Raises:
        NotFoundError: there is no manifest, or a file that one names is not there.
        InvalidError: a manifest is none, or names too many files.
        ForbiddenError: the account may not touch what one names.
    """
    seen = brought = 0
    for side in (INPUT, OUTPUT):
        for uri, relative, size in below(f"{captured}/{side}", bucket.listed(f"{captured}/{side}/")):
            hour = next((hour for hour in folders if f"/{hour}/" in f"/{relative}"), None)
            if hour is None:
                continue
            seen += 1
            for source in _named(bucket, uri, size):
                if brought >= FILES:
                    raise InvalidError(f"the manifests of {shown} name more than {FILES} files", path="data")
                name = source.rpartition("/")[2]
                bucket.fetch(source, target / side / hour / f"{brought:06}-{name}")
                brought += 1
    if not brought:
        raise NotFoundError(
            f"no batch transform in {shown}: {len(folders)} folders of hours below input/ and output/ were looked at "
            f"({folders[0]} to {folders[-1]}), with {seen} manifests. Check that the transform captures (DataCaptureConfig) "
            "and ran at that time, or widen StartTimeOffset and EndTimeOffset"
        )


def _named(bucket: Bucket, uri: str, size: int) -> list[str]:
    """The files that a manifest names: `[{"prefix": "s3://…"}, "a.csv", …]`."""
    if size > MANIFEST_BYTES:
        raise InvalidError(f"the manifest {uri} is larger than {MANIFEST_BYTES} bytes", path="data")
    try:
        document: Any = orjson.loads(bucket.content(uri))
    except orjson.JSONDecodeError:
        document = None
    if (
        not isinstance(document, list)
        or not document
        or not isinstance(document[0], dict)
        or not isinstance(document[0].get("prefix"), str)
        or not all(isinstance(item, str) for item in document[1:])
    ):
        raise InvalidError(f'{uri} is no manifest: [{{"prefix": "s3://…"}}, "file", …] is needed', path="data")
    return [document[0]["prefix"] + name for name in document[1:]]


async def jobs(store: Store, account: str, captured: str, window: tuple[int, int], when: Moment) -> list[Entity]:
    """The transform jobs around a window that capture to a place."""
    asked = Filter(type=JobKind.TRANSFORM.type, created_after=window[0] - DAY_MS, created_before=window[1])
    page = await listing.entities(
        store, account, Kind.TRIAL_COMPONENT, when, filter=asked, descending=True, first=TRANSFORMS
    )
    found = []
    for _, entity in page.items:
        capture = orjson.loads(entity.specification or "{}").get("DataCaptureConfig") or {}
        if str(capture.get("DestinationS3Uri", "")).rstrip("/") == captured:
            found.append(entity)
    return found
