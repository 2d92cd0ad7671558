"""What whoever runs a job says of it over HTTP: `POST /api/v1/jobs/<kind>/<name>`, with a key or with the job's own token.

A token lets its bearer report on one job until it ends, and do nothing else, so that a training script needs no key.
"""

from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.access import note
from api.auth import Authenticator, Identity, sealer
from api.bodies import read_body
from api.problems import ProblemError
from api.settings import Settings
from api.tokens import Tokens
from graph import jobs
from graph.access import Caller, Permission, Role, require
from graph.catalog import Catalog
from graph.entities import Status
from graph.errors import ForbiddenError, InvalidError, Reason, UnauthenticatedError
from graph.jobs import File, JobKind
from graph.times import from_ms, from_us, now_ms

PATH = "/api/v1/jobs/"
ROUTE = PATH + "{kind}/{name}"
TOKEN_ROUTE = ROUTE + "/token"
TOKEN = "stemma-job."  # noqa: S105  # what every token begins with
DAY_MS = 86_400_000
LIFE_MS = 7 * DAY_MS
LONGEST_DAYS = 365
FIELDS = ("status", "step", "message", "startedAt", "endedAt", "outputs", "metrics")
OUTPUT = ("key", "uri", "type", "mediaType", "sourceTypes")
DOOR = "http"


class JobTokens:
    """Makes and reads the tokens of jobs.

    Args:
        settings: Names the secrets key, under which tokens are signed.
    """

    def __init__(self, settings: Settings) -> None:
        self._tokens = Tokens(sealer(settings), "job-token")

    def make(self, account: str, kind: JobKind, name: str, expires_at: int) -> str:
        """A token for one job until a time in epoch milliseconds."""
        return TOKEN + self._tokens.make([account, kind.value, name.lower()], expires_at)

    def read(self, token: str) -> tuple[str, JobKind, str]:
        """The account, kind and name of the job that a token is for.

        Raises:
            UnauthenticatedError: it is no token of ours, or has ended.
        """
        try:
            account, kind, name, _ = self._tokens.read(token.removeprefix(TOKEN))
            return account, JobKind(kind), name
        except ValueError:
            raise UnauthenticatedError(
                "this is no valid job token, or it has ended; `stemma job token` makes one", reason=Reason.UNKNOWN
            ) from None


class JobReports:
    """What answers reports.

    Args:
        settings: What was set.
        authenticator: Tells who asks, where no job token is shown.
    """

    def __init__(self, settings: Settings, authenticator: Authenticator) -> None:
        self._settings = settings
        self._authenticator = authenticator
        self._tokens = JobTokens(settings)

    async def answer(self, request: Request) -> Response:
        """Record a report; the answer has the ledger entry, null when the report was known.

        Raises:
            ProblemError: the body can't be read.
            StemmaError: the caller may not report, or the report does not fit the job.
        """
        caller, kind, name = await self._caller(request, "reportJob")
        catalog: Catalog = request.app.state.catalog
        body = await read_body(request, self._settings.max_body_bytes)
        commands = jobs.report(catalog.place(caller.account), kind, name, **read(body))
        outcome = await catalog.write(caller, commands, operation="reportJob")
        return _json(
            {
                "arn": jobs.component_arn(catalog.place(caller.account), kind, name),
                "sequence": outcome.sequence,
                "recordedAt": None if outcome.recorded is None else from_us(outcome.recorded).isoformat(),
            }
        )

    async def token(self, request: Request) -> Response:
        """Make a token with which to report on one job, for a week or `{"days": n}`.

        Raises:
            ProblemError: the body can't be read.
            StemmaError: the caller may not write, or there is no such job.
        """
        caller, kind, name = await self._caller(request, "createJobToken")
        if caller.actor.startswith("job/"):
            raise ForbiddenError("a job's token can't make others; use a key")
        require(caller, Permission.WRITE)
        catalog: Catalog = request.app.state.catalog
        await catalog.entity(caller.account, jobs.component_arn(catalog.place(caller.account), kind, name))
        expires_at = now_ms() + life(await read_body(request, self._settings.max_body_bytes))
        token = self._tokens.make(caller.account, kind, name, expires_at)
        return _json({"token": token, "expiresAt": from_ms(expires_at).isoformat()})

    async def _caller(self, request: Request, operation: str) -> tuple[Caller, JobKind, str]:
        note(request, door=DOOR, operation=operation)
        try:
            kind = JobKind(request.path_params["kind"])
        except ValueError:
            raise ProblemError(404, f"jobs are of the kinds {', '.join(JobKind)}") from None
        name: str = request.path_params["name"]
        identity = await self._identity(request, kind, name)
        request.state.identity = identity
        place = request.app.state.catalog.place(identity.account)
        note(request, door=DOOR, operation=operation, named=[jobs.job_arn(place, kind, name)])
        self._authenticator.admit(identity)
        return Caller(identity.account, identity.actor, DOOR, identity.role), kind, name

    async def _identity(self, request: Request, kind: JobKind, name: str) -> Identity:
        authorization = request.headers.get("authorization")
        scheme, _, shown = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not shown.strip().startswith(TOKEN):
            return await self._authenticator.identify(authorization)
        account, meant, job = self._tokens.read(shown.strip())
        if (meant, job) != (kind, name.lower()):
            raise UnauthenticatedError("this token is another job's", reason=Reason.UNKNOWN)
        return Identity(account, f"job/{meant.value}/{job}", Role.WRITER, f"job/{account}/{meant.value}/{job}")


