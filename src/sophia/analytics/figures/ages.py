"""Values of a post's counters at a fixed age, interpolated between the readings on both sides of that age."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sophia.analytics.figures.figures import Number
from sophia.meta.reporting_zone import ONE_DAY

Age = Literal["24h", "7d", "28d"]
AGES: Mapping[Age, timedelta] = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "28d": timedelta(days=28)}
ONE_HOUR = timedelta(hours=1)
# Two periods are compared at the largest of these ages that their posts have reached.
COMPARED_AGES = (*(timedelta(days=days) for days in range(7, 0, -1)), timedelta(hours=12), timedelta(hours=6))
# Of growth that saturates like 1 − exp(−t) or slows down like log(1 + t), a straight line between two readings that are
# 0.3 ages apart differs by less than 1 % of the value. The refresh schedule reads posts more often than that.
WIDEST_BRACKET = 0.3


@dataclass(frozen=True, slots=True)
class CounterReading:
    """The value of a counter at the moment of an answer; `read_at` is aware."""

    read_at: datetime
    value: Number


@dataclass(frozen=True, slots=True)
class AgedValue:
    """The value of a counter at an age, or the reason for its absence."""

    value: Number | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SeriesReading:
    """A stored value of one series of a post: `subject` is what the answer was about, such as `media`."""

    series: int
    subject: str
    read_at: datetime
    value: Number


def written_age(age: timedelta) -> str:
    """Return an age in words: `24 hours`, `7 days`."""
    hours = round(age / ONE_HOUR)
    return f"{hours // 24} days" if hours % 24 == 0 and hours > 24 else f"{hours} hours"  # noqa: PLR2004


def settled_at(published_at: datetime, age: timedelta) -> datetime:
    """Return the moment from which no later reading changes the value at an age."""
    return published_at + age * (1 + WIDEST_BRACKET)


def compared_age(published: Iterable[datetime], now: datetime) -> timedelta | None:
    """Return the largest of COMPARED_AGES whose values are settled for all these posts; None without posts or age."""
    newest = max(published, default=None)
    if newest is None:
        return None
    return next((age for age in COMPARED_AGES if settled_at(newest, age) <= now), None)


def merge_series(readings: Collection[SeriesReading], evidence: Iterable[tuple[str, datetime]]) -> list[CounterReading]:
    """Return the sum of the series of a counter at each moment at which it was read, oldest first.

    Series of a dictionary, such as reactions by type, appear with their first count, so a missing one counts as zero.
    An answer that repeats a value leaves no row. Therefore `evidence` lists (subject, moment) of all stored values of
    the post: an answer about the same subject contained this counter too.
    """
    subjects = {reading.subject for reading in readings}
    pending = sorted(readings, key=lambda reading: reading.read_at, reverse=True)
    latest: dict[int, Number] = {}
    merged = []
    for moment in sorted({moment for subject, moment in evidence if subject in subjects}):
        while pending and pending[-1].read_at <= moment:
            reading = pending.pop()
            latest[reading.series] = reading.value
        if latest:
            merged.append(CounterReading(moment, sum(latest.values())))
    return merged


def value_at_age(
    readings: Sequence[CounterReading], published_at: datetime, age: timedelta, now: datetime
) -> AgedValue:
    """Return the value of a counter at an age from its readings, oldest first.

    Interpolates linearly between the last reading until that age and the first one after it. Both are needed, at most
    `WIDEST_BRACKET` of the age apart, unless they are equal.
    """
    moment, words = published_at + age, written_age(age)
    if now < moment:
        return AgedValue(None, f"The post is younger than {words}.")
    before = next((reading for reading in reversed(readings) if reading.read_at <= moment), None)
    after = next((reading for reading in readings if reading.read_at >= moment), None)
    if before is None or after is None:
        return AgedValue(None, _why_no_bracket(before, may_come=now < settled_at(published_at, age), words=words))
    if before.value == after.value:
        return AgedValue(before.value)
    width = after.read_at - before.read_at
    if width > WIDEST_BRACKET * age:
        return AgedValue(None, f"The readings around an age of {words} are {_written_width(width)} apart.")
    part = (moment - before.read_at) / width
    return AgedValue(float(before.value) + part * (float(after.value) - float(before.value)))


def _why_no_bracket(before: CounterReading | None, *, may_come: bool, words: str) -> str:
    """Return why a reading on one side of an age is missing; `may_come`: a close reading after it is still possible."""
    if before is None:
        return f"The post was not read shortly before an age of {words}."
    if may_come:
        return f"The post has not been read since it reached an age of {words}."
    return f"The post was not read shortly after an age of {words}."


def _written_width(width: timedelta) -> str:
    if width < 2 * ONE_DAY:
        return f"{round(width / ONE_HOUR)} hours"
    return f"{round(width / ONE_DAY)} days"
