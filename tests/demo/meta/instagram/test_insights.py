"""What the simulated Meta answers and refuses about Instagram accounts, media and stories."""

from collections.abc import Callable
from datetime import date, timedelta

import httpx
import pytest
from tests.demo.long_dead import LONG_DEAD

from sophia.demo.control import SettableClock
from sophia.demo.meta.graph.rules import INSTAGRAM, MEDIA
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import Media
from sophia.demo.meta.world.pacific import day_start, days_between, last_closed_day
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]


def _error(response: httpx.Response) -> tuple[int, int, int | None]:
    error = response.json()["error"]
    return response.status_code, error["code"], error.get("error_subcode")


def _window(first: date, last: date) -> dict[str, int]:
    """`since` and `until` around the days from `first` to `last`, both included."""
    until = last + timedelta(days=1)
    return {"since": int(day_start(first).timestamp()), "until": int(day_start(until).timestamp())}


def _account(world: World, number: int = 1) -> tuple[str, str]:
    business = world.businesses[number]
    return business.instagram.id, business.page.access_token


def test_totals_need_their_metric_type(ask: Ask, world: World) -> None:
    """Without `metric_type=total_value` the total-only metrics fail as a group and are named (B2)."""
    account, token = _account(world)
    answer = ask(f"/{account}/insights", token, metric="reach,views,likes", period="day")
    assert _error(answer) == (400, 100, None)
    assert answer.json()["error"]["message"] == (
        "(#100) The following metrics (views,likes) should be specified with parameter metric_type=total_value"
    )
    series = ask(f"/{account}/insights", token, metric="follower_count", period="day", metric_type="total_value")
    assert _error(series)[1] == 100
    assert _error(ask(f"/{account}/insights", token, metric="reach"))[1] == 100


def test_reach_comes_in_two_shapes(ask: Ask, world: World, truth: Truth) -> None:
    """Time series with `end_time`, or one total over the window that is no sum of days (B1, A5)."""
    account, token = _account(world)
    last = last_closed_day(world.built_at)
    days = days_between(last - timedelta(days=6), last)
    window = _window(days[0], days[-1])
    series = ask(f"/{account}/insights", token, metric="reach", period="day", **window).json()["data"][0]
    assert "total_value" not in series
    assert len(series["values"]) == 7
    total = ask(f"/{account}/insights", token, metric="reach", period="day", metric_type="total_value", **window)
    block = total.json()["data"][0]
    assert "values" not in block
    daily = [value["value"] for value in series["values"]]
    assert max(daily) <= block["total_value"]["value"] < sum(daily)
    instagram = world.businesses[1].instagram
    assert block["total_value"]["value"] == truth.instagram_window(instagram, "reach", days, world.built_at)
    week = ask(f"/{account}/insights", token, metric="reach", period="week").json()["data"][0]
    assert week["values"][0]["value"] == block["total_value"]["value"]


def test_the_default_window_is_the_last_day(ask: Ask, world: World) -> None:
    """Without `since` and `until` there is one day."""
    account, token = _account(world)
    values = ask(f"/{account}/insights", token, metric="reach", period="day").json()["data"][0]["values"]
    assert [value["end_time"] for value in values] == ["2026-11-20T08:00:00+0000"]


def test_thirty_days_are_counted_in_seconds(ask: Ask, world: World) -> None:
    """30 days across the autumn clock change are an hour too long (B12)."""
    account, token = _account(world)
    for first, status in ((date(2026, 9, 20), 200), (date(2026, 10, 20), 400)):
        answer = ask(
            f"/{account}/insights", token, metric="reach", period="day", **_window(first, first + timedelta(29))
        )
        assert answer.status_code == status
    assert "There cannot be more than 30 days (2592000 s) between since and until" in answer.text


