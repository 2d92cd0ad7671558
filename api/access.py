"""What doors tell about a request for the access log; the gate writes it once the answer is sent."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from graphql import Node, StringValueNode
from starlette.requests import Request
from starlette.types import Scope

from api.auth import Identity, RefusedError
from graph import arns
from graph.access_log import NAMED, AccessLog, AccessRecord, Outcome
from graph.errors import ForbiddenError, InvalidError, StemmaError, ThrottledError, UnauthenticatedError
from graph.keys import AccessKey
from graph.times import now_us

LOOKED_AT = 5_000
"""Values in which ARNs are looked for; a bulk request has more, and names more than is kept anyway."""
REFUSED = frozenset({UnauthenticatedError.code, ForbiddenError.code})
STATUSES = {401: Outcome.REFUSED, 403: Outcome.REFUSED, 421: Outcome.REFUSED, 429: Outcome.THROTTLED}


@dataclass(slots=True)
class Noted:
    """What a door said about a request."""

    door: str = "http"
    operation: str = ""
    named: tuple[str, ...] = ()
    outcome: Outcome | None = None
    code: str | None = None
    key: AccessKey | None = field(default=None, repr=False)

    def failed(self, error: Exception, code: str | None = None) -> None:
        """What went wrong; `code` is the error's name at this door."""
        self.code = code or getattr(error, "code", None)
        if isinstance(error, StemmaError):
            self.outcome = outcome_of(error.code)
        if isinstance(error, RefusedError):
            self.key = error.key


def note(
    request: Request,
    *,
    door: str,
    operation: str,
    named: Iterable[str] = (),
    error: Exception | None = None,
    code: str | None = None,
) -> None:
    """Tell the access log what a request is; a later call replaces what an earlier one said.

    Args:
        request: The request.
        door: Such as `graphql`.
        operation: In the door's words, such as `DescribeArtifact`; never anything of the payload.
        named: The ARNs that it names.
        error: What went wrong, if anything did.
        code: The error's name at this door, where that is not the error's own.

    Example:
        >>> note(request, door="sagemaker", operation="DescribeArtifact", named=[arn])  # doctest: +SKIP
        >>> note(request, door="sagemaker", operation="DescribeArtifact", named=[arn], error=error)  # doctest: +SKIP
    """
    told = Noted(door, operation, tuple(named))
    if error is not None:
        told.failed(error, code)
    elif code is not None:
        told.code, told.outcome = code, outcome_of(code)
    request.state.noted = told


def noted(scope: Scope) -> Noted:
    """What was told about a request so far."""
    told: Noted = scope.setdefault("state", {}).setdefault("noted", Noted())
    return told


def arns_in(value: Any) -> tuple[str, ...]:
    """The ARNs among the texts in a request's values, as many as a record keeps.

    >>> arns_in({"SourceArn": "arn:aws:sagemaker:us-east-1:123456789012:action/a", "Description": "arn: none"})
    ('arn:aws:sagemaker:us-east-1:123456789012:action/a',)
    """
    found: dict[str, None] = {}
    waiting = [value]
    for _ in range(LOOKED_AT):
        if not waiting or len(found) >= NAMED:
            break
        match waiting.pop():
            case str(text) if text[:4].lower() == "arn:":
                with suppress(InvalidError):
                    found[str(arns.parse(text))] = None
            case dict(fields):
                waiting.extend(reversed(list(fields.values())))
            case list(items) | tuple(items):
                waiting.extend(reversed(items))
            case StringValueNode(value=text):
                waiting.append(text)
            case Node() as node:
                waiting.extend(getattr(node, key) for key in reversed(node.keys) if key != "loc")
    return tuple(found)


def outcome_of(code: str) -> Outcome:
    """What an error of ours came to."""
    if code == ThrottledError.code:
        return Outcome.THROTTLED
    return Outcome.REFUSED if code in REFUSED else Outcome.ERROR


def record(scope: Scope, status: int, log: AccessLog, account: str) -> None:
    """Put a request into the access log.

    Args:
        scope: The request.
        status: Of the answer.
        log: Where to.
        account: Whose log tells of callers that nobody knows.
    """
    told = noted(scope)
    state: dict[str, Any] = scope["state"]
    identity: Identity | None = state.get("identity")
    outcome = told.outcome or STATUSES.get(status) or (Outcome.OK if status < 400 else Outcome.ERROR)
    if told.door == "http" and outcome is Outcome.OK:
        return  # pages about the service itself
    key = told.key
    log.note(
        AccessRecord(
            account=identity.account if identity else key.account if key else account,
            at=now_us(),
            principal=identity.actor if identity else key.actor if key else None,
            key_id=identity.key_id if identity else key.id if key else None,
            door=told.door,
            operation=told.operation or f"{scope['method']} {scope['path']}",
            named=told.named,
            outcome=outcome,
            code=told.code if outcome is not Outcome.OK else None,
            request_id=state["request_id"],
        )
    )
