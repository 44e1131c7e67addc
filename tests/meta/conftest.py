"""A simulated Meta on a loopback socket for tests that speak to it, and applications that answer as a test wants."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
import stamina
from pydantic import SecretStr

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.wire import Receive, Scope, Send
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import World, build_world
from sophia.demo.server import running_server
from sophia.meta.client import GraphClient
from sophia.meta.tokens import App

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
T = TypeVar("T")


@dataclass
class Meta:
    """Where Meta answers, and every address it was asked at, as it came over the wire."""

    api: GraphApi
    base_url: str = ""
    addresses: list[str] = field(default_factory=list)
    answer: Callable[[Scope, bytes], tuple[int, bytes] | None] | None = None

    @property
    def world(self) -> World:
        return self.api.world

    @property
    def app(self) -> App:
        return App(self.world.app_id, SecretStr(self.world.app_secret))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The simulated Meta, unless the test answers in its place."""
        self.addresses.append(f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}")
        if self.answer is not None:
            message = await receive()
            reply = self.answer(scope, message.get("body", b""))
            if reply is not None:
                await send({"type": "http.response.start", "status": reply[0], "headers": []})
                await send({"type": "http.response.body", "body": reply[1]})
                return
        await self.api(scope, receive, send)

    def ask(self, work: Callable[[GraphClient], Awaitable[T]], **options: Any) -> T:
        """What the work returns, given a client that speaks to this Meta over the socket."""

        async def go() -> T:
            async with GraphClient(self.base_url, "v22.0", lambda: NOW, timeout_seconds=5, **options) as client:
                return await work(client)

        return asyncio.run(go())


@pytest.fixture
def meta() -> Iterator[Meta]:
    """Three clients. Calls are made once: retries are not what these tests are about."""
    world = build_world(businesses=3, posts_per_account=2, days=10, now=NOW)
    served = Meta(GraphApi(world, Truth(world), clock=lambda: NOW))
    with running_server(served) as served.base_url, stamina.set_testing(testing=True, attempts=1):
        yield served
