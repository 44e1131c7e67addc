"""Whose host it is."""

import pytest

from sophia.analytics.utm import belongs_to
from sophia.analytics.utm.domains import canonical_host, has_real_suffix

# ruff: noqa: RUF001 - a Cyrillic letter among Latin ones is what this is about


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("example.com", "example.com"),
        ("shop.example.com", "example.com"),
        ("a.b.example.com", "example.com"),
        ("EXAMPLE.com", "example.COM"),
        ("example.com.", "example.com"),
        ("example.com", "example.com."),
        ("example.com:8080", "example.com:443"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("XN--MNCHEN-3YA.de", "münchen.de"),
        ("www.MÜNCHEN.de", "münchen.de"),
        ("mu\u0308nchen.de", "münchen.de"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("ｅｘａｍｐｌｅ.com", "example.com"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:80", "192.0.2.7"),
        ("[2001:DB8:0::1]", "[2001:db8::1]"),
        ("[::1]:8080", "[::1]"),
        ("localhost", "localhost"),
    ],
)
def test_ours(host: str, domain: str) -> None:
    """F10, F14: the domain itself and what lies below it, however it is spelled."""
    assert belongs_to(host, [domain])
    assert belongs_to(host, ["other.org", domain])
    assert belongs_to(host, domain)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("example.com.evil.org", "example.com"),
        ("notexample.com", "example.com"),
        ("example.com", "shop.example.com"),
        ("example.co", "example.com"),
        ("com", "example.com"),
        ("еxample.com", "example.com"),
        ("munchen.de", "münchen.de"),
        ("2.192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "2.7"),
        ("192.0.2.7", "0.2.7"),
        ("[::1]", "[::2]"),
        ("", "example.com"),
        ("", ""),
        (".", "."),
        ("example.com", ""),
        ("example.com", "."),
        ("example.com", "[brand]"),
        ("[brand]", "[brand]"),
        ("exa mple.com", "exa mple.com"),
        ("\ud800.com", "\ud800.com"),
        ("example..com", "com"),
        ("a" * 64 + ".com", "com"),
    ],
)
def test_not_ours(host: str, domain: str) -> None:
    """F10: nothing that only looks like it, and nothing that is no host."""
    assert not belongs_to(host, [domain])
    assert not belongs_to(host, [])


def test_canonical_hosts() -> None:
    assert canonical_host("WWW.Ex.com.") == "www.ex.com"
    assert canonical_host("[2001:DB8:0:0::1]") == "[2001:db8::1]"
    assert canonical_host("127.1") is None
    assert canonical_host("0x7f.1") is None
    assert canonical_host("[fe80::1%eth0]") is None
    assert canonical_host("a." * 127) == "a." * 126 + "a"
    assert canonical_host("a." * 128) is None
    assert canonical_host("ä" * 100_000) is None


@pytest.mark.parametrize(
    ("host", "real"),
    [
        *(
            ("ex.com", True),
            ("EX.COM", True),
            ("Ex.com", True),
            ("ex.Com", False),
            ("a.ex.co.uk", True),
            ("co.uk", False),
        ),
        *(
            ("com", False),
            ("", False),
            ("e.g", False),
            ("menu.pdf", False),
            ("1.5", False),
            ("-a.com", False),
            ("a-.com", False),
        ),
        *(("a_b.com", False), ("пример.рф", True), ("пример.xn--p1ai", True), ("x.москва", True), ("x.нет", False)),
    ],
)
def test_suffixes_that_exist(host: str, real: bool) -> None:
    """F9: a bare domain is a link only under a suffix that exists."""
    assert has_real_suffix(host) is real
