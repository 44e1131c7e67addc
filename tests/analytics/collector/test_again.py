"""Running again: nothing doubled, restatements kept as revisions, days that were missed made up for."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

from tests.conftest import ON_BOTH
from tests.demo.faults import graph_fault

from sophia.analytics.collector.plan import Plan
from sophia.analytics.readings.queries import ReadingFilter, read_page
from sophia.analytics.readings.run_models import Lease
from sophia.meta.reporting_zone import reporting_day

from .conftest import AppState, HouseMaker


def value(house: AppState, page: str, metric: str, day: date, period: str = "day") -> int | float:
    return house.stored(page)[page, None, metric, period, "", day]


@ON_BOTH
def test_second_run_changes_nothing(make_house: HouseMaker) -> None:
    """A1, A13: a second run reads the restatement window again and stores 0 new and 0 changed readings."""
    house = make_house(posts_per_account=15)
    first = house.collect()
    before = house.rows("SELECT * FROM engagement_metrics ORDER BY series_id, metric_date")
    second = house.collect()
    assert sum(outcome.saved.new for outcome in first) == len(before) > 1000
    assert [(o.saved.new, o.saved.changed, o.saved.posts_new) for o in second] == [(0, 0, 0), (0, 0, 0)]
    assert all(outcome.saved.same > 100 for outcome in second)
    assert house.rows("SELECT * FROM engagement_metrics ORDER BY series_id, metric_date") == before
    assert house.rows("SELECT count(*) FROM metric_revisions")[0][0] == 0


@ON_BOTH
def test_restated_day_is_a_revision(make_house: HouseMaker) -> None:
    """A13: a value that Meta restates replaces the old one, which is kept with the fetch that it came from."""
    house = make_house()
    page = house.world.pages[0]
    house.collect(page.id)
    day = reporting_day(house.now) - timedelta(days=2)
    old = value(house, page.id, "page_views_total", day)
    house.truth.restate(page.id, "page_views_total", day, 4321)
    (outcome,) = house.collect(page.id)
    assert outcome.saved.new == 0
    assert outcome.saved.changed == 1
    assert value(house, page.id, "page_views_total", day) == 4321
    ((kept, old_fetch, new_fetch),) = house.rows(
        "SELECT metric_value, fetch_id, replaced_by_fetch_id FROM metric_revisions"
    )
    assert (kept, old_fetch < new_fetch) == (old, True)


@ON_BOTH
def test_a_read_as_of_before_gives_the_old_value(make_house: HouseMaker) -> None:
    """A13, A14: after a restatement, the store still says what it said before, to the digit."""
    house = make_house()
    page = house.world.pages[0]
    wanted = ReadingFilter(metric_names=("page_media_view",), breakdown="")
    house.collect(page.id)
    before, moment = read(house, wanted), house.now
    house.now += timedelta(days=1)
    house.truth.restate(page.id, "page_media_view", reporting_day(moment) - timedelta(days=2), 4321)
    house.collect(page.id)
    after = read(house, wanted)
    assert 4321 in after.values()
    assert 4321 not in before.values()
    assert len(after) == len(before) + 1
    assert read(house, replace(wanted, as_of=moment)) == before
    assert read(house, replace(wanted, as_of=house.now)) == after
    assert read(house, replace(wanted, as_of=moment - timedelta(seconds=1))) == {}


def read(house: AppState, wanted: ReadingFilter) -> dict[date, int | float]:
    """{day: value} as the API would answer."""
    with house.database.read() as session:
        page = read_page(session, 1, wanted, 1000)
    return {reading.metric_date: reading.metric_value for reading in page.readings}


def test_provisional_days_become_final(make_house: HouseMaker) -> None:
    """A13: Meta's provisional values of the last 48 hours are read again until they are final."""
    house = make_house()
    page = house.world.pages[0]
    house.collect(page.id)
    yesterday = reporting_day(house.now) - timedelta(days=1)
    provisional = value(house, page.id, "page_media_view", yesterday)
    for _ in range(3):
        house.now += timedelta(days=1)
        house.collect(page.id)
    final = house.truth.page_day(page, "page_media_view", yesterday, house.now)
    assert provisional != final == value(house, page.id, "page_media_view", yesterday)


