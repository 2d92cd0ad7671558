"""Errors over plain HTTP, as RFC 9457 has them."""

import math
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from starlette.responses import Response

from graph.errors import StemmaError, ThrottledError, UnauthenticatedError

MEDIA_TYPE = "application/problem+json"
CODES = {
    400: "INVALID",
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "INVALID",
    408: "TIMEOUT",
    413: "INVALID",
    415: "INVALID",
    421: "FORBIDDEN",
    429: "THROTTLED",
    503: "UNAVAILABLE",
    504: "TIMEOUT",
}


class ProblemError(Exception):
    """An answer that ends a request before its door is reached."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def problem(
    status: int, detail: str, request_id: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The response that says what is wrong."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code or CODES.get(status, "INTERNAL"),
        "requestId": request_id,
    }
    return Response(orjson.dumps(body), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def from_error(error: StemmaError, request_id: str) -> Response:
    """The response for an error of ours."""
    headers = {}
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, ThrottledError):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    return problem(error.http_status, error.message, request_id, code=error.code, headers=headers)