def test_instagram_keeps_ninety_days(ask: Ask, world: World) -> None:
    """Older days are lost: the answer is empty, not an error and not 0 (A12, A13)."""
    account, token = _account(world)
    window = _window(date(2026, 8, 10), date(2026, 8, 25))
    kept = ask(f"/{account}/insights", token, metric="reach", period="day", **window).json()["data"][0]["values"]
    assert kept[0]["end_time"] == "2026-08-23T07:00:00+0000"
    gone = _window(date(2026, 8, 1), date(2026, 8, 10))
    assert ask(f"/{account}/insights", token, metric="reach", period="day", **gone).json()["data"] == []
    total = ask(f"/{account}/insights", token, metric="views", period="day", metric_type="total_value", **gone)
    assert total.json()["data"] == []


def test_new_followers_reach_back_thirty_days(ask: Ask, world: World) -> None:
    """`follower_count` covers the last 30 days without today (A8)."""
    account, token = _account(world)
    window = _window(date(2026, 10, 10), date(2026, 11, 7))
    values = ask(f"/{account}/insights", token, metric="follower_count", period="day", **window).json()
    assert values["data"][0]["values"][0]["end_time"] == "2026-10-22T07:00:00+0000"


def test_two_days_have_nothing_to_show(ask: Ask, world: World) -> None:
    """A planted day answers `data: []` in both shapes (A12)."""
    for account, day in world.empty_instagram_days:
        token, window = world.pages[0].access_token, _window(day, day)
        assert ask(f"/{account}/insights", token, metric="reach", period="day", **window).json()["data"] == []
        views = ask(f"/{account}/insights", token, metric="views", period="day", metric_type="total_value", **window)
        assert views.json()["data"] == []


def test_follows_and_unfollows_need_more_than_a_day(ask: Ask, world: World, truth: Truth) -> None:
    """With the breakdown one day is refused; FOLLOWER counts follows and equals `follower_count`."""
    account, token = _account(world)
    last = last_closed_day(world.built_at)
    total = {
        "metric": "follows_and_unfollows",
        "period": "day",
        "metric_type": "total_value",
        "breakdown": "follow_type",
    }
    assert _error(ask(f"/{account}/insights", token, **total, **_window(last, last)))[1] == 100
    window = _window(last - timedelta(days=9), last)
    answer = ask(f"/{account}/insights", token, **total, **window).json()["data"][0]["total_value"]
    parts = {row["dimension_values"][0]: row["value"] for row in answer["breakdowns"][0]["results"]}
    series = ask(f"/{account}/insights", token, metric="follower_count", period="day", **window).json()["data"][0]
    assert parts["FOLLOWER"] == sum(value["value"] for value in series["values"])
    assert answer["value"] == sum(parts.values())


def test_breakdowns_may_have_two_dimensions(ask: Ask, world: World) -> None:
    """`dimension_keys` names them in the order that was asked; parts add up to the total (B1)."""
    account, token = _account(world)
    answer = ask(
        f"/{account}/insights",
        token,
        metric="views",
        period="day",
        metric_type="total_value",
        breakdown="follower_type,media_product_type",
    ).json()["data"][0]["total_value"]
    assert answer["breakdowns"][0]["dimension_keys"] == ["follower_type", "media_product_type"]
    assert sum(row["value"] for row in answer["breakdowns"][0]["results"]) == answer["value"]
    assert {row["dimension_values"][0] for row in answer["breakdowns"][0]["results"]} <= {
        "FOLLOWER",
        "NON_FOLLOWER",
        "UNKNOWN",
    }
    refused = ask(
        f"/{account}/insights", token, metric="likes", period="day", metric_type="total_value", breakdown="age"
    )
    assert _error(refused)[1] == 100


def test_demographics_have_breakdowns_only(ask: Ask, world: World) -> None:
    """No `value`; nothing without a breakdown; the time frame may come first; old time frames are refused (H6)."""
    account, token = _account(world)
    base: dict[str, str] = {"period": "lifetime", "metric_type": "total_value"}
    answer = ask(f"/{account}/insights", token, metric="follower_demographics", breakdown="age,gender", **base).json()
    total = answer["data"][0]["total_value"]
    assert list(total) == ["breakdowns"]
    assert total["breakdowns"][0]["dimension_keys"] == ["age", "gender"]
    bare = ask(f"/{account}/insights", token, metric="follower_demographics", **base).json()
    assert bare["data"][0]["total_value"] == {}
    engaged = ask(
        f"/{account}/insights", token, metric="engaged_audience_demographics", breakdown="city", **base
    ).json()
    assert engaged["data"][0]["total_value"]["breakdowns"][0]["dimension_keys"] == ["timeframe", "city"]
    old = {"timeframe": "last_90_days", "breakdown": "age"}
    assert ask(f"/{account}/insights", token, metric="follower_demographics", **old, **base).status_code == 400


