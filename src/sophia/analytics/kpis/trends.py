"""KPIs week by week: the newest weeks, the week before, the same week a year ago, and runs in one direction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sophia.analytics.figures.figures import Change, Figure, FigureUnit, change, missing, week_of
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_WEEK, DateRange

MOST_WEEKS = 260
# 52 whole weeks, so that Mondays stand against Mondays.
A_YEAR = 52 * ONE_WEEK
NO_WEEK = "Nothing was computed for this week."


@dataclass(frozen=True, slots=True)
class WeekPoint:
    """A KPI in one week from Monday to Sunday; a week that is not over is "to date" (G3)."""

    week: DateRange
    figure: Figure
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """The newest weeks of a KPI, oldest first, every week of the calendar among them.

    The changes are those of the newest closed week. `falling` and `rising` count how often in a row, up to that week,
    the figure went down or up from one week to the next: a week without a figure ends the row (H11), and so does one of
    which days are missing.
    """

    points: tuple[WeekPoint, ...]
    from_previous: Change
    from_last_year: Change
    falling: int
    rising: int


def newest_weeks(today: date, count: int, *, to_date: bool = False) -> tuple[DateRange, ...]:
    """The newest `count` weeks, oldest first (G2), with the running one or without. Raises InvalidInputError."""
    if not 1 <= count <= MOST_WEEKS:
        raise InvalidInputError(f"Ask for 1 to {MOST_WEEKS} weeks, not for {count}.")
    newest = week_of(today).start if to_date else week_of(today).start - ONE_WEEK
    starts = [newest - index * ONE_WEEK for index in reversed(range(count))]
    return tuple(DateRange(start, start + ONE_WEEK) for start in starts)


def a_year_before(window: DateRange) -> DateRange:
    """The same days of the week, 52 weeks earlier."""
    return DateRange(window.start - A_YEAR, window.end - A_YEAR)


def trend(figures: Iterable[tuple[date, Figure]], today: date, count: int, *, to_date: bool = False) -> Trend:
    """The trend of one KPI from (Monday, figure) in any order; more weeks than are shown do no harm, and help."""
    known = dict(figures)
    unit = next((one.unit for one in known.values()), FigureUnit.COUNT)

    def at(week: DateRange) -> Figure:
        return known.get(week.start) or missing(unit, NO_WEEK)

    weeks = newest_weeks(today, count, to_date=to_date)
    closed = [week for week in weeks if week.is_closed(today)]
    last = closed[-1] if closed else week_of(today).previous
    return Trend(
        points=tuple(WeekPoint(week, at(week), week.is_closed(today)) for week in weeks),
        from_previous=change(at(last.previous), at(last)),
        from_last_year=change(at(a_year_before(last)), at(last)),
        falling=_steps(known, last, -1),
        rising=_steps(known, last, 1),
    )


def _steps(known: dict[date, Figure], last: DateRange, direction: int) -> int:
    count = 0
    while True:
        later, earlier = known.get(last.start), known.get(last.previous.start)
        if later is None or earlier is None:
            return count
        step = change(earlier, later).absolute
        if step.value is None or not (_is_whole(earlier) and _is_whole(later)) or direction * float(step.value) <= 0:
            return count
        count, last = count + 1, last.previous


def _is_whole(figure: Figure) -> bool:
    return figure.coverage is None or figure.coverage.is_complete


A_ROW = 3
# Rows of three weeks come by chance all the time, and most of them to less than this.
ROW_PERCENT = 10.0


def row_percent(trend: Trend) -> float | None:
    """By how many percent the weeks in a row up to the newest closed one changed the figure together; None where there is
    no row of so many weeks, or nothing before it to compare with.
    """
    count = max(trend.falling, trend.rising)
    closed = [point.figure for point in trend.points if point.is_closed]
    if not A_ROW <= count < len(closed):
        return None
    value = change(closed[-1 - count], closed[-1]).percent.value
    return None if value is None else float(value)


def is_worth_a_word(percent: float | None) -> bool:
    return percent is not None and abs(percent) >= ROW_PERCENT
