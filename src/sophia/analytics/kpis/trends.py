"""KPIs by week: the newest weeks, the previous week, the same week a year ago, and streaks in one direction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sophia.analytics.figures.figures import (
    FEWEST_EVENTS,
    HUNDRED,
    Change,
    Figure,
    FigureUnit,
    change,
    missing,
    unknown_change,
    week_of,
)
from sophia.analytics.figures.statistics import median
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_WEEK, DateRange

MOST_WEEKS = 260
# 52 whole weeks, so that Mondays are compared with Mondays.
A_YEAR = 52 * ONE_WEEK
MIXED = "The mix of platforms of these weeks may differ; `changes` of the report compare with the same mix."
NO_WEEK = "This week has not been computed."


@dataclass(frozen=True, slots=True)
class WeekPoint:
    """A KPI in one week from Monday to Sunday; a week that is not closed is "to date" (G3)."""

    week: DateRange
    figure: Figure
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """The newest weeks of a KPI, oldest first, without gaps.

    The changes are those of the last complete week. `falling` and `rising` count the consecutive falls or rises up to that
    week; a week without a figure (H11) or with missing days ends the streak.
    """

    points: tuple[WeekPoint, ...]
    from_previous: Change
    from_last_year: Change
    falling: int
    rising: int


def newest_weeks(today: date, count: int, *, to_date: bool = False) -> tuple[DateRange, ...]:
    """Return the newest `count` weeks, oldest first (G2), with or without the current one. Raises InvalidInputError."""
    if not 1 <= count <= MOST_WEEKS:
        raise InvalidInputError(f"Request 1 to {MOST_WEEKS} weeks, not {count}.")
    newest = week_of(today).start if to_date else week_of(today).start - ONE_WEEK
    starts = [newest - index * ONE_WEEK for index in reversed(range(count))]
    return tuple(DateRange(start, start + ONE_WEEK) for start in starts)


def a_year_before(window: DateRange) -> DateRange:
    """Return the same weekdays 52 weeks earlier."""
    return DateRange(window.start - A_YEAR, window.end - A_YEAR)


def trend(figures: Iterable[tuple[date, Figure]], today: date, count: int, *, to_date: bool = False) -> Trend:
    """Return the trend of one KPI from (Monday, figure) in any order; earlier weeks extend the streaks."""
    figure_by_monday = dict(figures)
    unit = next((figure.unit for figure in figure_by_monday.values()), FigureUnit.COUNT)

    def at(week: DateRange) -> Figure:
        return figure_by_monday.get(week.start) or missing(unit, NO_WEEK)

    weeks = newest_weeks(today, count, to_date=to_date)
    closed = [week for week in weeks if week.is_closed(today)]
    last = closed[-1] if closed else week_of(today).previous
    return Trend(
        points=tuple(WeekPoint(week, at(week), week.is_closed(today)) for week in weeks),
        from_previous=change(at(last.previous), at(last)),
        from_last_year=change(at(a_year_before(last)), at(last)),
        falling=_steps(figure_by_monday, last, -1),
        rising=_steps(figure_by_monday, last, 1),
    )


def without_mixed_changes(mixed: Trend) -> Trend:
    """Return the trend of a rate of several platforms without its changes, which may be only those of the mix."""
    previous, last_year = (
        unknown_change(change.before, change.after, MIXED) for change in (mixed.from_previous, mixed.from_last_year)
    )
    return replace(mixed, from_previous=previous, from_last_year=last_year, falling=0, rising=0)


def _steps(figure_by_monday: dict[date, Figure], last: DateRange, direction: int) -> int:
    count = 0
    while True:
        later, earlier = figure_by_monday.get(last.start), figure_by_monday.get(last.previous.start)
        if later is None or earlier is None:
            return count
        step = change(earlier, later).absolute
        if step.value is None or not (_is_whole(earlier) and _is_whole(later)) or direction * float(step.value) <= 0:
            return count
        count, last = count + 1, last.previous


def _is_whole(figure: Figure) -> bool:
    return figure.coverage is None or figure.coverage.is_complete


STREAK_WEEKS = 3
# So many others make a median; with fewer, every change is the client's own.
ENOUGH_OTHERS = 5
# Streaks of three weeks often happen by chance; most of those change less than this.
STREAK_PERCENT = 10.0


def streak_percent(trend: Trend) -> float | None:
    """Return the change in percent over the streak up to the last complete week; None without a streak, or with a base below 30."""
    count = max(trend.falling, trend.rising)
    closed = [point.figure for point in trend.points if point.is_closed]
    if not STREAK_WEEKS <= count < len(closed):
        return None
    base = closed[-1 - count].value
    if base is None or base < FEWEST_EVENTS:
        return None
    value = change(closed[-1 - count], closed[-1]).percent.value
    return None if value is None else float(value)


def is_large_streak(percent: float | None) -> bool:
    """Return whether a streak's change is large enough to mention."""
    return percent is not None and abs(percent) >= STREAK_PERCENT


class WeeklyChanges:
    """The changes of KPIs between two weeks of all clients. Each is computed once, however many clients are compared.

    `weekly` is {client: {Monday: {KPI: figure}}}.
    """

    def __init__(self, weekly: Mapping[int, Mapping[date, Mapping[str, Figure]]]) -> None:
        self._weekly = weekly
        self._percents: dict[tuple[str, date, date], dict[int, float]] = {}

    def of_others(self, client_id: int, kpi: str, first: date, last: date) -> float | None:
        """Return the median change in percent among the other clients, or None if fewer than ENOUGH_OTHERS have one."""
        key = kpi, first, last
        if key not in self._percents:
            self._percents[key] = self._percents_of(kpi, first, last)
        percents = [percent for client, percent in self._percents[key].items() if client != client_id]
        return median(percents) if len(percents) >= ENOUGH_OTHERS else None

    def _percents_of(self, kpi: str, first: date, last: date) -> dict[int, float]:
        figures = {
            client: (weeks[first][kpi], weeks[last][kpi])
            for client, weeks in self._weekly.items()
            if kpi in weeks.get(first, {}) and kpi in weeks.get(last, {})
        }
        percents = {client: change(before, after).percent.value for client, (before, after) in figures.items()}
        return {client: float(percent) for client, percent in percents.items() if percent is not None}


def beyond_shared(percent: float | None, shared: float | None) -> float | None:
    """Return the change that remains of a fall when the fall that others share is taken off."""
    if percent is None or shared is None or shared >= 0 or percent >= 0 or shared <= -HUNDRED:
        return percent
    return HUNDRED * ((HUNDRED + percent) / (HUNDRED + shared) - 1)
