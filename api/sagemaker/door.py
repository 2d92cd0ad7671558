"""The door for AWS's clients: what they send, checked against AWS's own models, done by the operations in `operations/`."""

from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.access import arns_in, note, noted
from api.auth import Authenticator, Identity, sealer
from api.bodies import read_body
from api.deadlines import within
from api.metrics import Metrics
from api.sagemaker import operations
from api.sagemaker.answers import answer, refusal
from api.sagemaker.calls import OFFERED, Call, Offered
from api.sagemaker.failures import ProtocolError, failure
from api.sagemaker.routing import FORM, Route, Sent, find, read
from api.sagemaker.tokens import Tokens
from api.sagemaker.validation import validate
from api.settings import Settings
from api.signatures import SignedRequest
from graph.access import Caller
from graph.catalog import Catalog
from graph.reach import Policy

DOOR = "sagemaker"
REFERENCE = "docs/reference/sagemaker.md"

log = structlog.get_logger("stemma.sagemaker")
operations.load()


class Door:
    """What answers AWS's clients.

    Args:
        settings: What was set.
        metrics: Counts.
        authenticator: Tells who asks.
        policy: What may be touched for whom.
    """

    def __init__(self, settings: Settings, metrics: Metrics, authenticator: Authenticator, policy: Policy) -> None:
        self._settings = settings
        self._policy = policy
        self._metrics = metrics
        self._authenticator = authenticator
        self._tokens: Tokens | None = None

    async def answer(self, request: Request) -> Response:
        """The answer to a request, in the protocol in which it was sent.

        Raises:
            ClientDisconnect: the client went away.
        """
        request_id: str = request.state.request_id
        note(request, door=DOOR, operation="")
        protocol = "query" if request.headers.get("content-type", "").startswith(FORM) else "json"
        modelled: frozenset[str] = frozenset()
        operation = ""
        try:
            body = await read_body(request, self._settings.max_body_bytes)
            sent = Sent(
                request.method,
                request.scope["raw_path"].partition(b"?")[0].decode("latin-1"),
                request.url.query,
                {name.lower(): value for name, value in request.headers.items()},
                body,
            )
            route = find(sent)
            protocol = route.protocol
            modelled = frozenset(error.name for error in route.operation.error_shapes)
            operation = f"{route.service.name}:{route.operation.name}"
            note(request, door=DOOR, operation=operation)
            identity = await self._identity(request, body, route)
            output = await within(
                request, self._call(request, route, sent, identity), self._settings.read_seconds, advice=""
            )
            self._metrics.operations.labels("ok").inc()
            return answer(route, output, request_id)
        except ClientDisconnect:
            raise
        except Exception as error:  # every error is answered in the protocol's own form
            shown = failure(error, modelled)
            if shown is None:
                log.exception("an operation failed", operation=operation)
                shown = ("InternalFailure", "the request failed inside; its id is in the service's log", 500)
            noted(request.scope).failed(error, shown[0])
            self._metrics.operations.labels("error").inc()
            self._metrics.errors.labels(shown[0]).inc()
            return refusal(protocol, *shown, request_id)

    async def _identity(self, request: Request, body: bytes, route: Route) -> Identity:
        scope = request.scope
        signed = SignedRequest(request.method, scope["raw_path"], scope["query_string"], scope["headers"], body)
        identity = await self._authenticator.signed(signed, services={route.service.scope})
        request.state.identity = identity
        self._authenticator.admit(identity)
        return identity

    async def _call(self, request: Request, route: Route, sent: Sent, identity: Identity) -> dict[str, Any]:
        offered = _offered(route)
        given = validate(route.operation.input_shape, read(route, sent))
        noted(request.scope).named = arns_in(given)
        catalog: Catalog = request.app.state.catalog
        caller = Caller(identity.account, identity.actor, DOOR, identity.role)
        if self._tokens is None:
            self._tokens = Tokens(sealer(self._settings).derive("NextToken"))
        seconds = min(20.0, self._settings.read_seconds)
        call = Call(catalog, caller, request.state.request_id, route.operation.name, self._tokens, seconds)
        call.policy, call.namespaces = self._policy, self._settings.namespaces
        call.invocation = sent.headers.get("amz-sdk-invocation-id")
        return await offered.handler(call, given)


def _offered(route: Route) -> Offered:
    name = route.operation.name
    found = OFFERED.get((route.service.name, name))
    if found is None:
        raise ProtocolError(
            "UnknownOperationException",
            f"{route.service.name}:{name} is not offered by Stemma; {REFERENCE} lists the operations that are",
        )
    return found
