"""Figures as a reader meets them: a value, or the reason why there is none, with sample, interval and coverage."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import reporting_day

Number = int | float | Decimal
ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)
HUNDRED = 100

NO_INPUT = "What it is computed from was not reported."
NOT_FINITE = "What it is computed from is not a finite number."
FROM_ZERO = "There is no percentage of a base of 0."
FROM_BELOW_ZERO = "There is no percentage of a base below 0."
OTHER_UNIT = "The two figures have different units."
OVER_HUNDRED = "More than 100 %: check what is counted above and below the line."
BELOW_ZERO = "Below 0: Meta took back some of what it had counted."


class FigureUnit(StrEnum):
    """What one unit of a figure is. Rates are always percent, never fractions; money carries its currency (G4)."""

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


@dataclass(frozen=True, slots=True, order=True)
class DateRange:
    """Days from `start` (included) to `end` (excluded). Raises InvalidInputError when that is no day."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidInputError(f"A window must end after it starts: {self.start} to {self.end} does not.")

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def previous(self) -> "DateRange":
        """As many days, directly before."""
        return DateRange(self.start - (self.end - self.start), self.start)

    def days_ended(self, today: date) -> int:
        """How many of the days are over on `today`, the running day of the same zone."""
        return min(max((today - self.start).days, 0), self.days)

    def is_closed(self, today: date) -> bool:
        """Whether all days are over; a window that is not is shown as "to date" (G3)."""
        return self.end <= today


def expect_days(days: int, most: int) -> None:
    """Raises InvalidInputError when these are more days than one question may have."""
    if days > most:
        raise InvalidInputError(f"Ask for {most:,} days at most; these are {days:,}.")


def window_until(first: date | None, last: date | None, newest: date, usual_days: int) -> DateRange:
    """Return the window that two days name, both included, where either may be left out.

    Without `last` it ends with `newest`, or with `first` when that is later; without `first` it has `usual_days` days.
    """
    end = last or max(newest, first or newest)
    return DateRange(first or end - (usual_days - 1) * ONE_DAY, end + ONE_DAY)


def week_of(day: date) -> DateRange:
    """The week from Monday to Sunday that holds the day."""
    monday = day - day.weekday() * ONE_DAY
    return DateRange(monday, monday + ONE_WEEK)


def month_of(day: date) -> DateRange:
    """The calendar month that holds the day (G13)."""
    return DateRange(day.replace(day=1), _months_later(day, 1))


def last_months(day: date, count: int) -> DateRange:
    """So many whole calendar months, before the one that holds the day (G18)."""
    return DateRange(_months_later(day, -count), day.replace(day=1))


