"""Pages and batches."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.meta.client.conftest import HandMade, Reply, ask, graph_error

from sophia.meta.caller import Caller
from sophia.meta.envelope import Answer
from sophia.meta.errors import GraphError, Remedy
from sophia.meta.paging import has_next, next_page_params

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


def incomplete_walk(meta: HandMade) -> list[str]:
    """The pages of a list that is incomplete, which must be said."""

    async def work(caller: Caller) -> list[str]:
        found: list[str] = []

        async def go() -> None:
            async for answer in caller.pages("900/media", {"limit": "2"}, "media"):
                found.append(answer.data["data"][0]["id"])  # noqa: PERF401 - what came before the error counts

        with pytest.raises(GraphError, match="incomplete"):
            await go()
        return found

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
    """B8, L8: a cursor that comes again ends the walk, after one round or after several, and the list is incomplete."""
    meta.says(page(1, "A", more=True), page(2, "A", more=True))
    assert incomplete_walk(meta) == ["1", "2"]
    meta.says(page(1, "A", more=True), page(2, "B", more=True), page(3, "A", more=True))
    assert incomplete_walk(meta) == ["1", "2", "3"]


def linked(number: int, address: str) -> Reply:
    """A page whose paging has a next page and no cursors."""
    return Reply({"data": [{"id": str(number)}], "paging": {"next": address, "previous": "https://x"}})


def test_next_without_cursors_is_followed(meta: HandMade) -> None:
    """L8: by whatever parameters it names, at our own address, with our own token, size and fields, and no secret."""
    first = "https://graph.facebook.com/v22.0/900/media?access_token=EAAstolen&limit=9&after=QUZ%3D&fields=id"
    second = f"{meta.base_url}/v22.0/900/media?appsecret_proof=12ab&until=1700000000&__paging_token=enc_A%2Bb"
    third = "https://graph.facebook.com/v25.0/900/media?offset=75&client_secret=s&icon_size=16"
    meta.says(linked(1, first), linked(2, second), linked(3, third), page(4, None, more=False))
    assert walk(meta) == ["1", "2", "3", "4"]
    assert [one.query for one in meta.received] == [
        {"limit": "2"},
        {"limit": "2", "after": "QUZ="},
        {"limit": "2", "until": "1700000000", "__paging_token": "enc_A+b"},
        {"limit": "2", "offset": "75", "icon_size": "16"},
    ]
    assert {one.path for one in meta.received} == {"/v22.0/900/media"}


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v22.0/900/media?after=A",
        "http://graph.facebook.com/v22.0/900/media?after=A",
        "https://graph.facebook.com.evil.example/v22.0/900/media?after=A",
        "https://graph.facebook.com@evil.example/v22.0/900/media?after=A",
        "https://graph.facebook.com:8443/v22.0/900/media?after=A",
        "//graph.facebook.com/v22.0/900/media?after=A",
        "https://graph.facebook.com/v22.0/900/conversations?after=A",
        "https://graph.facebook.com/v22.0/900/media?access_token=EAA&limit=5",
        "https://[graph/v22.0/900/media?after=A",
        "x",
        True,
        5,
        {"url": "https://graph.facebook.com/v22.0/900/media?after=A"},
    ],
)
def test_a_next_page_elsewhere_makes_the_list_incomplete(meta: HandMade, address: Any) -> None:
    """L8: nothing is asked there, nothing is concluded from what is not listed, and what came before is kept."""
    meta.says(linked(1, address), page(2, None, more=False))
    assert incomplete_walk(meta) == ["1"]
    assert len(meta.received) == 1


@pytest.mark.parametrize("paging", [None, 5, {}, [], {"next": ""}, {"next": None}, {"cursors": {"after": "A"}}])
def test_no_next_is_the_end(paging: Any) -> None:
    """A16, B8: a list without a next page is complete."""
    assert not has_next({"paging": paging})
    assert next_page_params({"paging": paging}, "https://graph.facebook.com") is None


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
