"""A call of an operation, and the operations that are offered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from api.sagemaker.tokens import Tokens, query_of
from graph.access import Caller
from graph.catalog import Catalog
from graph.changes import Command
from graph.commands import Place
from graph.entities import Entity
from graph.monitoring.published import Namespaces
from graph.reach import Policy
from graph.store.writer import Outcome
from graph.times import Moment

PAGE = 10
"""Items of a page when MaxResults is not given, as SageMaker has it."""

Input = dict[str, Any]
Output = dict[str, Any]


@dataclass(slots=True)
class Call:
    """One request that was found good.

    Attributes:
        operation: its name in the service's model.
        arns: what it was about, for the access log; handlers add to it.
        policy: what may be read for the caller.
        namespaces: of CloudWatch's metrics.
        invocation: the client's own id of what it does, the same in each of its attempts; None when it sends none.
    """

    catalog: Catalog
    caller: Caller
    request_id: str
    operation: str
    tokens: Tokens
    seconds: float = 20.0
    arns: list[str] = field(default_factory=list)
    invocation: str | None = None
    policy: Policy = field(default_factory=Policy)
    namespaces: Namespaces = field(default_factory=Namespaces)

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.caller.account

    @property
    def place(self) -> Place:
        """Where the caller's ARNs are made."""
        return self.catalog.place(self.account)

    async def write(self, *commands: Command, request_id: str | None = None) -> Outcome:
        """Do all commands or none, as one ledger entry.

        Args:
            commands: What is asked.
            request_id: A client token: the same request under it is done once.
        """
        return await self.catalog.write(self.caller, commands, operation=self.operation, request_id=request_id)

    async def arn(self, text: str) -> str:
        """The lineage ARN of whatever is named, now.

        Raises:
            NotFoundError: no entity of the account has it.
        """
        found = (await self.catalog.lineage_arns(self.account, [text]))[0]
        self.arns.append(found)
        return found

    async def entity(self, arn: str, when: Moment | None = None) -> Entity:
        """An entity now, or at a moment.

        Raises:
            NotFoundError: it is not there.
        """
        return await self.catalog.entity(self.account, arn, when)

    async def page(self, given: Input) -> tuple[Moment, Any]:
        """The moment at which a list reads, and the place at which it goes on; None at its beginning.

        Raises:
            InvalidError: the NextToken is not one of this list.
        """
        # The SDK asks for a collection's first page with an empty token.
        token = given.get("NextToken", given.get("PaginationToken")) or None
        if token is None:
            return await self.catalog.moment(self.account), None
        return self.tokens.decode(token, query_of(self.account, self.operation, given))

    def next_token(self, given: Input, when: Moment, place: Any, member: str = "NextToken") -> Output:
        """The member of an answer that leads on, left out at the end of a list (`place` is None)."""
        if place is None:
            return {}
        return {member: self.tokens.encode(query_of(self.account, self.operation, given), when, place)}


Handler = Callable[[Call, Input], Awaitable[Output]]


@dataclass(frozen=True, slots=True)
class Offered:
    """An operation that is answered.

    Attributes:
        note: how it differs from AWS, for the reference page.
    """

    service: str
    name: str
    handler: Handler
    note: str = ""


OFFERED: dict[tuple[str, str], Offered] = {}


def operation(name: str, *, service: str = "sagemaker", note: str = "") -> Callable[[Handler], Handler]:
    """Offer an operation; its handler gets the checked input and gives the output by the model's members.

    Times are epoch milliseconds in outputs and `datetime` in inputs; members that are None are left out.
    """

    def offer(handler: Handler) -> Handler:
        OFFERED[service, name] = Offered(service, name, handler, note)
        return handler

    return offer


def size(given: Input, default: int = PAGE) -> int:
    """How many items a page is to hold."""
    wanted: int = given.get("MaxResults", default)
    return wanted