def test_days_missed_are_made_up_for(make_house: HouseMaker) -> None:
    """A13, E4: after a week of sleep the next run reads every day that was missed."""
    house = make_house()
    page, instagram = house.world.pages[0].id, house.world.instagram_accounts[0].id
    house.collect()
    house.now += timedelta(days=8)
    house.collect()
    today = reporting_day(house.now)
    days = {key[5] for key in house.stored(page) if key[2:5] == ("page_media_view", "day", "")}
    wanted = {today - timedelta(days=back) for back in range(1, 99)}
    assert wanted <= days
    days = {key[5] for key in house.stored(instagram) if key[2:5] == ("views", "day", "")}
    assert {today - timedelta(days=back) for back in range(1, 14)} - days == empty_days(house, instagram, 14)


def empty_days(house: AppState, instagram: str, back: int) -> set[date]:
    """Days for which the simulated Meta has nothing to say: they must stay without a reading (A12)."""
    today = reporting_day(house.now)
    recent = {today - timedelta(days=number) for number in range(1, back)}
    return {day for account, day in house.world.empty_instagram_days if account == instagram} & recent


def test_backfill_goes_back_to_the_limit(make_house: HouseMaker) -> None:
    """A13: --since reads older days, in windows that Meta allows, and leaves no hole between them and the rest."""
    house = make_house()
    page = house.world.pages[0].id
    house.collect(page, initial_days=10)
    today = reporting_day(house.now)
    (outcome,) = house.collect(page, plan=Plan(since=today - timedelta(days=200)))
    assert outcome.status == "ok"
    days = sorted(key[5] for key in house.stored(page) if key[2:5] == ("page_post_engagements", "day", ""))
    assert days == [today - timedelta(days=back) for back in range(200, 0, -1)]
    ((first, last),) = house.rows("SELECT from_day, through_day FROM watermarks WHERE family = 'page_insights'")
    assert last - first == 199


def test_first_collection_ends_early(make_house: HouseMaker) -> None:
    """C1: what was stored before an error stays, and the next run closes the rest."""
    house = make_house()
    page = house.world.pages[0].id
    house.api.faults.append(graph_fault(r"period=days_28", 3, "Application does not have the capability"))
    (outcome,) = house.collect(page)
    assert outcome.status == "partial"
    assert outcome.problems[0]["code"] == 3
    assert value(house, page, "page_post_engagements", reporting_day(house.now) - timedelta(days=1)) >= 0
    assert not house.rows("SELECT 1 FROM watermarks WHERE family = 'page_insights'")
    house.api.faults.clear()
    (outcome,) = house.collect(page)
    assert outcome.status == "ok"
    assert len(house.rows("SELECT 1 FROM watermarks WHERE family = 'page_insights'")) == 1


@ON_BOTH
def test_a_killed_program_leaves_nobody_waiting(make_house: HouseMaker) -> None:
    """E2: the lease of a process that was killed on this machine is taken over at once; that of a living one is not."""
    house = make_house()
    page = house.world.pages[0].id
    account = house.account_ids[page]
    killed = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    host = socket.gethostname()
    for holder, status in ((f"{host}:{int(killed.stdout)}:a", "ok"), (f"{host}:{os.getpid()}:a", "skipped")):
        with house.database.write() as session:
            session.add(Lease(name=f"account:{account}", holder=holder, expires_at=house.now + timedelta(minutes=5)))
        (outcome,) = house.collect(page)
        assert outcome.status == status
    (outcome,) = house.collect(page)
    assert outcome.status == "skipped"


def test_what_was_restated_while_the_machine_slept(make_house: HouseMaker) -> None:
    """A13: days that were young at the last run may have been restated since, though they are old at the next one."""
    house = make_house(posts_per_account=2)
    page = house.world.pages[0].id
    house.collect(page)
    day = reporting_day(house.now) - timedelta(days=2)
    house.truth.restate(page, "page_views_total", day, 4321)
    house.now += timedelta(days=6)
    house.collect(page)
    (value,) = [value for key, value in house.stored(page).items() if key[2] == "page_views_total" and key[5] == day]
    assert value == 4321