def life(body: bytes) -> int:
    """How long a token is to hold, in milliseconds: a week unless the body says `{"days": n}`.

    Raises:
        InvalidError: it says something else.
    """
    if not body.strip():
        return LIFE_MS
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidError(f"the body is not JSON: {error}", path="body", constraint="JSON in UTF-8") from None
    _known(given, ("days",), "the request")
    days = given.get("days", LIFE_MS / DAY_MS)
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days <= LONGEST_DAYS:
        raise InvalidError(f"days may be up to {LONGEST_DAYS}", path="days", constraint=f"0 < days <= {LONGEST_DAYS}")
    return int(days * DAY_MS)


def read(body: bytes) -> dict[str, Any]:
    """The arguments of `jobs.report` that a body names.

    Raises:
        InvalidError: it is no report.
    """
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidError(f"the body is not JSON: {error}", path="body", constraint="JSON in UTF-8") from None
    _known(given, FIELDS, "the report")
    outputs = _typed(given, "outputs", list) or []
    metrics = _typed(given, "metrics", dict) or {}
    for key, value in metrics.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidError(f"metrics[{key[:40]!r}] is no number", path="metrics", constraint="a number")
    return {
        "status": status(_typed(given, "status", str)),
        "step": _typed(given, "step", str),
        "message": _typed(given, "message", str),
        "started_at": _time(given, "startedAt"),
        "ended_at": _time(given, "endedAt"),
        "outputs": [_output(output) for output in outputs],
        "metrics": metrics,
    }


def status(text: str | None) -> Status:
    """A status in our words or SageMaker's: `IN_PROGRESS` or `InProgress`.

    Raises:
        InvalidError: it is none.
    """
    known = {value.value.replace("_", "").lower(): value for value in Status if value is not Status.UNKNOWN}
    found = known.get((text or "").replace("_", "").lower())
    if found is None:
        raise InvalidError(
            f"status is {text!r}; known are {', '.join(value.value for value in known.values())}",
            path="status",
            constraint="a known status",
        )
    return found


def _output(given: Any) -> File:
    _known(given, OUTPUT, "an output")
    key, uri = _typed(given, "key", str), _typed(given, "uri", str)
    if not key or not uri:
        raise InvalidError("an output needs key and uri", path="outputs", constraint="key and uri")
    types = _typed(given, "sourceTypes", dict) or {}
    if not all(isinstance(value, str) for value in types.values()):
        raise InvalidError("sourceTypes holds text", path="outputs.sourceTypes", constraint="text")
    return File(key, uri, _typed(given, "type", str), _typed(given, "mediaType", str), tuple(types.items()))


def _known(given: Any, names: tuple[str, ...], what: str) -> None:
    if not isinstance(given, dict):
        raise InvalidError(f"{what} is an object with {', '.join(names)}", path="body", constraint="an object")
    if unknown := sorted(set(given) - set(names)):
        raise InvalidError(
            f"{what} has {unknown[0][:60]!r}; known are {', '.join(names)}",
            path=unknown[0][:60],
            constraint="known names",
        )


def _typed(given: dict[str, Any], name: str, kind: type) -> Any:
    value = given.get(name)
    if value is not None and not isinstance(value, kind):
        words: dict[type, str] = {str: "text", list: "a list", dict: "an object"}
        raise InvalidError(f"{name} has to be {words[kind]}", path=name, constraint=words[kind])
    return value


def _time(given: dict[str, Any], name: str) -> datetime | None:
    text = _typed(given, name, str)
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError(
            f"{name} is {text[:40]!r}; expected something like 2026-03-01T09:00:00Z", path=name, constraint="ISO 8601"
        ) from None


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
