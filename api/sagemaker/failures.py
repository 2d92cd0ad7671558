"""Errors in the words of AWS: a code for `__type`, a message, a status."""

from typing import Any

from api.problems import ProblemError
from graph.errors import (
    AlreadyExistsError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    StemmaError,
    TimeLimitError,
    TooExpensiveError,
    UnauthenticatedError,
    UnavailableError,
)

VALIDATION = "ValidationException"
UNFIT = ("BadRequestException", "InvalidParameterException")
"""What some services have in its place; it stands in no model of SageMaker's."""


BODIES = {408: "RequestTimeout", 413: "RequestEntityTooLargeException"}
"""What a body that could not be read is called, by the HTTP status."""


class ProtocolError(Exception):
    """A request that is refused before an operation is reached.

    Attributes:
        code: the error's name in AWS's words, such as `UnknownOperationException`.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


Failure = tuple[str, str, int]
"""Code, message, HTTP status."""


def failure(error: Exception, modelled: frozenset[str] = frozenset()) -> Failure | None:
    """An error as this door shows it; None for what is not shown.

    Args:
        error: What was raised.
        modelled: The errors that the operation's model lists; clients can only catch those by name.
    """
    if isinstance(error, ProtocolError):
        return _first(modelled) if error.code == VALIDATION else error.code, error.message, error.status
    if isinstance(error, ProblemError) and error.status in BODIES:
        return BODIES[error.status], error.detail, error.status
    if not isinstance(error, StemmaError):
        return None
    code, status = VALIDATION, 400
    match error:
        case NotFoundError():
            code = _first(modelled, "ResourceNotFound", "NotFoundException")
        case ConflictError():
            # A name that is taken is a ValidationException at AWS, too ("… already exists"), where it is not ResourceInUse.
            named = "ResourceInUse" if isinstance(error, AlreadyExistsError) else "ConflictException"
            code = _first(modelled, named)
        case ForbiddenError():
            code, status = "AccessDeniedException", 400
        case UnauthenticatedError():
            code, status = error.reason.value, 403
        case TooExpensiveError():
            code = "ResourceLimitExceeded"
        case TimeLimitError():
            code, status = "RequestTimeout", 408
        case UnavailableError():
            code, status = "ServiceUnavailable", 503
        case InvalidError():
            code = _first(modelled)
        case _ if error.http_status == 429:
            code = "ThrottlingException"
        case _:
            return None
    return code, error.message, status


def _first(modelled: frozenset[str], *codes: str) -> str:
    """The first of some codes that an operation's model lists, else what its service calls a request that does not fit."""
    return next((code for code in (*codes, *UNFIT) if code in modelled), VALIDATION)


def json_body(code: str, message: str) -> dict[str, Any]:
    """The body of an error in the JSON protocols."""
    return {"__type": code, "message": message}
