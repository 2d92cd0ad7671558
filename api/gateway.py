"""The SageMaker runtime's door: `POST /endpoints/<name>/invocations` goes to the model's own address, and is captured.

An endpoint's tag `stemma:address` says where its model answers, with SageMaker's container contract (`/invocations`). Its
`DataCaptureConfig` says what of the exchange is captured, and where to.
"""

import asyncio
import hashlib
import random
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from api.access import note, noted
from api.auth import Authenticator, Identity
from api.bodies import read_body
from api.sagemaker.answers import refusal
from api.sagemaker.failures import VALIDATION, failure
from api.settings import Settings
from api.signatures import SignedRequest
from graph.access import Caller, Permission, require
from graph.catalog import Catalog
from graph.errors import InvalidError, NotFoundError, SettingError, StemmaError
from graph.hosting import names, records, variants
from graph.hosting.endpoints import ADDRESS
from graph.hosting.names import Hosted
from graph.hosting.variants import Variant
from graph.reach import Policy, S3Place

if TYPE_CHECKING:
    from stemma_capture import Capture

ROUTE = "/endpoints/{name}/invocations"
DOOR = "runtime"
OPERATION = "sagemaker-runtime:InvokeEndpoint"
SERVICES = frozenset({"sagemaker"})
"""What clients of the runtime sign for."""
PREFIX = "x-amzn-sagemaker-"
FORWARDED = ("content-type", "accept", *(PREFIX + name for name in ("custom-attributes", "inference-id", "session-id")))
RETURNED = ("content-type", PREFIX + "custom-attributes")
SECONDS = 60.0
"""How long a model may take, as at SageMaker."""
LARGEST = 25 << 20
CAPTURES = 64
"""Endpoints that capture at once; each has two threads."""
log = structlog.get_logger("stemma.gateway")


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint as far as an invocation needs it."""

    name: str
    address: str
    variant: Variant
    capture: Mapping[str, Any] = field(default_factory=dict)


class _Bucket:
    """Where captured segments go: a prefix in S3, with the policy's credentials."""

    def __init__(self, place: S3Place) -> None:
        self._place = place
        self._client: Any = None

    def put(self, segment: Path, key: str) -> None:
        if self._client is None:
            self._client = self._place.credentials.client()
        prefix = self._place.key.rstrip("/")
        with segment.open("rb") as content:
            self._client.put_object(Bucket=self._place.bucket, Key=f"{prefix}/{key}".lstrip("/"), Body=content)


