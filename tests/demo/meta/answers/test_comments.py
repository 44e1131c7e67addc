"""Comments and Business Discovery of the simulated Meta, as Meta documents them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.demo.conftest import NOW

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.answers.comments import invent_comments
from sophia.demo.meta.graph.errors import unknown_object
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import Media, Post
from sophia.demo.meta.world.world import CommentIdParts, World, build_world
from sophia.demo.server import running_server

Ask = Callable[..., httpx.Response]


def busiest(world: World, truth: Truth) -> tuple[Post, Media]:
    """The post and the medium of the first client with the most comments."""
    posts = [one for one in world.posts(world.pages[0].id) if one.created_at <= NOW]
    media = [one for one in world.media(world.instagram_accounts[0].id) if one.created_at <= NOW]
    return (
        max(posts, key=lambda one: len(invent_comments(world, truth, one, NOW))),
        max(media, key=lambda one: len(invent_comments(world, truth, one, NOW))),
    )


def pages(ask: Ask, path: str, token: str, **parameters: Any) -> list[dict[str, Any]]:
    """Everything that a list holds, by its cursors."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = ask(path, token, **parameters, **after).json()
        found += answer["data"]
        if "next" not in answer.get("paging", {}):
            return found
        after = {"after": answer["paging"]["cursors"]["after"]}


def test_comments_are_as_many_as_are_counted(world: World, truth: Truth) -> None:
    """The counter and the comments agree at every moment; none is older than its post, and their moments go up."""
    for under in busiest(world, truth):
        for hours in (0, 2, 30, 400):
            moment = under.created_at + timedelta(hours=hours)
            comments = invent_comments(world, truth, under, moment)
            if isinstance(under, Post):
                assert len(comments) == truth.post_counts(truth.post_figures(under, moment))["comments"]
            moments = [one.created_at for one in comments]
            assert moments == sorted(moments)
            assert not moments or under.created_at <= moments[0] <= moments[-1] <= moment


