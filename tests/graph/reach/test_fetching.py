"""Requests to other hosts, against real HTTP servers on the loopback addresses and a resolver that lies."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from graph.errors import ForbiddenError, InvalidError, TimeLimitError, TooExpensiveError, UnavailableError
from graph.reach import Policy
from graph.reach.fetching import Fetcher, Transport
from graph.reach.origins import listed
from graph.reach.rules import Rules

MINE, THEIRS = "123456789012", "210987654321"
LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass
class Site:
    """A server; it answers with what stands for a path and keeps what it was asked."""

    port: int = 0
    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append(head)
            path = head.split(" ")[1]
            answer = self.answers.get(path, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            if answer == b"hang":
                await reader.read()
            writer.write(answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def header(self, name: str) -> str:
        """A header of the last request."""
        lines = self.asked[-1].split("\r\n")
        return next(line.split(": ", 1)[1] for line in lines if line.lower().startswith(name.lower() + ":"))


def moved(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def ok(content: bytes, *headers: str) -> bytes:
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(content)}\r\n\r\n".encode() + content


@asynccontextmanager
async def site(host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    made = Site()
    server = await asyncio.start_server(made.serve, host, 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


def policy(*entries: str, networks: Sequence[object] = LOOPBACK) -> Policy:
    rules = Rules(origins=tuple(listed(entry) for entry in entries), networks=tuple(networks))  # type: ignore[arg-type]
    return Policy({MINE: rules})


class Names:
    """A resolver: each name has a list of answers, given one after the other; the last one stays."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers = {name.replace("_", "."): list(found) for name, found in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise OSError("no such name")
        found = self.answers[host]
        return found.pop(0) if len(found) > 1 else found[0]


async def never(host: str, port: int) -> Sequence[str]:
    raise AssertionError(f"{host} was resolved")


Fetching = Callable[[], Awaitable[object]]


async def test_a_listed_host_is_reached_by_its_name() -> None:
    async with site() as here:
        names = Names(hooks_example=[["127.0.0.1"]])
        fetcher = Fetcher(policy(f"http://hooks.example:{here.port}"), MINE, resolve=names)
        url = f"http://hooks.example:{here.port}/a?b=c"
        found = await fetcher.fetch("POST", url, headers={"X-Token": "t"}, content=b"{}")
        assert (found.status, found.content, found.url) == (200, b"ok", url)
        assert here.asked[0].startswith("POST /a?b=c HTTP/1.1\r\n")
        assert here.header("host") == f"hooks.example:{here.port}"
        assert here.header("x-token") == "t"
        assert names.asked == ["hooks.example"]


async def test_an_address_that_is_listed_itself() -> None:
    async with site() as here:
        fetcher = Fetcher(policy(f"http://127.0.0.1:{here.port}", networks=()), MINE, resolve=never)
        assert (await fetcher.fetch("GET", f"http://127.0.0.1:{here.port}/")).content == b"ok"
        with pytest.raises(ForbiddenError):
            await fetcher.fetch("GET", f"http://127.0.0.2:{here.port}/")
        with pytest.raises(ForbiddenError):
            await fetcher.fetch("GET", f"http://localhost:{here.port}/")
        with pytest.raises(ForbiddenError):
            await fetcher.fetch("GET", f"http://[::ffff:127.0.0.1]:{here.port}/")


async def test_another_account_reaches_nothing() -> None:
    async with site() as here:
        fetcher = Fetcher(policy(f"http://127.0.0.1:{here.port}"), THEIRS, resolve=never)
        with pytest.raises(ForbiddenError, match=r"`outbound` in \[accounts.210987654321\]"):
            await fetcher.fetch("GET", f"http://127.0.0.1:{here.port}/")
        assert here.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://100.100.100.200/latest/meta-data/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://127.0.0.1:8440/graphql",
        "https://evil.example/",
    ],
)
async def test_what_is_not_listed_is_neither_resolved_nor_connected_to(url: str) -> None:
    everywhere = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    fetcher = Fetcher(policy("https://hooks.example", networks=everywhere), MINE, resolve=never)
    with pytest.raises(ForbiddenError, match="STEMMA_POLICY"):
        await fetcher.fetch("GET", url)


