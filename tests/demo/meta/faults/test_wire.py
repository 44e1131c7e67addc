"""Connections that fail: slow, silent, broken, reset, not to be trusted, leading elsewhere."""

import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, sleep

import httpx
import pytest
from tests.demo.faults import redirect
from tests.demo.foreign_host import ForeignHost

from sophia.demo.certificates import Tls
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault, FaultKind
from sophia.demo.meta.world.world import World
from sophia.demo.server import running_server

Ask = Callable[..., httpx.Response]


@pytest.mark.parametrize(
    ("kind", "delay_seconds", "error"),
    [
        ("cut", 0.0, httpx.RemoteProtocolError),
        ("hang", 0.05, httpx.RemoteProtocolError),
        ("hang", 60.0, httpx.ReadTimeout),
        ("reset", 0.0, httpx.ReadError),
        ("reset half-way", 0.0, httpx.ReadError),
        ("drip", 0.0, httpx.ReadTimeout),
    ],
)
def test_a_connection_may_fail(
    ask: Ask,
    client: httpx.Client,
    api: GraphApi,
    world: World,
    kind: FaultKind,
    delay_seconds: float,
    error: type[Exception],
) -> None:
    """Closed, silent, reset, or slower than the caller waits; the call counts, and the next one is answered (C7, C9)."""
    page = world.pages[0]
    api.faults.append(Fault("insights", times=1, kind=kind, delay_seconds=delay_seconds, pause_seconds=60))
    path, started = f"/{page.id}/insights?metric=page_follows", perf_counter()
    headers = {"Authorization": f"Bearer {page.access_token}"}
    with pytest.raises(error):
        client.get(path, headers=headers, timeout=0.3)
    assert perf_counter() - started < 30
    assert len(api.calls) == 1
    assert ask(f"/{page.id}/insights", page.access_token, metric="page_follows").status_code == 200


def receive_all(raw: socket.socket, got: bytearray) -> None:
    while part := raw.recv(65536):
        got += part


