"""Names that Meta introduced or silenced, by the day on which they are asked for."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.server import running_server
from sophia.demo.truth import Truth
from sophia.demo.world import World, build_world

BUILT = datetime(2026, 6, 22, 20, tzinfo=UTC)
Status = Callable[[str, str, str], int]


@pytest.fixture(scope="module")
def spring() -> Iterator[tuple[World, SettableClock, httpx.Client]]:
    """A client whose posts reach from February 2026 to the day on which `link_clicks` began."""
    world, clock = build_world(businesses=1, posts_per_account=12, days=140, now=BUILT), SettableClock(BUILT)
    api = GraphApi(world, Truth(world), clock=clock)
    headers = {"Authorization": f"Bearer {world.pages[0].access_token}"}
    with running_server(api) as base_url, httpx.Client(base_url=base_url, trust_env=False, headers=headers) as client:
        yield world, clock, client


@pytest.fixture
def status(spring: tuple[World, SettableClock, httpx.Client]) -> Status:
    """`status(day, object id, metric)`: what the insights of an object answer on a day at 20:00 UTC."""
    _, clock, client = spring

    def status(day: str, object_id: str, metric: str) -> int:
        clock.moment = datetime.fromisoformat(f"{day}T20:00:00+00:00")
        edge = "video_insights" if metric.startswith("total_video") else "insights"
        return client.get(f"/v22.0/{object_id}/{edge}", params={"metric": metric}).status_code

    return status


def test_newer_media_metrics_begin(spring: tuple[World, SettableClock, httpx.Client], status: Status) -> None:
    """L1: totals with advertising in April 2026, link clicks of stories on 22 June (GRAPH_API.md, 1e)."""
    world, account = spring[0], spring[0].instagram_accounts[0].id
    oldest = world.media(account)[-1].id
    for metric in ("total_likes", "total_comments", "total_views"):
        assert [status(day, oldest, metric) for day in ("2026-03-30", "2026-04-02")] == [400, 200]
    earlier = datetime(2026, 6, 21, 16, tzinfo=UTC)
    alive = [story for story in world.stories(account) if not story.few_viewers]
    before = next(story.id for story in alive if story.created_at < earlier)
    after = next(story.id for story in alive if story.created_at < BUILT)
    assert [status("2026-06-21", before, metric) for metric in ("views", "link_clicks")] == [200, 400]
    assert [status("2026-06-22", after, metric) for metric in ("views", "link_clicks")] == [200, 200]


def test_a_name_falls_silent(spring: tuple[World, SettableClock, httpx.Client], status: Status) -> None:
    """L1: `total_video_consumption_rate` is accepted in November 2026 and brings nothing, the others do."""
    world, _, client = spring
    video = next(post.video_id for post in reversed(world.posts(world.pages[0].id)) if post.is_video)
    assert video is not None
    metrics = {"metric": "total_video_consumption_rate,total_video_views"}
    names = []
    for day in ("2026-06-22", "2026-11-20"):
        assert status(day, video, "total_video_consumption_rate") == 200
        answer = client.get(f"/{video}/video_insights", params=metrics).json()
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
