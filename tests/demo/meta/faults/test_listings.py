"""Lists that lead nowhere, in circles, or on for ever."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.demo.faults import listing_fault

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault, fault_of
from sophia.demo.meta.faults.listings import PAGINGS
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]
Read = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def read(client: httpx.Client, api: GraphApi, world: World) -> Read:
    """`read(paging, pages)`: the first pages of a list of 30 posts, by their `next` links."""

    def read(paging: str | None, pages: int = 9, limit: int = 10) -> list[dict[str, Any]]:
        page = world.pages[0]
        api.faults[:] = [] if paging is None else [Fault("published_posts", paging=paging)]
        url: str | None = f"/v22.0/{page.id}/published_posts?fields=id&limit={limit}"
        answers: list[dict[str, Any]] = []
        while url and len(answers) < pages:
            answer = client.get(url, headers={"Authorization": f"Bearer {page.access_token}"}).json()
            answers.append(answer)
            url = answer.get("paging", {}).get("next")
        return answers

    return read


def ids(answers: list[dict[str, Any]]) -> list[list[str]]:
    return [[row["id"] for row in answer["data"]] for answer in answers]


def cursors(answers: list[dict[str, Any]]) -> list[str]:
    """The cursor in each `next`, which is also told beside it."""
    found = []
    for answer in answers:
        (cursor,) = parse_qs(urlsplit(answer["paging"]["next"]).query)["after"]
        assert answer["paging"]["cursors"]["after"] == cursor
        found.append(cursor)
    return found


def test_true_lists_end(read: Read) -> None:
    """Without a fault: three pages, no post twice."""
    pages = ids(read(None))
    assert [len(page) for page in pages] == [10, 10, 10]
    assert len({each for page in pages for each in page}) == 30


def test_the_same_page_for_ever(read: Read) -> None:
    """One cursor, one page (B8)."""
    answers = read("same page", pages=5)
    assert ids(answers) == ids(read(None, pages=1)) * 5
    assert len(set(cursors(answers))) == 1


def test_pages_without_end(read: Read) -> None:
    """After the last page the first comes again, under cursors that never repeat (B8)."""
    answers = read("endless", pages=8)
    true = ids(read(None))
    assert ids(answers) == [*true, *true, *true[:2]]
    assert len(set(cursors(answers))) == 8


def test_a_link_without_cursor(read: Read) -> None:
    """It leads to the first page again; the last page has none, but it is never reached."""
    answers = read("no cursor", pages=4)
    assert ids(answers) == ids(read(None, pages=1)) * 4
    assert all("after" not in answer["paging"]["next"] for answer in answers)
    assert all("cursors" not in answer["paging"] for answer in answers)


def test_empty_pages_between(read: Read) -> None:
    """An empty page with `next` is no end: everything comes (GRAPH_API.md, 2.7)."""
    first, second, third = ids(read(None))
    assert ids(read("empty between")) == [first, [], second, [], third]


def test_empty_pages_for_ever(read: Read) -> None:
    """After the first page nothing but links."""
    answers = read("endless empty pages", pages=6)
    assert ids(answers) == [*ids(read(None, pages=1)), [], [], [], [], []]
    assert len(set(cursors(answers))) == 6


def test_links_into_the_future(read: Read, world: World) -> None:
    """Each month to come is empty and leads to the next one."""
    answers = read("future", pages=4)
    assert ids(answers) == [*ids(read(None, pages=1)), [], [], []]
    windows = [parse_qs(urlsplit(answer["paging"]["next"]).query) for answer in answers]
    starts = [int(window["since"][0]) for window in windows]
    now, month = int(world.built_at.timestamp()), int(timedelta(days=30).total_seconds())
    assert starts == [now + number * month for number in range(4)]


def test_a_cursor_may_be_refused(read: Read, ask: Ask, api: GraphApi, world: World) -> None:
    """By the list itself, or in the words that Meta has for a cursor too far."""
    first, refusal = read("refused", pages=3)
    assert len(first["data"]) == 10
    assert refusal["error"]["code"] == 100
    page = world.pages[0]
    api.faults[:] = [fault_of("100 after-cursor too big", r"[?&]after=")]
    path = f"/{page.id}/published_posts"
    answer = ask(path, page.access_token, fields="id").json()
    refused = ask(path, page.access_token, fields="id", after=answer["paging"]["cursors"]["after"])
    assert "After Cursor" in refused.json()["error"]["message"]


def test_next_without_cursors(read: Read, ask: Ask, world: World) -> None:
    """L8: the same pages as ever, told by `next` alone; lists inside of rows page like that too."""
    answers = read("next without cursors")
    assert ids(answers) == ids(read(None))
    assert [set(answer.get("paging", {})) for answer in answers] == [{"next"}, {"next", "previous"}, {"previous"}]
    read("next without cursors", pages=1)
    page = world.pages[0]
    fields = "id,comments.limit(1)"
    rows = ask(f"/{page.id}/published_posts", page.access_token, fields=fields, limit=30).json()["data"]
    nested = [row["comments"]["paging"] for row in rows if "paging" in row["comments"]]
    assert nested
    assert all(set(paging) == {"next"} for paging in nested)


@pytest.mark.parametrize("fields", ["id", "id,created_time"])
def test_next_names_a_moment_and_a_token(client: httpx.Client, api: GraphApi, world: World, fields: str) -> None:
    """L8: `until` and `__paging_token` instead of cursors, through the whole list and no further."""
    page = world.pages[0]
    api.faults[:] = [Fault("published_posts", paging="until and token")]
    url: str | None = f"/v22.0/{page.id}/published_posts?fields={fields}&limit=10"
    pages, links = [], []
    while url:
        answer = client.get(url, headers={"Authorization": f"Bearer {page.access_token}"}).json()
        pages.append([row["id"] for row in answer["data"]])
        assert set(answer.get("paging", {})) <= {"next"}
        url = answer.get("paging", {}).get("next")
        links += [url] if url else []
    true = [post.id for post in world.posts(page.id) if post.created_at <= world.built_at]
    assert [each for page in pages for each in page] == true
    assert [set(parse_qs(urlsplit(link).query)) for link in links] == [
        {"fields", "limit", "until", "__paging_token"}
    ] * 2


def test_pages_come_short(read: Read) -> None:
    """L8: fewer rows than asked for on every page, with `next`; together they are all."""
    pages = ids(read("short pages", pages=40))
    assert [len(page) for page in pages][:3] == [5, 5, 5]
    assert all(0 < len(page) <= 5 for page in pages)
    assert [each for page in pages for each in page] == [each for page in ids(read(None)) for each in page]


@pytest.mark.parametrize("paging", [None, "until and token", "next without cursors"])
def test_a_list_ends_early_by_an_error(client: httpx.Client, api: GraphApi, world: World, paging: str | None) -> None:
    """L8: two good pages and then an error, however the list pages, until the fault is switched off."""
    page = world.pages[0]

    def walk() -> list[int]:
        url, statuses = f"/v22.0/{page.id}/published_posts?fields=id&limit=10", []
        while url:
            answer = client.get(url, headers={"Authorization": f"Bearer {page.access_token}"})
            statuses.append(answer.status_code)
            url = answer.json().get("paging", {}).get("next")
        return statuses

    api.faults[:] = [listing_fault("2 service down", "published_posts", pages=2)]
    if paging:
        api.faults.append(Fault("published_posts", paging=paging))
    assert walk() == [200, 200, 500]
    del api.faults[0]
    assert walk() == [200, 200, 200]


def test_posts_come_twice(read: Read) -> None:
    """Each page begins with the last post of the one before, and nothing is left out."""
    pages = ids(read("repeated post"))
    assert [len(page) for page in pages] == [10, 10, 10, 3]
    assert all(page[-1] == following[0] for page, following in pairwise(pages))
    assert len({each for page in pages for each in page}) == 30


@pytest.mark.parametrize("name", PAGINGS)
def test_insights_page_as_ever(ask: Ask, api: GraphApi, world: World, name: str) -> None:
    """A pattern that fits insights too changes nothing there: they page by windows (GRAPH_API.md, 2.7)."""
    page = world.pages[0]
    path, asked = f"/{page.id}/insights", {"metric": "page_media_view", "period": "day"}
    true = ask(path, page.access_token, **asked).json()
    api.faults[:] = [Fault("insights", paging=name)]
    assert ask(path, page.access_token, **asked).json() == true
    assert api.faults[0].struck == 1
