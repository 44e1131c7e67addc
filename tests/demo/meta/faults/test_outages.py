"""Outages that last, and answers that are too large."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.bodies import BOMB_BYTES, HEAVY_BODIES, LARGE_BYTES
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.faults.outages import OUTAGES
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]
ANSWERS: dict[str, tuple[int, int | None, str]] = {
    "code 2": (500, 2, "application/json"),
    "code 1": (500, 1, "application/json"),
    "code 4 without headers": (403, 4, "application/json"),
    "html 503": (503, None, "text/html"),
    "empty body": (200, None, "application/json"),
    "429 with Retry-After": (429, None, "text/html"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_outage_lasts_until_it_ends(client: httpx.Client, ask: Ask, api: GraphApi, world: World, name: str) -> None:
    """L6: single calls and whole batches, over a reset of the record; then all is as before."""
    page = world.pages[0]
    batch = {"batch": json.dumps([{"method": "GET", "relative_url": page.id}] * 2), "access_token": page.access_token}
    begun = api.begin_outage(name)
    for _ in range(2):
        answers = [
            ask(f"/{page.id}", page.access_token),
            ask("/me/accounts", world.user_token),
            client.post("/", data=batch),
        ]
        for answer in answers:
            status, code, content_type = ANSWERS[name]
            assert answer.status_code == status
            assert answer.headers["content-type"].startswith(content_type)
            if code is not None:
                assert answer.json()["error"]["code"] == code
            assert ("retry-after" in answer.headers) is (name == "429 with Retry-After")
            has_usage = any(header.endswith("usage") for header in answer.headers)
            assert has_usage is (name != "code 4 without headers")
            assert (answer.content == b"") is (name == "empty body")
        api.reset()
    assert begun.struck == 6
    api.end_outages()
    assert ask(f"/{page.id}", page.access_token).status_code == 200
    assert client.post("/", data=batch).json()[1]["code"] == 200


def test_connections_are_reset_until_it_ends(ask: Ask, api: GraphApi, world: World) -> None:
    """L6: no answer at all, on every call that the pattern fits."""
    page = world.pages[0]
    api.begin_outage("connection reset", rf"/{page.id}\b")
    for _ in range(3):
        with pytest.raises(httpx.ReadError):
            ask(f"/{page.id}", page.access_token)
    assert ask(f"/{world.pages[1].id}", world.pages[1].access_token).status_code == 200
    api.end_outages()
    assert ask(f"/{page.id}", page.access_token).status_code == 200


def test_every_outage_is_tried_and_others_are_refused(api: GraphApi) -> None:
    """L6: a mistyped outage is an error and not a good day."""
    assert set(OUTAGES) == {*ANSWERS, "connection reset"}
    with pytest.raises(ValueError, match="is no outage"):
        api.begin_outage("code 3")


def read_raw(client: httpx.Client, path: str, token: str) -> tuple[httpx.Headers, bytes]:
    """Headers and body as they came over the wire, nothing unpacked."""
    with client.stream("GET", path, headers={"Authorization": f"Bearer {token}"}) as answer:
        return answer.headers, b"".join(answer.iter_raw())


def unpacked_size(packed: bytes) -> tuple[int, bytes]:
    """Size and beginning of what one gzip member holds, a piece at a time; its checksum is verified."""
    unpacker, size, start = zlib.decompressobj(wbits=31), 0, b""
    data = packed
    while not unpacker.eof:
        piece = unpacker.decompress(data, 2**22)
        data, size, start = unpacker.unconsumed_tail, size + len(piece), start or piece[:200]
    assert unpacker.unused_data == b""
    return size, start


@pytest.mark.parametrize("name", HEAVY_BODIES)
def test_answers_are_heavy(client: httpx.Client, ask: Ask, api: GraphApi, world: World, name: str) -> None:
    """L20: large on the wire, large when unpacked, or packed twice; the answer inside is the true one."""
    page = world.pages[0]
    true: Any = ask(f"/{page.id}", page.access_token)
    api.faults.append(Fault(".", bad_body=name))
    headers, body = read_raw(client, f"/{page.id}", page.access_token)
    assert headers["content-length"] == str(len(body))
    if name == "70 MB":
        assert len(body) == LARGE_BYTES
        assert body.rstrip() == true.content
        return
    assert headers["content-encoding"] == ("gzip, gzip" if name.startswith("stacked") else "gzip")
    assert len(body) < 2**20
    once = gzip.decompress(body) if name.startswith("stacked") else body
    size, start = unpacked_size(once)
    assert size == len(true.content) + (0 if name == "stacked encodings" else BOMB_BYTES)
    assert start.rstrip() == true.content
