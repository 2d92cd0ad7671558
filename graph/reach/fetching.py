"""Speaking HTTP to other hosts under the policy.

A name is resolved here, every address is checked, and the connection is made to the address that was checked, so a second
answer of the DNS changes nothing. Name and certificate are still those of the URL. Each redirect starts over.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import httpx

from graph.errors import ForbiddenError, TimeLimitError, TooExpensiveError, UnavailableError
from graph.reach.origins import Origin
from graph.reach.policy import Policy

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

MAX_ADDRESSES = 8
"""how many addresses of a name are tried"""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the host's resolver gives them.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def trusted() -> ssl.SSLContext:
    """The certificates that are trusted: those that `SSL_CERT_FILE` names, else those of `certifi`."""
    return httpx.create_ssl_context()


class Transport(httpx.AsyncBaseTransport):
    """A transport of httpx that reaches only what an account may reach.

    Proxies in the environment are not used: a proxy would resolve the name again.

    Args:
        policy: What may be reached.
        account: For whom.
        resolve: Gives the addresses of a name.
        certificates: Those that are trusted; by default those of `trusted`.
    """

    def __init__(
        self, policy: Policy, account: str, *, resolve: Resolve = resolve, certificates: ssl.SSLContext | None = None
    ) -> None:
        self._policy = policy
        self._account = account
        self._resolve = resolve
        # A kept connection belongs to an address: another name of that address would ride on this one's certificate.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(verify=certificates or trusted(), trust_env=False, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            ForbiddenError: the host, or an address of it, is not allowed; nothing was connected to.
        """
        origin = self._policy.outbound(self._account, str(request.url))
        error: httpx.ConnectError | None = None
        for address in await self._addresses(origin):
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": origin.host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except httpx.ConnectError as failed:
                error = failed
        raise error or httpx.ConnectError(f"{origin.host} has no address")

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()

    async def _addresses(self, origin: Origin) -> list[str]:
        if origin.address is not None:
            return [origin.host]
        try:
            found = await self._resolve(origin.host, origin.port)
        except OSError:
            raise httpx.ConnectError(f"{origin.host} can't be resolved") from None
        # One address that is not allowed spoils them all: a mixed answer is how a name is turned against us.
        return [str(self._policy.address(self._account, origin, text)) for text in found][:MAX_ADDRESSES]


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: its status, headers, content, and the URL that gave it after redirects."""

    status: int
    headers: httpx.Headers
    content: bytes
    url: str


class Fetcher:
    """Makes requests for an account, within limits.

    Args:
        policy: What may be reached.
        account: For whom.
        seconds: How long one request may take with all its redirects.
        max_bytes: The largest content.
        max_redirects: How many are followed.
        resolve: Gives the addresses of a name.
        certificates: Those that are trusted; by default those of `trusted`.
    """

    def __init__(
        self,
        policy: Policy,
        account: str,
        *,
        seconds: float = 10.0,
        max_bytes: int = 1 << 20,
        max_redirects: int = 3,
        resolve: Resolve = resolve,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._account = account
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        self._resolve = resolve
        self._certificates = certificates

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Fetched:
        """One request and its answer.

        Raises:
            InvalidError: the URL can't be used.
            ForbiddenError: it, or what it redirects to, may not be reached.
            TimeLimitError: it took too long.
            TooExpensiveError: the answer is too large.
            UnavailableError: the host does not answer properly.
        """
        shown = str(self._policy.outbound(self._account, url))
        transport = Transport(self._policy, self._account, resolve=self._resolve, certificates=self._certificates)
        try:
            async with (
                asyncio.timeout(self._seconds),
                httpx.AsyncClient(
                    transport=transport,
                    trust_env=False,
                    timeout=self._seconds,
                    follow_redirects=True,
                    max_redirects=self._max_redirects,
                    # Unpacking could make much of little.
                    headers={"Accept-Encoding": "identity", "User-Agent": "stemma"},
                ) as client,
                client.stream(method, url, headers=headers, content=content) as response,
            ):
                return Fetched(
                    response.status_code, response.headers, await self._content(response, shown), str(response.url)
                )
        except (TimeoutError, httpx.TimeoutException):
            raise TimeLimitError(f"{shown} did not answer within {self._seconds:g} s") from None
        except httpx.TooManyRedirects:
            raise ForbiddenError(f"{shown} redirects more than {self._max_redirects} times") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise UnavailableError(f"{shown} does not answer, or not as HTTP has it") from None

    async def _content(self, response: httpx.Response, shown: str) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise UnavailableError(f"{shown} answers in an encoding that was not asked for")
        content = bytearray()
        async for piece in response.aiter_raw():
            content += piece
            if len(content) > self._max_bytes:
                raise TooExpensiveError(f"{shown} answers with more than {self._max_bytes} bytes")
        return bytes(content)
