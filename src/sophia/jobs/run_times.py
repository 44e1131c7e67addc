"""Computes when a job runs next: minutes and hours in UTC, days and weeks on the operator's clock.

Pure functions. They never ask APScheduler's cron trigger, which in a zone with daylight saving time returns the same run
times again and again in the hour that comes twice (3.11.3).

A job belongs to the day of its daily collection: a job two hours after 23:00 runs at 01:00 of the next date. Each date of
the operator's calendar has exactly one daily run:

* A local time that comes twice counts the first time.
* A local time that the clock skips moves to the moment of the change, or, where that is on the next date already, to the
  last minute before the change.
* A date that the calendar skips, such as 30 December 2011 in Samoa, has no run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Literal
from zoneinfo import ZoneInfo

from sophia.analytics.figures.local_times import ONE_MINUTE, exists, moment_of
from sophia.meta.reporting_zone import ONE_DAY

MONDAY = 0
# A run is at most one date after its day, and Samoa skipped one date.
DAYS_BACK = 2
# How far back missed runs are listed: APScheduler lists every missed run before it drops all but one.
LONGEST_WALK = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job runs: every minute; every hour at `minute`; every day, or every Monday, at `minute` of the hour that is
    `hours_after` the daily hour. Each run starts up to `jitter` later, so that not all jobs start at once (E9).

    Minutes and hours are UTC, days and weeks are in the operator's zone.
    """

    every: Literal["minute", "hour", "day", "week"]
    minute: int = 0
    hours_after: int = 0
    jitter: timedelta = timedelta(minutes=5)


def next_run_time(schedule: Schedule, daily_hour: int, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first run time later than `after`, without jitter, in UTC. `after` is aware."""
    after = after.astimezone(UTC)
    if schedule.every == "minute":
        return after.replace(second=0, microsecond=0) + ONE_MINUTE
    if schedule.every == "hour":
        run_time = after.replace(minute=schedule.minute, second=0, microsecond=0)
        return run_time if run_time > after else run_time + timedelta(hours=1)
    day = after.astimezone(zone).date() - DAYS_BACK * ONE_DAY
    return next(time for time in run_times_from(schedule, daily_hour, zone, day) if time > after)


def last_daily_run_time(daily_hour: int, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the latest run time of the daily collection that is not later than `now`, in UTC. `now` is aware."""
    day = now.astimezone(zone).date() - DAYS_BACK * ONE_DAY
    run_times = run_times_from(Schedule("day"), daily_hour, zone, day)
    return max(takewhile(lambda time: time <= now, run_times))


def run_times_from(schedule: Schedule, daily_hour: int, zone: ZoneInfo, day: date) -> Iterator[datetime]:
    """Yield the run times of a daily or weekly schedule from this date on, in order, in UTC, without end."""
    offset = timedelta(hours=daily_hour + schedule.hours_after, minutes=schedule.minute)
    while True:
        if is_planned(schedule, day, zone):
            yield moment_of(datetime.combine(day, time()) + offset, zone)
        day += ONE_DAY


def is_planned(schedule: Schedule, day: date, zone: ZoneInfo) -> bool:
    """Return whether the job runs on this existing date; weekly on Monday, or on Tuesday if Monday is skipped."""
    if schedule.every == "day" or day.weekday() == MONDAY:
        return exists(day, zone)
    return day.weekday() == MONDAY + 1 and not exists(day - ONE_DAY, zone)
