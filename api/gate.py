"""What stands before every door: the request's id, the checks of host, origin and key, the access line, the numbers."""

import re
import time
import uuid
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import access
from api.auth import COOKIE, FREE_PATHS, Authenticator
from api.metrics import Metrics
from api.problems import ProblemError, from_error, problem
from api.settings import LOOPBACK
from graph.errors import StemmaError

log = structlog.get_logger("stemma.access")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
HOST = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?", re.ASCII)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
SITES = ("same-origin", "none")
ROUTES = frozenset({"/", "/ui/", "/graphql", "/livez", "/readyz", "/metrics"})
SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class Gate:
    """ASGI middleware around the application.

    Args:
        app: What is behind it.
        authenticator: Tells who asks.
        hosts: The names in `Host` that are answered.
        metrics: Counts.
        account: Whose access log tells of callers that nobody knows.
        open_to_all: Whether nobody has to be known at a method and path yet: pages, since a browser can't send a key with
            those, and doors that look themselves who asks, once they have the body.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        authenticator: Authenticator,
        hosts: Iterable[str],
        metrics: Metrics,
        account: str,
        open_to_all: Callable[[str, str], bool] = lambda _method, _path: False,
    ) -> None:
        self._app = app
        self._authenticator = authenticator
        self._hosts = frozenset(hosts)
        self._metrics = metrics
        self._account = account
        self._open_to_all = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer what stands against it."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers.get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        started = False

        async def answer(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                shown = MutableHeaders(scope=message)
                shown["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS:
                    shown.setdefault(name, value)
            await send(message)

        begin = time.perf_counter()
        self._metrics.in_flight.inc()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._check(scope, headers)
                await self._app(scope, receive, answer)
            except StemmaError as error:
                access.noted(scope).failed(error)
                await from_error(error, request_id)(scope, receive, answer)
            except ProblemError as error:
                response = problem(error.status, error.detail, request_id, headers=error.headers)
                await response(scope, receive, answer)
            except Exception:
                log.exception("a request failed")
                if not started:
                    await problem(500, "internal error", request_id)(scope, receive, answer)
            finally:
                self._note(scope, status, time.perf_counter() - begin)

    async def _check(self, scope: Scope, headers: Headers) -> None:
        path, method = scope["path"], scope["method"]
        if path not in FREE_PATHS:
            host = _host(headers, self._hosts)
            if method not in SAFE_METHODS:
                _same_origin(headers, host)
            if self._open_to_all(method, path):
                return
            session = cookie_parser(headers.get("cookie", "")).get(COOKIE)
            identity = await self._authenticator.identify(headers.get("authorization"), session)
            scope["state"]["identity"] = identity
            self._authenticator.admit(identity)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        path = "/ui/" if scope["path"].startswith("/ui/") else scope["path"]
        route = path if path in ROUTES else "other"
        method = scope["method"] if scope["method"] in ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS") else "other"
        self._metrics.in_flight.dec()
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        told = access.noted(scope)
        if scope["path"] not in FREE_PATHS and scope.get("app") is not None:
            access.record(scope, status, scope["app"].state.catalog.access_log, self._account)
        client = scope.get("client")
        log.info(
            "request",
            method=method,
            path=scope["path"][:200],
            status=status,
            ms=round(seconds * 1000, 2),
            client=client[0] if client else None,
            operation=told.operation or None,
        )


def host_names(host: str, allowed: Iterable[str]) -> set[str]:
    """The names under which a service is reached: the loopback ones, its own, and those that were set."""
    names = {*LOOPBACK, *(name.lower().strip("[]") for name in allowed)}
    try:
        wildcard = ip_address(host).is_unspecified
    except ValueError:
        wildcard = False
    return names if wildcard else {*names, host.lower()}


def _request_id(given: str | None) -> str:
    return given if given is not None and REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _host(headers: Headers, allowed: frozenset[str]) -> str:
    given = headers.getlist("host")
    found = HOST.fullmatch(given[0]) if len(given) == 1 else None
    if found is None:
        raise ProblemError(400, "the request needs one Host header")
    if found[1].lower().strip("[]") not in allowed:
        # A page elsewhere can point a name of its own at this address; its requests carry that name.
        raise ProblemError(421, f"this service does not answer for the host {found[1]}; see STEMMA_ALLOWED_HOSTS")
    return given[0].lower()


def _same_origin(headers: Headers, host: str) -> None:
    site = headers.get("sec-fetch-site")
    if site is not None and site not in SITES:
        raise ProblemError(403, "requests from other sites are refused")
    origin = headers.get("origin")
    if origin is None:
        return
    try:
        parts = urlsplit(origin)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != host:
        raise ProblemError(403, "requests from other origins are refused")
