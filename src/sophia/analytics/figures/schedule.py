"""Which days and posts are due: pure arithmetic on watermarks, so that a machine that slept catches up (A13, B7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sophia.meta.reporting_zone import ONE_DAY


@dataclass(frozen=True, slots=True)
class Days:
    """Days from first to last, both included."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def pieces(self, longest: int, *, newest_first: bool) -> list["Days"]:
        """The same days in pieces of at most `longest`, each touching the one before it."""
        ranges: list[Days] = []
        first, last = self.first, self.last
        while first <= last:
            if newest_first:
                piece = Days(max(first, last - (longest - 1) * ONE_DAY), last)
                last = piece.first - ONE_DAY
            else:
                piece = Days(first, min(last, first + (longest - 1) * ONE_DAY))
                first = piece.last + ONE_DAY
            ranges.append(piece)
        return ranges


def due_days(
    covered: Days | None, yesterday: date, *, initial_days: int, restated_days: int, since: date | None, longest: int
) -> list[Days]:
    """The windows to ask for, in an order that never leaves a hole behind when the program is killed in between.

    `covered` are the days asked already. The newest `restated_days` are always asked again, for Meta restates them, and
    so are those that were among the newest when they were last read; days missed since the last run follow; `since` asks for more, also for days that are covered already. `longest` is
    the longest window, in days, that Meta answers.
    """
    if covered is None:
        first = since or yesterday - (initial_days - 1) * ONE_DAY
        return Days(min(first, yesterday), yesterday).pieces(longest, newest_first=True)
    # What was young when it was last read may have been restated since, however long ago that was.
    unsettled = covered.last - (restated_days - 2) * ONE_DAY
    start = min(unsettled, yesterday - (restated_days - 1) * ONE_DAY, since or date.max)
    start = max(start, covered.first)
    newer = Days(start, yesterday).pieces(longest, newest_first=False)
    oldest = min(since or date.max, yesterday - (initial_days - 1) * ONE_DAY)  # also what a killed first run left over
    if oldest >= covered.first:
        return newer
    return newer + Days(oldest, covered.first - ONE_DAY).pieces(longest, newest_first=True)


@dataclass(frozen=True, slots=True)
class RefreshInterval:
    """Posts up to this age are read again after this while. An age of None means all that Meta still answers."""

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
# All that Meta still answers, and how far the hourly look goes back.
POSTS_HISTORY = timedelta(days=730)
FRESH_AGE = timedelta(days=3)
# A job that fires some minutes early must not wait a whole interval more.
SLACK = timedelta(minutes=30)


def due_intervals(
    read_at: Mapping[str, datetime], now: datetime, at_least: timedelta | None, at_most: timedelta | None = None
) -> tuple[RefreshInterval, ...]:
    """The rungs that the next walk along the posts covers, shallowest first; empty when none is due.

    A walk goes back to the age of the deepest rung that is due, and so serves all shallower ones. `at_least` asks for
    posts up to that age whether due or not; `at_most` leaves deeper rungs to another walk. A walk in the future was noted
    by a clock that ran ahead, and says nothing.
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


def closed_weeks(window: Days) -> list[date]:
    """The Sundays inside the window: the last days of weeks that run from Monday to Sunday."""
    first_sunday = window.first + (6 - window.first.weekday()) * ONE_DAY
    count = max(0, (window.last - first_sunday).days // 7 + 1) if first_sunday <= window.last else 0
    return [first_sunday + 7 * index * ONE_DAY for index in range(count)]
