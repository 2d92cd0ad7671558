"""Which IP addresses may be connected to. What looks like a name may lead anywhere, so this is asked of every address found.

Sources: the IANA special-purpose registries (RFC 6890), as `ipaddress` has them; the metadata services as the clouds document
them.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "169.254.0.0/16",  # link-local: the metadata services of AWS, Google, Azure, Oracle and others
        "100.100.100.200/32",  # Alibaba's metadata service
        "168.63.129.16/32",  # Azure's wire server
        "192.0.0.192/32",  # Oracle's metadata service, the former address
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "::/128",
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local, as it was
        "fd00:ec2::/32",  # AWS's metadata, time and DNS services
        "fd20:ce::254/128",  # Google's metadata service
        "ff00::/8",  # multicast
    )
)
"""addresses that no policy can allow"""

TRANSLATED = ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052): an IPv4 address in the last 32 bits"""
TRANSLATED_HERE = ip_network("64:ff9b:1::/48")
"""NAT64 of one network (RFC 8215)"""
COMPATIBLE = ip_network("::/96")
"""IPv4-compatible addresses (RFC 4291, 2.5.5.1)"""


def parse(text: str) -> Address | None:
    """An address written in the one usual way; None for anything else. A zone (`%eth0`) is dropped."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def meant(address: Address) -> tuple[Address, ...]:
    """The address and the IPv4 addresses that it carries inside."""
    if isinstance(address, IPv4Address):
        return (address,)
    inside: list[Address] = [address]
    if address.ipv4_mapped is not None:
        inside.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        inside.append(address.sixtofour)
    if address.teredo is not None:
        inside += address.teredo
    if address in TRANSLATED or (address in COMPATIBLE and int(address) > 0xFFFF):
        inside.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(inside)


def forbidden(address: Address) -> bool:
    """Whether no policy can allow it."""
    return any(one in network for one in meant(address) for network in NEVER)


def allowed(address: Address, listed: Iterable[Network]) -> bool:
    """Whether it may be connected to: a public address, or one in a network that the policy lists."""
    if forbidden(address):
        return False
    listed = tuple(listed)
    return all(_public(one) or any(one in network for network in listed) for one in _judged(address))


def _judged(address: Address) -> tuple[Address, ...]:
    """A mapped address is its IPv4 address and nothing else; of the other kinds every part has to be allowed."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    return meant(address)


def _public(address: Address) -> bool:
    if address in TRANSLATED:
        return True  # the address inside is judged
    return address.is_global and not address.is_multicast and address not in TRANSLATED_HERE