@pytest.mark.parametrize(("parts", "counts"), [("two", {2}), ("three", {3}), ("mixed", {2, 3})])
def test_ids_have_two_or_three_parts(parts: CommentIdParts, counts: set[int]) -> None:
    """L9: POST_COMMENT and PAGE_POST_COMMENT; truth and answers agree, replies name the comment that they answer."""
    world = build_world(businesses=1, posts_per_account=12, now=NOW, comment_id_parts=parts)
    truth = Truth(world)
    post, _ = busiest(world, truth)
    comments = invent_comments(world, truth, post, NOW)
    assert {len(comment.id.split("_")) for comment in comments} == counts
    assert len({comment.id for comment in comments}) == len(comments) > 5
    assert all(comment.id.startswith(f"{post.id}_") for comment in comments if len(comment.id.split("_")) == 3)
    api = GraphApi(world, truth, clock=SettableClock(NOW))
    with running_server(api) as base_url, httpx.Client(base_url=base_url, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {world.pages[0].access_token}"
        given: dict[str, str] = {"filter": "stream", "fields": "id,parent{id}", "limit": "100"}
        rows = client.get(f"/v22.0/{post.id}/comments", params=given).json()["data"]
    assert [row["id"] for row in rows] == [comment.id for comment in comments][:100]
    assert {row["parent"]["id"] for row in rows if "parent" in row} <= {comment.id for comment in comments}


def test_facebook(ask: Ask, world: World, truth: Truth) -> None:
    """Top comments alone and oldest first, unless `filter` and `order` say otherwise; all pages together are all."""
    post, _ = busiest(world, truth)
    token, known = world.pages[0].access_token, invent_comments(world, truth, post, NOW)
    stream = pages(ask, f"/v22.0/{post.id}/comments", token, filter="stream", order="reverse_chronological", limit=100)
    assert [one["id"] for one in stream] == [one.id for one in reversed(known)]
    top = pages(ask, f"/v22.0/{post.id}/comments", token, fields="id,parent{id}", limit=100)
    assert [one["id"] for one in top] == [one.id for one in known if one.thread is None]
    assert "parent" not in top[0]
    counted = ask(f"/v22.0/{post.id}", token, fields="comments.summary(true).limit(0)").json()["comments"]
    assert counted == {"data": [], "summary": {"total_count": len(known)}}


def test_instagram(ask: Ask, world: World, truth: Truth) -> None:
    """Newest first, fifty at most, replies below what they answer; the author only where it is the account itself."""
    _, medium = busiest(world, truth)
    token, known = world.pages[0].access_token, invent_comments(world, truth, medium, NOW)
    fields = "id,text,user{id},replies.limit(50){id,text,user{id}}"
    listed = pages(ask, f"/v22.0/{medium.id}/comments", token, fields=fields, limit=500)
    replies = [reply for one in listed for reply in one.get("replies", {}).get("data", [])]
    assert {one["id"] for one in (*listed, *replies)} == {one.id for one in known}
    assert [one["id"] for one in listed] == [one.id for one in reversed(known) if one.thread is None]
    assert {one["id"] for one in replies if "user" in one} == {one.id for one in known if one.is_own}
    expanded = ask(f"/v22.0/{medium.account_id}/media", token, fields=f"id,comments.limit(50){{{fields}}}", limit=50)
    mine = next(one for one in expanded.json()["data"] if one["id"] == medium.id)
    assert len(mine["comments"]["data"]) == 50


@pytest.mark.parametrize("place", [0, 1])
def test_without_the_permission(socket: tuple[Any, httpx.Client], clock: SettableClock, place: int) -> None:
    """Code 10, and the permission by its name, on both platforms."""
    world = build_world(businesses=1, posts_per_account=4, now=NOW, scopes=("read_insights",))
    served, client = socket
    served.api = GraphApi(world, Truth(world), clock=clock)
    under = busiest(world, Truth(world))[place]
    headers = {"Authorization": f"Bearer {world.pages[0].access_token}"}
    error = client.get(f"/v22.0/{under.id}/comments", headers=headers).json()["error"]
    assert error["code"] == 10
    assert ("pages_read_user_content", "instagram_manage_comments")[place] in error["message"]


def test_what_is_changed_later(ask: Ask, api: GraphApi, world: World, truth: Truth) -> None:
    """Edited, deleted, closed: the list says so, and a closed post fails the page it stands on."""
    post, _ = busiest(world, truth)
    token, known = world.pages[0].access_token, invent_comments(world, truth, post, NOW)
    api.edit_comment(known[0].id, "Something else")
    api.delete(known[1].id, NOW)
    shown = pages(ask, f"/v22.0/{post.id}/comments", token, filter="stream", limit=100)
    assert shown[0]["message"] == "Something else"
    assert known[1].id not in {one["id"] for one in shown}
    api.break_comments(post.id, unknown_object(post.id))
    listed = ask(f"/v22.0/{post.page_id}/published_posts", token, fields="id,comments.limit(50){id}", limit=100)
    assert (listed.status_code, listed.json()["error"]["error_subcode"]) == (400, 33)


@pytest.mark.parametrize("name", ["nobody.has.this", "personal"])
def test_names_that_cannot_be_discovered(ask: Ask, api: GraphApi, world: World, name: str) -> None:
    """Unknown and personal look alike: 110/2207013."""
    mine, other = world.instagram_accounts[:2]
    if name == "personal":
        api.make_personal(other.username)
        name = other.username
    answer = ask(
        f"/v22.0/{mine.id}", world.pages[0].access_token, fields=f"business_discovery.username({name}){{media_count}}"
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["error_subcode"]) == (400, 110, 2207013)


def test_discovery(ask: Ask, world: World, truth: Truth) -> None:
    """What may be seen of a stranger: followers, number of media, the newest media; never insights."""
    mine, other = world.instagram_accounts[:2]
    wanted = "followers_count,media_count,media.limit(3){id,timestamp,media_type,like_count,comments_count}"
    fields = f"business_discovery.username({other.username}){{{wanted}}}"
    found = ask(f"/v22.0/{mine.id}", world.pages[0].access_token, fields=fields).json()["business_discovery"]
    listed = [one for one in world.media(other.id) if one.created_at <= NOW]
    assert (found["followers_count"], found["media_count"]) == (truth.followers_now(other, NOW), len(listed))
    assert [one["id"] for one in found["media"]["data"]] == [one.id for one in listed[:3]]
    refused = ask(
        f"/v22.0/{mine.id}",
        world.pages[0].access_token,
        fields=f"business_discovery.username({other.username}){{insights}}",
    )
    assert refused.status_code == 400