class Gateway:
    """What answers invocations.

    Args:
        settings: What was set.
        authenticator: Tells who asks.
        policy: Which hosts and buckets may be reached for whom.
    """

    def __init__(self, settings: Settings, authenticator: Authenticator, policy: Policy) -> None:
        self._settings = settings
        self._authenticator = authenticator
        self._policy = policy
        self._captures: OrderedDict[str, Capture] = OrderedDict()

    async def answer(self, request: Request) -> Response:
        """What the model answers, or why it can't be asked, as SageMaker's runtime says it."""
        request_id: str = request.state.request_id
        note(request, door=DOOR, operation=OPERATION)
        try:
            body = await read_body(request, self._settings.max_body_bytes)
            return await self._invoked(request, body)
        except Exception as error:  # every error is answered as the runtime does
            shown = failure(error)
            if shown is None:
                log.exception("an invocation failed")
                shown = ("InternalFailure", "the request failed inside; its id is in the service's log", 500)
            elif shown[0] == VALIDATION:
                # The runtime has another name for it than the rest of SageMaker.
                shown = ("ValidationError", *shown[1:])
            noted(request.scope).failed(error, shown[0])
            return refusal("rest-json", *shown, request_id)

    async def close(self) -> None:
        """Bring what was captured to where it goes, as far as that is possible now."""
        captures = list(self._captures.values())
        self._captures.clear()
        await asyncio.gather(*(asyncio.to_thread(capture.close) for capture in captures))

    async def _invoked(self, request: Request, body: bytes) -> Response:
        from graph.reach.fetching import Fetcher

        identity = await self._identity(request, body)
        catalog: Catalog = request.app.state.catalog
        place = catalog.place(identity.account)
        name: str = request.path_params["name"]
        note(request, door=DOOR, operation=OPERATION, named=[names.resource(place, Hosted.ENDPOINT, name)])
        require(Caller(identity.account, identity.actor, DOOR, identity.role), Permission.READ)
        target = await self._target(catalog, identity.account, name, request.headers.get(PREFIX + "target-variant"))
        headers = {key: request.headers[key] for key in FORWARDED if key in request.headers}
        headers[PREFIX + "target-variant"] = target.variant.name
        fetcher = Fetcher(self._policy, identity.account, seconds=SECONDS, max_bytes=LARGEST, max_redirects=0)
        answered = await fetcher.fetch("POST", target.address, headers=headers, content=body)
        if not 200 <= answered.status < 300:
            return _model_error(target, answered.status, answered.content, request.state.request_id)
        returned = {key: answered.headers[key] for key in RETURNED if key in answered.headers}
        returned["x-Amzn-Invoked-Production-Variant"] = target.variant.name
        returned["x-amzn-RequestId"] = request.state.request_id
        self._captured(identity.account, target, request, body, answered.content, returned.get("content-type", ""))
        return Response(answered.content, headers=returned)

    async def _identity(self, request: Request, body: bytes) -> Identity:
        scope = request.scope
        authorization = request.headers.get("authorization")
        if (authorization or "").lower().startswith("bearer "):
            identity = await self._authenticator.identify(authorization)
        else:
            signed = SignedRequest(request.method, scope["raw_path"], scope["query_string"], scope["headers"], body)
            identity = await self._authenticator.signed(signed, services=SERVICES)
        request.state.identity = identity
        self._authenticator.admit(identity)
        return identity

    async def _target(self, catalog: Catalog, account: str, name: str, asked: str | None) -> Target:
        place = catalog.place(account)
        names.checked(name, "EndpointName")
        try:
            found = await records.find(catalog.store, place, Hosted.ENDPOINT, name, await catalog.moment(account))
        except NotFoundError:
            raise InvalidError(f"Endpoint {name} of account {account} not found.", path="EndpointName") from None
        request = orjson.loads(found.specification or "{}")
        address = (found.tags or {}).get(ADDRESS) or request.get("Address")
        if not address:
            raise InvalidError(
                f"endpoint {name} has no address: tag it {ADDRESS}=http://host:port, where its model answers /invocations",
                path="EndpointName",
            )
        running = [variant for variant in variants.held(found.specification) if not variant.shadow]
        chosen = _chosen(running, asked, name)
        path = address if address.partition("://")[2].strip("/").count("/") else address.rstrip("/") + "/invocations"
        return Target(records.shown_name(found), path, chosen, request.get("DataCaptureConfig") or {})

    def _captured(self, account: str, target: Target, request: Request, body: bytes, answer: bytes, kind: str) -> None:
        """Hand the exchange over; nothing that goes wrong with it is the caller's matter."""
        wanted = target.capture
        if not wanted.get("EnableCapture", bool(wanted)):
            return
        if random.random() * 100 >= float(wanted.get("InitialSamplingPercentage", 100)):  # noqa: S311  # a sample
            return
        try:
            from stemma_capture import Exchange, Payload

            capture = self._capture(account, target)
            settings = capture.settings
            exchange = Exchange(
                Payload(body, request.headers.get("content-type", "")) if settings.inputs else None,
                Payload(answer, kind) if settings.outputs else None,
                target.variant.name,
                request.headers.get(PREFIX + "inference-id"),
                request.headers.get(PREFIX + "custom-attributes"),
            )
            if max(len(body), len(answer)) > settings.payload_bytes:
                capture.pass_over()
            else:
                capture.put(exchange)
        except ImportError:
            log.error(
                "capturing needs the distribution stemma-capture: pip install stemma-capture", endpoint=target.name
            )
        except (StemmaError, ValueError) as error:
            log.error("an exchange was not captured", endpoint=target.name, reason=str(error))
        except Exception:
            log.exception("an exchange was not captured", endpoint=target.name)

    def _capture(self, account: str, target: Target) -> "Capture":
        from stemma_capture import Capture
        from stemma_capture import Settings as CaptureSettings

        document = orjson.dumps(target.capture, option=orjson.OPT_SORT_KEYS)
        key = f"{account}/{target.name}/{hashlib.sha256(document).hexdigest()}"
        if (held := self._captures.get(key)) is not None:
            self._captures.move_to_end(key)
            return held
        destination = target.capture.get("DestinationS3Uri", "")
        if not destination.startswith("s3://"):
            raise SettingError(f"DestinationS3Uri is {destination!r}; s3://bucket/prefix is needed")
        modes = {option.get("CaptureMode") for option in target.capture.get("CaptureOptions", ())}
        both = not modes or "InputAndOutput" in modes
        kinds = target.capture.get("CaptureContentTypeHeader", {})
        room = self._settings.data_dir / "capture" / account / target.name.lower()
        settings = CaptureSettings(
            destination=destination,
            endpoint=target.name,
            spool=room,
            inputs=both or "Input" in modes,
            outputs=both or "Output" in modes,
            segment_seconds=self._settings.capture_seconds,
            csv_content_types=tuple(kinds.get("CsvContentTypes", ("text/csv",))),
            json_content_types=tuple(kinds.get("JsonContentTypes", ("application/json", "application/jsonlines"))),
        )
        made = Capture(settings, to=_Bucket(self._policy.s3(account, destination)))
        self._captures[key] = made
        while len(self._captures) > CAPTURES:
            _, oldest = self._captures.popitem(last=False)
            asyncio.get_running_loop().run_in_executor(None, oldest.close)
        return made


def _chosen(running: list[Variant], asked: str | None, name: str) -> Variant:
    """The variant that a request names, else one by weight.

    Raises:
        InvalidError: there is none.
    """
    if asked is not None:
        found = next((variant for variant in running if variant.name == asked), None)
        if found is None:
            raise InvalidError(
                f"Variant {asked[:63]} not found for endpoint {name}; it has "
                f"{', '.join(variant.name for variant in running) or 'none'}.",
                path="TargetVariant",
            )
        return found
    weights = [variant.weight for variant in running]
    if sum(weights) <= 0:
        raise InvalidError(f"endpoint {name} has no variant with a weight above 0", path="EndpointName")
    return random.choices(running, weights)[0]  # noqa: S311  # shares of traffic


def _model_error(target: Target, status: int, content: bytes, request_id: str) -> Response:
    told = content[:1024].decode("utf-8", "replace")
    side = "client" if status < 500 else "server"
    message = f'Received {side} error ({status}) from {target.variant.name} with message "{told}".'
    body = {
        "__type": "ModelError",
        "Message": message,
        "OriginalStatusCode": status,
        "OriginalMessage": told,
        "LogStreamArn": "",
    }
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": "ModelError"}
    return Response(orjson.dumps(body), 424, headers=headers, media_type="application/json")
