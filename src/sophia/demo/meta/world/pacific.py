"""Meta's reporting days: from midnight to midnight in US Pacific time, named by the day that they cover."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=8192)
def day_start(day: date) -> datetime:
    """Return the Pacific midnight (aware, UTC) that opens `day`: 07:00Z in summer, 08:00Z in winter."""
    return datetime(day.year, day.month, day.day, tzinfo=PACIFIC).astimezone(UTC)


def day_close(day: date) -> datetime:
    """Return the Pacific midnight (aware, UTC) that closes `day`; Meta calls it `end_time`."""
    return day_start(day + ONE_DAY)


def pacific_day(moment: datetime) -> date:
    """Return the Pacific day in which the aware `moment` falls."""
    return moment.astimezone(PACIFIC).date()


def last_closed_day(now: datetime) -> date:
    return pacific_day(now) - ONE_DAY


def stamp(moment: datetime) -> str:
    """Return the moment as Meta writes it: UTC, seconds, an offset without a colon."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


@lru_cache(maxsize=8192)
def end_time(day: date) -> str:
    """Return the `end_time` of the value that covers `day`."""
    return stamp(day_close(day))


def days_between(first: date, last: date) -> list[date]:
    """Return every day from `first` to `last`, both included."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def days_closing_in(since: datetime, until: datetime) -> list[date]:
    """Return the days whose closing midnight is after `since` and not after `until`; the first is that of `since`."""
    first, last = pacific_day(since), pacific_day(until) - ONE_DAY
    return days_between(first, last)
