"""The checker of links against servers that send garbage: every link ends with a result and a reason."""

import asyncio
import random
import socket
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs
from tests.raw_site import RESET, running_raw_site

from sophia.link_checks import Journey, LinkChecker

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def redirect(location: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"


# {path: (answer, outcome, a part of the problem)}
ANSWERS: dict[str, tuple[bytes, str, str]] = {
    "/port-99999": (redirect(b"http://127.0.0.1:99999/"), "dead", "no port"),
    "/port-0": (redirect(b"http://127.0.0.1:0/"), "dead", "no port"),
    "/port-negative": (redirect(b"http://127.0.0.1:-1/"), "dead", "port"),
    "/port-of-5000-digits": (redirect(b"http://127.0.0.1:" + b"9" * 5_000), "dead", "redirects"),
    "/port-of-a-mail-server": (redirect(b"http://127.0.0.1:25/"), "dead", "port 25"),
    "/port-of-letters": (redirect(b"http://127.0.0.1:http/"), "dead", "redirects"),
    "/punycode-of-nothing": (redirect(b"http://xn--a/"), "dead", "no host"),
    "/label-of-70": (redirect(b"http://" + b"a" * 70 + b".example/"), "dead", "no host"),
    "/host-of-60000": (redirect(b"http://" + b"a." * 30_000 + b"example/"), "dead", ""),
    "/no-host": (redirect(b"http:///"), "dead", ""),
    "/bracket": (redirect(b"http://[::1/"), "dead", "redirects"),
    "/zone": (redirect(b"http://[fe80::1%25eth0]/"), "dead", ""),
    "/bytes": (redirect(b"\xff\xfe/\x80\xe9"), "dead", "no response"),
    "/bytes-in-host": (redirect(b"http://\xff\xfe\xfd/"), "dead", ""),
    "/nul-in-header": (redirect(b"http://a\x00b/"), "dead", "no response"),
    "/data": (redirect(b"data:text/html,x"), "dead", "data:"),
    "/javascript": (redirect(b"javascript:alert(1)"), "dead", "javascript:"),
    "/long-scheme": (redirect(b"a" * 5_000 + b"://x"), "unsure", "opens an app"),
    "/loop": (redirect(b"/loop"), "dead", "more than 10"),
    "/empty-location": (redirect(b""), "dead", "more than 10"),
    "/nothing": (b"", "dead", "no response"),
    "/reset": (RESET, "dead", "no response"),
    "/garbage": (b"\x00\x01\x02 not HTTP\r\n\r\n", "dead", "no response"),
    "/half-a-status-line": (b"HTTP/1.1 2", "dead", "no response"),
    "/status-of-letters": (b"HTTP/1.1 abc OK\r\n\r\n", "dead", "no response"),
    "/status-000": (b"HTTP/1.1 000 OK\r\n\r\n", "dead", "no response"),
    "/status-101": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "dead", ""),
    "/headers-of-500-kB": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500_000 + b"\r\n\r\n", "dead", "no response"),
    "/header-without-colon": (b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "dead", "no response"),
    "/two-lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "dead", "no response"),
    # The page itself stays unread: what is wrong with it is not known.
    "/bad-chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbad\r\n", "ok", ""),
    "/too-short": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nx", "ok", ""),
    "/bad-gzip": (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "ok", ""),
    "/odd-cookies": (b"HTTP/1.1 200 OK\r\nSet-Cookie: \xff=\x80; expires=x; domain=\xfe\r\n\r\n", "ok", ""),
}


