"""Connections that send the head of a request slowly, or never, over real sockets."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.types import Receive, Scope, Send

from sophia.access.connections import TimedHeads
from sophia.cli.serving import listen, make_server

HEAD_SECONDS = 0.6
WHOLE = b"GET /first HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = b"GET /second HTTP/1.1\r\nHost: x\r\nX-Slow: "


class Quick(TimedHeads):
    head_seconds = HEAD_SECONDS


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the path; /slow takes longer than a head may."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(2 * HEAD_SECONDS)
    body = scope["path"].encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The server of `sophia serve`, with a shorter time for heads."""
    server, taken = make_server(application, Quick), listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    yield int(taken.getsockname()[1])
    server.should_exit = True
    thread.join(20)
    taken.close()


@contextlib.asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield reader, writer
    writer.close()


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server closes the connection, within half a minute."""
    heard = bytearray()
    # Who goes on sending to a server that has closed is reset, after the answer has come.
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(30):
            while piece := await reader.read(10_000):
                heard.extend(piece)
    return bytes(heard)


def test_a_head_that_never_ends_is_ended(port: int) -> None:
    """D7: nothing, half a line, half a head, a byte now and then, after a good request or before one: 408, and closed."""

    async def go(before: list[bytes], trickle: bool) -> tuple[bytes, float]:
        async with connection(port) as (reader, writer):
            began = time.monotonic()
            for piece in before:
                writer.write(piece)
            reading = asyncio.create_task(read_all(reader))
            while trickle and not reading.done():
                writer.write(b"x")
                await asyncio.wait([reading], timeout=HEAD_SECONDS / 4)
            return await reading, time.monotonic() - began

    async def all_at_once() -> list[tuple[bytes, float]]:
        cases: list[tuple[list[bytes], bool]] = [
            ([], False),
            ([b"GE"], False),
            ([HALF], False),
            ([HALF], True),
            ([WHOLE, HALF], False),
            ([WHOLE, HALF], True),
        ]
        return await asyncio.gather(*(go(before, trickle) for before, trickle in cases))

    for answer, seconds in asyncio.run(all_at_once()):
        head, _, body = answer.rpartition(b"\r\n\r\n")
        assert b"HTTP/1.1 408 " in head, answer
        assert f"Content-Length: {len(body)}".encode() in head
        assert HEAD_SECONDS <= seconds < 25


def test_a_slow_answer_and_a_head_in_pieces_are_left_alone(port: int) -> None:
    """D7: the limit is for heads: an answer may take longer, and so may a connection with several requests."""

    async def go() -> bytes:
        async with connection(port) as (reader, writer):
            for piece in (b"GET /sl", b"ow HTTP/1.1\r\nHo", b"st: x\r\n\r\n"):
                writer.write(piece)
                await asyncio.sleep(HEAD_SECONDS / 6)
            heard = await asyncio.wait_for(reader.readuntil(b"/slow"), 5)
            for _ in range(4):
                writer.write(WHOLE)
                heard += await asyncio.wait_for(reader.readuntil(b"/first"), 5)
                await asyncio.sleep(HEAD_SECONDS / 3)
            return heard

    assert asyncio.run(go()).count(b"HTTP/1.1 200 ") == 5


def test_many_slow_connections_do_not_keep_others_out(port: int) -> None:
    """D7: two hundred half-sent heads; a request among them is answered, and all of them are closed."""
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for one in slow:
        one.sendall(HALF)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as quick:
        quick.sendall(WHOLE)
        assert quick.recv(1000).startswith(b"HTTP/1.1 200 ")
    for one in slow:
        one.settimeout(5)
        assert one.recv(1000).startswith(b"HTTP/1.1 408 ")
        one.close()
