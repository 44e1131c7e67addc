"""What is tried again and what is not, and connections after a failure."""

import asyncio

import pytest
from pydantic import SecretStr
from tests.demo.faults import graph_fault
from tests.meta.client.conftest import NOW, HandMade, Reply, ask, failure, graph_error, small_world

from sophia.demo.graph_api import GraphApi
from sophia.demo.server import running_server
from sophia.meta.caller import Caller
from sophia.meta.envelope import Answer
from sophia.meta.errors import GraphError


@pytest.mark.usefixtures("_four_attempts")
def test_what_may_pass_is_tried_again(meta: HandMade) -> None:
    """C7: a passing fault is tried again; every attempt is counted, as Meta counts it."""
    meta.says(Reply(graph_error(2), 500), Reply(b"<html>", 502), Reply(graph_error(1)), Reply({"data": []}))

    async def counted(caller: Caller) -> tuple[Answer, int, int]:
        return await caller.get("1", {}, "x"), caller.tally.calls, caller.tally.retries

    answer, calls, retries = ask(meta, counted)
    assert answer.data == {"data": []}
    assert len(meta.received) == 4
    assert (calls, retries) == (4, 3)


@pytest.mark.usefixtures("_four_attempts")
def test_retries_end(meta: HandMade) -> None:
    """C7: after four attempts the error is raised as it is."""
    meta.says(Reply(graph_error(2), 500))
    assert failure(meta).code == 2
    assert len(meta.received) == 4


@pytest.mark.usefixtures("_four_attempts")
@pytest.mark.parametrize(
    ("code", "subcode", "message"),
    [
        (190, None, "expired"),
        (4, None, "limit"),
        (17, None, "limit"),
        (32, None, "limit"),
        (613, None, "limit"),
        (80001, None, "limit"),
        (368, None, "blocked"),
        (100, None, "(#100) The value must be a valid insights metric"),
        (100, 33, "gone"),
        (10, None, "permission"),
        (200, None, "permission"),
        (1, None, "Please reduce the amount of data you're asking for"),
    ],
)
def test_nothing_else_is_tried_again(meta: HandMade, code: int, subcode: int | None, message: str) -> None:
    """C3: one dead token, one throttle or one dead name is one call, also when Meta calls it transient."""
    meta.says(Reply(graph_error(code, error_subcode=subcode, message=message, is_transient=True), 400))
    assert failure(meta).code == code
    assert len(meta.received) == 1


@pytest.mark.usefixtures("_four_attempts")
def test_faults_of_the_simulated_meta() -> None:
    """C7: two faults in a row, then the truth, over the simulated Meta."""
    world, truth = small_world()
    api = GraphApi(world, truth, clock=lambda: NOW)
    api.faults.append(graph_fault("followers_count", 2, status=503, times=2))
    page = world.pages[0]
    with running_server(api) as base_url:

        async def work(caller: Caller) -> Answer:
            return await caller.get(page.id, {"fields": "followers_count"}, "page_profile")

        secret = SecretStr(world.app_secret)
        answer = ask(HandMade(), work, base_url=base_url, token=SecretStr(page.access_token), app_secret=secret)
    assert answer.data["followers_count"] >= 0
    assert api.faults[0].struck == 2


def test_one_failure_leaves_the_connection_usable(meta: HandMade) -> None:
    """C2, C9: with a single connection, a time-out and an error are followed by an answer."""

    async def work(caller: Caller) -> Answer:
        for _ in range(2):
            with pytest.raises(GraphError):
                await caller.get("1", {}, "x")
        return await caller.get("1", {}, "x")

    meta.says(Reply(after=0.5), Reply(graph_error(190)), Reply({"data": [1]}))
    assert ask(meta, work, timeout_seconds=0.2, connections=1).data == {"data": [1]}


def test_a_cancelled_call_gives_its_connection_back(meta: HandMade) -> None:
    """C9: Ctrl-C in the middle of a call loses no connection of the pool."""

    async def work(caller: Caller) -> Answer:
        task = asyncio.create_task(caller.get("1", {}, "x"))
        while not meta.received:  # noqa: ASYNC110 - the server is in another thread
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asyncio.wait_for(caller.get("1", {}, "x"), 3)

    meta.says(Reply(after=1.0), Reply({"data": [2]}))
    assert ask(meta, work, connections=1).data == {"data": [2]}
