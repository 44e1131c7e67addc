"""What the simulated Meta answers and refuses about Pages, posts, reels and Page stories."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.demo.long_dead import LONG_DEAD

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.graph.rules import AUTUMN_2025, PAGE, POST, SUMMER_2026, VIDEO
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.pacific import day_start, last_closed_day
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]
INVALID = "(#100) The value must be a valid insights metric"


def _error(response: httpx.Response) -> tuple[int, int, int | None]:
    error = response.json()["error"]
    return response.status_code, error["code"], error.get("error_subcode")


def _seconds(day: date) -> int:
    return int(day_start(day).timestamp())


def test_a_series_has_one_value_a_day_closed_by_pacific_midnight(ask: Ask, world: World, truth: Truth) -> None:
    """`since` names the first day itself; `end_time` is the midnight that closes it, an hour later in winter (A9)."""
    page = world.pages[0]
    answer = ask(
        f"/v26.0/{page.id}/insights",
        page.access_token,
        metric="page_media_view",
        period="day",
        since=_seconds(date(2026, 10, 31)),
        until=_seconds(date(2026, 11, 3)),
    ).json()
    values = answer["data"][0]["values"]
    assert [value["end_time"] for value in values] == [
        "2026-11-01T07:00:00+0000",
        "2026-11-02T08:00:00+0000",
        "2026-11-03T08:00:00+0000",
    ]
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2)]
    assert [value["value"] for value in values] == [
        truth.page_day(page, "page_media_view", day, world.built_at) for day in days
    ]


def test_without_a_period_there_is_one_block_for_each(ask: Ask, world: World) -> None:
    """Leaving out `period` returns every period that the metric has; the default window is two days."""
    page = world.pages[0]
    blocks = ask(f"/{page.id}/insights", page.access_token, metric="page_total_media_view_unique").json()["data"]
    assert [block["period"] for block in blocks] == ["day", "week", "days_28"]
    assert [len(block["values"]) for block in blocks] == [2, 2, 2]
    assert blocks[0]["title"] is None


@pytest.mark.parametrize("version", [22, 27])
def test_one_bad_name_fails_the_whole_call(ask: Ask, world: World, version: int) -> None:
    """A dead or misspelt name is refused on every version, without saying which it was (B3)."""
    page = world.pages[0]
    for name in ("page_impressions", "page_impressions_unique", "page_medla_view", *LONG_DEAD["page"]):
        answer = ask(
            f"/v{version}.0/{page.id}/insights", page.access_token, metric=f"page_follows,{name}", period="day"
        )
        assert _error(answer) == (400, 100, None)
        assert answer.json()["error"]["message"] == INVALID


def test_names_die_on_their_day(ask: Ask, world: World, clock: SettableClock) -> None:
    """A clock before a wave of retirements still gets the old names, one after it does not (B3)."""
    page = world.pages[0]
    for name, day in (("page_impressions", AUTUMN_2025), ("page_impressions_unique", SUMMER_2026)):
        clock.moment = day_start(day) - timedelta(minutes=1)
        assert ask(f"/{page.id}/insights", page.access_token, metric=name, period="day").status_code == 200
        clock.moment = day_start(day)
        assert _error(ask(f"/{page.id}/insights", page.access_token, metric=name, period="day"))[1] == 100


def test_a_name_can_be_retired_half_way(ask: Ask, api: GraphApi, world: World, clock: SettableClock) -> None:
    """`retire` makes a living name dead from a moment on."""
    page = world.pages[0]
    api.retire("page_views_total", world.built_at + timedelta(hours=1))
    assert ask(f"/{page.id}/insights", page.access_token, metric="page_views_total").status_code == 200
    clock.moment = world.built_at + timedelta(hours=1)
    assert ask(f"/{page.id}/insights", page.access_token, metric="page_views_total").status_code == 400


def test_every_living_page_metric_is_answered(ask: Ask, world: World) -> None:
    """Each metric that is alive gives data for each of its periods."""
    page = world.pages[0]
    for rule in PAGE.values():
        if rule.is_alive(27, date(2026, 11, 20)):
            blocks = ask(f"/{page.id}/insights", page.access_token, metric=rule.name).json()["data"]
            assert [block["period"] for block in blocks] == list(rule.periods), rule.name


def test_breakdowns_come_as_tagged_entries(ask: Ask, world: World, truth: Truth) -> None:
    """Two entries a day with string tags, the metric's name as title, only the object's id as id (B1)."""
    page = world.pages[1]
    answer = ask(
        f"/{page.id}/insights", page.access_token, metric="page_media_view", period="day", breakdown="is_from_followers"
    )
    block = answer.json()["data"][0]
    assert (block["title"], block["id"]) == ("page_media_view", page.echo_id)
    assert [value["is_from_followers"] for value in block["values"]] == ["0", "1", "0", "1"]
    day = last_closed_day(world.built_at)
    assert sum(value["value"] for value in block["values"][2:]) == truth.page_day(
        page, "page_media_view", day, world.built_at
    )
    refused = ask(f"/{page.id}/insights", page.access_token, metric="page_follows", breakdown="is_from_ads")
    assert _error(refused)[1] == 100


def test_the_echoed_id_differs_from_the_one_that_was_asked(ask: Ask, world: World) -> None:
    """On a renamed Page blocks and posts carry another id than the request."""
    page = world.renamed_page
    assert page is not None
    block = ask(f"/{page.id}/insights", page.access_token, metric="page_follows").json()["data"][0]
    assert block["id"] == f"{page.echo_id}/insights/page_follows/day"
    post = ask(f"/{page.id}/published_posts", page.access_token, limit=1).json()["data"][0]
    assert post["id"].startswith(f"{page.echo_id}_")


def test_windows_are_limited_to_93_days(ask: Ask, world: World) -> None:
    """90 days are documented, the refusal comes beyond 93 (A13)."""
    page, last = world.pages[0], date(2026, 9, 30)
    for days, status in ((90, 200), (93, 200), (94, 400)):
        first = last - timedelta(days=days)
        answer = ask(
            f"/{page.id}/insights",
            page.access_token,
            metric="page_follows",
            since=_seconds(first),
            until=_seconds(last),
        )
        assert answer.status_code == status


def test_only_two_years_are_kept(ask: Ask, world: World) -> None:
    """Older days are simply not there; plain dates mean Pacific midnights (B12)."""
    page = world.pages[0]
    old = ask(
        f"/{page.id}/insights", page.access_token, metric="page_follows", since="2024-11-15", until="2024-11-25"
    ).json()
    ends = [value["end_time"] for value in old["data"][0]["values"]]
    assert ends[0] == "2024-11-21T08:00:00+0000"


def test_next_leads_into_the_future(ask: Ask, client: httpx.Client, world: World) -> None:
    """`paging.next` is the adjacent window; it serves a running day with an `end_time` to come, then nothing, for ever."""
    page = world.pages[0]
    headers = {"Authorization": f"Bearer {page.access_token}"}
    answer = ask(f"/v23.0/{page.id}/insights", page.access_token, metric="page_media_view", period="day").json()
    link = answer["paging"]["next"]
    assert "/v27.0/" in link
    assert "access_token" not in link
    running = client.get(link, headers=headers).json()
    assert [value["end_time"] for value in running["data"][0]["values"]] == ["2026-11-21T08:00:00+0000"]
    later = client.get(running["paging"]["next"], headers=headers).json()
    assert later["data"] == []
    assert "next" in later["paging"]


def test_a_token_in_the_url_comes_back_in_paging(client: httpx.Client, api: GraphApi, world: World) -> None:
    """Links repeat the token if it came in the URL, and the call is noted as a leak (D2)."""
    page = world.pages[0]
    answer = client.get(f"/{page.id}/insights", params={"metric": "page_follows", "access_token": page.access_token})
    assert page.access_token in answer.json()["paging"]["next"]
    assert api.seen_secrets_in_urls == [f"GET /{page.id}/insights"]
    assert page.access_token not in str(api.calls)


def test_a_small_page_is_refused_unique_counts(ask: Ask, world: World) -> None:
    """Fewer than 100 followers: code 200 / 1504029 for reach, everything else is answered (A12)."""
    page = world.small_page
    assert page is not None
    reach = ask(f"/{page.id}/insights", page.access_token, metric="page_total_media_view_unique", period="day")
    assert _error(reach) == (400, 200, 1504029)
    assert reach.json()["error"]["is_transient"] is False
    assert ask(f"/{page.id}/insights", page.access_token, metric="page_media_view", period="day").status_code == 200
    post = world.posts(page.id)[-1]
    answer = ask(f"/{post.id}/insights", page.access_token, metric="post_total_media_view_unique")
    assert _error(answer) == (400, 200, 1504029)


def test_money_is_asked_alone_and_of_monetised_pages(ask: Ask, world: World) -> None:
    """Mixed with others it is code 2, on a Page without monetisation code 200, alone it is a decimal number."""
    paid = world.monetised_page
    assert paid is not None
    money = "content_monetization_earnings"
    mixed = ask(f"/{paid.id}/insights", paid.access_token, metric=f"{money},page_follows", period="day")
    assert _error(mixed) == (500, 2, None)
    other = world.pages[1]
    assert _error(ask(f"/{other.id}/insights", other.access_token, metric=money, period="day")) == (403, 200, None)
    alone = ask(f"/{paid.id}/insights", paid.access_token, metric=money, period="day").json()["data"]
    assert isinstance(alone[0]["values"][0]["value"], float)


def test_an_entry_may_lack_its_value(ask: Ask, world: World) -> None:
    """One planted day has an `end_time` and no `value` (A12)."""
    page_id, metric, day = next(iter(world.valueless_days))
    answer = ask(
        f"/{page_id}/insights",
        world.pages[0].access_token,
        metric=metric,
        period="day",
        since=_seconds(day),
        until=_seconds(day + timedelta(days=1)),
    ).json()
    assert list(answer["data"][0]["values"][0]) == ["end_time"]


def test_no_metric_is_its_own_error(ask: Ask, world: World) -> None:
    """3001 / 1504028."""
    page = world.pages[0]
    assert _error(ask(f"/{page.id}/insights", page.access_token)) == (400, 3001, 1504028)


def _post(world: World, kind: str) -> Any:
    posts = world.posts(world.pages[0].id)
    return next(post for post in posts if post.kind == kind and post.created_at <= world.built_at)


def test_a_post_answers_lifetime_and_day(ask: Ask, world: World, truth: Truth) -> None:
    """Lifetime values have no date; metrics that have days come in a second block over two days (A2)."""
    post, page = _post(world, "reel"), world.pages[0]
    answer = ask(f"/{post.id}/insights", page.access_token, metric="post_total_media_view_unique,post_clicks").json()
    assert [(block["name"], block["period"]) for block in answer["data"]][0::2] == [
        ("post_total_media_view_unique", "lifetime"),
        ("post_clicks", "lifetime"),
    ]
    assert answer["data"][0]["values"] == [
        {"value": truth.post_lifetime(post, "post_total_media_view_unique", world.built_at)}
    ]
    assert answer["data"][2]["id"] == f"{post.id}/insights/post_clicks/lifetime"


def test_dictionaries_leave_zero_out(ask: Ask, world: World) -> None:
    """Reaction types that nobody chose are absent, and a fresh post has an empty dictionary (A12)."""
    page = world.pages[3]
    for post in world.posts(page.id):
        if post.created_at <= world.built_at:
            answer = ask(f"/{post.id}/insights", page.access_token, metric="post_reactions_by_type_total").json()
            assert all(count > 0 for count in answer["data"][0]["values"][0]["value"].values())


def test_video_metrics_of_a_photo_are_zero(ask: Ask, world: World) -> None:
    """Asking a video metric on a photo is no error; every living name is answered on every kind of post."""
    page = world.pages[0]
    names = [rule.name for rule in POST.values() if rule.is_alive(27, date(2026, 11, 20))]
    for kind in ("photo", "reel"):
        answer = ask(f"/{_post(world, kind).id}/insights", page.access_token, metric=",".join(names), period="lifetime")
        values = {block["name"]: block["values"][0]["value"] for block in answer.json()["data"]}
        assert set(values) == set(names)
        assert (values["post_video_views"] == 0) == (kind == "photo")


def test_a_reel_is_asked_through_video_insights(ask: Ask, world: World) -> None:
    """Its video id has no `/insights`; `/video_insights` answers, with a default set when nothing is named (B4)."""
    post, page = _post(world, "reel"), world.pages[0]
    refused = ask(f"/{post.video_id}/insights", page.access_token, metric="post_media_view")
    assert "nonexisting field (insights) on node type (Video)" in refused.json()["error"]["message"]
    names = [rule.name for rule in VIDEO.values() if rule.is_alive(27, date(2026, 11, 20))]
    answer = ask(f"/{post.video_id}/video_insights", page.access_token, metric=",".join(names), period="lifetime")
    assert {block["name"] for block in answer.json()["data"]} == set(names) - {"total_video_consumption_rate"}
    assert len(ask(f"/{post.video_id}/video_insights", page.access_token).json()["data"]) == 3


def test_a_page_story_is_not_computed_at_once(ask: Ask, world: World, clock: SettableClock, truth: Truth) -> None:
    """A young story answers 0 with an `end_time` of 1970; later the number is there; after 24 hours it is not listed."""
    page = world.pages[0]
    listed = ask(f"/{page.id}/stories", page.access_token).json()["data"]
    assert len(listed) == 2
    story = world.page_stories(page.id)[-1]
    clock.moment = story.created_at + timedelta(hours=1)
    young = ask(f"/{story.id}/insights", page.access_token, metric="STORY_MEDIA_VIEW").json()
    assert young["data"][0]["values"] == [{"value": 0, "end_time": "1970-01-02T00:00:00+0000"}]
    clock.moment = story.created_at + timedelta(hours=9)
    grown = ask(f"/{story.id}/insights", page.access_token, metric="STORY_MEDIA_VIEW").json()
    assert grown["data"][0]["values"] == [{"value": truth.page_story_lifetime(story, "STORY_MEDIA_VIEW", clock.moment)}]
    clock.moment = story.created_at + timedelta(hours=24)
    assert story.id not in ask(f"/{page.id}/stories", page.access_token).text


def test_presets_are_pacific_days(ask: Ask, world: World) -> None:
    """`date_preset` counts when neither `since` nor `until` is given."""
    page = world.pages[0]

    def count(**parameters: str) -> int:
        answer = ask(f"/{page.id}/insights", page.access_token, metric="page_follows", **parameters).json()
        return len(answer["data"][0]["values"])

    assert count(date_preset="yesterday") == 1
    assert count(date_preset="last_30d") == 30
    assert count(date_preset="last_week_mon_sun") == 7
    assert count(date_preset="last_quarter") == 92
    assert count(date_preset="last_30d", since="2026-11-10", until="2026-11-12") == 2
    assert ask(f"/{page.id}/insights", page.access_token, metric="page_follows", date_preset="x").status_code == 400


def test_the_clock_decides_how_provisional_a_day_is(ask: Ask, world: World, clock: SettableClock) -> None:
    """The same day asked two days later has another value (A13)."""
    page = world.pages[0]

    def yesterday_of(moment: datetime) -> int:
        clock.moment = moment
        answer = ask(
            f"/{page.id}/insights", page.access_token, metric="page_media_view", since="2026-11-19", until="2026-11-20"
        ).json()
        return int(answer["data"][0]["values"][0]["value"])

    assert yesterday_of(world.built_at) < yesterday_of(datetime(2026, 11, 23, tzinfo=UTC))


def test_a_period_that_a_metric_lacks_gives_no_block(ask: Ask, world: World) -> None:
    """What is asked may be missing from `data` without an error; an unknown period is refused (A12)."""
    page = world.pages[0]
    for period in ("week", "total_over_range"):
        answer = ask(f"/{page.id}/insights", page.access_token, metric="page_follows", period=period)
        assert answer.json()["data"] == []
    assert ask(f"/{page.id}/insights", page.access_token, metric="page_follows", period="year").status_code == 400
    mixed = ask(f"/{page.id}/insights", page.access_token, metric='["page_follows","page_media_view"]', period="week")
    assert [block["name"] for block in mixed.json()["data"]] == ["page_media_view"]
