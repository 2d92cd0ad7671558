"""Ground truth over HTTP: `POST /api/v1/endpoints/<name>/ground-truth`, written where schedules look for it.

Labels go to the folder that the endpoint's tag `stemma:ground-truth` names, else to `ground-truth/<name>` below where the
endpoint's captured data lies, in the layout of SageMaker; the answer says where.
"""

import asyncio

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.access import note
from api.auth import Identity
from api.bodies import read_body
from api.settings import Settings
from graph.access import Caller, Permission, require
from graph.catalog import Catalog
from graph.errors import InvalidError
from graph.hosting import names, records
from graph.hosting.names import Hosted
from graph.reach import Policy
from monitors.capture.truth import files, read_labels
from monitors.processing.sources import Bucket

PATH = "/api/v1/endpoints/"
ROUTE = PATH + "{name}/ground-truth"
TAG = "stemma:ground-truth"
DOOR, OPERATION = "http", "putGroundTruth"


class GroundTruth:
    """What takes labels.

    Args:
        settings: What was set.
        policy: Which buckets may be written for whom.
    """

    def __init__(self, settings: Settings, policy: Policy) -> None:
        self._settings = settings
        self._policy = policy

    async def answer(self, request: Request) -> Response:
        """Keep labels: `{"labels": how many, "uris": where}`.

        Raises:
            ProblemError: the body can't be read.
            StemmaError: the caller may not write, there is no such endpoint, or a label can't be read.
        """
        note(request, door=DOOR, operation=OPERATION)
        identity: Identity = request.state.identity
        catalog: Catalog = request.app.state.catalog
        place = catalog.place(identity.account)
        name = names.checked(request.path_params["name"], "EndpointName")
        note(request, door=DOOR, operation=OPERATION, named=[names.resource(place, Hosted.ENDPOINT, name)])
        require(Caller(identity.account, identity.actor, DOOR, identity.role), Permission.WRITE)
        labels = read_labels(await read_body(request, self._settings.max_body_bytes))
        folder = await self._folder(catalog, identity.account, name)
        bucket = Bucket(self._policy, identity.account)
        made = files(labels)

        def put() -> list[str]:
            return [bucket.put(f"{folder}/{key}", content).uri for key, content in made.items()]

        uris = await asyncio.to_thread(put)
        return Response(orjson.dumps({"labels": len(labels), "uris": uris}), media_type="application/json")

    async def _folder(self, catalog: Catalog, account: str, name: str) -> str:
        place, when = catalog.place(account), await catalog.moment(account)
        found = await records.find(catalog.store, place, Hosted.ENDPOINT, name, when)
        tagged = (found.tags or {}).get(TAG)
        if tagged is not None:
            return tagged.rstrip("/")
        capture = orjson.loads(found.specification or "{}").get("DataCaptureConfig") or {}
        destination = str(capture.get("DestinationS3Uri", "")).rstrip("/")
        if not destination:
            raise InvalidError(
                f"it is not known where ground truth of the endpoint {name} lies: tag it {TAG}=s3://bucket/folder, or let it "
                "capture (DataCaptureConfig)",
                path="EndpointName",
                constraint=f"the tag {TAG}",
            )
        return f"{destination}/ground-truth/{records.shown_name(found)}"