@pytest.mark.parametrize(("kind", "beginning"), [("reset", b""), ("reset half-way", b"HTTP/1.1 400")])
def test_a_reset_is_one(api: GraphApi, world: World, kind: FaultKind, beginning: bytes) -> None:
    """The peer sees RST, not the orderly end of a stream; half-way it has got the head and half of the body."""
    api.faults.append(Fault("fields=id", kind=kind))
    got = bytearray()
    with running_server(api) as base_url:
        host, port = base_url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(f"GET /{world.pages[0].id}?fields=id HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            with pytest.raises(ConnectionResetError):
                receive_all(raw, got)
    assert bool(got) is bool(beginning)
    assert got.startswith(beginning)
    assert not got.endswith(b"}")


def test_an_answer_may_drip(ask: Ask, api: GraphApi, world: World) -> None:
    """So many bytes at a time, with a pause between, until the true answer is out."""
    page = world.pages[0]
    true = ask(f"/{page.id}", page.access_token, fields="id,name")
    size = len(true.content)
    api.faults.append(Fault("fields=id", kind="drip", bytes_at_once=size // 4, pause_seconds=0.05))
    slow = ask(f"/{page.id}", page.access_token, fields="id,name")
    assert slow.json() == true.json()
    assert slow.elapsed.total_seconds() < 1
    assert slow.headers["content-length"] == str(size)


def test_an_answer_may_drip_for_ever(client: httpx.Client, api: GraphApi, world: World) -> None:
    """White space follows the answer, within every time-out between two bytes, until the caller has had enough (C9)."""
    page = world.pages[0]
    api.faults.append(Fault("fields=id", kind="endless drip", bytes_at_once=64, pause_seconds=0.005))
    got = b""
    headers = {"Authorization": f"Bearer {page.access_token}"}
    with client.stream("GET", f"/{page.id}?fields=id", headers=headers, timeout=1) as answer:
        for part in answer.iter_bytes():
            got += part
            if len(got) > 2000:
                break
    assert json.loads(got)["id"] == page.id


def test_an_answer_may_be_gigantic(ask: Ask, api: GraphApi, world: World) -> None:
    """The true answer and white space up to the size told (C8)."""
    page = world.pages[0]
    api.faults.append(Fault("fields=id", size_bytes=20_000_000))
    answer = ask(f"/{page.id}", page.access_token, fields="id")
    assert len(answer.content) == 20_000_000
    assert answer.json()["id"] == page.id


@pytest.mark.parametrize("kind", ["hang", "endless drip"])
def test_the_server_ends_although_an_answer_does_not(api: GraphApi, world: World, kind: FaultKind) -> None:
    """A test that is through does not wait for what hangs."""
    api.faults.append(Fault("fields=id", kind=kind, delay_seconds=60 if kind == "hang" else 0))
    started = perf_counter()
    with running_server(api) as base_url:
        host, port = base_url.removeprefix("http://").split(":")
        raw = socket.create_connection((host, int(port)), timeout=5)
        raw.sendall(f"GET /1?fields=id HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        while not api.calls and perf_counter() - started < 30:
            sleep(0.01)
    took = perf_counter() - started
    raw.close()
    assert len(api.calls) == 1
    assert took < 40


@pytest.mark.parametrize(
    ("tls", "untrusted", "trusted"),
    [
        ("self-signed", "self.signed certificate", None),
        ("wrong host", "self.signed certificate", "address mismatch|doesn't match"),
        ("expired", "expired|self.signed certificate", "expired"),
    ],
)
def test_a_certificate_may_be_wrong(
    api: GraphApi, world: World, tmp_path: Path, tls: Tls, untrusted: str, trusted: str | None
) -> None:
    """Refused by who trusts the usual authorities, and for its own fault by who trusts the certificate itself."""
    with running_server(api, tls=tls, tls_folder=tmp_path) as base_url:
        assert base_url.startswith("https://")

        def get(context: ssl.SSLContext) -> httpx.Response:
            return httpx.get(f"{base_url}/{world.pages[0].id}", verify=context, trust_env=False)

        with pytest.raises(httpx.ConnectError, match=untrusted):
            get(ssl.create_default_context())
        context = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
        if trusted is None:
            assert get(context).json()["error"]["code"] == 104
        else:
            with pytest.raises(httpx.ConnectError, match=trusted):
                get(context)
    assert len(api.calls) == (trusted is None)


def test_a_redirect_leads_to_a_stranger(client: httpx.Client, api: GraphApi, world: World) -> None:
    """The stranger remembers whether a token was shown to it: a careless caller is found out."""
    page, stranger = world.pages[0], ForeignHost()
    headers = {"Authorization": f"Bearer {page.access_token}"}
    with running_server(stranger) as elsewhere:
        api.faults.append(redirect("insights", f"{elsewhere}/caught"))
        answer = client.get(f"/{page.id}/insights", headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (302, f"{elsewhere}/caught")
        assert stranger.seen == []
        httpx.get(answer.headers["location"], trust_env=False)
        assert (stranger.saw_authorization, stranger.saw_any([page.access_token])) == (False, False)
        httpx.get(f"{elsewhere}/x?access_token={page.access_token}", trust_env=False)
        assert (stranger.saw_authorization, stranger.saw_any([page.access_token])) == (False, True)
        httpx.get(answer.headers["location"], headers=headers, trust_env=False)
        assert stranger.saw_authorization


def test_another_version_may_answer(ask: Ask, api: GraphApi, world: World) -> None:
    """The header tells another version than was asked (B9)."""
    page = world.pages[0]
    api.faults.append(Fault("v22.0", headers={"Facebook-Api-Version": "v24.0"}))
    assert ask(f"/v22.0/{page.id}", page.access_token).headers["facebook-api-version"] == "v24.0"
