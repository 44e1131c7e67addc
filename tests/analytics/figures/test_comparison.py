"""The days with which a window is compared, at the ends of months and in leap years."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.figures.comparison import Comparison, earlier_window, quarter_of
from sophia.analytics.figures.figures import month_of
from sophia.analytics.reports.building import compared_days, compared_window
from sophia.meta.reporting_zone import DateRange


def days(first: str, last: str) -> DateRange:
    return DateRange(date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))


@pytest.mark.parametrize(
    ("first", "last", "earlier_first", "earlier_last"),
    [
        # A week keeps its weekdays: Monday to Sunday.
        ("2026-11-23", "2026-11-29", "2025-11-24", "2025-11-30"),
        ("2026-11-02", "2026-11-29", "2025-11-03", "2025-11-30"),
        # Whole months and longer windows keep their dates.
        ("2026-11-01", "2026-11-30", "2025-11-01", "2025-11-30"),
        ("2026-02-01", "2026-02-28", "2025-02-01", "2025-02-28"),
        ("2026-07-01", "2026-09-30", "2025-07-01", "2025-09-30"),
        ("2026-10-15", "2026-11-20", "2025-10-15", "2025-11-20"),
        # Leap years: February 2028 has a day more than February 2027, and February 2029 a day less.
        ("2028-02-01", "2028-02-29", "2027-02-01", "2027-02-28"),
        ("2029-02-01", "2029-02-28", "2028-02-01", "2028-02-28"),
        ("2028-01-01", "2028-03-31", "2027-01-01", "2027-03-31"),
        ("2029-01-01", "2029-03-31", "2028-01-01", "2028-03-30"),
        ("2028-02-29", "2028-04-10", "2027-02-28", "2027-04-10"),
        # From one year to the next.
        ("2026-12-01", "2027-01-31", "2025-12-01", "2026-01-31"),
        ("2027-01-01", "2027-01-31", "2026-01-01", "2026-01-31"),
    ],
)
def test_the_same_days_a_year_before(first: str, last: str, earlier_first: str, earlier_last: str) -> None:
    window = days(first, last)
    expected = days(earlier_first, earlier_last)
    # Never longer than the window: further days would count for the earlier period only.
    if expected.days > window.days:
        expected = DateRange(expected.start, expected.start + timedelta(days=window.days))
    assert earlier_window(window, Comparison.YEAR) == expected


@pytest.mark.parametrize(
    ("first", "last", "earlier_first", "earlier_last"),
    [
        ("2026-11-23", "2026-11-29", "2026-11-16", "2026-11-22"),
        ("2026-11-20", "2026-11-29", "2026-11-06", "2026-11-15"),
        ("2026-03-01", "2026-03-31", "2026-01-29", "2026-02-28"),
        ("2028-03-01", "2028-03-31", "2028-01-30", "2028-02-29"),
    ],
)
def test_the_previous_period(first: str, last: str, earlier_first: str, earlier_last: str) -> None:
    assert earlier_window(days(first, last), Comparison.PREVIOUS) == days(earlier_first, earlier_last)


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-01-01", "2026-01-01", "2026-03-31"),
        ("2028-02-29", "2028-01-01", "2028-03-31"),
        ("2026-06-30", "2026-04-01", "2026-06-30"),
        ("2026-07-01", "2026-07-01", "2026-09-30"),
        ("2026-12-31", "2026-10-01", "2026-12-31"),
    ],
)
def test_quarters(day: str, first: str, last: str) -> None:
    assert quarter_of(date.fromisoformat(day)) == days(first, last)


def test_an_open_month_is_compared_with_its_first_days() -> None:
    """G3: on 10 March, nine days are over; of an open leap February with 28 days over, 28 days of the year before."""
    month = month_of(date(2028, 3, 10))
    before = compared_window(month, date(2028, 3, 10), Comparison.YEAR)
    assert (before, compared_days(month, before)) == (
        days("2027-03-01", "2027-03-09"),
        days("2028-03-01", "2028-03-09"),
    )
    leap = month_of(date(2028, 2, 29))
    before = compared_window(leap, date(2028, 3, 1), Comparison.YEAR)
    assert (before.days, compared_days(leap, before)) == (28, days("2028-02-01", "2028-02-28"))


@given(st.dates(date(2005, 1, 1), date(2090, 1, 1)), st.integers(1, 92), st.sampled_from(Comparison))
def test_the_earlier_window_ends_before_the_window_and_is_never_longer(
    start: date, length: int, comparison: Comparison
) -> None:
    window = DateRange(start, start + timedelta(days=length))
    earlier = earlier_window(window, comparison)
    assert earlier.end <= window.start
    assert length - 1 <= earlier.days <= length
    if comparison is Comparison.YEAR:
        assert 363 <= (window.start - earlier.start).days <= 366
