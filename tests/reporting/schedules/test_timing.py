"""A schedule has one run time in each week and month of every zone, and reports the period before it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.reporting.schedules.timing import Timing, latest_due, next_due

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana"
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # On 29 March 2026 clocks skip 02:00 to 03:00, on 25 October they show it twice.
        (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 25, 0, tzinfo=UTC)),
    ],
)
def test_both_change_over_nights_have_one_run_time(day: datetime, expected: datetime) -> None:
    """Asked every minute of three days, Sunday at two is due exactly once."""
    timing = Timing("week", 7, 2)
    moments = [day - ONE_DAY + timedelta(minutes=minute) for minute in range(3 * 24 * 60)]
    begins = [due for due in {latest_due(timing, BERLIN, moment).due_at for moment in moments} if due >= moments[0]]
    assert begins == [expected]


@given(
    zone=st.sampled_from(ZONES),
    every=st.sampled_from(["week", "month"]),
    day=st.integers(1, 7),
    hour=st.integers(0, 23),
    start=st.datetimes(datetime(2011, 11, 1), datetime(2027, 1, 1)),
)
def test_run_times_follow_one_another_and_their_periods_touch(
    zone: str, every: str, day: int, hour: int, start: datetime
) -> None:
    """Samoa's calendar without 30 December 2011 included: no period is reported twice or left out."""
    timing, place = Timing("week" if every == "week" else "month", day, hour), ZoneInfo(zone)
    moment = start.replace(tzinfo=UTC)
    last = latest_due(timing, place, moment)
    assert last.due_at <= moment
    for _ in range(8):
        following = next_due(timing, place, last.due_at)
        assert following.due_at > last.due_at
        assert following.window.start == last.window.end
        assert latest_due(timing, place, following.due_at) == following
        assert latest_due(timing, place, following.due_at - timedelta(microseconds=1)) == last
        last = following


def test_the_period_is_the_complete_week_or_month_before() -> None:
    now = datetime(2026, 11, 30, 20, tzinfo=UTC)
    assert latest_due(Timing("week", 1, 9), BERLIN, now).window == DateRange(date(2026, 11, 23), date(2026, 11, 30))
    assert latest_due(Timing("week", 7, 9), BERLIN, now).window == DateRange(date(2026, 11, 16), date(2026, 11, 23))
    assert latest_due(Timing("month", 3, 9), BERLIN, now).window == DateRange(date(2026, 10, 1), date(2026, 11, 1))
    assert next_due(Timing("month", 1, 9), BERLIN, now).window == DateRange(date(2026, 11, 1), date(2026, 12, 1))


@pytest.mark.parametrize(("every", "day", "hour"), [("week", 8, 9), ("week", 0, 9), ("month", 29, 9), ("week", 1, 24)])
def test_other_days_and_hours_are_refused(every: str, day: int, hour: int) -> None:
    with pytest.raises(InvalidInputError):
        Timing("week" if every == "week" else "month", day, hour)