@pytest.mark.parametrize(
    "answer",
    [
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["::ffff:169.254.169.254"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
        ["127.0.0.1"],
        ["::1"],
        ["10.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["not an address"],
        ["8.8.8.8", "127.0.0.1"],
        ["8.8.8.8", "169.254.169.254"],
    ],
)
async def test_a_listed_name_that_leads_where_it_must_not(answer: list[str]) -> None:
    async with site() as here:
        fetcher = Fetcher(
            policy(f"http://hooks.example:{here.port}", networks=()), MINE, resolve=Names(hooks_example=[answer])
        )
        with pytest.raises(ForbiddenError, match="leads to an address that STEMMA_POLICY does not allow") as caught:
            await fetcher.fetch("GET", f"http://hooks.example:{here.port}/")
        assert here.connections == 0
        assert not any(text in caught.value.message for text in answer)


async def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    """DNS rebinding: the first answer is harmless, any later one is the metadata service or another server."""
    async with site("127.0.0.1") as good, site("127.0.0.2") as bad:
        bad.answers["/"] = ok(b"secret")
        names = Names(hooks_example=[["127.0.0.1"], ["127.0.0.2"]])
        only_good = policy(f"http://hooks.example:{good.port}", networks=(ip_network("127.0.0.1/32"),))
        fetcher = Fetcher(only_good, MINE, resolve=names)
        assert (await fetcher.fetch("GET", f"http://hooks.example:{good.port}/")).content == b"ok"
        assert names.asked == ["hooks.example"]
        with pytest.raises(ForbiddenError):
            await fetcher.fetch("GET", f"http://hooks.example:{good.port}/")
        assert (good.connections, bad.connections) == (1, 0)


async def test_rebinding_between_the_hops_of_a_redirect() -> None:
    async with site() as here:
        here.answers["/"] = moved("/again")
        names = Names(hooks_example=[["127.0.0.1"], ["169.254.169.254"]])
        fetcher = Fetcher(policy(f"http://hooks.example:{here.port}"), MINE, resolve=names)
        with pytest.raises(ForbiddenError):
            await fetcher.fetch("GET", f"http://hooks.example:{here.port}/")
        assert here.connections == 1


async def test_redirects_within_what_is_listed() -> None:
    async with site() as first, site("127.0.0.2") as second:
        first.answers["/"] = moved(f"http://other.example:{second.port}/there", 307)
        names = Names(hooks_example=[["127.0.0.1"]], other_example=[["127.0.0.2"]])
        allowed = policy(f"http://hooks.example:{first.port}", f"http://other.example:{second.port}")
        fetcher = Fetcher(allowed, MINE, resolve=names)
        found = await fetcher.fetch("GET", f"http://hooks.example:{first.port}/", headers={"Authorization": "Bearer t"})
        assert found.url == f"http://other.example:{second.port}/there"
        assert second.header("host") == f"other.example:{second.port}"
        assert "authorization" not in second.asked[0].lower()


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.2:{port}/",
        "http://evil.example/",
        "https://hooks.example:{port}/",
        "//evil.example/",
        "http://[::1]:{port}/",
        "http://[::ffff:169.254.169.254]/",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_to_elsewhere(location: str, status: int) -> None:
    async with site() as here, site("127.0.0.2") as elsewhere:
        here.answers["/"] = moved(location.replace("{port}", str(elsewhere.port)), status)
        names = Names(hooks_example=[["127.0.0.1"]], evil_example=[["127.0.0.2"]])
        fetcher = Fetcher(policy(f"http://hooks.example:{here.port}"), MINE, resolve=names)
        with pytest.raises(ForbiddenError, match="STEMMA_POLICY"):
            await fetcher.fetch("GET", f"http://hooks.example:{here.port}/")
        assert elsewhere.connections == 0
        assert names.asked == ["hooks.example"]


@pytest.mark.parametrize(
    "location",
    [
        "http://2852039166/",
        "http://0x7f.1/",
        "http://hooks.example:{port}@evil.example/",
        "http://user:pass@hooks.example:{port}/",
        "http://hooks.example.:{port}/",
        "file:///etc/passwd",
        "gopher://evil.example/",
        "http://exa mple/",
        "http://[/",
    ],
)
async def test_redirects_that_are_malformed(location: str) -> None:
    async with site() as here:
        here.answers["/"] = moved(location.replace("{port}", str(here.port)))
        fetcher = Fetcher(
            policy(f"http://hooks.example:{here.port}"), MINE, resolve=Names(hooks_example=[["127.0.0.1"]])
        )
        with pytest.raises((InvalidError, ForbiddenError, UnavailableError)):
            await fetcher.fetch("GET", f"http://hooks.example:{here.port}/")
        assert here.connections == 1


async def test_redirects_are_counted() -> None:
    async with site() as here:
        for number in range(10):
            here.answers[f"/{number}"] = moved(f"/{number + 1}")
        names = Names(hooks_example=[["127.0.0.1"]])
        fetcher = Fetcher(policy(f"http://hooks.example:{here.port}"), MINE, resolve=names, max_redirects=3)
        assert (await fetcher.fetch("GET", f"http://hooks.example:{here.port}/7")).content == b"ok"
        with pytest.raises(ForbiddenError, match="more than 3 times"):
            await fetcher.fetch("GET", f"http://hooks.example:{here.port}/6")


async def test_what_is_too_large_or_too_slow() -> None:
    async with site() as here:
        here.answers["/large"] = ok(b"x" * 1_001)
        here.answers["/fits"] = ok(b"x" * 1_000)
        here.answers["/endless"] = (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n"
        )
        here.answers["/packed"] = ok(b"\x1f\x8b", "Content-Encoding: gzip")
        here.answers["/hang"] = b"hang"
        here.answers["/broken"] = b"nonsense\r\n\r\n"
        names = Names(hooks_example=[["127.0.0.1"]])
        at = f"http://hooks.example:{here.port}"
        fetcher = Fetcher(policy(at), MINE, resolve=names, max_bytes=1_000, seconds=5)
        assert len((await fetcher.fetch("GET", f"{at}/fits")).content) == 1_000
        for path in ("/large", "/endless"):
            with pytest.raises(TooExpensiveError, match="more than 1000 bytes"):
                await fetcher.fetch("GET", at + path)
        for path in ("/packed", "/broken"):
            with pytest.raises(UnavailableError):
                await fetcher.fetch("GET", at + path)
        slow = Fetcher(policy(at), MINE, resolve=names, seconds=0.3)
        with pytest.raises(TimeLimitError, match=r"within 0.3 s"):
            await slow.fetch("GET", f"{at}/hang")


async def test_a_resolver_that_hangs() -> None:
    async def hanging(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    with pytest.raises(TimeLimitError):
        await Fetcher(policy("http://hooks.example"), MINE, resolve=hanging, seconds=0.2).fetch(
            "GET", "http://hooks.example/"
        )


async def test_a_name_without_an_address_and_a_closed_port() -> None:
    async with site() as here:
        closed = here.port
    at = f"http://hooks.example:{closed}"
    for names in (Names(), Names(hooks_example=[[]]), Names(hooks_example=[["127.0.0.1"]])):
        with pytest.raises(UnavailableError, match="does not answer"):
            await Fetcher(policy(at), MINE, resolve=names).fetch("GET", at)


async def test_the_next_address_is_tried() -> None:
    async with site() as here:
        at = f"http://hooks.example:{here.port}"
        names = Names(hooks_example=[["127.0.0.3", "127.0.0.1"]])
        assert (await Fetcher(policy(at), MINE, resolve=names).fetch("POST", at, content=b"x")).content == b"ok"


async def test_the_resolver_of_this_host() -> None:
    async with site() as here:
        at = f"http://localhost:{here.port}"
        both = (*LOOPBACK, ip_network("::1/128"))
        assert (await Fetcher(policy(at, networks=both), MINE).fetch("GET", at)).content == b"ok"
        with pytest.raises(ForbiddenError):
            await Fetcher(policy(at, networks=()), MINE).fetch("GET", at)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site() as here, site() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        at = f"http://hooks.example:{here.port}"
        await Fetcher(policy(at), MINE, resolve=Names(hooks_example=[["127.0.0.1"]])).fetch("GET", at)
        assert (here.connections, proxy.connections) == (1, 0)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A key and a certificate of a name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(
            subject, subject, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file, chain = folder / f"{name}.key", folder / f"{name}.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(*form))
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key_file, chain


async def test_certificates_are_those_of_the_name(tmp_path: Path) -> None:
    key, chain = certificate(tmp_path, "hooks.example")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(chain, key)
    seen: list[str | None] = []
    serving.sni_callback = lambda _socket, name, _context: seen.append(name)
    trusting = ssl.create_default_context(cafile=str(chain))
    async with site(context=serving) as here:
        names = Names(hooks_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
        allowed = policy(f"https://hooks.example:{here.port}", f"https://other.example:{here.port}")
        fetcher = Fetcher(allowed, MINE, resolve=names, certificates=trusting)
        assert (await fetcher.fetch("GET", f"https://hooks.example:{here.port}/")).content == b"ok"
        with pytest.raises(UnavailableError):
            await fetcher.fetch("GET", f"https://other.example:{here.port}/")
        with pytest.raises(UnavailableError):
            # Trusted by nobody: certifi's certificates are the default.
            await Fetcher(allowed, MINE, resolve=names).fetch("GET", f"https://hooks.example:{here.port}/")
        assert seen == ["hooks.example", "other.example", "hooks.example"]


async def test_two_names_of_one_address_do_not_share_a_connection() -> None:
    async with site() as here:
        allowed = policy(f"http://hooks.example:{here.port}", f"http://other.example:{here.port}")
        names = Names(hooks_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
        async with httpx.AsyncClient(transport=Transport(allowed, MINE, resolve=names)) as client:
            for name in ("hooks.example", "other.example", "hooks.example"):
                assert (await client.get(f"http://{name}:{here.port}/")).text == "ok"
        assert here.connections == 3
