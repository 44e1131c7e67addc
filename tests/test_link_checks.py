"""The checker of links against a real site: what lives, what is dead, and what it never asks."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.website import Page, Site, running_site

from sophia.demo.certificates import make_certificate
from sophia.link_checks import Journey, LinkChecker, Resolve
from sophia.public_addresses import is_public, system_addresses

PAGES: dict[str, Page] = {
    "/": (200, {"Set-Cookie": "seen=1"}),
    "/get": (200, {}),
    "/gone": (410, {}),
    "/broken": (500, {}),
    "/people": (403, {}),
    "/slow": (0, {}),
    "/moved": (301, {"Location": "/?{query}"}),
    "/loses": (302, {"Location": "/"}),
    "/loop": (302, {"Location": "/loop"}),
    "/app": (302, {"Location": "market://details?id=1"}),
    "/odd": (302, {"Location": "http://a:b:c/"}),
    "/metadata": (302, {"Location": "http://169.254.169.254/latest/meta-data/"}),
    "/password": (302, {"Location": "http://me:secret@127.0.0.1/"}),
    "/file": (302, {"Location": "file:///etc/passwd"}),
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(Site(PAGES, no_head=frozenset({"/get"}))) as site:
        yield site


def follow(
    *urls: str, resolve: Resolve = system_addresses, loopback: bool = True, seconds: float = 20
) -> list[Journey]:
    async def go() -> list[Journey]:
        async with LinkChecker(allow_loopback=loopback, timeout_seconds=seconds, resolve=resolve) as checker:
            return [await checker.follow(url) for url in urls]

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("path", "outcome", "said"),
    [
        ("/", "ok", None),
        ("/get", "ok", None),
        ("/moved?a=1", "ok", None),
        ("/gone", "dead", "410"),
        ("/none", "dead", "404"),
        ("/broken", "dead", "500"),
        ("/people", "unsure", "403"),
        ("/slow", "dead", "0.5 seconds"),
        ("/loop", "dead", "10 times"),
        ("/app", "unsure", "market"),
        ("/odd", "dead", "browser can read"),
        ("/metadata", "refused", "169.254.169.254"),
        ("/password", "refused", "password"),
        ("/file", "dead", "file: address"),
    ],
)
def test_where_a_link_leads(site: Site, path: str, outcome: str, said: str | None) -> None:
    """F12: dead links are found, whatever kills them; a site that is for people only is no dead link."""
    (journey,) = follow(site.url + path, seconds=0.5 if path == "/slow" else 20)
    assert journey.outcome == outcome, journey
    assert said is None or said in (journey.problem or "")
    assert "secret" not in (journey.problem or "")


def test_the_last_address_is_told(site: Site) -> None:
    assert follow(f"{site.url}/moved?a=1%20b")[0].arrived_at == f"{site.url}/?a=1%20b"


def test_hosts_that_are_not_there() -> None:
    """F12: no such host, nobody who listens, and what is no address."""
    found = follow("http://nobody.invalid/", "http://127.0.0.1:9/", "https://[x", "ex ample.com", "")
    assert [journey.outcome for journey in found] == ["dead", "dead", "dead", "dead", "refused"]
    assert "nobody.invalid" in (found[0].problem or "")


def test_a_certificate_must_be_valid(tmp_path: Path) -> None:
    """F12: what a browser warns of is no living link."""
    with running_site(Site(PAGES), make_certificate(tmp_path, "self-signed")) as site:
        (journey,) = follow(f"https://127.0.0.1:{site.port}/")
    assert (journey.outcome, "certificate" in (journey.problem or "")) == ("dead", True)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254"),  # noqa: S104
        *("100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "224.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1", "ff02::1"),
    ],
)
def test_our_own_network_is_never_asked(address: str) -> None:
    """D4, F12: loopback, link-local, private, shared, metadata and what leads there by another name."""
    assert not is_public(address)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.215.14", address]

    (journey,) = follow("http://inside.example/", resolve=resolve, loopback=False)
    assert journey.outcome == "refused"


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_the_public_internet_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "127.1", "[::1]", "[::ffff:7f00:1]"]
)
def test_loopback_in_any_spelling_is_refused(site: Site, host: str) -> None:
    """F12: nothing reaches the site unless the setting for tests is on."""
    before = len(site.asked)
    (journey,) = follow(f"http://{host}:{site.port}/", loopback=False)
    assert (journey.outcome, len(site.asked)) == ("refused", before)


def test_the_connection_goes_to_the_address_that_was_judged(site: Site) -> None:
    """F12: a name that changes its meaning between two look-ups gains nothing; the site hears its own name."""
    lookups = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        lookups.append(host)
        return ["127.0.0.1"]

    (journey,) = follow(f"http://hats.example:{site.port}/", resolve=resolve)
    assert (journey.outcome, lookups) == ("ok", ["hats.example"])
    assert site.asked[-1][2]["Host"] == f"hats.example:{site.port}"


def test_nothing_of_ours_is_sent(site: Site) -> None:
    """D2: no cookie, no token, no password; HEAD where that is enough."""
    follow(f"{site.url}/", f"{site.url}/")
    method, _, headers = site.asked[-1]
    assert method == "HEAD"
    assert {name.lower() for name in headers} <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
