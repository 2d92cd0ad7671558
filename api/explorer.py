"""The explorer: the pages under `/ui/`, as Vite built them, and the sessions of those who signed in there."""

import gzip
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.access import note
from api.auth import COOKIE, ENDED, SESSION_MS, Authenticator, Identity
from api.bodies import read_body
from api.problems import ProblemError
from graph.errors import InvalidError, UnauthenticatedError
from graph.times import now_ms

HOME = "/ui/"
SESSION = "/ui/session"
INDEX = "index.html"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KEPT = "public, max-age=31536000, immutable"
"""For files whose names change with their content."""
SMALL = 1_024
SIGN_IN_BYTES = 4_096
PLACES = {"explorer": "ui/", "graphql": "graphql", "live": "livez", "ready": "readyz", "metrics": "metrics"}
NOT_BUILT = "the explorer's pages are not built here; `python ui/build.py` builds them"


@dataclass(frozen=True, slots=True)
class Page:
    """A file as it is sent."""

    content: bytes
    packed: bytes | None
    headers: Mapping[str, str]


class Explorer:
    """What answers under `/ui/`.

    Args:
        authenticator: Tells who asks.
    """

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    @cached_property
    def _pages(self) -> dict[str, Page]:
        return {name: _page(name, file) for name, file in _files(files("api").joinpath("static"))}

    @property
    def built(self) -> bool:
        """Whether there are pages to show."""
        return INDEX in self._pages

    async def root(self, request: Request) -> Response:
        """To the explorer, for a browser; else where to go from here."""
        if self.built and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(HOME, 307)
        return _json({name: f"/{path}" for name, path in PLACES.items()})

    async def page(self, request: Request) -> Response:
        """A file of the pages; every other address under `/ui/` is one that the pages themselves understand.

        Raises:
            ProblemError: there is no such file, or no page was built.
        """
        name = request.path_params["path"]
        found = self._pages.get(name) or (None if name.startswith("assets/") else self._pages.get(INDEX))
        if found is None:
            raise ProblemError(404, f"there is no {request.url.path}" if self.built else NOT_BUILT)
        headers = dict(found.headers)
        if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.packed, headers={**headers, "Content-Encoding": "gzip"})
        return Response(found.content, headers=headers)

    async def session(self, request: Request) -> Response:
        """Who looks at the pages: GET tells (and renews a session), POST signs in with a key, DELETE signs out.

        Raises:
            ProblemError: the body can't be read.
            StemmaError: the key does not open, or can't be looked up.
        """
        if request.method == "DELETE":
            response = Response(status_code=204)
            response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
            return response
        if request.method == "POST":
            return await self._sign_in(request)
        shown = request.cookies.get(COOKIE)
        if not await self._authenticator.required():
            return _told(await self._authenticator.identify(None), needed=False)
        if not shown:
            return _json({"signedIn": False, "needed": True})
        try:
            identity, begun_at = await self._authenticator.resume(shown)
        except UnauthenticatedError:
            return _json({"signedIn": False, "needed": True, "reason": ENDED})
        return self._renewed(request, identity, begun_at)

    async def _sign_in(self, request: Request) -> Response:
        note(request, door="explorer", operation="signIn")
        try:
            given = orjson.loads(await read_body(request, SIGN_IN_BYTES))
            key_id, secret = given["accessKeyId"].strip(), given["secretAccessKey"].strip()
        except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
            raise InvalidError("send {accessKeyId, secretAccessKey} as JSON", path="accessKeyId") from None
        identity = await self._authenticator.identify(f"Bearer {key_id}:{secret}")
        request.state.identity = identity
        self._authenticator.admit(identity)
        return self._renewed(request, identity, now_ms())

    def _renewed(self, request: Request, identity: Identity, begun_at: int) -> Response:
        response = _told(identity, needed=identity.key_id is not None)
        if identity.key_id is not None:
            response.set_cookie(
                COOKIE,
                self._authenticator.session(identity, begun_at),
                max_age=SESSION_MS // 1000,
                path="/",
                secure=request.url.scheme == "https",
                httponly=True,
                samesite="strict",
            )
        return response


def _told(identity: Identity, *, needed: bool) -> Response:
    said = {"account": identity.account, "actor": identity.actor, "role": identity.role.name}
    return _json({"signedIn": True, "needed": needed, **said})


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), headers={"Cache-Control": "no-store"}, media_type="application/json")


def _files(folder: Traversable, before: str = "") -> Iterator[tuple[str, Traversable]]:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{before}{entry.name}/")
        elif not entry.name.startswith("."):
            yield before + entry.name, entry


def _page(name: str, file: Traversable) -> Page:
    content = file.read_bytes()
    packed = gzip.compress(content, 6, mtime=0) if len(content) > SMALL else None
    headers = {
        "Content-Type": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "Cache-Control": KEPT if name.startswith("assets/") else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if name == INDEX:
        headers |= {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
    elif name.endswith(".js"):
        headers["Content-Type"] = "text/javascript; charset=utf-8"
    return Page(content, None if packed is None or len(packed) >= len(content) else packed, headers)
