"""Meta's days begin and end in US Pacific time (GRAPH_API §2.12); ranges of such days.

A value belongs to the day that its `end_time` closes. Days of a clock change last 23 or 25 hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sophia.errors import InvalidInputError

REPORTING_ZONE = ZoneInfo("America/Los_Angeles")
ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)
ONE_SECOND = timedelta(seconds=1)
EPOCH_YEAR = 1970
LAST_YEAR = 9999
SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True, order=True)
class DateRange:
    """Days from `start` (included) to `end` (excluded). Raises InvalidInputError for an empty range."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidInputError(f"A window must end after it starts: {self.start} to {self.end} does not.")

    def __iter__(self) -> Iterator[date]:
        return (self.start + index * ONE_DAY for index in range(self.days))

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def previous(self) -> "DateRange":
        """The same number of days, directly before."""
        return DateRange(self.start - (self.end - self.start), self.start)

    def days_ended(self, today: date) -> int:
        """Return how many of the days are over on `today`, the current day of the same zone."""
        return min(max((today - self.start).days, 0), self.days)

    def is_closed(self, today: date) -> bool:
        """Return whether all days are over; a window that is not is labelled "to date" (G3)."""
        return self.end <= today


def reporting_day(moment: datetime) -> date:
    """Return the reporting day of an aware moment."""
    return moment.astimezone(REPORTING_ZONE).date()


def day_start(day: date) -> datetime:
    """Return the moment, in UTC, at which a reporting day begins."""
    return datetime.combine(day, time.min, REPORTING_ZONE).astimezone(UTC)


def unix_window(days: DateRange, most_days: int | None = None) -> dict[str, str]:
    """Return `since` and `until` for these days as Unix seconds (B12).

    Meta serves the days whose closing midnight lies after `since` and not after `until`. Where it limits a window to
    `most_days` times 24 hours, thirty days of an autumn are an hour too long: then `since` lies an hour inside the
    first day, which is still the first to be closed.
    """
    begin, end = int(day_start(days.start).timestamp()), int(day_start(days.end).timestamp())
    if most_days is not None:
        begin = max(begin, end - most_days * SECONDS_A_DAY)
    return {"since": str(begin), "until": str(end)}


@lru_cache(maxsize=4096)
def parse_moment(text: str) -> datetime:
    """Return Meta's `2026-08-03T07:00:00+0000` as an aware moment in UTC. Raises ValueError for any other text."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside of the calendar") from None
    if not EPOCH_YEAR <= moment.year < LAST_YEAR:
        raise ValueError(f"{text!r} is no moment of Meta's")
    return moment


@lru_cache(maxsize=4096)
def closed_day(end_time: str) -> date | None:
    """Return the day that an `end_time` closes (A9), or None for 1970, with which Meta marks values not yet computed.

    Raises ValueError for an invalid text (A10).
    """
    moment = parse_moment(end_time)
    return None if moment.year == EPOCH_YEAR else reporting_day(moment - ONE_SECOND)
