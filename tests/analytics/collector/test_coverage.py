"""Only what Meta answered counts as read: days, posts, and lists of posts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from sophia.analytics.collector.plan import Plan
from sophia.analytics.readings.runs_store import RunOutcome, cover_days
from sophia.database.columns import day_of
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.graph.errors import GraphError
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.world.pacific import pacific_day
from sophia.demo.meta.world.world import ALL_SCOPES
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day
from sophia.portfolio.models import Account

from .conftest import AppState, HouseMaker, Key
from .test_truth import truth_of

NOTHING = '{"data":[]}'
WITHOUT_INSIGHTS = tuple(scope for scope in ALL_SCOPES if scope != "read_insights")
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def grant(house: AppState, scopes: tuple[str, ...]) -> None:
    """Let every token of the simulated Meta have these permissions from now on."""
    house.api.simulation.world = replace(house.world, scopes=scopes)


def ended(outcome: RunOutcome) -> dict[str, str]:
    return {name: family["ended"] for name, family in outcome.families.items()}


def covered_through(house: AppState, family: str) -> date | None:
    """The last day that a family's watermark covers, as a day of the calendar."""
    rows = house.rows("SELECT through_day FROM watermarks WHERE family = :family", family=family)
    return day_of(rows[0][0]) if rows else None


def expect_account(house: AppState, external_id: str, days: int) -> None:
    """Every value of the account that Meta knows of these days, and every value of its posts, is stored as it is."""
    wanted = truth_of(house, external_id, reporting_day(house.now) - days * ONE_DAY)
    stored = house.stored(external_id)
    wrong = {key: (stored.get(key), value) for key, value in wanted.items() if stored.get(key) != value}
    assert len(wanted) > 1000
    assert not wrong, (len(wrong), list(wrong.items())[:5])


@ON_SQLITE
@pytest.mark.parametrize("is_known_to_lack", [False, True])
def test_a_token_without_read_insights(make_house: HouseMaker, is_known_to_lack: bool) -> None:
    """L2: `data: []` is not read: two runs are partial and name the permission; with it, the next run closes the gap."""
    house = make_house(scopes=WITHOUT_INSIGHTS)
    page = house.world.pages[0].id
    if not is_known_to_lack:  # the token could not be checked, so all permissions are assumed
        with house.database.write() as session:
            session.execute(update(Account).values(token_scopes=list(ALL_SCOPES)))
    calls = []
    for _ in range(2):
        house.api.reset()
        (outcome,) = house.collect(page)
        calls.append(len(house.api.calls))
        assert outcome.status == "partial"
        assert {ended(outcome)[name] for name in ("posts", "page_insights")} == {"empty"}
        assert ended(outcome)["profile"] == "ok"
        note = next(note for note in outcome.problems if note["family"] == "page_insights")
        assert "read_insights" in note["message"]
        assert note["message"].startswith("Meta answered without any value")
        assert ("Most likely" in note["message"]) != is_known_to_lack
        assert "sophia connect" in note["what_to_do"]
        assert "read_insights" in (outcome.action_needed or "")
        assert covered_through(house, "page_insights") is None
        assert not house.rows("SELECT 1 FROM watermarks WHERE family LIKE 'posts%'")
        house.now += ONE_DAY
    assert calls[1] <= calls[0] <= 25
    grant(house, ALL_SCOPES)
    (outcome,) = house.collect(page)
    assert outcome.status == "ok", outcome.problems
    expect_account(house, page, 90)
    assert covered_through(house, "page_insights") == reporting_day(house.now) - ONE_DAY


