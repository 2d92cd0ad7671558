"""Sending an event to an address, under the policy of what may be reached: by HTTP and signed, by mail, or to a topic."""

import orjson

from graph.errors import StemmaError
from graph.events import mailing, publishing
from graph.events.deliveries import Attempt
from graph.events.event import Event
from graph.events.signatures import headers
from graph.reach.fetching import Fetcher
from graph.reach.notifying import MAIL, SNS
from graph.reach.policy import Policy
from graph.times import now_ms

SECONDS = 15.0
"""How long a receiver has to answer, as Standard Webhooks advises."""
GONE = 410
"""The receiver says that it wants nothing more, ever."""
PROBLEM = 300
"""Characters that are kept of what went wrong."""


class Sender:
    """Sends events.

    Args:
        policy: What may be reached, for each account.
        seconds: How long a receiver has to answer.
    """

    def __init__(self, policy: Policy, seconds: float = SECONDS) -> None:
        self._policy = policy
        self.seconds = seconds

    def allowed(self, account: str, url: str) -> None:
        """Check that an account may send to an address: of HTTP, `mailto:`, or the ARN of a topic of SNS.

        Raises:
            InvalidError: it is none.
            ForbiddenError: the policy does not list it.
        """
        if url.startswith(MAIL):
            self._policy.mail(account, url.removeprefix(MAIL))
        elif url.startswith(SNS):
            self._policy.topic(account, url)
        else:
            self._policy.outbound(account, url)

    async def send(self, account: str, url: str, secret: str, event: Event) -> Attempt:
        """Try once to send an event; what came of it. Redirects are not followed: who moved says so to its administrator."""
        try:
            if url.startswith(MAIL):
                address = url.removeprefix(MAIL)
                return await mailing.send(self._policy.mail(account, address), address, event, self.seconds)
            if url.startswith(SNS):
                return await publishing.publish(self._policy.topic(account, url), event, self.seconds)
        except StemmaError as error:
            return Attempt(delivered=False, problem=error.message[:PROBLEM])
        return await self._post(account, url, secret, event)

    async def _post(self, account: str, url: str, secret: str, event: Event) -> Attempt:
        content = orjson.dumps(event.document())
        signed = headers(secret, event.id, now_ms() // 1000, content)
        fetcher = Fetcher(self._policy, account, seconds=self.seconds, max_redirects=0)
        try:
            answer = await fetcher.fetch(
                "POST", url, headers={**signed, "Content-Type": "application/json"}, content=content
            )
        except StemmaError as error:
            return Attempt(delivered=False, problem=error.message[:PROBLEM])
        if 200 <= answer.status < 300:
            return Attempt(delivered=True, status=answer.status)
        said = f"the receiver answered with status {answer.status}"
        return Attempt(delivered=False, status=answer.status, problem=said, final=answer.status == GONE)
