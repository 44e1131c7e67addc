"""Posting times, formats and the ranking of posts through the API, from readings whose answers are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import NOW, ONE_DAY, Api, Filling, QueryCounter

from sophia.analytics.posting_times.service import measure_posting_times, rank_client_posts
from sophia.analytics.readings.models import EngagementMetric, MetricSeries
from sophia.database.columns import day_number
from sophia.database.statements import put_rows
from sophia.meta.reporting_zone import ONE_WEEK, reporting_day
from sophia.portfolio.models import ContentDraft, Post

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TORONTO = ZoneInfo("America/Toronto")
# A Monday.
FIRST = date(2026, 9, 7)
COUNTERS = ("reach", "likes", "comments", "shares", "saved")


@dataclass(frozen=True)
class Written:
    """A post to be, with its counters by the days after publication on which they were read."""

    at: datetime
    readings: Mapping[int, Mapping[str, float]]
    kind: str = "feed"


def publish(filling: Filling, account: int, *posts: Written) -> list[int]:
    """Posts of an Instagram account, in one transaction; their ids."""
    metrics = {name: filling.metric("instagram", "post", name, "lifetime") for name in COUNTERS}
    fetch = filling.fetch(account)
    made, rows = [], []
    with filling.database.write() as session:
        for one in posts:
            post = Post(
                account_id=account,
                platform_post_id=f"{account}_{one.at.timestamp()}",
                kind=one.kind,
                published_at=one.at,
                first_seen_at=one.at,
            )
            session.add(post)
            session.flush()
            made.append(post.id)
            series = {
                name: MetricSeries(account_id=account, metric_id=metric, post_id=post.id)
                for name, metric in metrics.items()
            }
            session.add_all(series.values())
            session.flush()
            for age, known in one.readings.items():
                day = day_number(reporting_day(one.at) + age * ONE_DAY)
                rows += [(series[name].id, day, value, fetch) for name, value in known.items()]
        put_rows(session, EngagementMetric, ("series_id", "metric_date", "metric_value", "fetch_id"), rows)
    return made


def had(engagements: float, reach: float = 1000) -> dict[str, float]:
    return {"reach": reach, "likes": engagements, "comments": 0, "shares": 0, "saved": 0}


def evenings_and_mornings(filling: Filling) -> int:
    """Ten Mondays at 20:00 in Toronto, where people respond twice as much, and ten Thursdays at 9:00; one client."""
    client = filling.client("Hats", timezone="America/Toronto")
    account = filling.account(client, "instagram")
    first = datetime(FIRST.year, FIRST.month, FIRST.day, 20, tzinfo=TORONTO)
    evenings = [Written(first + week * ONE_WEEK, {3: had(200 + week)}, "reel") for week in range(10)]
    # Shown to three times as many people, and not for that answered more.
    mornings = [
        Written(one.at + timedelta(days=2, hours=13), {3: had(300 + week, reach=3000)})
        for week, one in enumerate(evenings)
    ]
    publish(filling, account, *evenings, *mornings)
    return client


def test_people_respond_in_the_clients_hours(api: Api, filling: Filling) -> None:
    """G11: Monday 20:00 in Toronto is not Tuesday 01 UTC; reach is divided out; n, interval and shrinkage stand there."""
    client = evenings_and_mornings(filling)
    # Every post of the evening is a reel, so the reels explain all of it.
    confounded = api.get(f"/{client}/posting-times").json()
    assert ({one["effect"] for one in confounded["hours"]}, confounded["best"]) == ({"not enough evidence"}, [])
    with filling.database.write() as session:
        session.query(Post).update({"kind": "feed"})
    found = api.get(f"/{client}/posting-times").json()
    assert (found["zone"], found["posts"], found["compared"], found["reason"]) == ("America/Toronto", 20, 20, None)
    hours = {(one["weekday"], one["hour"]): one for one in found["hours"]}
    assert set(hours) == {(0, 20), (3, 9)}
    assert {one["factor"]["n"] for one in hours.values()} == {10}
    evening, morning = hours[0, 20], hours[3, 9]
    assert (evening["effect"], morning["effect"]) == ("better", "worse")
    # Twice as much as in the morning is √2 times the mean of both, about.
    assert 1.3 < evening["factor"]["value"] < 1.5
    assert evening["factor"]["interval"]["low"] > 1 > morning["factor"]["interval"]["high"]
    assert found["best"] == [{"weekday": 0, "hour": 20}]


@ON_SQLITE
def test_posts_without_engagement_count(api: Api, filling: Filling) -> None:
    """G11, A12: ten posts that nobody answered make their hour worse; posts with an unknown reach make it neither."""
    client = filling.client("Hats")
    account = filling.account(client, "instagram")
    noon, hour = datetime(2026, 9, 7, 12, tzinfo=UTC), timedelta(hours=1)
    unreached = {"likes": 5.0, "comments": 0, "shares": 0, "saved": 0}
    for later, values in enumerate((had(100), had(0), unreached)):
        posts = [Written(noon + week * ONE_WEEK + later * hour, {3: values}) for week in range(10)]
        publish(filling, account, *posts)
    found = api.get(f"/{client}/posting-times").json()
    assert (found["posts"], found["compared"]) == (30, 20)
    effects = {one["hour"]: (one["factor"]["n"], one["effect"]) for one in found["hours"]}
    assert effects == {12: (10, "better"), 13: (10, "worse")}


@ON_SQLITE
def test_formats_and_pillars(api: Api, filling: Filling) -> None:
    """G11: the same comparison by kind and by content pillar; posts without a pillar are counted, and in none."""
    client = evenings_and_mornings(filling)
    draft = filling.draft(client)
    with filling.database.write() as session:
        session.get_one(ContentDraft, draft).content_pillar = "tips"
        session.query(Post).filter_by(kind="reel").update({"draft_id": draft})
    found = api.get(f"/{client}/formats").json()
    assert {name: one["effect"] for name, one in found["formats"].items()} == {
        "instagram feed": "worse",
        "instagram reel": "better",
    }
    assert (found["pillars"]["tips"]["factor"]["n"], found["without_pillar"]) == (10, 10)
    assert found["pillars"]["tips"]["factor"]["value"] is None


def test_a_post_is_compared_at_its_age(api: Api, filling: Filling) -> None:
    """H1: with what others had after seven days, not with what they have today; a reading too late or too early says nothing."""
    client = filling.client("Hats")
    account, other = filling.account(client, "instagram"), filling.account(client, "instagram")
    start = datetime(2026, 10, 1, 18, tzinfo=UTC)
    usual_ones = [
        Written(start + number * ONE_DAY, {1: had(10), 7: had(100 + number), 30: had(900)}) for number in range(10)
    ]
    *_, viral, usual, late, early, _ = publish(
        filling,
        account,
        *usual_ones,
        Written(start + 12 * ONE_DAY, {7: had(5000)}),
        Written(start + 13 * ONE_DAY, {6: had(104)}),
        Written(start + 14 * ONE_DAY, {9: had(5000)}),
        Written(start + 15 * ONE_DAY, {1: had(5000), 5: had(6000)}),
        Written(NOW - 3 * ONE_DAY, {1: had(4000)}),
    )
    (alone,) = publish(filling, other, Written(start, {7: had(100)}))
    found = api.get(f"/{client}/post-standings").json()
    posts = {one["post_id"]: one for one in found["posts"]}
    assert (len(posts), found["total"], found["age"]) == (15, 15, "7d")
    assert (posts[viral]["value"], posts[viral]["rank"]["verdict"]) == (5000, "above")
    assert posts[viral]["rank"]["compared"] == 11
    assert posts[usual]["rank"]["verdict"] == "usual"
    assert 100 <= posts[usual]["rank"]["usual"] <= 110
    for unread in (late, early):
        assert (posts[unread]["value"], posts[unread]["rank"]["verdict"]) == (None, None)
        assert posts[unread]["rank"]["reason"] == "the post was not read at this age"
    assert (posts[alone]["rank"]["compared"], posts[alone]["rank"]["verdict"]) == (0, None)
    above = api.get(f"/{client}/post-standings?verdict=above").json()
    assert [one["post_id"] for one in above["posts"]] == [viral]
    moments = [one["published_at"] for one in found["posts"]]
    assert moments == sorted(moments, reverse=True)
    young = api.get(f"/{client}/post-standings?age=1d&metric=reach&limit=3").json()
    assert (young["total"], len(young["posts"])) == (16, 3)


@ON_SQLITE
def test_no_posts_and_too_long_windows(api: Api, filling: Filling) -> None:
    """A12: nothing is said of nothing, with the reason; 422 for a window that is too long, reversed, or has not begun."""
    client = filling.client("Hats")
    times = api.get(f"/{client}/posting-times").json()
    assert (times["hours"], times["best"], times["posts"]) == ([], [], 0)
    assert "too few" in times["reason"]
    assert api.get(f"/{client}/formats").json()["reason"]
    assert api.get(f"/{client}/post-standings").json()["posts"] == []
    for days in (
        "start_date=2024-01-01&end_date=2026-01-01",
        "start_date=2026-02-01&end_date=2026-01-01",
        "start_date=2025-06-01",
        "start_date=2027-01-01&end_date=2027-01-31",
    ):
        for path in ("posting-times", "formats", "post-standings"):
            assert api.get(f"/{client}/{path}?{days}").status_code == 422
    for wrong in ("age=3d", "metric=vibes", "verdict=good", "limit=0"):
        assert api.get(f"/{client}/post-standings?{wrong}").status_code == 422


@ON_SQLITE
def test_a_number_of_queries_that_does_not_grow(filling: Filling) -> None:
    """G11, J9: the same for two posts and for twenty; one used to be asked for each post."""
    small, large = filling.client("Small"), evenings_and_mornings(filling)
    account = filling.account(small, "instagram")
    publish(filling, account, *(Written(NOW - days * ONE_DAY, {7: had(5)}) for days in (10, 11)))

    def asked(client: int) -> tuple[int, int]:
        with QueryCounter(filling.database) as times:
            measure_posting_times(filling.database, client, None, NOW)
        with QueryCounter(filling.database) as posts:
            rank_client_posts(filling.database, client, None, NOW, "7d", "engagements")
        return times.count, posts.count

    assert asked(small) == asked(large)
    assert max(asked(large)) <= 5


@ON_SQLITE
def test_others_posts_are_nobodys_measure(api: Api, filling: Filling) -> None:
    """H1, D3: a post of another client is in no comparison, and another's client answers as none."""
    client = evenings_and_mornings(filling)
    other = filling.client("Shoes")
    account = filling.account(other, "instagram")
    publish(filling, account, Written(NOW - 20 * ONE_DAY, {7: had(5)}))
    assert api.get(f"/{other}/post-standings").json()["posts"][0]["rank"]["compared"] == 0
    key = filling.key(other)
    for path in ("posting-times", "formats", "post-standings", "audience", "ideal-customers", "benchmarks"):
        assert api.get(f"/{client}/{path}", key=key).status_code == 404
