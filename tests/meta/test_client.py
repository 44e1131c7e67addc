"""GraphClient over a real socket: four endings of every call, retries, paging, batches, and where the token goes."""

import asyncio
import gzip
import hashlib
import hmac
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, parse_qsl

import pytest
import stamina
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from sophia.demo.faults import Fault, graph_fault
from sophia.demo.graph_api import GraphApi, Receive, Scope, Send
from sophia.demo.server import running_server
from sophia.demo.truth import Truth
from sophia.demo.world import build_world
from sophia.meta.caller import Caller
from sophia.meta.client import GraphClient, proof
from sophia.meta.envelope import Answer, next_cursor, object_id
from sophia.meta.errors import GraphError, Remedy

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
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
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


# -- four endings ------------------------------------------------------------------------------------------------------


def test_answer(meta: HandMade) -> None:
    """C8, A14: the first ending: an answer, and where it came from; gzip is undone, the token is in no source."""
    body = gzip.compress(b'{"data": [1.5, "\xc3\xbc"]}')
    meta.says(Reply(body, headers={"content-encoding": "gzip", "facebook-api-version": "v22.0"}))
    answer = get(meta, app_secret=SECRET)
    assert answer.data == {"data": [1.5, "ü"]}
    assert answer.source.body == b'{"data": [1.5, "\xc3\xbc"]}'
    assert answer.source.request == "GET /900100/insights?metric=page_follows"
    assert (answer.source.subject, answer.source.fetched_at, answer.source.api_version) == (
        "page_insights",
        NOW,
        "v22.0",
    )
    assert [one.path for one in meta.received] == ["/v22.0/900100/insights"]


def graph_error(code: int, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "No", "type": "OAuthException", "code": code, "fbtrace_id": "AbC", **more}}


@pytest.mark.parametrize("status", [400, 401, 403, 500, 200])
def test_error_status(meta: HandMade, status: int) -> None:
    """C3, C8: the second ending: Meta's error is read whatever the status, 200 included."""
    meta.says(Reply(graph_error(190, error_subcode=463), status))
    error = failure(meta)
    assert (error.code, error.subcode, error.status, error.trace) == (190, 463, status, "AbC")
    assert error.remedy is Remedy.RECONNECT
    assert len(meta.received) == 1


def test_no_connection(meta: HandMade) -> None:
    """C7: the third ending: nobody listens; the token is not in the message."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = failure(meta, base_url=f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert (error.code, error.status, error.remedy) == (0, None, Remedy.AGAIN)
    assert "could not be reached" in error.message


def test_no_answer_in_time(meta: HandMade) -> None:
    """C9: a server that hangs costs the time-out, not more."""
    meta.says(Reply(after=0.6))
    error = failure(meta, timeout_seconds=0.15)
    assert error.remedy is Remedy.AGAIN
    assert "in time" in error.message


def test_a_connection_that_breaks(meta: HandMade) -> None:
    """C7: an answer that stops in its middle is no answer."""
    api = GraphApi(*_small_world(), clock=lambda: NOW)
    api.faults.append(Fault(".", kind="cut"))
    with running_server(api) as base_url:
        assert failure(meta, base_url=base_url).remedy is Remedy.AGAIN


@pytest.mark.parametrize("status", [200, 502])
@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b'{"data": [', b"\xff\xfe", b'{"a": "\xff"}'])
def test_unreadable(meta: HandMade, body: bytes, status: int) -> None:
    """C8: the fourth ending: what is no JSON is told apart and may pass."""
    meta.says(Reply(body, status))
    error = failure(meta)
    assert error.remedy is Remedy.AGAIN
    assert "no JSON" in error.message
    assert error.status == status


def test_a_body_that_is_not_what_its_header_says(meta: HandMade) -> None:
    """C8: a broken compression is a broken answer."""
    meta.says(Reply(b"not gzip at all", headers={"content-encoding": "gzip"}))
    assert failure(meta).remedy is Remedy.AGAIN


@pytest.mark.parametrize("body", [5, "text", None, True])
def test_json_that_is_no_object(meta: HandMade, body: Any) -> None:
    """C8: the envelope is an object."""
    meta.says(Reply(body))
    assert "no object" in failure(meta).message


@pytest.mark.parametrize("body", [{"error": "broken"}, {"error": None}, {"error": []}])
def test_an_error_of_odd_shape(meta: HandMade, body: Any) -> None:
    """C8: an `error` that is no object is an error all the same."""
    meta.says(Reply(body))
    assert failure(meta).code == 0


def test_an_error_status_without_a_word(meta: HandMade) -> None:
    """C8: HTTP 404 with an empty object is no empty answer."""
    meta.says(Reply({}, 404))
    assert failure(meta).status == 404


# -- the token ---------------------------------------------------------------------------------------------------------


def test_the_token_is_in_the_header_only(meta: HandMade) -> None:
    """B11: no URL and no body carries the token, of GET, page and batch alike."""
    meta.says(Reply([{"code": 200, "body": "{}"}]))
    ask(meta, lambda caller: caller.batch([("1/insights", {"metric": "x"}, 1)], "x"), app_secret=SECRET)
    meta.says(Reply())
    get(meta, app_secret=SECRET)
    for one in meta.received:
        assert one.headers["authorization"] == f"Bearer {TOKEN.get_secret_value()}"
        assert TOKEN.get_secret_value() not in one.raw_query + one.path + one.body
        assert SECRET.get_secret_value() not in str(one)
        assert not {"cookie", "referer"} & one.headers.keys()


def test_each_token_has_its_proof(meta: HandMade) -> None:
    """B11: appsecret_proof is HMAC-SHA256 of the token of this very call, keyed by the app's secret."""
    for token in (TOKEN, OTHER):
        get(meta, token=token, app_secret=SECRET)
    meta.says(Reply([]))
    ask(meta, lambda caller: caller.batch([], "x"), app_secret=SECRET)
    wanted = [
        hmac.new(b"app-secret", token.get_secret_value().encode(), hashlib.sha256).hexdigest()
        for token in (TOKEN, OTHER, TOKEN)
    ]
    form = parse_qs(meta.received[2].body)
    assert [meta.received[0].query["appsecret_proof"], meta.received[1].query["appsecret_proof"]] == wanted[:2]
    assert form["appsecret_proof"] == [wanted[2]] == [proof(SECRET, TOKEN)]
    meta.says(Reply())
    get(meta)
    assert "appsecret_proof" not in meta.received[-1].query