def _months_later(day: date, count: int) -> date:
    """The first of the month `count` months after that of the day."""
    months = 12 * day.year + day.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many days of a window have data (G7)."""

    days_with_data: int
    days: int

    @property
    def is_complete(self) -> bool:
        return self.days_with_data >= self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number that somebody reads.

    Without a `value` there is a `reason`, and never both. `n` counts what the figure rests on: posts, drafts, comments.
    `interval` is an estimate; `at_least` and `at_most` are certain, and stand where people cannot be added up (A5).
    `doubt` says why a value should be looked at twice (G8).
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

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a figure has either a value or a reason")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError("a figure is finite")


def percent(
    part: Number | None,
    whole: Number | None,
    *,
    n: int | None = None,
    interval: Interval | None = None,
    coverage: Coverage | None = None,
    doubt: str | None = None,
    of_zero: str = FROM_ZERO,
) -> Figure:
    """`part` / `whole` × 100; None with a reason when either is absent, not finite, or the whole is not above 0."""
    unit = FigureUnit.PERCENT
    if part is None or whole is None:
        return missing(unit, NO_INPUT, n=n, coverage=coverage)
    if not (math.isfinite(part) and math.isfinite(whole)):
        return missing(unit, NOT_FINITE, n=n, coverage=coverage)
    if whole <= 0:
        return missing(unit, of_zero if whole == 0 else FROM_BELOW_ZERO, n=n, coverage=coverage)
    value = HUNDRED * float(part) / float(whole)
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
    """From one figure to another; `absolute` in their unit (percentage points for percent), `percent` of `before`."""

    before: Figure
    after: Figure
    absolute: Figure
    percent: Figure


def missing(unit: FigureUnit, reason: str, *, n: int | None = None, coverage: Coverage | None = None) -> Figure:
    """The figure of something that is not known."""
    return Figure(value=None, unit=unit, reason=reason, n=n, coverage=coverage)


def total(values: Iterable[Number]) -> Number | None:
    """The sum, whatever the order; None of nothing."""
    found = list(values)
    if not found:
        return None
    if any(isinstance(value, float) for value in found):
        return math.fsum(float(value) for value in found)
    return sum(found)


def figure(
    value: Number | None,
    unit: FigureUnit,
    *,
    n: int | None = None,
    interval: Interval | None = None,
    coverage: Coverage | None = None,
    doubt: str | None = None,
) -> Figure:
    """A figure of a value that may be absent or not finite."""
    if value is None or not math.isfinite(value):
        return missing(unit, NO_INPUT if value is None else NOT_FINITE, n=n, coverage=coverage)
    if doubt is None and value < 0 and unit in (FigureUnit.PERCENT, FigureUnit.COUNT, FigureUnit.PEOPLE):
        doubt = BELOW_ZERO
    return Figure(value=value, unit=unit, n=n, interval=interval, coverage=coverage, doubt=doubt)


def change(before: Figure, after: Figure) -> Change:
    """How a figure changed.

    From a positive base to 0 is −100 %; a base of 0 has no percentage (G7). Where both figures have intervals, the
    change has one too, by the method of variance estimates recovery (Zou and Donner 2008) for independent samples: on
    the values for the difference, on their logarithms for the percentage.
    """
    points = before.unit is FigureUnit.PERCENT
    unit = FigureUnit.PERCENTAGE_POINTS if points else before.unit
    if before.unit is not after.unit or before.currency != after.currency:
        return unknown_change(before, after, OTHER_UNIT)
    if before.value is None or after.value is None:
        return unknown_change(before, after, before.reason or after.reason or NO_INPUT)
    short = _coverages(before, after)
    if short is not None and _differently_covered(before, after):
        return unknown_change(before, after, short)
    difference = _difference(before.value, after.value)
    doubt = short or before.doubt or after.doubt
    absolute = Figure(
        value=difference, unit=unit, interval=_difference_interval(before, after), doubt=doubt, currency=before.currency
    )
    if before.value <= 0:
        relative = missing(FigureUnit.PERCENT, FROM_ZERO if before.value == 0 else FROM_BELOW_ZERO)
    else:
        relative = Figure(
            value=HUNDRED * float(difference) / float(before.value),
            unit=FigureUnit.PERCENT,
            interval=_percent_interval(before, after),
            doubt=doubt,
        )
    return Change(before, after, absolute, relative)


def unknown_change(before: Figure, after: Figure, reason: str) -> Change:
    """The change between two figures that cannot be compared."""
    points = before.unit is FigureUnit.PERCENT
    unit = FigureUnit.PERCENTAGE_POINTS if points else before.unit
    return Change(before, after, missing(unit, reason), missing(FigureUnit.PERCENT, reason))


def _difference(before: Number, after: Number) -> Number:
    if isinstance(before, float) or isinstance(after, float):
        return float(after) - float(before)
    return after - before


def _differently_covered(before: Figure, after: Figure) -> bool:
    """Whether a sum of fewer days would stand against one of more: what is missing would count as zero (A12)."""
    one, other = before.coverage, after.coverage
    if one is None or other is None or (one.is_complete and other.is_complete):
        return False
    return one.days_with_data != other.days_with_data


def _coverages(before: Figure, after: Figure) -> str | None:
    """The warning that goes with windows of which one was not wholly seen (G7)."""
    if before.coverage is not None and before.coverage == after.coverage and not before.coverage.is_complete:
        return f"Compared are {before.coverage.days_with_data} of {before.coverage.days} days of each window."
    short = [
        f"{one.coverage.days_with_data} of {one.coverage.days} days of the {name} window"
        for name, one in (("earlier", before), ("later", after))
        if one.coverage is not None and not one.coverage.is_complete
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
NOT_COMPLETE = "Some accounts have no reading in these days, so their total is not known."
NOT_ADDED = (
    "People who were counted on one day, or in one account, may be counted on the next: they cannot be added up."
)

NOT_AVERAGED = "A ratio of several days or accounts cannot be made from their ratios."

MOST_DAYS = 92


def last_closed_week(now: datetime) -> DateRange:
    """The newest week of the reporting zone that is over."""
    return week_of(reporting_day(now)).previous


def check_window(window: DateRange, now: datetime) -> None:
    """Raises InvalidInputError for a window that is too long, or that has not begun."""
    expect_days(window.days, MOST_DAYS)
    expect_begun(window, reporting_day(now))


def expect_begun(window: DateRange, today: date) -> None:
    """Raises InvalidInputError for a window of the future."""
    if window.start > today:
        raise InvalidInputError(f"The window has not begun: it starts on {window.start}.")
