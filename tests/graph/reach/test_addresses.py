from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.reach import addresses

EVERYTHING = (ip_network("0.0.0.0/0"), ip_network("::/0"))
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
]
PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "fd12:3456::1",
    "64:ff9b:1::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::",
    "::127.0.0.1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("text", METADATA)
def test_what_no_policy_allows(text: str) -> None:
    address = addresses.parse(text)
    assert address is not None
    assert addresses.forbidden(address)
    assert not addresses.allowed(address, EVERYTHING)


@pytest.mark.parametrize("text", PRIVATE)
def test_what_has_to_be_listed(text: str) -> None:
    address = addresses.parse(text)
    assert address is not None
    assert not addresses.allowed(address, ())
    assert addresses.allowed(address, EVERYTHING)


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public(text: str) -> None:
    address = addresses.parse(text)
    assert address is not None
    assert addresses.allowed(address, ())


def test_a_mapped_address_is_the_address_inside() -> None:
    mapped = ip_address("::ffff:10.1.2.3")
    assert addresses.allowed(mapped, [ip_network("10.0.0.0/8")])
    assert not addresses.allowed(mapped, [ip_network("::/0")])


@pytest.mark.parametrize(
    "text", ["", "localhost", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.1.", "１.1.1.1"]
)
def test_other_spellings_are_no_addresses(text: str) -> None:
    assert addresses.parse(text) is None


@given(st.ip_addresses(v=4))
def test_every_ipv6_form_of_an_address_is_judged_like_it(address: object) -> None:
    plain = ip_address(str(address))
    for form in (f"::ffff:{plain}", f"64:ff9b::{plain}"):
        inside = ip_address(form)
        assert addresses.allowed(inside, ()) == addresses.allowed(plain, ())
        assert addresses.forbidden(inside) == addresses.forbidden(plain)