@pytest.mark.parametrize(("metric", "last"), [("online_followers", 22), ("reached_audience_demographics", 24)])
def test_some_names_depend_on_the_version(ask: Ask, world: World, metric: str, last: int) -> None:
    """Valid up to a version, an unknown name from the next on (B9)."""
    account, token = _account(world)
    extra = {"metric_type": "total_value", "breakdown": "age"} if metric != "online_followers" else {}
    for version in range(22, 27):
        answer = ask(f"/v{version}.0/{account}/insights", token, metric=metric, period="lifetime", **extra)
        assert answer.status_code == (200 if version <= last else 400)


def test_online_followers_are_hours_of_a_day(ask: Ask, world: World) -> None:
    """24 keys and an `end_time`; `{}` on a day without data."""
    account, token = _account(world, 0)
    empty = min(day for _, day in world.empty_instagram_days)
    window = _window(empty, empty + timedelta(days=1))
    answer = ask(f"/v22.0/{account}/insights", token, metric="online_followers", period="lifetime", **window).json()
    values = answer["data"][0]["values"]
    assert values[0]["value"] == {}
    assert list(values[1]["value"]) == [str(hour) for hour in range(24)]


def test_a_small_account_has_no_audience(ask: Ask, world: World) -> None:
    """Fewer than 100 followers: demographics and follower counts are `data: []`, reach is served (A12)."""
    account, token = _account(world, 3)
    assert world.businesses[3].instagram.is_small
    total = {"metric_type": "total_value", "breakdown": "age", "period": "lifetime"}
    assert ask(f"/{account}/insights", token, metric="follower_demographics", **total).json()["data"] == []
    assert ask(f"/{account}/insights", token, metric="follower_count", period="day").json()["data"] == []
    assert len(ask(f"/{account}/insights", token, metric="reach", period="day").json()["data"]) == 1


@pytest.mark.parametrize("name", LONG_DEAD["instagram"])
def test_dead_account_names_are_refused(ask: Ask, world: World, name: str) -> None:
    """`impressions` and its like are unknown on every version (B3)."""
    account, token = _account(world)
    answer = ask(f"/v22.0/{account}/insights", token, metric=f"reach,{name}", period="day")
    assert answer.json()["error"]["message"].startswith("(#100) metric[1] must be one of the following values:")


def test_every_living_account_metric_is_answered(ask: Ask, world: World) -> None:
    """Each metric of v22 gives data for each of its periods and metric types."""
    account, token = _account(world)
    for rule in INSTAGRAM.values():
        for period in rule.periods:
            for metric_type in rule.metric_types or ("default",):
                if metric_type == "total_value" and period in {"week", "days_28"}:
                    continue
                asked = {"metric": rule.name, "period": period, "metric_type": metric_type}
                if "demographics" in rule.name:
                    asked["breakdown"] = "country"
                answer = ask(f"/v22.0/{account}/insights", token, **asked).json()
                assert [block["name"] for block in answer["data"]] == [rule.name]


def _medium(world: World, product: str, number: int = 1) -> Media:
    media = world.media(world.businesses[number].instagram.id)
    return next(each for each in media if each.product_type == product and each.created_at <= world.built_at)


