"""Newer names of media, and one that fell silent."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import World, build_world
from sophia.demo.server import running_server

BUILT = datetime(2026, 6, 22, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def spring() -> Iterator[tuple[World, SettableClock, httpx.Client]]:
    """A client with five months of posts before November 2026."""
    world, clock = build_world(businesses=1, posts_per_account=12, days=140, now=BUILT), SettableClock(BUILT)
    api = GraphApi(world, Truth(world), clock=clock)
    headers = {"Authorization": f"Bearer {world.pages[0].access_token}"}
    with running_server(api) as base_url, httpx.Client(base_url=base_url, trust_env=False, headers=headers) as client:
        yield world, clock, client


@pytest.mark.parametrize("version", ["v22.0", "v27.0"])
def test_newer_media_metrics(spring: tuple[World, SettableClock, httpx.Client], version: str) -> None:
    """L1: totals with advertising for every product that has them, link clicks for stories (GRAPH_API.md, 1e)."""
    world, clock, client = spring
    clock.moment, account = BUILT, spring[0].instagram_accounts[0].id
    medium = next(each.id for each in world.media(account) if each.created_at <= BUILT)
    story = next(each.id for each in world.stories(account) if each.created_at <= BUILT and not each.few_viewers)

    def names(object_id: str, metric: str) -> list[str]:
        answer = client.get(f"/{version}/{object_id}/insights", params={"metric": metric}).json()
        return [block["name"] for block in answer.get("data", [])]

    totals = ["total_likes", "total_comments", "total_views"]
    assert names(medium, ",".join(totals)) == totals
    assert names(story, "link_clicks,total_views") == ["link_clicks", "total_views"]
    assert names(story, "total_likes") == names(medium, "link_clicks") == []


def test_a_name_falls_silent(spring: tuple[World, SettableClock, httpx.Client]) -> None:
    """L1: `total_video_consumption_rate` is accepted in November 2026 and brings nothing, the others do."""
    world, clock, client = spring
    video = next(post.video_id for post in reversed(world.posts(world.pages[0].id)) if post.is_video)
    names = []
    for moment in (BUILT, datetime(2026, 11, 20, 20, tzinfo=UTC)):
        clock.moment = moment
        metrics = {"metric": "total_video_consumption_rate,total_video_views"}
        answer = client.get(f"/v22.0/{video}/video_insights", params=metrics).json()
        names.append([block["name"] for block in answer["data"]])
    assert names == [["total_video_consumption_rate", "total_video_views"], ["total_video_views"]]


def test_counters_of_media(spring: tuple[World, SettableClock, httpx.Client]) -> None:
    """L1: reposts, saves and shares are fields of a medium; the pictures of an album have none of them."""
    world, clock, client = spring
    clock.moment = BUILT
    fields = {"fields": "reposts_count,saved_count,shares_count,is_ai_generated"}
    media = [each for each in world.media(world.instagram_accounts[0].id) if each.created_at <= BUILT]
    shown = client.get(f"/{media[0].id}", params=fields).json()
    assert set(shown) == {"reposts_count", "saved_count", "shares_count", "is_ai_generated", "id"}
    child = next(each.children[0] for each in media if each.children)
    assert client.get(f"/{child}", params={"fields": "saved_count"}).json()["error"]["code"] == 100
