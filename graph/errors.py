"""Every error that Stemma raises on purpose.

    StemmaError                       code           GraphQL     HTTP  exit
    ├── InvalidError                  INVALID        extensions   400     2
    │   └── SettingError              INVALID
    ├── UnauthenticatedError          UNAUTHENTICATED             401     1
    ├── ForbiddenError                FORBIDDEN                   403     1
    ├── NotFoundError                 NOT_FOUND                   404     1
    ├── ConflictError                 CONFLICT                    409     1
    │   └── AlreadyExistsError        ALREADY_EXISTS
    ├── TooExpensiveError             TOO_EXPENSIVE               422     1
    ├── ThrottledError                THROTTLED                   429     1
    ├── TimeLimitError                TIMEOUT                     504     1
    └── UnavailableError              UNAVAILABLE                 503     1
        └── DatabaseUnavailableError  UNAVAILABLE

Messages are written for the caller: what was looked at, what is wrong, what to do next. Anything that is not a
`StemmaError` is a bug or a fault of the machine; a door answers it without details and logs it.
"""

from enum import StrEnum
from typing import ClassVar


class Reason(StrEnum):
    """Why a caller was not believed, named as AWS's JSON services name it, so that their clients raise what they expect."""

    MISSING = "MissingAuthenticationTokenException"
    """nothing says who asks"""
    INCOMPLETE = "IncompleteSignatureException"
    """what says so is malformed, or a part of it is missing"""
    INVALID = "InvalidSignatureException"
    """the signature is another's, was made for something else, or is not valid now"""
    UNKNOWN = "UnrecognizedClientException"
    """no such key, or one that was revoked; also session tokens, which are not issued here"""
    EXPIRED = "ExpiredTokenException"
    """the key was good once"""


class StemmaError(Exception):
    """What every error of ours is; `code` is what doors show to programs.

    Attributes:
        position: the faulty row, counted from 0, when a request had several.
    """

    code: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    position: int | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidError(StemmaError):
    """The request is malformed: `path` names the field, `constraint` the rule it breaks."""

    code = "INVALID"
    http_status = 400
    exit_code = 2

    def __init__(self, message: str, *, path: str | None = None, constraint: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.constraint = constraint


class SettingError(InvalidError):
    """A setting has a value that can't be used."""


class UnauthenticatedError(StemmaError):
    """The caller did not say who it is, or not believably.

    Attributes:
        reason: what was wrong, for doors whose protocol tells these cases apart.
    """

    code = "UNAUTHENTICATED"
    http_status = 401

    def __init__(self, message: str, *, reason: Reason = Reason.MISSING) -> None:
        super().__init__(message)
        self.reason = reason


class ForbiddenError(StemmaError):
    """The caller is known and may not do this."""

    code = "FORBIDDEN"
    http_status = 403


class NotFoundError(StemmaError):
    """Nothing has this name in the caller's account (now, or at the time asked about)."""

    code = "NOT_FOUND"
    http_status = 404


class ConflictError(StemmaError):
    """The request contradicts what is there."""

    code = "CONFLICT"
    http_status = 409


class AlreadyExistsError(ConflictError):
    """The name or the association is taken."""

    code = "ALREADY_EXISTS"


class TooExpensiveError(StemmaError):
    """The request asks for more than one request may cost."""

    code = "TOO_EXPENSIVE"
    http_status = 422


class ThrottledError(StemmaError):
    """The caller asks more often than it may; `retry_after` seconds later it may again."""

    code = "THROTTLED"
    http_status = 429

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TimeLimitError(StemmaError):
    """The time that one request may take ran out."""

    code = "TIMEOUT"
    http_status = 504


class UnavailableError(StemmaError):
    """Something that Stemma needs does not answer; trying again later may help."""

    code = "UNAVAILABLE"
    http_status = 503


class DatabaseUnavailableError(UnavailableError):
    """The database could not be started or reached, or was lost for longer than the retry budget."""
