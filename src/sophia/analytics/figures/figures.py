"""Figures: a value or the reason for its absence, with sample size, interval and coverage; and date ranges."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange, day_start, reporting_day

Number = int | float | Decimal
HUNDRED = 100

NO_INPUT = "Meta did not report the values that it needs."
NOT_FINITE = "A value that it needs is not a finite number."
FROM_ZERO = "A base of 0 has no percentage."
FROM_BELOW_ZERO = "A base below 0 has no percentage."
OTHER_UNIT = "The two figures have different units."
OVER_HUNDRED = "More than 100 %: check the counts of which this is the ratio."
OTHER_AGE = "The posts of the two figures had different ages, so they are not compared."
AT_THE_END = "Posts of a week have different ages at its end, so only their values at equal ages are compared."
READ_LATE = "Values of the two periods were read at different ages, so they are not compared."
BELOW_ZERO = "Below 0: Meta reduced an earlier count."


class FigureUnit(StrEnum):
    """The unit of a figure. Rates are always percent, never fractions; money has a currency (G4)."""

    COUNT = "count"
    PEOPLE = "people"
    PERCENT = "percent"
    PERCENTAGE_POINTS = "percentage_points"
    MILLISECONDS = "milliseconds"
    MONEY = "money"
    FACTOR = "factor"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Interval:
    """The 95 % interval of an estimate, both ends included."""

    low: float
    high: float

    def __iter__(self) -> Iterator[float]:
        yield self.low
        yield self.high


def expect_days(days: int, most: int) -> None:
    """Raise InvalidInputError for more days than one request may have."""
    if days > most:
        raise InvalidInputError(f"Request at most {most:,} days; these are {days:,}.")


def window_until(first: date | None, last: date | None, newest: date, usual_days: int) -> DateRange:
    """Return the range from `first` to `last`, both included; either may be None.

    Without `last` it ends with `newest`, or with `first` if that is later; without `first` it has `usual_days` days.
    """
    end = last or max(newest, first or newest)
    return DateRange(first or end - (usual_days - 1) * ONE_DAY, end + ONE_DAY)


def week_of(day: date) -> DateRange:
    """Return the week from Monday to Sunday that contains the day."""
    monday = day - day.weekday() * ONE_DAY
    return DateRange(monday, monday + ONE_WEEK)


def month_of(day: date) -> DateRange:
    """Return the calendar month that contains the day (G13)."""
    return DateRange(day.replace(day=1), _months_later(day, 1))


def last_months(day: date, count: int) -> DateRange:
    """Return so many whole calendar months before the month of the day (G18)."""
    return DateRange(_months_later(day, -count), day.replace(day=1))


def _months_later(day: date, count: int) -> date:
    """Return the first day of the month `count` months after that of the day."""
    months = 12 * day.year + day.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The number of days of a window with data (G7)."""

    days_with_data: int
    days: int

    @property
    def is_complete(self) -> bool:
        return self.days_with_data >= self.days