@pytest.mark.parametrize("product", ["FEED", "REELS"])
def test_media_metrics_depend_on_the_product(ask: Ask, world: World, truth: Truth, product: str) -> None:
    """All fitting metrics are answered, without paging; one that does not fit fails the call (B4)."""
    medium, token = _medium(world, product), world.pages[1].access_token
    fitting = [rule.name for rule in MEDIA.values() if product in rule.products]
    answer = ask(f"/{medium.id}/insights", token, metric=",".join(fitting)).json()
    assert "paging" not in answer
    assert {block["name"]: block["values"] for block in answer["data"]} == {
        name: [{"value": truth.media_lifetime(medium, name, world.built_at)}] for name in fitting
    }
    for rule in MEDIA.values():
        if product not in rule.products:
            refused = ask(f"/{medium.id}/insights", token, metric=f"views,{rule.name}")
            assert refused.json()["error"]["message"] == (
                f"(#100) The Media Insights API does not support the {rule.name} metric for this media product type"
            )


@pytest.mark.parametrize("name", LONG_DEAD["media"])
def test_dead_media_names_are_refused(ask: Ask, world: World, name: str) -> None:
    """`plays`, `impressions` and their like are gone on every version (B3, B4)."""
    answer = ask(f"/v22.0/{_medium(world, 'REELS').id}/insights", world.pages[1].access_token, metric=name)
    assert _error(answer) == (400, 100, None)


def test_a_media_breakdown_comes_twice(ask: Ask, world: World) -> None:
    """`profile_activity` by action carries both `values` and `total_value`, to be counted once."""
    token = world.pages[0].access_token
    medium = _medium(world, "FEED", 0)
    block = ask(f"/{medium.id}/insights", token, metric="profile_activity", breakdown="action_type").json()["data"][0]
    assert block["values"][0]["value"] == block["total_value"]["value"]
    results = block["total_value"]["breakdowns"][0]["results"]
    assert sum(row["value"] for row in results) == block["values"][0]["value"]
    assert all(row["dimension_values"][0].islower() for row in results)


def test_stories_live_for_a_day(ask: Ask, world: World, clock: SettableClock) -> None:
    """Alive for 24 hours, then unlisted and without insights; fewer than five viewers is code 10 (B5)."""
    account, token = _account(world, 0)
    listed = [row["id"] for row in ask(f"/{account}/stories", token).json()["data"]]
    assert len(listed) == 3
    stories = {story.id: story for story in world.stories(account)}
    few = [story for story in listed if stories[story].few_viewers]
    assert len(few) == 1
    refused = ask(f"/{few[0]}/insights", token, metric="reach")
    assert _error(refused) == (400, 10, None)
    assert refused.json()["error"]["message"] == "(#10) Not enough viewers for the media to show insights"
    story = next(stories[each] for each in listed if not stories[each].few_viewers)
    answer = ask(f"/{story.id}/insights", token, metric="navigation,reach", breakdown="story_navigation_action_type")
    assert _error(answer)[1] == 100
    assert ask(f"/{story.id}/insights", token, metric="navigation,reach,replies,link_clicks").status_code == 200
    clock.moment = story.created_at + timedelta(hours=24)
    assert story.id not in ask(f"/{account}/stories", token).text
    assert _error(ask(f"/{story.id}/insights", token, metric="reach")) == (400, 100, 33)


def test_media_older_than_the_account_is_refused(ask: Ask, world: World) -> None:
    """100 / 2108006, alone and in a page, which it fails as a whole."""
    account, token = _account(world, 0)
    medium = world.old_media
    assert medium is not None
    assert _error(ask(f"/{medium.id}/insights", token, metric="reach")) == (400, 100, 2108006)
    page = ask(f"/{account}/media", token, limit=100, fields="id,insights.metric(reach)")
    assert _error(page) == (400, 100, 2108006)
    assert ask(f"/{account}/media", token, limit=100, fields="id,timestamp").status_code == 200


def test_children_of_an_album_have_no_insights(ask: Ask, world: World) -> None:
    """An album lists its children; asking one for insights is refused."""
    account, token = _account(world)
    rows = ask(f"/{account}/media", token, limit=100, fields="id,media_type,children{id}").json()["data"]
    album = next(row for row in rows if row["media_type"] == "CAROUSEL_ALBUM")
    child = album["children"]["data"][0]["id"]
    assert _error(ask(f"/{child}/insights", token, metric="reach"))[1] == 100
    assert ask(f"/{child}", token, fields="media_type").json() == {"media_type": "IMAGE", "id": child}
