"""Computes when the report of a schedule is due, and which days it covers. Pure functions.

A schedule has one run time in each week or month of the client's zone, also in the nights in which clocks change.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sophia.analytics.figures.local_times import moment_of
from sophia.analytics.reports.schedule_models import Cadence
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange

LAST_WEEKDAY = 7
# Every month has this day.
LAST_MONTH_DAY = 28
LAST_HOUR = 23
# The longest distance between two run times, with a zone that skips a date.
LONGEST_INTERVAL_DAYS = 33


@dataclass(frozen=True, slots=True)
class Timing:
    """The run times of a schedule: on `day` 1 (Monday) to 7 of each week, or 1 to 28 of each month, at `hour`."""

    every: Cadence
    day: int
    hour: int

    def __post_init__(self) -> None:
        last = LAST_WEEKDAY if self.every == "week" else LAST_MONTH_DAY
        if not 1 <= self.day <= last:
            raise InvalidInputError(f"The day is 1 to {last}: {day_words(self.every)}.")
        if not 0 <= self.hour <= LAST_HOUR:
            raise InvalidInputError(f"The hour is 0 to {LAST_HOUR}.")

    def is_planned(self, day: date) -> bool:
        """Return whether the schedule runs on this local date."""
        return (day.isoweekday() if self.every == "week" else day.day) == self.day


@dataclass(frozen=True, slots=True)
class DueReport:
    """A run time (aware, UTC), and the days of its report."""

    due_at: datetime
    window: DateRange


def day_words(every: Cadence) -> str:
    return "1 is Monday and 7 is Sunday" if every == "week" else "a day that every month has"


def latest_due(timing: Timing, zone: ZoneInfo, now: datetime) -> DueReport:
    """Return the last run time that is not later than `now` (aware)."""
    day = now.astimezone(zone).date() + ONE_DAY
    for _ in range(2 * LONGEST_INTERVAL_DAYS):
        if timing.is_planned(day) and (due := due_on(timing, zone, day)).due_at <= now:
            return due
        day -= ONE_DAY
    raise LookupError("a schedule has a run time in every month")


def next_due(timing: Timing, zone: ZoneInfo, now: datetime) -> DueReport:
    """Return the first run time later than `now` (aware)."""
    day = now.astimezone(zone).date() - ONE_DAY
    for _ in range(2 * LONGEST_INTERVAL_DAYS):
        if timing.is_planned(day) and (due := due_on(timing, zone, day)).due_at > now:
            return due
        day += ONE_DAY
    raise LookupError("a schedule has a run time in every month")


def due_on(timing: Timing, zone: ZoneInfo, day: date) -> DueReport:
    """Return the run time on a local date, and the complete week or month before that date."""
    local = datetime.combine(day, time()) + timedelta(hours=timing.hour)
    return DueReport(moment_of(local, zone).astimezone(UTC), period_before(timing.every, day))


def period_before(every: Cadence, day: date) -> DateRange:
    """Return the week from Monday to Sunday, or the calendar month, before the one that contains this date."""
    if every == "week":
        monday = day - day.weekday() * ONE_DAY
        return DateRange(monday - ONE_WEEK, monday)
    first = day.replace(day=1)
    return DateRange((first - ONE_DAY).replace(day=1), first)
