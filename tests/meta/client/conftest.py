"""A Meta whose answers are written by hand, over a real socket, and calls to it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import pytest
import stamina
from pydantic import SecretStr

from sophia.demo.meta.faults.wire import Receive, Scope, Send, whole_body
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import build_world
from sophia.demo.server import running_server
from sophia.meta.caller import Caller
from sophia.meta.client import GraphClient
from sophia.meta.envelope import Answer
from sophia.meta.errors import GraphError

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
TOKEN = SecretStr("EAAtokenofthefirstpage0123456789")
OTHER = SecretStr("EAAtokenofanotherpage0123456789")
SECRET = SecretStr("app-secret")
T = TypeVar("T")


@dataclass
class Reply:
    """What the hand-written Meta says; a body that is no bytes is sent as JSON. `after`: seconds of silence before."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


@dataclass
class Received:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str
    raw_query: str


@dataclass
class HandMade:
    """Answers with the replies in order, the last one for ever, and remembers what it was asked."""

    replies: list[Reply] = field(default_factory=lambda: [Reply()])
    received: list[Received] = field(default_factory=list)
    base_url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole_body(receive)
        query = scope["query_string"].decode()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.received.append(
            Received(scope["method"], scope["path"], dict(parse_qsl(query)), headers, body.decode(), query)
        )
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        await asyncio.sleep(reply.after)
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        raw = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    def says(self, *replies: Reply) -> None:
        self.replies = list(replies)


@pytest.fixture(scope="module")
def server() -> Iterator[HandMade]:
    meta = HandMade()
    with running_server(meta) as meta.base_url:
        yield meta


@pytest.fixture
def meta(server: HandMade) -> HandMade:
    """One server for all tests; each begins with an empty memory."""
    server.says(Reply())
    server.received.clear()
    return server


@pytest.fixture(autouse=True)
def _one_attempt() -> Iterator[None]:
    """One attempt, where retries are not what a test is about."""
    with stamina.set_testing(testing=True, attempts=1):
        yield


@pytest.fixture
def _four_attempts() -> Iterator[None]:
    """As many attempts as the program makes, without the waits between them."""
    with stamina.set_testing(testing=True, attempts=4, cap=True):
        yield


def ask(
    meta: HandMade,
    work: Callable[[Caller], Awaitable[T]],
    *,
    base_url: str = "",
    token: SecretStr = TOKEN,
    **options: Any,
) -> T:
    async def go() -> T:
        details = {"timeout_seconds": 5.0, **options}
        async with GraphClient(base_url or meta.base_url, "v22.0", lambda: NOW, **details) as client:
            return await work(client.caller(token))

    return asyncio.run(go())


def get(meta: HandMade, path: str = "900100/insights", **options: Any) -> Answer:
    return ask(meta, lambda caller: caller.get(path, {"metric": "page_follows"}, "page_insights"), **options)


def failure(meta: HandMade, **options: Any) -> GraphError:
    with pytest.raises(GraphError) as caught:
        get(meta, **options)
    return caught.value


def graph_error(code: int, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "No", "type": "OAuthException", "code": code, "fbtrace_id": "AbC", **more}}


def small_world() -> Any:
    world = build_world(businesses=1, posts_per_account=1, days=5, now=NOW)
    return world, Truth(world)
