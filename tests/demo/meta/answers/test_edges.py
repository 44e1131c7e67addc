"""Lists, cursors, field expansion, several ids at once, and batches."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.demo.faults import graph_fault

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.graph.errors import GraphError
from sophia.demo.meta.graph.rules import MEDIA
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import Page
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _walk(client: httpx.Client, page: Page, path: str) -> list[list[str]]:
    """The ids of every page of a list, followed by `next` until it is absent."""
    pages: list[list[str]] = []
    link: str | None = path
    while link is not None:
        answer = client.get(link, headers=_bearer(page.access_token)).json()
        pages.append([row["id"] for row in answer["data"]])
        link = answer.get("paging", {}).get("next")
    return pages


@pytest.mark.parametrize("edge", ["published_posts", "media"])
def test_cursors_lead_through_all_posts_newest_first(client: httpx.Client, world: World, edge: str) -> None:
    """Every post once, newest first; the last page has a cursor and no `next` (B8)."""
    business = world.businesses[0]
    owner = business.page.id if edge == "published_posts" else business.instagram.id
    rows: Any = world.posts(owner) if edge == "published_posts" else world.media(owner)
    pages = _walk(client, business.page, f"/v26.0/{owner}/{edge}?limit=12&fields=id")
    assert [len(page) for page in pages] == [12, 12, 6]
    assert [each for page in pages for each in page] == [row.id for row in rows if row.created_at <= world.built_at]
    last = client.get(f"/{owner}/{edge}?limit=100", headers=_bearer(business.page.access_token)).json()
    assert set(last["paging"]) == {"cursors"}
    assert set(last["paging"]["cursors"]) == {"before", "after"}


def test_a_new_post_does_not_shift_the_pages(
    client: httpx.Client, api: GraphApi, world: World, clock: Callable[[], Any]
) -> None:
    """A cursor points at a post, so what is published meanwhile repeats nothing."""
    page = world.pages[0]
    first = client.get(f"/{page.id}/published_posts?limit=5", headers=_bearer(page.access_token)).json()
    api.simulation.clock = lambda: world.built_at + timedelta(days=5)
    second = client.get(first["paging"]["next"], headers=_bearer(page.access_token)).json()
    ids = [row["id"] for row in (*first["data"], *second["data"])]
    assert ids == [post.id for post in world.posts(page.id) if post.created_at <= world.built_at][:10]
    back = client.get(second["paging"]["previous"], headers=_bearer(page.access_token)).json()
    assert back["data"] == first["data"]


def test_since_and_until_bound_a_list(ask: Ask, world: World) -> None:
    """Lists take moments of publication."""
    page = world.pages[0]
    until = world.built_at - timedelta(days=10)
    since = until - timedelta(days=20)
    answer = ask(
        f"/{page.id}/published_posts",
        page.access_token,
        limit=100,
        since=int(since.timestamp()),
        until=int(until.timestamp()),
    ).json()
    expected = [post.id for post in world.posts(page.id) if since <= post.created_at <= until]
    assert [row["id"] for row in answer["data"]] == expected


def test_limits_and_cursors_are_checked(ask: Ask, world: World) -> None:
    """More than 100 a page and foreign cursors are refused; an empty list has no paging."""
    page = world.pages[0]
    assert ask(f"/{page.id}/published_posts", page.access_token, limit=101).status_code == 400
    assert ask(f"/{page.id}/published_posts", page.access_token, after="bm9uZQ==").status_code == 400
    assert ask(f"/{world.pages[1].id}/stories", world.pages[1].access_token).json() == {"data": []}


def test_a_page_may_come_short_and_go_on(client: httpx.Client, api: GraphApi, world: World) -> None:
    """Hidden rows count against the limit: a page can be empty and still have `next` (B8)."""
    page = world.pages[0]
    posts = [post.id for post in world.posts(page.id) if post.created_at <= world.built_at]
    api.hidden.update(posts[10:20])
    pages = _walk(client, page, f"/{page.id}/published_posts?limit=10")
    assert [len(each) for each in pages] == [10, 0, 10]


def test_fields_of_a_post(ask: Ask, world: World, truth: Truth) -> None:
    """Counts come with `summary(true)`, attachments name the video, `id` comes unasked (A6)."""
    page = world.pages[0]
    fields = (
        "message,created_time,permalink_url,status_type,shares,comments.summary(true).limit(0),"
        "reactions.summary(true).limit(0),attachments{media_type,type,target{id,url}}"
    )
    rows = ask(f"/{page.id}/published_posts", page.access_token, limit=100, fields=fields).json()["data"]
    for row, post in zip(rows, [p for p in world.posts(page.id) if p.created_at <= world.built_at], strict=True):
        counts = truth.post_counts(truth.post_figures(post, world.built_at))
        assert row["id"] == post.id
        assert row["comments"]["summary"]["total_count"] == counts["comments"]
        assert row["reactions"]["summary"]["total_count"] == counts["reactions"]
        assert row.get("shares", {"count": 0})["count"] == counts["shares"]
        if post.video_id:
            assert row["attachments"]["data"][0]["target"]["id"] == post.video_id
    unknown = ask(f"/{page.id}/published_posts", page.access_token, fields="id,link")
    assert unknown.json()["error"]["message"] == ("(#100) Tried accessing nonexisting field (link) on node type (Post)")


def test_insights_expand_within_a_list(ask: Ask, world: World, truth: Truth) -> None:
    """Posts and their metrics in one call, trimmed to the keys that were asked, `id` always (B8)."""
    page = world.pages[0]
    expansion = "id,insights.metric(post_media_view,post_clicks).period(lifetime){name,period,values}"
    rows = ask(f"/{page.id}/published_posts", page.access_token, limit=100, fields=expansion).json()["data"]
    post = world.node(rows[3]["id"])
    for block in rows[3]["insights"]["data"]:
        assert set(block) == {"name", "period", "values", "id"}
        assert block["values"] == [{"value": truth.post_lifetime(post, block["name"], world.built_at)}]  # type: ignore[arg-type]
    tagged = ask(
        f"/{page.id}/published_posts",
        page.access_token,
        fields="insights.metric(post_media_view).period(lifetime).breakdown(is_from_ads)",
    ).json()["data"][0]["insights"]["data"][0]
    assert [value["is_from_ads"] for value in tagged["values"]] == ["0", "1"]


def test_a_metric_that_does_not_fit_fails_the_whole_page(ask: Ask, world: World) -> None:
    """One reel among posts refuses a feed metric for all of them (B4)."""
    business = world.businesses[1]
    path = f"/{business.instagram.id}/media"
    mixed = ask(path, business.page.access_token, limit=100, fields="id,insights.metric(views,profile_visits)")
    assert mixed.status_code == 400
    assert "does not support the profile_visits metric" in mixed.text
    common = [rule.name for rule in MEDIA.values() if {"FEED", "REELS"} <= rule.products]
    fine = ask(path, business.page.access_token, limit=100, fields=f"id,insights.metric({','.join(common)})")
    assert len(fine.json()["data"]) == 30


def test_reels_and_videos_expand_their_own_insights(ask: Ask, world: World, truth: Truth) -> None:
    """`video_reels` lists video ids with their post id; `videos` lists them too."""
    page = world.pages[0]
    fields = "id,post_id,length,video_insights.metric(blue_reels_play_count,post_video_view_time){name,values}"
    rows = ask(f"/{page.id}/video_reels", page.access_token, limit=100, fields=fields).json()["data"]
    assert len(rows) == 6
    post = world.node(rows[0]["post_id"])
    values = {block["name"]: block["values"][0]["value"] for block in rows[0]["video_insights"]["data"]}
    assert values["blue_reels_play_count"] == truth.post_lifetime(post, "blue_reels_play_count", world.built_at)  # type: ignore[arg-type]
    assert len(ask(f"/{page.id}/videos", page.access_token, limit=100).json()["data"]) >= 6


def test_one_broken_post_fails_its_page(ask: Ask, api: GraphApi, world: World) -> None:
    """A post whose insights answer with an error takes the page down; without insights it is listed."""
    page = world.pages[0]
    posts = [post for post in world.posts(page.id) if post.created_at <= world.built_at]
    api.break_insights(posts[7].id, GraphError("An unknown error occurred", 1))
    expansion = "id,insights.metric(post_clicks)"
    assert ask(f"/{page.id}/published_posts", page.access_token, limit=10, fields=expansion).status_code == 400
    assert ask(f"/{page.id}/published_posts", page.access_token, limit=7, fields=expansion).status_code == 200
    assert ask(f"/{page.id}/published_posts", page.access_token, limit=10, fields="id").status_code == 200


def test_several_ids_in_one_request(ask: Ask, api: GraphApi, world: World) -> None:
    """`?ids=` answers by id, each id counts as a call, one bad id fails all, more than 50 are refused (B8)."""
    api.new_app, page = False, world.pages[0]
    ids = [post.id for post in world.posts(page.id) if post.created_at <= world.built_at][:3]
    answer = ask("/v25.0/", page.access_token, ids=",".join(ids), fields="id,message").json()
    assert list(answer) == ids
    insights = ask("/v25.0/insights", page.access_token, ids=",".join(ids), metric="post_clicks").json()
    assert insights[ids[1]]["data"][0]["id"].startswith(ids[1])
    assert [call.counted for call in api.calls] == [3, 3]
    assert api.calls[-1].account_id == page.id
    assert ask("/v25.0/", page.access_token, ids=f"{ids[0]},999").json()["error"]["error_subcode"] == 33
    assert ask("/v25.0/", page.access_token, ids=",".join(str(n) for n in range(51))).status_code == 400


def _batch(client: httpx.Client, page: Page, items: list[dict[str, str]]) -> Any:
    form = {"batch": json.dumps(items), "include_headers": "false"}
    return client.post("/v25.0/", data=form, headers=_bearer(page.access_token)).json()


def test_a_batch_runs_its_items_one_by_one(client: httpx.Client, api: GraphApi, world: World) -> None:
    """Answers in order as strings, errors per item, each item and each id counted (B8)."""
    api.new_app, page = False, world.pages[0]
    ids = [post.id for post in world.posts(page.id) if post.created_at <= world.built_at][:3]
    answers = _batch(
        client,
        page,
        [
            {"method": "GET", "relative_url": f"{ids[0]}/insights?metric=post_clicks"},
            {"method": "GET", "relative_url": "999/insights?metric=post_clicks"},
            {"method": "GET", "relative_url": f"insights?ids={','.join(ids)}&metric=post_clicks"},
        ],
    )
    assert [answer["code"] for answer in answers] == [200, 400, 200]
    assert json.loads(answers[0]["body"])["data"][0]["name"] == "post_clicks"
    assert list(json.loads(answers[2]["body"])) == ids
    assert api.calls[0].counted == 5
    assert api.counted_calls == 5


def test_a_batch_item_may_time_out(client: httpx.Client, api: GraphApi, world: World) -> None:
    """`null` stands for an item that timed out; other faults strike items too."""
    page = world.pages[0]
    api.faults += [Fault("published_posts", times=1, kind="null"), graph_fault("stories", 2, times=1)]
    item = {"method": "GET", "relative_url": f"{page.id}/published_posts?limit=1"}
    stories = {"method": "GET", "relative_url": f"{page.id}/stories"}
    answers = _batch(client, page, [item, item, stories])
    assert answers[0] is None
    assert answers[1]["code"] == 200
    assert json.loads(answers[2]["body"])["error"]["code"] == 2


def test_a_batch_holds_fifty(client: httpx.Client, world: World) -> None:
    """More are refused as a whole."""
    answer = _batch(client, world.pages[0], [{"method": "GET", "relative_url": "me"}] * 51)
    assert answer["error"]["type"] == "GraphBatchException"
    assert "Maximum batch size is 50" in answer["error"]["message"]