@ON_SQLITE
def test_a_permission_that_is_lost_and_comes_back(make_house: HouseMaker) -> None:
    """L2: a family that gave values before and gives none now keeps its watermark, and nothing is missing afterwards."""
    house = make_house()
    page = house.world.pages[0].id
    house.collect(page)
    before = covered_through(house, "page_insights")
    grant(house, WITHOUT_INSIGHTS)
    for _ in range(6):
        house.now += ONE_DAY
        (outcome,) = house.collect(page, plan=Plan("daily", at_least=None))
        assert outcome.status == "partial"
        assert "where it gave values before" in str(outcome.problems)
        assert covered_through(house, "page_insights") == before
    grant(house, ALL_SCOPES)
    house.now += ONE_DAY
    (outcome,) = house.collect(page, plan=Plan("daily", at_least=None))
    assert outcome.status == "ok", outcome.problems
    expect_account(house, page, 95)


@ON_SQLITE
def test_a_watermark_that_moved_over_nothing_is_not_believed(make_house: HouseMaker) -> None:
    """L2: a store whose watermark covers days although Meta never gave a value for any is read from the beginning."""
    house = make_house(posts_per_account=20)
    page = house.world.pages[0].id
    yesterday, account_id = reporting_day(house.now) - ONE_DAY, house.account_ids[page]
    with house.database.write() as session:
        cover_days(
            session, account_id, "page_insights", DateRange(yesterday - 89 * ONE_DAY, yesterday + ONE_DAY), house.now
        )
    (outcome,) = house.collect(page)
    assert outcome.status == "ok", outcome.problems
    expect_account(house, page, 90)


@ON_SQLITE
def test_an_instagram_account_that_answers_nothing(make_house: HouseMaker) -> None:
    """L2: after the first run a silent account costs some calls a day and not its history; then nothing is missing."""
    house = make_house()
    instagram = house.world.instagram_accounts[0].id
    house.api.faults.append(Fault(rf"/{instagram}/insights\?", body=NOTHING, status=200))
    house.collect(instagram)
    house.now += ONE_DAY
    before = len(house.api.calls)
    (outcome,) = house.collect(instagram)
    assert outcome.status == "partial"
    assert ended(outcome)["account_totals"] == ended(outcome)["account_series"] == "empty"
    assert ended(outcome)["media"] == "ok"
    assert "instagram_manage_insights" in str(outcome.problems)
    assert len(house.api.calls) - before <= 30
    assert covered_through(house, "account_totals") is None
    house.api.faults.clear()
    (outcome,) = house.collect(instagram)
    assert outcome.status == "ok", outcome.problems
    expect_account(house, instagram, 89)
    assert len({key[5] for key in house.stored(instagram) if key[2:4] == ("reach", "week") and key[4]}) > 8


@ON_SQLITE
def test_values_that_are_late(make_house: HouseMaker) -> None:
    """L2: Meta's values may be 48 hours late: that is no silence, and the day that lacks them is not covered."""
    house = make_house()
    instagram = house.world.instagram_accounts[0].id
    house.collect(instagram)
    house.now += ONE_DAY
    yesterday = reporting_day(house.now) - ONE_DAY
    house.api.faults.append(Fault(rf"/{instagram}/insights\?", body=NOTHING, status=200, when=of_day(yesterday)))
    (outcome,) = house.collect(instagram)
    assert outcome.status == "ok", outcome.problems
    assert covered_through(house, "account_totals") == yesterday - ONE_DAY
    house.api.faults.clear()
    house.now += timedelta(days=5)
    house.collect(instagram)
    values = {key[5] for key in house.stored(instagram) if key[2:5] == ("views", "day", "")}
    assert yesterday in values


