"""Chooses the days with which a window is compared: the period before it, or the same days a year earlier."""

from calendar import monthrange
from datetime import date
from enum import StrEnum

from sophia.analytics.figures.figures import month_of
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange

# Windows of up to so many weeks are compared with the same weekdays.
SAME_WEEKDAYS = 4
WEEKS_A_YEAR = 52


class Comparison(StrEnum):
    """What a window is compared with."""

    PREVIOUS = "previous"
    YEAR = "year"


def earlier_window(window: DateRange, comparison: Comparison) -> DateRange:
    """Return the days with which a complete window is compared.

    Up to four weeks are compared with the same weekdays, since the difference between a Sunday and a Saturday would look
    like a change of the platform. For longer windows a weekday matters little; they are compared with the days directly
    before, or with the same dates of the year before. Whole months are always compared with the same dates.
    """
    weeks = -(-window.days // 7)
    has_weekdays = weeks <= SAME_WEEKDAYS
    if comparison is Comparison.YEAR:
        return _year_before(window, keep_weekdays=has_weekdays and not _is_months(window))
    back = weeks * ONE_WEEK if has_weekdays else window.days * ONE_DAY
    return DateRange(window.start - back, window.end - back)


def _year_before(window: DateRange, *, keep_weekdays: bool) -> DateRange:
    """Return the window a year earlier, never longer than it; 29 February becomes 28 February."""
    if keep_weekdays:
        return DateRange(window.start - WEEKS_A_YEAR * ONE_WEEK, window.end - WEEKS_A_YEAR * ONE_WEEK)
    start, end = _same_date(window.start), _same_date(window.end - ONE_DAY) + ONE_DAY
    return DateRange(start, min(end, start + window.days * ONE_DAY))


def _same_date(day: date) -> date:
    """Return the same date of the year before."""
    last = monthrange(day.year - 1, day.month)[1]
    return date(day.year - 1, day.month, min(day.day, last))


def _is_months(window: DateRange) -> bool:
    """Return whether the window is one or more whole calendar months."""
    return window.start.day == 1 and window.end.day == 1 and month_of(window.start).end <= window.end


def quarter_of(day: date) -> DateRange:
    """Return the calendar quarter that contains the day."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    second = month_of(first).end
    return DateRange(first, month_of(month_of(second).end).end)