@dataclass(frozen=True, slots=True)
class LateReading:
    """The newest day of values that were first read after the end of their period.

    `is_young`: the values depend on that day. They are of a post younger than 28 days, which still gains, or of followers.
    """

    day: date
    is_young: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number with its unit, sample size and quality.

    It has either a `value` or a `reason` for its absence. `n` counts its sample: posts, drafts or comments. `interval` is
    an estimate; `at_least` and `at_most` are certain bounds, used where people cannot be added up (A5). `doubt` is a
    warning about the value (G8). `late` is set if values at the end of the period are missing, and the first later ones are
    used instead. Such a figure is only compared with one of the same kind, and only if both are not young. `age_hours` is
    the age of the posts at which their values are taken. `at_end` marks figures of posts at the end of their period, when
    these had different ages; such figures are not compared, except those of old posts. `small_base` says that a rate has
    fewer than 30 events or an account with fewer than 100 followers; such a rate has no colour and is no reason. `mix` says
    how a rate of several platforms was made comparable: a change of the mix alone is no change of the rate.
    """

    value: Number | None
    unit: FigureUnit
    n: int | None = None
    interval: Interval | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    reason: str | None = None
    doubt: str | None = None
    coverage: Coverage | None = None
    currency: str | None = None
    late: LateReading | None = None
    age_hours: int | None = None
    at_end: bool = False
    small_base: str | None = None
    mix: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a figure has either a value or a reason")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError("a figure is finite")


def percent(
    part: Number | None,
    base: Number | None,
    *,
    n: int | None = None,
    interval: Interval | None = None,
    coverage: Coverage | None = None,
    doubt: str | None = None,
    of_zero: str = FROM_ZERO,
) -> Figure:
    """Return `part` / `base` × 100, or a reason if one is absent or not finite, or the base is not above 0."""
    unit = FigureUnit.PERCENT
    if part is None or base is None:
        return missing(unit, NO_INPUT, n=n, coverage=coverage)
    if not (math.isfinite(part) and math.isfinite(base)):
        return missing(unit, NOT_FINITE, n=n, coverage=coverage)
    if base <= 0:
        return missing(unit, of_zero if base == 0 else FROM_BELOW_ZERO, n=n, coverage=coverage)
    value = HUNDRED * float(part) / float(base)
    return figure(
        value,
        unit,
        n=n,
        interval=interval,
        coverage=coverage,
        doubt=OVER_HUNDRED if doubt is None and value > HUNDRED else doubt,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """The change between two figures: `absolute` in their unit (percentage points for percent), `percent` of `before`."""

    before: Figure
    after: Figure
    absolute: Figure
    percent: Figure


def missing(unit: FigureUnit, reason: str, *, n: int | None = None, coverage: Coverage | None = None) -> Figure:
    """Return a figure without a value."""
    return Figure(value=None, unit=unit, reason=reason, n=n, coverage=coverage)


FEWEST_EVENTS, FEWEST_FOLLOWERS = 30, 100


def mark_small_events(rate: Figure, events: Number | None, noun: str) -> Figure:
    """Mark a rate that counts fewer than 30 events: `Small base: 12 interactions.`"""
    if rate.value is None or events is None or events >= FEWEST_EVENTS:
        return rate
    return replace(rate, small_base=f"Small base: {round(events)} {noun}.")


def mark_small_followers(rate: Figure, followers: Iterable[int]) -> Figure:
    """Mark a rate of accounts of which one has fewer than 100 followers, if it is not marked yet."""
    fewest = min(followers, default=FEWEST_FOLLOWERS)
    if rate.value is None or rate.small_base is not None or fewest >= FEWEST_FOLLOWERS:
        return rate
    return replace(rate, small_base=f"Small base: {fewest} followers.")


def total(values: Iterable[Number]) -> Number | None:
    """Return the sum, independent of the order, or None without values."""
    numbers = list(values)
    if not numbers:
        return None
    if any(isinstance(value, float) for value in numbers):
        return math.fsum(float(value) for value in numbers)
    return sum(numbers)


def figure(
    value: Number | None,
    unit: FigureUnit,
    *,
    n: int | None = None,
    interval: Interval | None = None,
    coverage: Coverage | None = None,
    doubt: str | None = None,
) -> Figure:
    """Return a figure for a value that may be absent or not finite."""
    if value is None or not math.isfinite(value):
        return missing(unit, NO_INPUT if value is None else NOT_FINITE, n=n, coverage=coverage)
    if doubt is None and value < 0 and unit in (FigureUnit.PERCENT, FigureUnit.COUNT, FigureUnit.PEOPLE):
        doubt = BELOW_ZERO
    return Figure(value=value, unit=unit, n=n, interval=interval, coverage=coverage, doubt=doubt)


def change(before: Figure, after: Figure) -> Change:
    """Return the change between two figures.

    From a positive base to 0 is −100 %; a base of 0 has no percentage (G7). If both figures have intervals, the change
    has one too, by the method of variance estimates recovery (Zou and Donner 2008) for independent samples: from the
    values for the difference, from their logarithms for the percentage.
    """
    points = before.unit is FigureUnit.PERCENT
    unit = FigureUnit.PERCENTAGE_POINTS if points else before.unit
    if before.unit is not after.unit or before.currency != after.currency:
        return unknown_change(before, after, OTHER_UNIT)
    if before.value is None or after.value is None:
        return unknown_change(before, after, before.reason or after.reason or NO_INPUT)
    reason = _why_not_the_same_age(before, after)
    if reason is not None:
        return unknown_change(before, after, reason)
    short = _coverages(before, after)
    if short is not None and _differently_covered(before, after):
        return unknown_change(before, after, short)
    difference = _difference(before.value, after.value)
    doubt = short or before.doubt or after.doubt
    small = after.small_base or before.small_base
    absolute = Figure(
        value=difference,
        unit=unit,
        interval=_difference_interval(before, after),
        doubt=doubt,
        currency=before.currency,
        small_base=small,
    )
    if before.value <= 0:
        relative = missing(FigureUnit.PERCENT, FROM_ZERO if before.value == 0 else FROM_BELOW_ZERO)
    else:
        relative = Figure(
            value=HUNDRED * float(difference) / float(before.value),
            unit=FigureUnit.PERCENT,
            interval=_percent_interval(before, after),
            doubt=doubt,
            small_base=small,
        )
    return Change(before, after, absolute, relative)


def unknown_change(before: Figure, after: Figure, reason: str) -> Change:
    """Return the change between two figures that cannot be compared."""
    points = before.unit is FigureUnit.PERCENT
    unit = FigureUnit.PERCENTAGE_POINTS if points else before.unit
    return Change(before, after, missing(unit, reason), missing(FigureUnit.PERCENT, reason))


# From this change on, a ratio reads better than a percentage: 3.3 × instead of +230 %.
LARGEST_PERCENT = 200


def change_ratio(percent: float) -> float | None:
    """Return the ratio of the later to the earlier value for a change too large for a percentage, or None."""
    return 1 + percent / HUNDRED if percent >= LARGEST_PERCENT else None


def written_day(day: date) -> str:
    """Return a day in a sentence, such as 30 Nov 2026."""
    return f"{day.day} {day:%b %Y}"


def _difference(before: Number, after: Number) -> Number:
    if isinstance(before, float) or isinstance(after, float):
        return float(after) - float(before)
    return after - before


def _why_not_the_same_age(before: Figure, after: Figure) -> str | None:
    """Return why the posts of two figures had different ages, or None.

    Late values of both periods can be compared if they are so old that they hardly change.
    """
    if before.age_hours != after.age_hours:
        return OTHER_AGE
    late = [figure.late for figure in (before, after) if figure.late is not None]
    if len(late) == 1 or any(reading.is_young for reading in late):
        return READ_LATE
    return AT_THE_END if not late and (before.at_end or after.at_end) else None


def _differently_covered(before: Figure, after: Figure) -> bool:
    """Whether the sums have different numbers of days: missing days would count as zero (A12)."""
    earlier, later = before.coverage, after.coverage
    if earlier is None or later is None or (earlier.is_complete and later.is_complete):
        return False
    return earlier.days_with_data != later.days_with_data


def _coverages(before: Figure, after: Figure) -> str | None:
    """Return a warning if one of the windows has days without data (G7)."""
    if before.coverage is not None and before.coverage == after.coverage and not before.coverage.is_complete:
        return f"The comparison uses {before.coverage.days_with_data} of {before.coverage.days} days of each period."
    short = [
        f"{figure.coverage.days_with_data} of {figure.coverage.days} days of the {name} period"
        for name, figure in (("previous", before), ("current", after))
        if figure.coverage is not None and not figure.coverage.is_complete
    ]
    return f"Only {' and '.join(short)} have data." if short else None


def _difference_interval(before: Figure, after: Figure) -> Interval | None:
    if before.interval is None or after.interval is None or before.value is None or after.value is None:
        return None
    first, second = float(before.value), float(after.value)
    down = math.hypot(second - after.interval.low, before.interval.high - first)
    up = math.hypot(after.interval.high - second, first - before.interval.low)
    return Interval(second - first - down, second - first + up)


def _percent_interval(before: Figure, after: Figure) -> Interval | None:
    if before.interval is None or after.interval is None or before.value is None or after.value is None:
        return None
    if min(before.interval.low, after.interval.low, before.value, after.value) <= 0:
        return None
    first, second = math.log(before.value), math.log(after.value)
    down = math.hypot(second - math.log(after.interval.low), math.log(before.interval.high) - first)
    up = math.hypot(math.log(after.interval.high) - second, first - math.log(before.interval.low))
    return Interval(
        HUNDRED * math.expm1(second - first - down),
        HUNDRED * math.expm1(second - first + up),
    )


NO_READINGS = "There are no readings for these days."
NOT_COMPLETE = "Some accounts have no reading in these days, so the total is unknown."
NOT_ADDED = "The same people may be counted on several days or accounts, so reach cannot be added up."

NOT_AVERAGED = "A ratio of several days or accounts cannot be computed from their ratios."

MOST_DAYS = 92


def last_closed_week(now: datetime) -> DateRange:
    """Return the last complete week in the reporting zone."""
    return week_of(reporting_day(now)).previous


def pending_week(now: datetime, zone: tzinfo) -> tuple[DateRange, datetime] | None:
    """Return the week that is over in `zone` but not in the reporting zone, and the aware moment when it is; else None."""
    week = week_of(now.astimezone(zone).date()).previous
    return None if week.is_closed(reporting_day(now)) else (week, day_start(week.end))


def check_window(window: DateRange, now: datetime) -> None:
    """Raise InvalidInputError for a window that is too long or has not begun."""
    expect_days(window.days, MOST_DAYS)
    expect_begun(window, reporting_day(now))


def expect_begun(window: DateRange, today: date) -> None:
    """Raise InvalidInputError for a window in the future."""
    if window.start > today:
        raise InvalidInputError(f"The period has not begun: it starts on {window.start}.")