@pytest.mark.parametrize("reply", [Reply(b"<html>", 502), Reply({"error": {"code": 2, "message": "down"}}, 500)])
def test_what_is_posted_goes_out_once(meta: HandMade, reply: Reply) -> None:
    """C1: nobody knows what became of it, so whoever posts decides; a question that fails so is asked again."""
    meta.says(reply)
    with stamina.set_testing(testing=True, attempts=3):
        with pytest.raises(GraphError):
            ask(meta, lambda caller: caller.post("1/feed", {"message": "Hello"}, "x"))
        assert len(meta.received) == 1
        with pytest.raises(GraphError):
            ask(meta, lambda caller: caller.upload("1", "https://cdn.example/a.mp4", "x"), upload_url=meta.base_url)
        assert len(meta.received) == 2
        with pytest.raises(GraphError):
            get(meta)
    assert len(meta.received) == 5


def test_an_upload_names_its_file_and_carries_the_token_in_a_header(meta: HandMade) -> None:
    """D1: Meta takes videos at another address, and no token stands in it."""
    ask(meta, lambda caller: caller.upload("1", "https://cdn.example/a.mp4", "x"), upload_url=meta.base_url)
    (call,) = meta.received
    assert (call.method, call.path, call.raw_query, call.body) == ("POST", "/video-upload/v22.0/1", "", "")
    assert call.headers["file_url"] == "https://cdn.example/a.mp4"
    assert call.headers["authorization"] == f"OAuth {TOKEN.get_secret_value()}"


def test_the_proof_is_in_no_source(meta: HandMade) -> None:
    """A14, B11: what is stored of a request can be shown to anybody."""
    meta.says(Reply([{"code": 200, "body": "{}"}]))
    (item,) = ask(meta, lambda caller: caller.batch([("1", {}, 1)], "x"), app_secret=SECRET)
    assert isinstance(item, Answer)
    meta.says(Reply())
    for source in (item.source, get(meta, app_secret=SECRET).source):
        assert proof(SECRET, TOKEN) not in str(source)
        assert TOKEN.get_secret_value() not in str(source)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(meta: HandMade, status: int) -> None:
    """B10: another host gets neither the request nor the token."""
    elsewhere = HandMade()
    with running_server(elsewhere) as elsewhere.base_url:
        meta.says(Reply({}, status, {"location": f"{elsewhere.base_url}/v22.0/900100"}))
        assert failure(meta).status == status
    assert elsewhere.received == []


