"""The query console: one page of ours, without anything from elsewhere, for trying queries where GraphiQL is switched on."""

import secrets
from functools import cache
from importlib.resources import files

from starlette.responses import HTMLResponse, Response

POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'"
)


@cache
def _template() -> str:
    return files("api.graphql").joinpath("console.html").read_text(encoding="utf-8")


def page() -> Response:
    """The page; nothing but its own script and style can run on it."""
    nonce = secrets.token_urlsafe(16)
    return HTMLResponse(
        _template().replace("{{nonce}}", nonce),
        headers={"Content-Security-Policy": POLICY.format(nonce=nonce), "Cache-Control": "no-store"},
    )
