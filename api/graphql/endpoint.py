"""GraphQL over HTTP: JSON in, JSON out, one operation a request."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
import structlog
from graphql import ExecutionResult
from starlette.requests import Request
from starlette.responses import Response

from api.access import note, noted, outcome_of
from api.audit_jobs import AuditJobs
from api.auth import Identity
from api.bodies import read_body
from api.deadlines import within
from api.graphql import console, failures
from api.graphql.context import Context
from api.graphql.schema import Engine, RejectedError
from api.metrics import Metrics
from api.problems import ProblemError
from api.settings import Settings
from api.webhooks import webhooks
from graph.access import Caller
from graph.artifacts import ArtifactStore
from graph.catalog import Catalog
from graph.errors import InvalidError, TimeLimitError
from graph.reach.policy import Policy

DOOR = "graphql"
JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"

log = structlog.get_logger("stemma.graphql")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's operation."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None


class Endpoint:
    """What answers at `/graphql`."""

    def __init__(self, settings: Settings, metrics: Metrics, policy: Policy, audits: AuditJobs) -> None:
        self._settings = settings
        self._metrics = metrics
        self._policy = policy
        self._audits = audits
        self._artifacts = cache(lambda: ArtifactStore(settings.artifact_location))
        self._engine = Engine(introspection=settings.graphiql)

    async def answer(self, request: Request) -> Response:
        """The answer to an operation, or the query console.

        Raises:
            ProblemError: the request can't be read, or the console is not switched on.
        """
        if request.method == "POST":
            return await self._operation(request)
        if not self._settings.graphiql:
            raise ProblemError(
                405, "send queries as POST; STEMMA_GRAPHIQL=true serves a query console here", {"Allow": "POST"}
            )
        return console.page()

    async def _operation(self, request: Request) -> Response:
        request_id: str = request.state.request_id
        media_type = GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("accept", "") else JSON
        _json_only(request)
        body = await read_body(request, self._settings.max_body_bytes)
        note(request, door=DOOR, operation="")
        try:
            asked = read(body)
        except InvalidError as error:
            return self._refused(request, [error], media_type)
        identity: Identity = request.state.identity
        catalog: Catalog = request.app.state.catalog
        caller = Caller(identity.account, identity.actor, DOOR, identity.role)
        seconds = min(20.0, self._settings.read_seconds)
        known = webhooks(self._settings, catalog, self._policy)
        context = Context(catalog, caller, request_id, seconds, known, self._policy, self._artifacts, self._audits)
        try:
            result = await self._run(request, asked, context)
        except RejectedError as rejected:
            return self._refused(request, rejected.errors, media_type)
        except TimeLimitError as error:
            result = ExecutionResult(data=None, errors=[error])  # type: ignore[list-item]  # shown like the others
        errors = [self._shown(error, request_id) for error in result.errors or ()]
        self._metrics.operations.labels("error" if errors else "ok").inc()
        _told(request, errors)
        content: dict[str, Any] = {"data": result.data}
        if errors:
            content["errors"] = errors
        # Only variables that could not be read leave no data and no path: the operation did not begin.
        begun = result.data is not None or any(entry.get("path") for entry in errors) or not errors
        refused = not begun and all(entry["extensions"]["code"] == InvalidError.code for entry in errors)
        if refused:
            del content["data"]
        return Response(_dump(content), 400 if refused else 200, media_type=media_type)

    async def _run(self, request: Request, asked: Asked, context: Context) -> ExecutionResult:
        """The result, within the time that a request may take; a caller that went away stops a read."""

        def tell(operation: str, named: tuple[str, ...]) -> None:
            note(request, door=DOOR, operation=operation, named=named)

        work = self._engine.run(asked.query, asked.variables, asked.operation_name, context, tell)
        return await within(
            request, work, self._settings.read_seconds, advice=": repeat it with the same clientRequestId"
        )

    def _refused(self, request: Request, errors: list[Exception], media_type: str) -> Response:
        self._metrics.operations.labels("refused").inc()
        shown = [self._shown(error, request.state.request_id, refused=True) for error in errors]
        _told(request, shown)
        return Response(_dump({"errors": shown}), 400, media_type=media_type)

    def _shown(self, error: Exception, request_id: str, *, refused: bool = False) -> dict[str, Any]:
        entry = failures.shown(error, request_id, refused=refused)
        self._metrics.errors.labels(entry["extensions"]["code"]).inc()
        return entry


def read(body: bytes) -> Asked:
    """The operation that a body asks for.

    Raises:
        InvalidError: the body is not a GraphQL request.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidError(f"the body is not JSON: {error}", path="body", constraint="JSON in UTF-8") from None
    if isinstance(content, list):
        raise InvalidError("batches are not taken; send one operation a request", path="body", constraint="one object")
    if not isinstance(content, dict):
        raise InvalidError("the body is not a JSON object", path="body", constraint="one object")
    query, variables, name = content.get("query"), content.get("variables"), content.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise InvalidError("the body needs a query", path="query", constraint="a text")
    if variables is not None and not isinstance(variables, dict):
        raise InvalidError("variables is not an object", path="variables", constraint="an object")
    if name is not None and not isinstance(name, str):
        raise InvalidError("operationName is not a text", path="operationName", constraint="a text")
    return Asked(query, variables or {}, name or None)


def _json_only(request: Request) -> None:
    # A form or plain text is what another site's page could send without being asked; JSON is not.
    media_type, _, options = request.headers.get("content-type", "").partition(";")
    charset = options.strip().lower().removeprefix("charset=").strip('"')
    if media_type.strip().lower() not in (JSON, GRAPHQL_JSON) or charset not in ("", "utf-8", "utf8"):
        raise ProblemError(415, f"send {JSON} in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(415, "send the body without Content-Encoding")


def _told(request: Request, errors: list[dict[str, Any]]) -> None:
    """Let the access log know of the first error."""
    if errors:
        told = noted(request.scope)
        told.code = errors[0]["extensions"]["code"]
        told.outcome = outcome_of(errors[0]["extensions"]["code"])


def _dump(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content)