def test_proxies_of_the_machine_are_not_asked(meta: HandMade, monkeypatch: pytest.MonkeyPatch) -> None:
    """B10: HTTP_PROXY would be another host that reads along."""
    elsewhere = HandMade()
    with running_server(elsewhere) as elsewhere.base_url:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, elsewhere.base_url)
        get(meta)
    assert elsewhere.received == []
    assert len(meta.received) == 1


@pytest.mark.parametrize(
    "text",
    [
        "1/../me/accounts?fields=access_token&x=",
        "",
        "1_",
        "_1",
        "1_2_3",
        "me",
        "1 ",
        "1\n",
        "-1",
        "1" * 31,
        "1%2F2",
    ],
)
def test_what_is_no_id(text: str) -> None:
    """B10: nothing but digits, or digits_digits, becomes part of a path."""
    with pytest.raises(ValueError, match="is no id of Meta's"):
        object_id(text)


def test_ids() -> None:
    """B10: ids as Meta writes them pass unchanged."""
    assert [object_id(one) for one in ("17841400000000000", "900100_77")] == ["17841400000000000", "900100_77"]


def test_digits_of_other_scripts_are_no_id() -> None:
    """B10: an id is ASCII."""
    with pytest.raises(ValueError):
        object_id("١٢٣")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="0123456789_/.?&#%me ", max_size=12))
def test_an_id_never_changes_the_path(text: str) -> None:
    """B10: whatever passes consists of digits and one underscore at most."""
    try:
        passed = object_id(text)
    except ValueError:
        return
    assert set(passed) <= set("0123456789_")


# -- versions ----------------------------------------------------------------------------------------------------------


def test_another_version_is_said_once(meta: HandMade) -> None:
    """B9: Meta replaces an expired version silently; we say so, once a version, and store which one answered."""
    meta.says(Reply(headers={"facebook-api-version": "v24.0"}))

    async def three(caller: Caller) -> list[str]:
        return [(await caller.get("1", {}, "x")).source.api_version for _ in range(3)]

    with capture_logs() as logs:
        assert ask(meta, three) == ["v24.0"] * 3
    assert [line["event"] for line in logs] == ["meta_answers_another_version"]
    meta.says(Reply(headers={"facebook-api-version": "v22.0"}))
    with capture_logs() as logs:
        get(meta)
    assert logs == []


# -- retries -----------------------------------------------------------------------------------------------------------


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
    world, truth = _small_world()
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


def _small_world() -> Any:
    world = build_world(businesses=1, posts_per_account=1, days=5, now=NOW)
    return world, Truth(world)


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


# -- paging ------------------------------------------------------------------------------------------------------------


def page(number: int, after: str | None, *, more: bool) -> Reply:
    paging: dict[str, Any] = {"cursors": {"before": "b", "after": after}} if after else {}
    if more:
        paging["next"] = "https://graph.facebook.com/v26.0/900/media?access_token=EAAnever&after=x"
    return Reply({"data": [{"id": str(number)}], "paging": paging})


def walk(meta: HandMade) -> list[str]:
    async def work(caller: Caller) -> list[str]:
        pages = caller.pages("900/media", {"limit": "2"}, "media")
        return [answer.data["data"][0]["id"] async for answer in pages]

    return ask(meta, work)


def test_pages_end_where_next_is_absent(meta: HandMade) -> None:
    """B8: cursors.after stands on the last page too; it is not followed. Meta's own next URL never is."""
    meta.says(page(1, "A", more=True), page(2, "B", more=True), page(3, "C", more=False), page(4, "D", more=False))
    assert walk(meta) == ["1", "2", "3"]
    assert [one.query.get("after") for one in meta.received] == [None, "A", "B"]
    assert {one.query["limit"] for one in meta.received} == {"2"}


def test_an_empty_page_with_next_is_not_the_end(meta: HandMade) -> None:
    """B8: a page may hold no rows and still have a next one."""
    empty = Reply({"data": [], "paging": {"cursors": {"after": "A"}, "next": "https://x"}})

    async def work(caller: Caller) -> list[int]:
        return [len(answer.data["data"]) async for answer in caller.pages("900/media", {}, "media")]

    meta.says(empty, page(2, None, more=False))
    assert ask(meta, work) == [0, 1]


def test_pages_never_go_in_a_circle(meta: HandMade) -> None:
    """B8: a cursor that comes again ends the walk, after one round or after several."""
    meta.says(page(1, "A", more=True), page(2, "A", more=True))
    assert walk(meta) == ["1", "2"]
    meta.says(page(1, "A", more=True), page(2, "B", more=True), page(3, "A", more=True))
    assert walk(meta) == ["1", "2", "3"]


