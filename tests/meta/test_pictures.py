"""Fetching pictures: from which hosts, what is accepted, and what is never asked."""

import asyncio
from collections.abc import Sequence

import pytest

from sophia.demo.meta.faults.wire import Receive, Scope, Send
from sophia.demo.server import running_server
from sophia.meta.pictures import MOST_BYTES, PictureError, PictureFetcher, is_at_meta

PICTURE = b"\xff\xd8 any bytes: what they are is decided later"


class Host:
    """A server with one answer for each path; it records what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((scope["path"], headers))
        answers: dict[str, tuple[int, dict[str, str], bytes]] = {
            "/a.jpg": (200, {"content-type": "image/jpeg"}, PICTURE),
            "/typed.png": (200, {"content-type": "IMAGE/PNG; charset=binary"}, PICTURE),
            "/page": (200, {"content-type": "text/html"}, b"<script>"),
            "/svg": (200, {"content-type": "image/svg+xml"}, b"<svg/>"),
            "/untyped": (200, {}, PICTURE),
            "/zipped": (200, {"content-type": "image/jpeg", "content-encoding": "gzip"}, PICTURE),
            "/announced": (200, {"content-type": "image/jpeg", "content-length": str(MOST_BYTES + 1)}, b""),
            "/endless": (200, {"content-type": "image/jpeg"}, b"x" * (MOST_BYTES + 1)),
            "/moved": (302, {"location": "/a.jpg", "content-type": "image/jpeg"}, b""),
            "/expired": (403, {"content-type": "text/plain"}, b"URL signature expired"),
            "/busy": (503, {"content-type": "text/plain"}, b""),
        }
        status, headers, body = answers[scope["path"]]
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


def fetch(address: str, *, allow_loopback: bool = True, addresses: Sequence[str] = ("127.0.0.1",)) -> bytes:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    async def go() -> bytes:
        async with PictureFetcher(allow_loopback=allow_loopback, resolve=resolve) as fetcher:
            return await fetcher.fetch(address)

    return asyncio.run(go())


def test_a_picture_is_fetched_without_token_or_cookie() -> None:
    host = Host()
    with running_server(host) as url:
        assert fetch(f"{url}/a.jpg?oh=1") == PICTURE
        assert fetch(f"{url}/typed.png") == PICTURE
    assert not any({"authorization", "cookie", "referer"} & set(headers) for _, headers in host.asked)
    assert all(headers["accept-encoding"] == "identity" for _, headers in host.asked)


@pytest.mark.parametrize(
    ("path", "is_final"),
    [
        *((path, True) for path in ("page", "svg", "untyped", "zipped", "announced", "endless", "expired")),
        *((path, False) for path in ("moved", "busy")),
    ],
)
def test_other_answers_are_refused(path: str, is_final: bool) -> None:
    host = Host()
    with running_server(host) as url, pytest.raises(PictureError) as caught:
        fetch(f"{url}/{path}")
    assert caught.value.is_final is is_final
    # No redirect is followed.
    assert [asked for asked, _ in host.asked] == [f"/{path}"]


@pytest.mark.parametrize(
    "address",
    [
        "http://scontent.xx.fbcdn.net/a.jpg",
        "https://scontent.xx.fbcdn.net:8443/a.jpg",
        "https://user:secret@scontent.xx.fbcdn.net/a.jpg",
        "https://fbcdn.net.evil.example/a.jpg",
        "https://evilfbcdn.net/a.jpg",
        "https://evil.example/?https://scontent.xx.fbcdn.net/a.jpg",
        "https://localhost/a.jpg",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "//scontent.xx.fbcdn.net/a.jpg",
        "no address",
    ],
)
def test_other_hosts_are_never_asked(address: str) -> None:
    with pytest.raises(PictureError, match=r"no pictures at this address|cannot be read") as caught:
        fetch(address)
    assert caught.value.is_final


def test_this_machine_is_asked_in_the_demo_only() -> None:
    host = Host()
    with running_server(host) as url, pytest.raises(PictureError, match="no pictures at this address"):
        fetch(f"{url}/a.jpg", allow_loopback=False)
    assert host.asked == []


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
def test_a_name_of_meta_that_leads_inside_is_refused(inside: str) -> None:
    """A resolver that somebody controls must not lead into the own network, with the demo's setting either."""
    for addresses in ((inside,), ("157.240.1.1", inside)):
        with pytest.raises(PictureError, match="not on the public internet"):
            fetch("https://scontent.xx.fbcdn.net/a.jpg", addresses=addresses)


def test_a_silent_or_unknown_host_may_be_asked_again() -> None:
    with running_server(Host()) as url:
        pass
    for address, addresses in ((f"{url}/a.jpg", ("127.0.0.1",)), ("https://scontent.xx.fbcdn.net/a.jpg", ())):
        with pytest.raises(PictureError) as caught:
            fetch(address, addresses=addresses)
        assert not caught.value.is_final


def test_the_hosts_of_meta() -> None:
    assert is_at_meta("https", "scontent-fra3-1.xx.fbcdn.net", None)
    assert is_at_meta("https", "scontent.cdninstagram.com", 443)
    assert not is_at_meta("https", "cdninstagram.com.evil.example", None)
