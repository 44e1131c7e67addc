"""Meta's days: which one an end_time closes, when one begins, and the windows that are asked for."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophia.demo.meta.world.pacific import days_closing_in
from sophia.meta.reporting_zone import (
    ONE_DAY,
    DateRange,
    closed_day,
    day_start,
    parse_moment,
    reporting_day,
    unix_window,
)

DAYS = st.dates(date(2004, 1, 1), date(2035, 12, 31))
PLENTY = settings(max_examples=150, deadline=None)


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


@pytest.mark.parametrize(
    ("day", "begins", "hours"),
    [
        (date(2026, 3, 7), "2026-03-07T08:00:00+0000", 24),
        (date(2026, 3, 8), "2026-03-08T08:00:00+0000", 23),
        (date(2026, 3, 9), "2026-03-09T07:00:00+0000", 24),
        (date(2026, 7, 21), "2026-07-21T07:00:00+0000", 24),
        (date(2026, 11, 1), "2026-11-01T07:00:00+0000", 25),
        (date(2026, 11, 2), "2026-11-02T08:00:00+0000", 24),
    ],
)
def test_days_begin_at_pacific_midnight(day: date, begins: str, hours: int) -> None:
    """A9: the marks of 07:00 and 08:00 UTC, and the two days a year that are not 24 hours long."""
    assert written(day_start(day)) == begins
    assert day_start(day + ONE_DAY) - day_start(day) == timedelta(hours=hours)


def test_metas_own_example() -> None:
    """A9: since 2026-07-21T07:00Z gave a first end_time of 2026-07-22T07:00Z, which is the day of the 21st (§2.12)."""
    assert closed_day("2026-07-22T07:00:00+0000") == date(2026, 7, 21)
    assert closed_day("2026-02-28T08:00:00+0000") == date(2026, 2, 27)
    assert closed_day("2027-01-01T08:00:00+0000") == date(2026, 12, 31)


@PLENTY
@given(DAYS)
def test_the_close_of_a_day_closes_that_day(day: date) -> None:
    """A9: for every day of thirty years."""
    assert closed_day(written(day_start(day + ONE_DAY))) == day
    assert reporting_day(day_start(day)) == day
    assert reporting_day(day_start(day) - timedelta(seconds=1)) == day - ONE_DAY


@PLENTY
@given(DAYS, st.integers(-14 * 4, 14 * 4))
def test_the_zone_in_which_a_moment_is_written_is_irrelevant(day: date, quarters: int) -> None:
    """A9: Honolulu, Tokyo and Nepal write the same moment, and mean the same day."""
    elsewhere = day_start(day + ONE_DAY).astimezone(timezone(timedelta(minutes=15 * quarters)))
    assert closed_day(elsewhere.isoformat()) == day


@pytest.mark.parametrize(
    "text", ["", "x", "2026-11-19", "2026-11-19T08:00:00", "2026-02-30T08:00:00+0000", "1795593600"]
)
def test_what_is_no_moment(text: str) -> None:
    """A10, K7: a text that names no moment, or none for certain, is refused."""
    with pytest.raises(ValueError):
        parse_moment(text)


def test_moments_are_in_utc() -> None:
    """K7: aware, and in UTC, however they were written."""
    assert parse_moment("2026-08-03T00:00:00-0700") == datetime(2026, 8, 3, 7, tzinfo=UTC)
    assert parse_moment("2026-08-03T00:00:00-0700").tzinfo is UTC


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+2300", "0001-01-01T00:00:00+0000"])
def test_moments_at_the_beginning_of_time(text: str) -> None:
    """A10: what the docstring promises: ValueError, or a day."""
    with pytest.raises(ValueError):
        closed_day(text)


@PLENTY
@given(DAYS, st.integers(1, 90))
def test_a_window_covers_exactly_its_days(first: date, count: int) -> None:
    """B12: Meta closes exactly the days that were meant, as the simulated Meta reckons, across every clock change."""
    wanted = [first + index * ONE_DAY for index in range(count)]
    window = unix_window(DateRange(wanted[0], wanted[-1] + ONE_DAY))
    since, until = (datetime.fromtimestamp(int(window[name]), UTC) for name in ("since", "until"))
    assert days_closing_in(since, until) == wanted


@PLENTY
@given(DAYS, st.integers(1, 30))
def test_a_limited_window_is_never_too_long(first: date, count: int) -> None:
    """B12: Instagram counts thirty days in seconds; an autumn's thirty days are an hour more, and all are covered."""
    wanted = [first + index * ONE_DAY for index in range(count)]
    window = unix_window(DateRange(wanted[0], wanted[-1] + ONE_DAY), 30)
    since, until = (datetime.fromtimestamp(int(window[name]), UTC) for name in ("since", "until"))
    assert (until - since).total_seconds() <= 30 * 86_400
    assert days_closing_in(since, until) == wanted