@pytest.mark.parametrize(
    "paging", [None, 5, {}, {"next": "x"}, {"next": "x", "cursors": None}, {"next": "x", "cursors": {"after": 5}}]
)
def test_odd_paging_is_an_end(paging: Any) -> None:
    """A16, B8: nothing is raised, and nothing is walked for ever."""
    assert next_cursor({"paging": paging}) is None


# -- batches -----------------------------------------------------------------------------------------------------------


def batch(meta: HandMade, *results: Any, queries: int | None = None) -> list[Answer | GraphError]:
    meta.says(Reply(list(results)))
    asked = [(f"{index}/insights", {"metric": "post_clicks"}, 1) for index in range(queries or len(results))]
    return ask(meta, lambda caller: caller.batch(asked, "post_insights"))


def test_items_of_a_batch_in_order(meta: HandMade) -> None:
    """B8: bodies are JSON in a string; each answer knows what was asked for it; a failure is the item's own."""
    good, bad = (
        {"code": 200, "body": '{"data":[1]}'},
        {"code": 400, "body": json.dumps(graph_error(100, error_subcode=33))},
    )
    first, second, third = batch(meta, good, bad, None)
    assert isinstance(first, Answer)
    assert first.data == {"data": [1]}
    assert first.source.request == "GET /0/insights?metric=post_clicks"
    assert first.source.body == b'{"data":[1]}'
    assert isinstance(second, GraphError)
    assert second.remedy is Remedy.OBJECT_GONE
    assert isinstance(third, GraphError)
    assert third.remedy is Remedy.AGAIN  # null: no time, not an empty result
    sent = parse_qs(meta.received[0].body)
    assert json.loads(sent["batch"][0])[0] == {"method": "GET", "relative_url": "v22.0/0/insights?metric=post_clicks"}
    assert sent["include_headers"] == ["false"]


@pytest.mark.parametrize(
    "item",
    [
        {"code": 200},
        {"code": 200, "body": "<html>"},
        {"code": 200, "body": None},
        {"code": 200, "body": "[]"},
        {"code": 500, "body": "{}"},
        {"body": "{}"},
        "text",
        5,
        [],
        {"code": 200, "body": {"data": []}},
    ],
)
def test_unreadable_items_may_pass(meta: HandMade, item: Any) -> None:
    """A16, C8: an item that cannot be read is an error of its own, never an empty answer; its neighbour is kept."""
    odd, good = batch(meta, item, {"code": 200, "body": "{}"})
    assert isinstance(odd, GraphError)
    assert odd.remedy is Remedy.AGAIN
    assert isinstance(good, Answer)


def test_an_error_inside_a_good_item(meta: HandMade) -> None:
    """C8: code 200 with an error inside is an error."""
    (item,) = batch(meta, {"code": 200, "body": json.dumps(graph_error(190))})
    assert isinstance(item, GraphError)
    assert item.remedy is Remedy.RECONNECT


@pytest.mark.parametrize("results", [[], [{"code": 200, "body": "{}"}] * 3])
def test_another_number_of_items(meta: HandMade, results: list[Any]) -> None:
    """B8: fewer or more items cannot be told apart, so none is believed."""
    with pytest.raises(GraphError, match="another number") as caught:
        batch(meta, *results, queries=2)
    assert caught.value.remedy is Remedy.AGAIN


def test_a_batch_that_fails_as_a_whole(meta: HandMade) -> None:
    """C3: an error instead of a list."""
    meta.says(Reply(graph_error(4), 403))
    with pytest.raises(GraphError) as caught:
        ask(meta, lambda caller: caller.batch([("1", {}, 1)], "x"))
    assert caught.value.remedy is Remedy.PAUSE


def test_a_batch_has_fifty_items_at_most(meta: HandMade) -> None:
    """B8: the fifty-first is refused before anything is sent; each item counts as Meta counts it."""
    with pytest.raises(ValueError, match="50"):
        ask(meta, lambda caller: caller.batch([("1", {}, 1)] * 51, "x"))
    assert meta.received == []

    async def tally(caller: Caller) -> tuple[int, int]:
        await caller.batch([("", {"ids": "1,2"}, 2), ("3", {}, 1)], "x")
        return caller.tally.calls, caller.tally.counted

    meta.says(Reply([{"code": 200, "body": "{}"}] * 2))
    assert ask(meta, tally) == (1, 3)
