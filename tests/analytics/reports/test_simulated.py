"""The simulated agency, collected over a socket and reported: numbers equal what is stored, then and afterwards."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.analytics.collector.conftest import AppState, HouseMaker
from tests.analytics.reports.test_building import check_sentence
from tests.conftest import ON_BOTH

from sophia.analytics.collector.plan import Plan
from sophia.analytics.figures.figures import LateReading
from sophia.analytics.figures.schemas import response_json
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.brief_records import ClientStatus
from sophia.analytics.reports.gathering import make_report
from sophia.meta.reporting_zone import DateRange, reporting_day

SUNDAY_NIGHT = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
WEEK = DateRange(date(2026, 11, 9), date(2026, 11, 16))

# Meta's names of likes and reactions, comments, shares and saves.
REACTIONS = ("like", "love", "wow", "haha", "sorry", "anger", "thankful", "pride", "care")
ENGAGEMENT_NAMES = {
    *(f"post_reactions_by_type_total_{reaction}" for reaction in REACTIONS),
    *("likes", "comments", "shares", "saved", "comments_count", "shares_count"),
}


def stored_views(house: AppState) -> float:
    """Summed from the tables, by Meta's own names."""
    page, instagram = (one for one in house.account_ids)
    found = 0.0
    for account, name in ((page, "page_media_view"), (instagram, "views")):
        found += sum(
            value
            for (_, post, metric, period, breakdown, day), value in house.stored(account).items()
            if (post, metric, period, breakdown) == (None, name, "day", "") and day in WEEK
        )
    return found


@ON_BOTH
def test_what_is_reported_is_what_is_stored(make_house: HouseMaker) -> None:
    """A2, A5, A13, G1: from Meta to the report, on a Sunday night; and on Friday the same as of that night, to the digit."""
    house = make_house(now=SUNDAY_NIGHT, days=40, posts_per_account=40)
    house.collect(plan=Plan())
    client = house.rows("SELECT min(id) FROM clients")[0][0]
    then = make_report(house.database, client, WEEK, SUNDAY_NIGHT)
    assert not then.is_closed

    house.now = LATER
    house.collect(plan=Plan())
    rebuilt = make_report(house.database, client, WEEK, LATER, as_of=SUNDAY_NIGHT + timedelta(minutes=1))
    same: Any = {"as_of": LATER, "is_closed": True}
    assert response_json(replace(rebuilt, **same)) == response_json(replace(then, **same))

    now = make_report(house.database, client, WEEK, LATER)
    assert now.is_closed
    assert now.kpis["views"].value == stored_views(house)
    posts = house.rows(
        "SELECT count(*) FROM posts WHERE published_at >= :start AND published_at < :end",
        start="2026-11-09 08:00:00" if house.database.is_sqlite else datetime(2026, 11, 9, 8, tzinfo=UTC),
        end="2026-11-16 08:00:00" if house.database.is_sqlite else datetime(2026, 11, 16, 8, tzinfo=UTC),
    )
    assert now.kpis["posts"].value == posts[0][0]
    assert now.kpis["posts"].value
    engagements = [post.engagements for post in now.top_posts]
    assert engagements == sorted(engagements, reverse=True)
    document = json.loads(response_json(now))
    for sentence in document["commentary"]:
        check_sentence(document, sentence)


def test_a_run_that_changes_nothing_changes_no_kpi(make_house: HouseMaker) -> None:
    """A1, A13, G1: collected once more at the same moment, every figure of the report and the kept weeks is the same."""
    house = make_house(now=LATER, days=25, posts_per_account=10)
    house.collect(plan=Plan())
    client = house.rows("SELECT min(id) FROM clients")[0][0]
    keep_weeks(house.database, LATER)
    first = make_report(house.database, client, WEEK, LATER)
    house.collect(plan=Plan())
    assert response_json(make_report(house.database, client, WEEK, LATER)) == response_json(first)
    saved = keep_weeks(house.database, LATER)
    assert (saved.new, saved.changed) == (0, 0)


def test_the_agency_in_brief(make_house: HouseMaker) -> None:
    """H11, H12, G1: weeks are kept for all clients, the brief knows every one, and a dead token is a reason."""
    house = make_house(now=LATER, businesses=3, days=40, posts_per_account=10)
    house.collect(plan=Plan())
    saved = keep_weeks(house.database, LATER)
    assert saved.new >= 3 * 3 * 4
    assert keep_weeks(house.database, LATER).changed == 0
    found = make_brief(house.database, None, LATER)
    assert found.counts["clients"] == 3
    assert found.counts["no data"] == 0
    assert found.window == WEEK
    assert reporting_day(LATER) not in WEEK
    for client in found.clients:
        assert client.kpis["views"].value is not None
        assert client.weekly_views[-1] == client.kpis["views"].value
        assert (client.state is ClientStatus.SAGE) == (client.reasons == ())


def test_a_first_collection_shows_the_last_complete_week(make_house: HouseMaker) -> None:
    """L29: nothing was read before the week ended, and yet it has engagement, rates, top posts, formats and followers, each
    equal to the newest stored value and with its day; what is not comparable yet says from when it is.
    """
    house = make_house(now=LATER, days=40, posts_per_account=40)
    house.collect(plan=Plan())
    client = house.rows("SELECT min(id) FROM clients")[0][0]
    report = make_report(house.database, client, None, LATER)
    today = reporting_day(LATER)
    late = LateReading(today, is_young=True)
    assert report.window == WEEK
    names = ("engagements", "engagement_rate_by_reach", "engagement_rate_by_followers", "share_rate", "followers")
    assert {name: report.kpis[name].late for name in names} == dict.fromkeys(names, late)
    newest = {account: house.stored(account) for account in house.account_ids}
    page, gram = house.account_ids
    totals = [
        next(
            value
            for (_, post, name, *_, day), value in newest[account].items()
            if (post, name, day) == (None, metric, on)
        )
        for account, metric, on in (
            (page, "page_follows", WEEK.end - timedelta(days=1)),
            (gram, "followers_count", today),
        )
    ]
    assert report.kpis["followers"].value == sum(totals)
    assert report.top_posts
    for post in report.top_posts:
        assert post.first_read_on == today
        stored = [
            value
            for account in house.account_ids
            for (_, post_id, name, *_, day), value in newest[account].items()
            if (post_id, day) == (post.platform_post_id, today) and name in ENGAGEMENT_NAMES
        ]
        assert post.engagements == sum(stored)
    assert sum(average.posts for average in report.format_averages.values()) == report.kpis["engagements"].n
    change = report.changes["engagements"]
    assert change.percent.value is None
    assert change.percent.reason == (
        "Values were first read on 20 Nov 2026. The first period with a fair comparison is 23 Nov 2026 to 29 Nov 2026."
    )
    brief = make_brief(house.database, None, LATER).clients[0]
    assert brief.best_post == report.top_posts[0]
    assert brief.kpis["engagement_rate_by_reach"] == report.kpis["engagement_rate_by_reach"]
