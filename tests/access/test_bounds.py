"""What one request may have of the server, over a real socket where the way of the bytes matters."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.conftest import NOW, YESTERDAY, Api, Filling, plain_settings

from sophia.access.bounds import MOST_BODY_BYTES, BodyLimit, TimeLimit
from sophia.analytics.conversions.models import ConversionEvent
from sophia.database.engine import Database
from sophia.demo.server import running_server
from sophia.errors import BusyError
from sophia.main import create_app

PROBLEM = "application/problem+json"


def test_long_bodies_are_refused(api: Api, filling: Filling) -> None:
    """D7: 413, whether the length is declared or found out on the way; a body at the limit is read."""
    client = filling.client("Hats")

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 100_000

    path = f"/{client}/conversion"
    for content in (b" " * (MOST_BODY_BYTES + 1), stream()):
        answer = api.ask("POST", path, content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (413, PROBLEM)
    assert api.ask("POST", path, content=b" " * MOST_BODY_BYTES).status_code == 422


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that says how much it was sent."""
    message = await receive()
    await JSONResponse({"bytes": len(message.get("body", b""))})(scope, receive, send)


@contextlib.contextmanager
def served(app: ASGIApp) -> Iterator[tuple[str, int]]:
    with running_server(app) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        yield host, int(port)


async def say(place: tuple[str, int], pieces: list[bytes], pause: float) -> bytes:
    """Send these pieces with a pause after each; everything that is answered until the connection is closed."""
    reader, writer = await asyncio.open_connection(*place)
    heard = bytearray()

    async def listen() -> None:
        # Who goes on sending to a server that has closed is reset, after the answer has come.
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(10_000):
                heard.extend(piece)

    listening = asyncio.ensure_future(listen())
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
            if heard:
                break
    await asyncio.wait_for(listening, 30)
    writer.close()
    return bytes(heard)


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


def test_a_body_that_trickles_is_ended() -> None:
    """D7: 408 when the time is over, whatever was announced; a body in time is read."""
    chunk = b"1\r\nx\r\n"
    with served(BodyLimit(told, seconds=0.5)) as place:
        for pieces in (
            [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 400],
            [HEAD + b"Content-Length: 400\r\n\r\n", *[b"x"] * 399],
        ):
            began = time.monotonic()
            answer = asyncio.run(say(place, pieces, 0.1))
            assert answer.startswith(b"HTTP/1.1 408 "), answer
            assert PROBLEM.encode() in answer
            assert b"connection: close" in answer.lower()
            assert time.monotonic() - began < 20
        answer = asyncio.run(
            say(place, [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunk, chunk, b"0\r\n\r\n"], 0.02)
        )
        assert answer.endswith(b'{"bytes":1}'), answer


def test_a_body_without_end_is_ended() -> None:
    """D7: chunks without a length are counted, and refused as soon as they are too many."""
    chunk = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
    with served(BodyLimit(told, most_bytes=50_000)) as place:
        answer = asyncio.run(say(place, [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 200], 0.01))
        assert answer.startswith(b"HTTP/1.1 413 "), answer
        for length in (b"50001", b"9" * 5000):
            answer = asyncio.run(say(place, [HEAD + b"Content-Length: " + length + b"\r\n\r\n"], 0.2))
            assert answer[:12] in (b"HTTP/1.1 413", b"HTTP/1.1 400"), answer


def test_headers_without_end_are_ended() -> None:
    """D7: as the server in front bounds them."""
    with served(told) as place:
        line = b"X-Long: " + b"x" * 10_000 + b"\r\n"
        answer = asyncio.run(say(place, [b"GET / HTTP/1.1\r\nHost: x\r\n", *[line] * 20], 0.01))
        assert answer.startswith(b"HTTP/1.1 4"), answer


def test_who_takes_too_long_is_given_up() -> None:
    """J12: 503 that says when to come back; what comes later is not sent, and an answer that has begun goes on."""
    late: list[str] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await asyncio.sleep(0.3)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        late.append(scope["path"])
        await asyncio.sleep(0.3)
        await send({"type": "http.response.body", "body": b"done"})

    api = Api(FastAPI(), "")
    api.app = TimeLimit(slow, seconds=0.1)  # type: ignore[assignment]
    refused = api.get("//slow")
    assert (refused.status_code, refused.headers["Content-Type"]) == (503, PROBLEM)
    assert int(refused.headers["Retry-After"]) >= 1
    begun = api.get("//begun")
    assert (begun.status_code, begun.text) == (200, "done")
    assert late == ["/begun"]


def count_slowly(database: Database) -> None:
    """A query of many seconds on either store."""
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n"
    with database.read() as session:
        session.execute(text(sql))


def test_a_query_that_takes_too_long_is_ended(filling: Filling) -> None:
    """J12: as an error that may pass, so 503; others who use the store are not bound."""
    app = create_app(plain_settings(), filling.database, clock=lambda: NOW)
    app.add_api_route("/slow", lambda: count_slowly(filling.database.within(0.2)))
    began = time.monotonic()
    answer = Api(app, "").get("//slow")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, PROBLEM)
    assert "Retry-After" in answer.headers
    assert time.monotonic() - began < 30
    with pytest.raises(OperationalError):
        count_slowly(filling.database.within(0.05))
    with filling.database.read() as session:
        sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n"
        assert session.scalar(text(sql)) == 300_000


def test_a_write_that_is_given_up_leaves_nothing(filling: Filling) -> None:
    """J1, J12: whoever was told to come back finds nothing half done, and nothing done later."""
    client = filling.client("Hats")
    event = ConversionEvent(
        client_id=client,
        event_type="save",
        source="shop",
        event_date=YESTERDAY,
        idempotency_key="x",
        content_sha256="0" * 64,
        recorded_at=NOW,
    )

    def write() -> None:
        with filling.database.within(0.05).write() as session:
            session.add(event)
            time.sleep(0.1)

    with pytest.raises(BusyError):
        write()
    with filling.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ConversionEvent)) == 0
    assert filling.client("Shoes") > client, "the store can be written as before"
