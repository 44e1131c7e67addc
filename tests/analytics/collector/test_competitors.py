"""Competitors from the simulated Meta to the share of voice: once a day, and who cannot be found is named once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sophia.analytics.collector.plan import Plan
from sophia.analytics.comments.competitors import ListedCompetitor, list_competitors, voices
from sophia.analytics.comments.competitors_store import add_competitor
from sophia.analytics.comments.share_of_voice import share_of_voice
from sophia.analytics.readings.run_models import COMMENTS
from sophia.analytics.readings.runs_store import RunOutcome
from sophia.database.engine import Database
from sophia.demo.meta.faults.faults import fault_of
from sophia.meta.reporting_zone import DateRange, reporting_day

from .conftest import NOON, AppState, open_house

PLAN = Plan(COMMENTS, comments_only=True, at_least=None)


@pytest.fixture
def house(sqlite_database: Database) -> Iterator[AppState]:
    """Two businesses, of which the first names the second and a name that nobody has as its competitors."""
    with open_house(sqlite_database, NOON, 60, {"businesses": 2, "posts_per_account": 6}) as house:
        with house.database.write() as session:
            for name in (house.world.instagram_accounts[1].username, "nobody.has.this"):
                add_competitor(session, 1, name, house.now)
        yield house


def look(house: AppState) -> list[RunOutcome]:
    """The daily look of the first client's accounts, without comments."""
    mine = house.world.businesses[0]
    return house.collect(mine.page.id, mine.instagram.id, plan=PLAN, collect_comments=False)


def stored(house: AppState) -> dict[str, ListedCompetitor]:
    with house.database.read() as session:
        return {one.username: one for one in list_competitors(session, 1)}


def discoveries(house: AppState) -> int:
    return sum("business_discovery" in call.query for call in house.api.calls)


def test_once_a_day(house: AppState) -> None:
    """H5: one call a competitor and day, by Instagram's account alone; values are dated by the reporting day."""
    page, instagram = look(house)
    assert (page.calls, instagram.calls, instagram.status) == (0, 2, "ok")
    other = house.world.instagram_accounts[1]
    found = stored(house)[other.username]
    assert (found.status, found.read_on) == ("ok", reporting_day(house.now))
    assert found.followers_count == house.truth.followers_now(other, house.now)
    listed = [one for one in house.world.media(other.id) if one.created_at <= house.now]
    assert found.media_count == len(listed)
    rows = house.rows("SELECT platform_post_id, comments_count FROM competitor_posts")
    assert dict(rows) == {one.id: house.truth.media_lifetime(one, "comments", house.now) for one in listed}
    house.api.reset()
    look(house)
    assert discoveries(house) == 0
    house.now += timedelta(days=1)
    look(house)
    assert discoveries(house) == 1
    assert house.rows("SELECT count(*) FROM competitor_values")[0][0] == 4


def test_who_cannot_be_found_is_named_once(house: AppState) -> None:
    """C10: a personal account and a name that nobody has; asked for again in a week, and told of no more."""
    _, first = look(house)
    assert [problem["code"] for problem in first.problems] == ["not_found"]
    assert "nobody.has.this" in first.problems[0]["message"]
    assert stored(house)["nobody.has.this"].status == "refused"
    house.now += timedelta(days=8)
    house.api.make_personal(house.world.instagram_accounts[1].username)
    _, second = look(house)
    assert discoveries(house) == 4
    assert [house.world.instagram_accounts[1].username in problem["message"] for problem in second.problems] == [True]
    assert {one.status for one in stored(house).values()} == {"refused"}


def test_a_limit_stops_the_look_and_nothing_else(house: AppState) -> None:
    """C2, C4: Business Discovery is throttled; the next look goes on, and nothing of a day is written twice."""
    house.api.faults[:] = [fault_of("80002 instagram rate limit", r"business_discovery", times=1)]
    _, first = look(house)
    assert first.status == "throttled"
    house.now += timedelta(hours=2)
    assert look(house)[1].status == "ok"
    assert stored(house)[house.world.instagram_accounts[1].username].status == "ok"


def test_share_of_voice_is_that_of_the_truth(house: AppState) -> None:
    """H5: likes and posts of two closed weeks, on both sides those that Meta really counts."""
    today = reporting_day(house.now)
    window = DateRange(today - timedelta(days=28), today)
    house.collect(house.world.businesses[0].instagram.id, initial_days=1)
    look(house)
    with house.database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM competitors WHERE status = 'refused'")
    with house.database.read() as session:
        found = voices(session, 1, window, house.now)
    for metric in ("posts", "comments"):
        own, others = found[metric]
        for voice, account in zip((own, *others), house.world.instagram_accounts, strict=True):
            posts = [one for one in house.world.media(account.id) if reporting_day(one.created_at) in window]
            counted = [house.truth.media_lifetime(one, "comments", house.now) for one in posts]
            assert voice.value == (len(posts) if metric == "posts" else sum(counted)), (metric, voice.name)
        assert sum(share_of_voice(own, others).shares.values()) == pytest.approx(100.0)
