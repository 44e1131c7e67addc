"""Which days and posts are due: pure arithmetic on watermarks, so that a machine that slept catches up (A13, B7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange


def split_days(start: date, end: date, longest: int, *, newest_first: bool) -> list[DateRange]:
    """Return the days from `start` (included) to `end` (excluded) in ranges of at most `longest` days.

    Each range touches the one before it. The list is empty if `end` is not after `start`.
    """
    length = longest * ONE_DAY
    if newest_first:
        ends = (end - index * length for index in range(-((start - end) // length)))
        return [DateRange(max(start, range_end - length), range_end) for range_end in ends]
    starts = (start + index * length for index in range(-((start - end) // length)))
    return [DateRange(range_start, min(end, range_start + length)) for range_start in starts]


def due_days(
    covered: DateRange | None, today: date, *, initial_days: int, restated_days: int, since: date | None, longest: int
) -> list[DateRange]:
    """Return the date ranges to request, in an order that never leaves a hole when the program is killed in between.

    `covered` are the days requested before, `today` is the reporting day, `longest` the longest range, in days, that
    Meta answers. First come the days that Meta may have restated (the newest `restated_days`, and those that were among
    the newest at the last run) and the days missed since; then, newest first, older days back to `since`. `since` also
    requests days that are covered.
    """
    yesterday = today - ONE_DAY
    if covered is None:
        start = since or today - initial_days * ONE_DAY
        return split_days(min(start, yesterday), today, longest, newest_first=True)
    # Meta may have restated the days that were young at the last run, however long ago that run was.
    unsettled = covered.end - (restated_days - 1) * ONE_DAY
    start = min(unsettled, today - restated_days * ONE_DAY, since or date.max)
    newer = split_days(max(start, covered.start), today, longest, newest_first=False)
    oldest = min(since or date.max, today - initial_days * ONE_DAY)  # includes days that a killed first run left
    return newer + split_days(oldest, covered.start, longest, newest_first=True)


@dataclass(frozen=True, slots=True)
class RefreshInterval:
    """Posts up to `age` are read again after `every`. An age of None means all posts that Meta still answers."""

    family: str
    age: timedelta | None
    every: timedelta


REFRESH_SCHEDULE = (
    RefreshInterval("posts_1_day", timedelta(days=1), timedelta(hours=1)),
    RefreshInterval("posts_3_days", timedelta(days=3), timedelta(hours=6)),
    RefreshInterval("posts_28_days", timedelta(days=28), timedelta(days=1)),
    RefreshInterval("posts_90_days", timedelta(days=90), timedelta(days=7)),
    RefreshInterval("posts_all", None, timedelta(days=30)),
)
# The posts that Meta still answers, and those that the hourly run reads.
POSTS_HISTORY = timedelta(days=730)
FRESH_AGE = timedelta(days=3)
# A job that runs some minutes early must not wait another full interval.
SLACK = timedelta(minutes=30)


def due_intervals(
    read_at: Mapping[str, datetime], now: datetime, at_least: timedelta | None, at_most: timedelta | None = None
) -> tuple[RefreshInterval, ...]:
    """Return the refresh intervals that the next walk along the posts covers, youngest first; empty when none is due.

    A walk goes back to the age of the oldest interval that is due, and so serves all younger ones. `read_at` holds the
    last walk by interval; one in the future came from a clock that ran ahead, and is ignored. `at_least` includes posts
    up to that age whether due or not; `at_most` leaves older intervals to another walk.
    """
    deepest = -1
    for index, interval in enumerate(REFRESH_SCHEDULE):
        last = read_at.get(interval.family)
        if at_most is not None and (interval.age is None or interval.age > at_most):
            break
        forced = at_least is not None and interval.age is not None and interval.age <= at_least
        if (
            forced
            or last is None
            or last > now + SLACK
            or now - last >= max(interval.every - SLACK, interval.every * 0.9)
        ):
            deepest = index
    return REFRESH_SCHEDULE[: deepest + 1]


def closed_weeks(days: DateRange) -> list[date]:
    """Return the Sundays in `days`: the last days of weeks that run from Monday to Sunday."""
    first_sunday = days.start + (6 - days.start.weekday()) * ONE_DAY
    return [first_sunday + index * ONE_WEEK for index in range(-((first_sunday - days.end) // ONE_WEEK))]
