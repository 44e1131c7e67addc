"""Who is due, from watermarks alone: no clock, no network, no database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sophia.analytics.figures.run_status import RunStatus
from sophia.analytics.figures.schedule import REFRESH_SCHEDULE
from sophia.analytics.readings.account_states import AccountHealth
from sophia.analytics.readings.runs import RunProblem, RunRecord
from sophia.jobs.due import is_due_again, is_due_at_start, is_due_daily, lags, may_be_collected, was_collected_since
from sophia.jobs.run_times import last_daily_run_time
from sophia.meta.catalogue.terms import Platform
from sophia.portfolio.service import AccountInfo

# Noon in UTC is four in the morning in Meta's zone, so its yesterday is the 21st.
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
YESTERDAY = date(2026, 11, 21)
ONE_DAY = timedelta(days=1)
ACCOUNT = AccountInfo(
    1, 1, "Bakery", "instagram", "17", "Bakery", None, "active", None, True, frozenset(), None, None, None, NOW
)  # fmt: skip
FAMILIES = ("account_series", "account_totals", "weeks")


def health(through: date = YESTERDAY, asked_at: datetime = NOW, run: RunRecord | None = None) -> AccountHealth:
    """An account asked through a day, all its rungs walked at a moment."""
    rungs = {rung.family: asked_at for rung in REFRESH_SCHEDULE}
    return AccountHealth(ACCOUNT, dict.fromkeys(FAMILIES, through), rungs, 0, None, None, run)


def run_of(status: RunStatus, started_at: datetime) -> RunRecord:
    return RunRecord(
        1, 1, 1, Platform.INSTAGRAM, "daily", status, started_at, None, "v25.0", 0, 0, 0, 0, {}, 0, 0, 0, 0, 0, [], None, None
    )  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_one_family_behind_is_behind(family: str) -> None:
    """A13: a family that failed alone is taken up again."""
    one = health()
    assert not lags(one, YESTERDAY, NOW)
    assert lags(replace(one, through=one.through | {family: YESTERDAY - ONE_DAY}), YESTERDAY, NOW)
    assert lags(replace(one, through={}), YESTERDAY, NOW), "an account that was never asked"


def test_an_account_through_yesterday_with_fresh_posts_is_left_alone() -> None:
    """E3: a second process that fires on the same day finds nothing due."""
    assert not is_due_daily(health(), NOW + timedelta(hours=3))
    assert is_due_daily(health(asked_at=NOW - timedelta(hours=23, minutes=45)), NOW), "its posts of 28 days are due"
    assert is_due_daily(health(), NOW + ONE_DAY), "the day went on"


def test_a_clock_that_ran_ahead_makes_nobody_wait() -> None:
    """E4: watermarks and walks of a day that has not come are no reason to leave an account alone until it comes."""
    ahead = health(YESTERDAY + timedelta(days=40), NOW + timedelta(days=40))
    assert is_due_daily(ahead, NOW)
    assert is_due_at_start(ahead, NOW)
    assert is_due_again(ahead, NOW, 9, ZoneInfo("UTC"))
    assert is_due_daily(health(asked_at=NOW + timedelta(hours=1)), NOW), "its posts"
    assert not is_due_daily(health(asked_at=NOW + timedelta(minutes=5)), NOW), "two machines' clocks may differ"


def test_the_start_takes_up_what_lags() -> None:
    """E4: a machine that slept through the hour catches up."""
    assert is_due_at_start(health(YESTERDAY - ONE_DAY), NOW)
    assert not is_due_at_start(health(), NOW)
    reconnect = replace(health(YESTERDAY - ONE_DAY), account=replace(ACCOUNT, status="needs_reconnect"))
    assert not is_due_at_start(reconnect, NOW), "every restart would only fail again"
    assert is_due_daily(reconnect, NOW), "once a day it is tried: Meta calls tokens invalid that are not"


@pytest.mark.parametrize(
    ("status", "minutes_after_tick", "due"),
    [("ok", 5, False), ("failed", 5, False), ("throttled", 5, True), ("running", 5, True), ("ok", -5, True)],
)
def test_what_a_limit_stopped_goes_on_and_what_failed_waits(
    status: RunStatus, minutes_after_tick: int, due: bool
) -> None:
    """C5: an account that Meta throttled resumes within the hour; one that fails is not asked 24 times a day."""
    tick = datetime(2026, 11, 22, 9, tzinfo=UTC)
    run = run_of(status, tick + timedelta(minutes=minutes_after_tick))
    assert is_due_again(health(YESTERDAY - ONE_DAY, run=run), NOW, 9, ZoneInfo("UTC")) is due


def test_yesterday_is_that_of_the_last_daily_hour() -> None:
    """Meta's day ends at 08:00 UTC; whoever collects at 09:00 must not be called behind at 08:30."""
    early = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    assert not is_due_again(health(YESTERDAY - ONE_DAY), early, 9, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("now", "zone", "tick"),
    [
        (NOW, "UTC", datetime(2026, 11, 22, 6, tzinfo=UTC)),
        (NOW, "Asia/Tokyo", datetime(2026, 11, 21, 21, tzinfo=UTC)),
        (datetime(2026, 11, 22, 5, 59, tzinfo=UTC), "UTC", datetime(2026, 11, 21, 6, tzinfo=UTC)),
    ],
)
def test_the_last_daily_hour(now: datetime, zone: str, tick: datetime) -> None:
    assert last_daily_run_time(6, ZoneInfo(zone), now) == tick


def test_there_is_no_point_without_a_token_or_in_a_paused_account() -> None:
    assert may_be_collected(health())
    assert not may_be_collected(replace(health(), account=replace(ACCOUNT, has_token=False)))
    assert not may_be_collected(replace(health(), account=replace(ACCOUNT, status="paused")))


def test_a_run_that_was_cut_off_is_made_good() -> None:
    """C1, E4: killed or stopped when its days were complete and its posts were not, by the next start or within the hour."""
    stopped = [RunProblem("The run was stopped before it was complete.", None, "stopped", None, None, None)]
    for run, due in (
        (run_of("running", NOW), True),
        (replace(run_of("failed", NOW), problems=stopped), True),
        (replace(run_of("failed", NOW), problems=[RunProblem("Unknown error", "posts", 1, None, None, None)]), False),
        (run_of("ok", NOW), False),
    ):
        assert is_due_at_start(health(run=run), NOW) is due
        assert is_due_again(health(run=run), NOW, 9, ZoneInfo("UTC")) is due
        paused = replace(health(run=run), account=replace(ACCOUNT, status="needs_reconnect"))
        assert not is_due_at_start(paused, NOW)


def test_a_run_of_another_process_counts_whatever_came_of_it() -> None:
    """L23: an account that failed elsewhere a moment ago is not tried again at once; a person's run, a dead one and an
    old one say nothing.
    """
    before = health(YESTERDAY - ONE_DAY, run=replace(run_of("ok", NOW - ONE_DAY), id=7))
    failed = replace(before, last_run=replace(run_of("failed", NOW), id=8))
    assert is_due_at_start(failed, NOW)
    assert was_collected_since(before, failed)
    assert was_collected_since(replace(before, last_run=None), failed)
    for other in (
        before,
        replace(before, last_run=None),
        replace(failed, last_run=replace(run_of("running", NOW), id=8)),
        replace(failed, last_run=replace(run_of("ok", NOW), id=8, trigger="manual")),
    ):
        assert not was_collected_since(before, other)
