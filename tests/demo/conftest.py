"""A small simulated Meta on a loopback socket, and a way to ask it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.wire import Receive, Scope, Send
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import World, build_world
from sophia.demo.server import running_server

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def world() -> World:
    """Four clients: the first earns money, the second has a renamed Page, the last is too small."""
    return build_world(businesses=4, posts_per_account=30, now=NOW, old_media=True)


@pytest.fixture
def truth(world: World) -> Truth:
    return Truth(world)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
def api(world: World, truth: Truth, clock: SettableClock) -> GraphApi:
    return GraphApi(world, truth, clock=clock)


class _Socket:
    """Passes requests on to the simulated Meta of the test that runs, so that one server serves all tests."""

    def __init__(self) -> None:
        self.api: GraphApi | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.api is not None
        await self.api(scope, receive, send)


@pytest.fixture(scope="session")
def socket() -> Iterator[tuple[_Socket, httpx.Client]]:
    served = _Socket()
    with running_server(served) as base_url, httpx.Client(base_url=base_url, trust_env=False) as client:
        yield served, client


@pytest.fixture
def client(socket: tuple[_Socket, httpx.Client], api: GraphApi) -> httpx.Client:
    served, client = socket
    served.api = api
    return client


@pytest.fixture
def ask(client: httpx.Client) -> Callable[..., httpx.Response]:
    """`ask(path, token, **parameters)`: a GET with the token in the header."""

    def ask(path: str, token: str, **parameters: str | int) -> httpx.Response:
        return client.get(path, params=parameters, headers={"Authorization": f"Bearer {token}"})

    return ask
