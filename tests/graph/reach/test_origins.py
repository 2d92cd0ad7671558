import pytest

from graph.errors import InvalidError
from graph.reach.origins import Origin, listed, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://hooks.example.com/x?y=http://z", Origin("https", "hooks.example.com", 443)),
        ("HTTPS://Hooks.Example.COM:443", Origin("https", "hooks.example.com", 443)),
        ("http://hooks.example.com:8080/@/", Origin("http", "hooks.example.com", 8080)),
        ("https://xn--bcher-kva.example/", Origin("https", "xn--bcher-kva.example", 443)),
        ("http://127.0.0.1:9000/", Origin("http", "127.0.0.1", 9000)),
        ("http://[::1]:9000/", Origin("http", "::1", 9000)),
        ("http://[0:0::1]/", Origin("http", "::1", 80)),
        ("http://[::ffff:127.0.0.1]/", Origin("http", "::ffff:7f00:1", 80)),
        ("http://h#@evil/", Origin("http", "h", 80)),
        ("http://h?@evil/", Origin("http", "h", 80)),
    ],
)
def test_where_a_url_leads(url: str, origin: Origin) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "//hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "javascript:alert(1)",
        "https:hooks.example.com",
        "https:///hooks.example.com",
        "https://",
        "https://user@hooks.example.com/",
        "https://user:pass@hooks.example.com/",
        "https://@hooks.example.com/",
        "https://hooks.example.com@evil.example/",
        "https://hooks.example.com\\@evil.example/",
        "https://evil.example\\.hooks.example.com/",
        "https://hooks.example.com /",
        "https://hooks.example.com\t/",
        "https://hooks.example.com\n/",
        "https://hooks.example.com\r\nHost: evil/",
        "https://hooks.example.com\0/",
        "https://hooks.example.com./",
        "https://hooks..example.com/",
        "https://.example.com/",
        "https://-a.example.com/",
        "https://hooks%2eexample.com/",
        "https://hooks.example.com%00.evil.example/",
        "https://ｈooks.example.com/",
        "https://hooks。example.com/",
        "https://" + "a" * 64 + ".example.com/",
        "https://" + "a." * 130 + "com/",
        "https://hooks.example.com/" + "a" * 3_000,
        "http://hooks.example.com:0/",
        "http://hooks.example.com:65536/",
        "http://hooks.example.com:x/",
        "http://hooks.example.com:-1/",
        # The forms of 127.0.0.1 and 169.254.169.254 that inet_aton and browsers read.
        "http://2130706433/",
        "http://2852039166/",
        "http://0x7f000001/",
        "http://0xa9fea9fe/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://0x7f.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://169.254.43518/",
        "http://127.0.0.1./",
        "http://127.0.0.01/",
        "http://1.2.3.4.5/",
        "http://[fe80::1%25eth0]/",
        "http://[127.0.0.1]/",
        "http://[::1/",
        "http://::1/",
    ],
)
def test_urls_that_are_not_taken(url: str) -> None:
    with pytest.raises(InvalidError):
        origin_of(url)


@pytest.mark.parametrize(
    ("entry", "url", "covered"),
    [
        ("https://hooks.example.com", "https://hooks.example.com/a", True),
        ("https://hooks.example.com", "https://HOOKS.example.com:443/a", True),
        ("https://hooks.example.com", "http://hooks.example.com/a", False),
        ("https://hooks.example.com", "http://hooks.example.com:443/a", False),
        ("https://hooks.example.com", "https://hooks.example.com:8443/a", False),
        ("https://hooks.example.com", "https://x.hooks.example.com/", False),
        ("https://hooks.example.com", "https://hooks.example.com.evil.example/", False),
        ("https://hooks.example.com", "https://evilhooks.example.com/", False),
        ("https://*.example.com:8443", "https://a.example.com:8443/", True),
        ("https://*.example.com:8443", "https://a.b.example.com:8443/", True),
        ("https://*.example.com:8443", "https://example.com:8443/", False),
        ("https://*.example.com:8443", "https://aexample.com:8443/", False),
        ("https://*.example.com:8443", "https://a.example.com/", False),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/", True),
        ("http://127.0.0.1:9000", "http://localhost:9000/", False),
        ("http://127.0.0.1:9000", "http://[::ffff:127.0.0.1]:9000/", False),
        ("http://[::1]:9000", "http://[0::1]:9000/", True),
    ],
)
def test_what_an_entry_covers(entry: str, url: str, covered: bool) -> None:
    assert listed(entry).covers(origin_of(url)) is covered


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        "https://*",
        "https://*.com",
        "https://*.1.2.3.4",
        "https://a.*.com",
        "https://a.com/x",
        "https://a.com?x",
        "a.com",
        "a.com:443",
    ],
)
def test_entries_that_are_not_taken(entry: str) -> None:
    with pytest.raises(InvalidError):
        listed(entry)


def test_an_entry_reads_back() -> None:
    for entry in ("https://*.example.com:8443", "http://[::1]:9000", "http://a.example.com:80"):
        assert str(listed(entry)) == entry
        assert listed(str(listed(entry))) == listed(entry)
