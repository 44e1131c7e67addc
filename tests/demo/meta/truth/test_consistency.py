"""The simulated Meta's answers about posts fit its answers about their account, night after night."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.pacific import ONE_DAY, day_close, day_start, days_between, last_closed_day, pacific_day
from sophia.demo.meta.world.world import World, build_world
from sophia.demo.server import running_server

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
PAGE_METRICS = "page_media_view,page_total_media_view_unique,page_post_engagements,page_video_views"
# What a Page's or an account's metric counts of its posts.
PAGE_TOTALS = {
    "page_media_view": "post_media_view",
    "page_post_engagements": "engagements",
    "page_video_views": "post_video_views",
}
INSTAGRAM_TOTALS = {name: name for name in ("views", "total_interactions", "likes", "comments", "shares", "saves")}
STORY_METRICS = "views,reach,total_interactions,shares"
MEDIA_METRICS = f"{STORY_METRICS},likes,comments,saved"

Numbers = dict[str, int]


class Asking:
    """Questions to the simulated Meta at a moment of its clock."""

    def __init__(self, client: httpx.Client, clock: SettableClock, world: World) -> None:
        self.client = client
        self.clock = clock
        self.world = world

    def get(self, account_id: str, path: str, **parameters: str | int) -> list[dict[str, Any]]:
        """The rows of an answer; none for a story with too few viewers."""
        token = self.world.business_of(account_id).page.access_token
        response = self.client.get(f"/v22.0/{path}", params=parameters, headers={"Authorization": f"Bearer {token}"})
        body = response.json()
        if "error" in body:
            assert body["error"]["code"] == 10
            return []
        rows: list[dict[str, Any]] = body["data"]
        return rows

    def series(self, account_id: str, metrics: str, period: str, day: date) -> Numbers:
        """The value of each metric that ends with `day`."""
        window = {"since": int(day_start(day).timestamp()), "until": int(day_close(day).timestamp())}
        blocks = self.get(account_id, f"{account_id}/insights", metric=metrics, period=period, **window)
        return {block["name"]: block["values"][-1]["value"] for block in blocks}

    def totals(self, account_id: str, metrics: str, day: date) -> Numbers:
        window = {"since": int(day_start(day).timestamp()), "until": int(day_close(day).timestamp())}
        options = {"metric": metrics, "period": "day", "metric_type": "total_value"}
        blocks = self.get(account_id, f"{account_id}/insights", **options, **window)
        return {block["name"]: block["total_value"]["value"] for block in blocks}

    def posts(self, account_id: str, edge: str, time: str, metrics: str) -> dict[str, tuple[datetime, Numbers]]:
        """{id: (moment of publication, lifetime counters)} of the newest hundred posts."""
        rows = self.get(account_id, f"{account_id}/{edge}", fields=f"id,{time},insights.metric({metrics})", limit=100)
        return {
            row["id"]: (datetime.fromisoformat(row[time]), lifetime(row["insights"]["data"]))
            for row in rows
            if "insights" in row
        }

    def stories_of(self, account_id: str, day: date) -> dict[str, tuple[datetime, Numbers]]:
        """The stories that were published on `day` and have enough viewers."""
        rows = self.get(account_id, f"{account_id}/stories", fields="id,timestamp", limit=100)
        moments = {row["id"]: datetime.fromisoformat(row["timestamp"]) for row in rows}
        blocks = {
            story_id: self.get(account_id, f"{story_id}/insights", metric=STORY_METRICS)
            for story_id, moment in moments.items()
            if pacific_day(moment) == day
        }
        return {story_id: (moments[story_id], lifetime(insights)) for story_id, insights in blocks.items() if insights}


def lifetime(blocks: list[dict[str, Any]]) -> Numbers:
    values = {block["name"]: block["values"][0]["value"] for block in blocks}
    activity = values.pop("post_activity_by_action_type", None)
    if activity is not None:
        values["engagements"] = sum(activity.values()) + values["post_clicks"]
    if "saved" in values:
        values["saves"] = values.pop("saved")
    return values


@pytest.fixture(scope="module", params=[7, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in (8, 21))])
def asking(request: pytest.FixtureRequest) -> Iterator[Asking]:
    """Four clients: two with campaigns, one with a viral day, the last too small."""
    world = build_world(request.param, businesses=4, posts_per_account=90, now=NOW)
    clock = SettableClock(NOW)
    api = GraphApi(world, Truth(world), clock=clock)
    with running_server(api) as base_url, httpx.Client(base_url=base_url, trust_env=False) as client:
        yield Asking(client, clock, world)


def nights(world: World) -> list[date]:
    """The days from before the viral one, past the algorithm change, to the last closed one."""
    return days_between(world.viral_day.day - 2 * ONE_DAY, last_closed_day(NOW))


def gained(posts: dict[str, tuple[datetime, Numbers]], before: dict[str, tuple[datetime, Numbers]]) -> Counter[str]:
    """What all posts gained since the night before."""
    total: Counter[str] = Counter()
    for post_id, (_, counters) in posts.items():
        old = before[post_id][1] if post_id in before else {}
        total.update({name: count - old.get(name, 0) for name, count in counters.items()})
    return total


def check_reach(
    day: date, posts: dict[str, tuple[datetime, Numbers]], name: str, account_reach: dict[int, int]
) -> None:
    """Nobody is reached by a post who is not reached by its account in a period that holds the life of the post."""
    for post_id, (created_at, counters) in posts.items():
        age_days = (day - pacific_day(created_at)).days + 1
        for days, reach in account_reach.items():
            if age_days <= days:
                assert counters[name] <= reach, (day, post_id, days)


def test_a_page_has_what_its_posts_have(asking: Asking) -> None:
    """A5: on every day views, plays and engagements of all posts are in the Page's, and their reach is in its reach."""
    for page in asking.world.pages:
        metrics = PAGE_METRICS.replace("page_total_media_view_unique,", "") if page.is_small else PAGE_METRICS
        reach_name = "" if page.is_small else "post_total_media_view_unique"
        names = "post_media_view,post_clicks,post_activity_by_action_type,post_video_views"
        before: dict[str, tuple[datetime, Numbers]] = {}
        for day in nights(asking.world):
            asking.clock.moment = day_close(day)
            posts = asking.posts(
                page.id, "published_posts", "created_time", ",".join(filter(None, (names, reach_name)))
            )
            values = asking.series(page.id, metrics, "day", day)
            if before:
                gains = gained(posts, before)
                for metric, counter in PAGE_TOTALS.items():
                    assert gains[counter] <= values[metric], (page.number, day, metric)
            before = posts
            if not page.is_small and day.toordinal() % 3 == 0:
                unique = "page_total_media_view_unique"
                week, month = (asking.series(page.id, unique, period, day)[unique] for period in ("week", "days_28"))
                assert values[unique] <= values["page_media_view"]
                check_reach(day, posts, reach_name, {1: values[unique], 7: week, 28: month})
                for _, counters in posts.values():
                    assert counters[reach_name] <= counters["post_media_view"]