async def resolve_numbers(host: str, port: int) -> Sequence[str]:
    """Ask the operating system for numeric hosts only, so that no made-up name reaches a DNS server."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
    return [str(info[4][0]) for info in infos]


def follow_all(links: Sequence[str]) -> list[Journey]:
    async def follow() -> list[Journey]:
        async with LinkChecker(allow_loopback=True, timeout_seconds=5, resolve=resolve_numbers) as checker:
            return list(await asyncio.gather(*(checker.follow(link) for link in links)))

    return asyncio.run(follow())


@pytest.fixture(scope="module")
def journeys() -> dict[str, Journey]:
    """All links of the table, checked at the same time."""
    with running_raw_site({path: answer for path, (answer, _, _) in ANSWERS.items()}) as port, capture_logs() as logs:
        found = follow_all([f"http://127.0.0.1:{port}{path}" for path in ANSWERS])
    assert logs == []
    return dict(zip(ANSWERS, found, strict=True))


@pytest.mark.parametrize("path", ANSWERS)
def test_garbage_is_a_result(journeys: dict[str, Journey], path: str) -> None:
    """L18: whatever a server sends, the check ends with an outcome and a reason that a person understands."""
    _, outcome, problem = ANSWERS[path]
    assert journeys[path].outcome == outcome, journeys[path]
    assert problem in (journeys[path].problem or "")
    assert (journeys[path].problem is None) == (outcome == "ok")


def test_a_tls_port_that_speaks_no_tls() -> None:
    """L18: a handshake that fails is a result."""
    with running_raw_site({"/": OK}) as port:
        [journey] = follow_all([f"https://127.0.0.1:{port}/"])
    assert (journey.outcome, journey.problem) == ("dead", "127.0.0.1 does not speak TLS, which https needs.")


def test_links_that_cannot_be_asked() -> None:
    """L18: the address itself may be as odd as a redirect."""
    odd = ("http://127.0.0.1:99999/", "http://xn--a/", "http://a\x00b/", "https://[", "x" * 70_000, "\ud800.com", "://")
    assert {journey.outcome for journey in follow_all(odd)} <= {"dead", "refused"}


def random_location(chance: random.Random) -> bytes:
    """Pieces of addresses and any bytes but those that end a header, in any order."""
    pieces = [
        b"http:",
        b"https:",
        b"//",
        b"127.0.0.1",
        b":",
        b"99999",
        b"65536",
        b"@",
        b"[",
        b"]",
        b"::1",
        b"xn--",
        b"%",
    ]
    pieces += [
        b"/",
        b"?",
        b"#",
        b"\\",
        b".",
        b"..",
        b"ftp:",
        b"\xe2\x9c\xaa",
        b"\xff",
        b"\t",
        b" ",
        b"-",
        b"a",
        b"0x7f.1",
    ]
    location = b"".join(
        chance.choice(pieces) if chance.random() < 0.8 else bytes([chance.randrange(32, 256)])
        for _ in range(chance.randrange(1, 12))
    )
    return location if chance.random() < 0.5 else b"http://127.0.0.1:" + location


def test_redirects_at_random() -> None:
    """L18: no `Location` makes a check raise, nor a program's fault appear in the log."""
    chance = random.Random(18)
    # Behind the first redirect any path may be asked for: the server knows only these and drops all others.
    answers = {f"/{number}": redirect(random_location(chance)) for number in range(300)}
    with running_raw_site(answers) as port, capture_logs() as logs:
        journeys = follow_all([f"http://127.0.0.1:{port}{path}" for path in answers])
    assert logs == []
    assert {journey.outcome for journey in journeys} <= {"dead", "refused", "unsure"}
    assert all(journey.problem for journey in journeys)
    reasons = " ".join(journey.problem or "" for journey in journeys)
    for reason in ("no port", "no response", "browser can read", "opens an app", "password", "more than 10", "no host"):
        assert reason in reasons, reason


class BrokenResolverError(Exception):
    """No error of the network: a fault of a program."""


def test_a_fault_of_ours_is_a_result_too() -> None:
    """L18: even an error that nobody foresaw ends one check only, and stands in the log."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        if host == "broken.example":
            raise BrokenResolverError
        return ["127.0.0.1"]

    async def follow(port: int) -> list[Journey]:
        async with LinkChecker(allow_loopback=True, resolve=resolve) as checker:
            links = ("http://broken.example/", f"http://good.example:{port}/")
            return list(await asyncio.gather(*(checker.follow(link) for link in links)))

    with running_raw_site({"/": OK}) as port, capture_logs() as logs:
        broken, good = asyncio.run(follow(port))
    assert (broken.outcome, good.outcome) == ("unsure", "ok")
    assert "BrokenResolverError" in (broken.problem or "")
    assert [entry["event"] for entry in logs] == ["link_check_failed"]


def test_hosts_with_symbols_are_asked_for() -> None:
    """L18, L26: `✪df.ws` is a host to every browser; a redirect to one and a link to one are both followed."""
    lookups: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        lookups.append(host)
        return ["127.0.0.1"]

    async def follow(port: int) -> Journey:
        async with LinkChecker(allow_loopback=True, resolve=resolve) as checker:
            return await checker.follow(f"http://i❤.example:{port}/from")

    answers = {"/to": OK}
    with running_raw_site(answers) as port:
        answers["/from"] = redirect(f"http://✪df.example:{port}/to".encode())
        journey = asyncio.run(follow(port))
    assert (journey.outcome, lookups) == ("ok", ["xn--i-7iq.example", "xn--i-7iq.example", "xn--df-oiy.example"][::2])