def of_day(day: date) -> Callable[[Request], bool]:
    """Whether a request asks for one day only, this one."""

    def asks(request: Request) -> bool:
        since, until = (int(request.parameters.get(name, 0)) for name in ("since", "until"))
        noon = datetime.fromtimestamp((since + until) // 2, UTC)
        return until - since <= timedelta(hours=25).total_seconds() and pacific_day(noon) == day

    return asks


@ON_SQLITE
@pytest.mark.parametrize("kind", ["facebook", "instagram"])
def test_posts_that_fail_in_passing_are_due_at_once(make_house: HouseMaker, kind: str) -> None:
    """L7: an old post whose insights failed is asked again by the next run, not after 7 or 30 days; the others are not."""
    house = make_house(posts_per_account=150)
    business = house.world.businesses[0]
    account = business.page.id if kind == "facebook" else business.instagram.id
    listed = house.world.posts(account) if kind == "facebook" else house.world.media(account)
    bad = min((post for post in listed if post.created_at < house.now), key=lambda post: post.created_at).id
    house.api.break_insights(bad, GraphError("Service temporarily unavailable", 2, status=500))
    (outcome,) = house.collect(account)
    assert outcome.status == "partial"
    assert bad not in {key[1] for key in house.stored(account)} or kind == "facebook"
    house.now += timedelta(hours=2)
    house.collect(account, plan=Plan("fresh", fresh_only=True, at_least=None))
    assert house.rows("SELECT object_id FROM refused_objects"), (
        "the hourly look does not reach it, so it is not forgotten"
    )
    del house.api.simulation.broken[bad]
    house.now += ONE_DAY
    (outcome,) = house.collect(account, plan=Plan("daily", at_least=None))
    assert outcome.status == "ok", outcome.problems
    today = reporting_day(house.now)
    wanted = truth_of(house, account, today)
    mine = {key: value for key, value in wanted.items() if key[1] == bad}
    stored = house.stored(account)
    assert len(mine) > 3
    assert {key: stored.get(key) for key in mine} == mine
    assert house.rows("SELECT 1 FROM refused_objects") == []
    house.now += ONE_DAY
    house.collect(account, plan=Plan("daily", at_least=None))
    assert max(key[5] for key in house.stored(account) if key[1] == bad) == today, "once is enough"


@ON_SQLITE
@pytest.mark.parametrize("since", [None, timedelta(days=400)])
def test_a_list_that_is_cut_deletes_nothing(make_house: HouseMaker, since: timedelta | None) -> None:
    """L8: posts that an incomplete list lacks live on, with --since too, and are asked for again."""
    house = make_house(posts_per_account=150)
    page = house.world.pages[0].id
    house.collect(page)
    alive = house.rows("SELECT count(*) FROM posts WHERE gone_at IS NULL")[0][0]
    house.now += ONE_DAY
    house.api.faults.append(Fault(r"published_posts\?", paging="no cursor"))
    plan = Plan(since=reporting_day(house.now) - since if since else None, at_least=timedelta(days=90))
    (outcome,) = house.collect(page, plan=plan, initial_days=5)
    assert outcome.status == "partial"
    assert ended(outcome)["posts"] in ("incomplete", "failed")
    assert house.rows("SELECT count(*) FROM posts WHERE gone_at IS NOT NULL")[0][0] == 0
    house.api.faults.clear()
    house.now += timedelta(hours=1)
    (outcome,) = house.collect(page, plan=Plan("daily", at_least=None))
    assert outcome.status == "ok"
    assert house.rows("SELECT count(*) FROM posts WHERE gone_at IS NULL")[0][0] >= alive


@ON_SQLITE
@pytest.mark.parametrize(("edge", "kind"), [("published_posts", "facebook"), ("media", "instagram")])
def test_an_empty_list_deletes_nothing(make_house: HouseMaker, edge: str, kind: str) -> None:
    """L8, L2: an empty list where posts were known is silence; after three runs in a row it is believed."""
    house = make_house(posts_per_account=10)
    business = house.world.businesses[0]
    account = business.page.id if kind == "facebook" else business.instagram.id
    house.collect(account)
    house.api.faults.append(Fault(rf"/{account}/{edge}\?", body=NOTHING, status=200))
    for _ in range(3):
        house.now += ONE_DAY
        (outcome,) = house.collect(account, initial_days=3)
        assert outcome.status == "partial"
        assert house.rows("SELECT 1 FROM posts WHERE gone_at IS NOT NULL") == []
    house.now += ONE_DAY
    house.collect(account, initial_days=3)
    assert house.rows("SELECT 1 FROM posts WHERE gone_at IS NOT NULL")


@ON_SQLITE
def test_a_clock_that_runs_ahead_moves_no_watermark_past_real_days(make_house: HouseMaker) -> None:
    """L2, E4: Meta answers no day that has not come, so no watermark covers one; set right, the clock leaves no gap."""
    house = make_house()
    real = house.now
    ids = [house.world.pages[0].id, house.world.instagram_accounts[0].id]
    house.collect(*ids)
    house.api.simulation.clock = lambda: real
    house.now = real + timedelta(days=40)
    house.collect(*ids)
    for family in ("page_insights", "account_series", "account_totals"):
        through = covered_through(house, family)
        assert through is None or through < reporting_day(real), family
    house.api.simulation.clock = lambda: house.now
    for later in (1, 8):
        house.now = real + timedelta(days=later)
        outcomes = house.collect(*ids)
    assert {outcome.status for outcome in outcomes} == {"ok"}, [outcome.problems for outcome in outcomes]
    for account in ids:
        wanted = truth_of(house, account, reporting_day(house.now) - 60 * ONE_DAY)
        stored = house.stored(account)
        days = {key: value for key, value in wanted.items() if is_of_a_day(key)}
        assert len(days) > 500
        assert {key: stored.get(key) for key in days} == days


def is_of_a_day(key: Key) -> bool:
    """Whether it is a daily value of an account, and no count of the moment at which it was asked."""
    return key[1] is None and key[3] == "day" and "count" not in key[2]


@ON_SQLITE
@pytest.mark.parametrize(("kind", "metric"), [("facebook", "page_views_total"), ("instagram", "profile_views")])
def test_a_metric_that_is_left_out_for_a_while(make_house: HouseMaker, kind: str, metric: str) -> None:
    """L2: Meta leaves one metric out of good answers for some days; once it is back, its days are read, and only once."""
    house = make_house(posts_per_account=3)
    business = house.world.businesses[0]
    account = business.page.id if kind == "facebook" else business.instagram.id
    house.collect(account)
    fault = Fault(rf"/{account}/insights\?.*{metric}", mutation="missing value", metric=metric, every=1)
    house.api.faults.append(fault)
    for _ in range(7):
        house.now += ONE_DAY
        house.collect(account, plan=Plan("daily", at_least=None))
    house.api.faults.clear()
    house.now += ONE_DAY
    (outcome,) = house.collect(account, plan=Plan("daily", at_least=None))
    assert outcome.families["regained"]["ended"] == "ok"
    wanted = truth_of(house, account, reporting_day(house.now) - 20 * ONE_DAY)
    days = {key: value for key, value in wanted.items() if key[2] == metric and key[3] == "day" and not key[4]}
    stored = house.stored(account)
    assert len(days) >= 17
    assert {key: stored.get(key) for key in days} == days
    house.now += ONE_DAY
    (outcome,) = house.collect(account, plan=Plan("daily", at_least=None))
    assert "regained" not in outcome.families


@ON_SQLITE
@pytest.mark.parametrize("first", [-89, 20])
def test_a_watermark_in_the_future_is_not_believed(make_house: HouseMaker, first: int) -> None:
    """L2, E4: a watermark that a fast clock left behind hides no day, wherever it begins, and is set right."""
    house = make_house(posts_per_account=3)
    page = house.world.pages[0].id
    house.collect(page)
    house.now += timedelta(days=12)
    today = reporting_day(house.now)
    with house.database.write() as session:
        days = DateRange(today + first * ONE_DAY, today + 41 * ONE_DAY)
        cover_days(session, house.account_ids[page], "page_insights", days, house.now, restart=True)
    (outcome,) = house.collect(page)
    assert outcome.status == "ok", outcome.problems
    assert covered_through(house, "page_insights") == today - ONE_DAY
    wanted = {key: value for key, value in truth_of(house, page, today - 60 * ONE_DAY).items() if is_of_a_day(key)}
    stored = house.stored(page)
    assert len(wanted) > 500
    assert {key: stored.get(key) for key in wanted} == wanted