def test_an_instagram_account_has_what_its_media_have(asking: Asking) -> None:
    """A5: on every day views and interactions of media and new stories are in the account's, and their reach in its reach.

    Days for which Meta has no data are left out.
    """
    for account in asking.world.instagram_accounts:
        before: dict[str, tuple[datetime, Numbers]] = {}
        for day in nights(asking.world):
            asking.clock.moment = day_close(day)
            media = asking.posts(account.id, "media", "timestamp", MEDIA_METRICS)
            new_stories = asking.stories_of(account.id, day)
            totals = asking.totals(account.id, ",".join(INSTAGRAM_TOTALS), day)
            if before and totals:
                gains = gained(media, before) + gained(new_stories, {})
                for metric, counter in INSTAGRAM_TOTALS.items():
                    assert gains[counter] <= totals[metric], (account.number, day, metric)
            before = media
            if totals and day.toordinal() % 3 == 0:
                reach = {
                    days: asking.series(account.id, "reach", period, day)["reach"]
                    for days, period in ((1, "day"), (7, "week"), (28, "days_28"))
                }
                assert reach[1] <= totals["views"]
                check_reach(day, media | new_stories, "reach", reach)


def test_posts_make_a_part_of_the_views(asking: Asking) -> None:
    """In the newest four weeks posts have between a fifth and half of their account's views."""
    last = last_closed_day(NOW)
    for page in asking.world.pages[:-1]:
        posts: list[dict[str, tuple[datetime, Numbers]]] = []
        for day in (last - 28 * ONE_DAY, last):
            asking.clock.moment = day_close(day) + timedelta(minutes=5)
            posts.append(asking.posts(page.id, "published_posts", "created_time", "post_media_view"))
        views = asking.series(page.id, "page_media_view", "days_28", last)["page_media_view"]
        assert 0.2 * views < gained(posts[1], posts[0])["post_media_view"] < 0.55 * views
