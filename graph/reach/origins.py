"""Other hosts, as the policy lists them and as requests name them: scheme, name and port."""

import re
from dataclasses import dataclass

from graph.errors import InvalidError
from graph.reach import addresses

PORTS = {"http": 80, "https": 443}
LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*", re.ASCII)
# Whatever a resolver may read as a number (WHATWG URL, "ends in a number"): 2130706433, 0x7f.1, 0177.0.0.1
NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)
# What URL parsers read in different ways is not taken at all.
PLAIN = re.compile(r"[!-\[\]-~]+", re.ASCII)
LONGEST = 2_048


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request goes; `host` is a name or an address in lower case, `below` stands for all names under it."""

    scheme: str
    host: str
    port: int
    below: bool = False

    @property
    def address(self) -> addresses.Address | None:
        """The address, if `host` is one."""
        return addresses.parse(self.host)

    def covers(self, other: "Origin") -> bool:
        """Whether this entry of a policy allows another origin."""
        if (self.scheme, self.port) != (other.scheme, other.port):
            return False
        if self.below:
            return other.address is None and other.host.endswith("." + self.host)
        return self.address == other.address if self.address is not None else self.host == other.host

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{'*.' if self.below else ''}{host}:{self.port}"


def listed(text: str) -> Origin:
    """An entry of a policy: `https://hooks.example.com`, `https://*.example.com:8443`, `http://127.0.0.1:9000`.

    Raises:
        InvalidError: it is none.
    """
    scheme, separator, rest = text.partition("://")
    below = rest.startswith("*.")
    origin = origin_of(f"{scheme}{separator}{rest.removeprefix('*.')}")
    if text.count("/") > 2 or "?" in text or "#" in text:
        raise InvalidError(f"{text[:200]!r} has a path; hosts are allowed as a whole: https://host:port")
    if below and (origin.address is not None or "." not in origin.host):
        raise InvalidError(f"{text[:200]!r}: '*.' takes a name of two parts at least, such as *.example.com")
    return Origin(origin.scheme, origin.host, origin.port, below)


def origin_of(url: str) -> Origin:
    """Where a URL leads, read by the parser that the connection is made with.

    Raises:
        InvalidError: it is no plain URL of HTTP: user names, other schemes, odd characters, numbers as hosts and trailing
            dots are not taken.
    """
    if PLAIN.fullmatch(url) is None or len(url) > LONGEST:
        raise _invalid(url, f"it has to be of at most {LONGEST} ASCII characters without spaces and backslashes")
    import httpx

    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise _invalid(url, "it is malformed") from None
    if parsed.scheme not in PORTS:
        raise _invalid(url, "it has to begin with https:// or http://")
    if parsed.userinfo or "@" in re.split("[/?#]", url.partition("://")[2])[0]:
        raise _invalid(url, "it holds a user name")
    # `host` would be the decoded form of a name in Punycode.
    host = parsed.raw_host.decode("ascii", "replace").strip("[]").lower()
    address = addresses.parse(host) if "%" not in host else None
    if address is None and (NAME.fullmatch(host) is None or len(host) > 253 or NUMBER.fullmatch(host)):
        raise _invalid(url, "its host is neither a name (in ASCII, without a trailing dot) nor a usual IP address")
    port = parsed.port if parsed.port is not None else PORTS[parsed.scheme]
    if not 1 <= port <= 65_535:
        raise _invalid(url, "its port is none of 1 to 65535")
    return Origin(parsed.scheme, host if address is None else str(address), port)


def _invalid(url: str, why: str) -> InvalidError:
    return InvalidError(f"{url[:200]!r} can't be used as an address: {why}", path="url", constraint="https://host/path")
