"""Errors as GraphQL shows them: `extensions.code` for programs, a message for people, never an internal."""

from typing import Any

import structlog
from graphql import GraphQLError

from api.graphql.ingest import RowError
from graph.errors import InvalidError, StemmaError

log = structlog.get_logger("stemma.graphql")

INTERNAL = "INTERNAL"
LONGEST = 1_000
"""Characters of a message: some quote what was sent."""


def shown(error: Exception, request_id: str, *, refused: bool = False) -> dict[str, Any]:
    """One entry of `errors`. What is not meant for the caller is logged, once, and called an internal error.

    Args:
        error: What went wrong.
        request_id: In which request.
        refused: The request did not begin to run, so whatever graphql-core found is about the request itself.
    """
    cause = error if refused else _cause(error)
    extensions: dict[str, Any]
    if isinstance(cause, RowError) and isinstance(cause.__cause__, StemmaError):
        message = f"{cause}: {cause.__cause__.message}"
        extensions = {
            **_extensions(cause.__cause__, f"{cause}."),
            "position": cause.position,
            "list": cause.list,
            "index": cause.index,
        }
    elif isinstance(cause, StemmaError):
        message, extensions = cause.message, _extensions(cause)
    elif isinstance(cause, GraphQLError):
        # Syntax, validation and coercion: written by graphql-core for whoever wrote the query.
        message, extensions = cause.message, {"code": InvalidError.code}
    else:
        log.error("a GraphQL request failed", exc_info=cause)
        message, extensions = "internal error", {"code": INTERNAL}
    entry: dict[str, Any] = {"message": message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"}
    if isinstance(error, GraphQLError):
        if error.locations:
            entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
        if error.path is not None:
            entry["path"] = error.path
    entry["extensions"] = {**extensions, "requestId": request_id}
    return entry


def _cause(error: Exception) -> Exception:
    while isinstance(error, GraphQLError) and error.original_error is not None:
        error = error.original_error
    return error


def _extensions(error: StemmaError, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"code": error.code}
    if isinstance(error, InvalidError):
        if error.path is not None:
            found["path"] = prefix + error.path
        if error.constraint is not None:
            found["constraint"] = error.constraint
    return found
