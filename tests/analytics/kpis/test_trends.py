"""Weeks of a KPI: the newest ones, in order, and runs that are truly consecutive."""

import itertools
from datetime import date, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.figures.figures import Coverage, Figure, FigureUnit, last_months, month_of
from sophia.analytics.kpis.trends import NO_WEEK, WeeklyChanges, a_year_before, newest_weeks, trend
from sophia.errors import InvalidInputError

WEEK = timedelta(days=7)
MONDAY = date(2026, 11, 2)
TODAY = date(2026, 11, 11)  # a Wednesday: the newest closed week began on the 2nd


def weekly(*values: float | None) -> list[tuple[date, Figure]]:
    """One value a week, the last for the week of MONDAY; None leaves a week out."""
    starts = [MONDAY - index * WEEK for index in reversed(range(len(values)))]
    return [
        (start, Figure(value=value, unit=FigureUnit.COUNT))
        for start, value in zip(starts, values, strict=True)
        if value is not None
    ]


def test_the_newest_weeks_are_shown() -> None:
    """G2: of ten weeks the last four, oldest first; not the first four."""
    found = trend(reversed(weekly(*range(1, 11))), TODAY, 4)
    assert [point.figure.value for point in found.points] == [7, 8, 9, 10]
    assert [point.week.start for point in found.points] == [MONDAY - index * WEEK for index in (3, 2, 1, 0)]
    assert all(point.is_closed for point in found.points)
    assert found.from_previous.absolute.value == 1


@pytest.mark.parametrize("count", [0, -1, 261])
def test_impossible_counts_are_refused(count: int) -> None:
    """G2: −1 is not all weeks."""
    with pytest.raises(InvalidInputError, match="1 to 260"):
        newest_weeks(TODAY, count)


def test_the_running_week_is_to_date() -> None:
    """G3: it is shown when it is asked for, marked, and compared with nothing."""
    running = [(MONDAY + WEEK, Figure(value=1, unit=FigureUnit.COUNT)), *weekly(8, 10)]
    found = trend(running, TODAY, 2, to_date=True)
    assert [(point.figure.value, point.is_closed) for point in found.points] == [(10, True), (1, False)]
    assert found.from_previous.percent.value == 25.0


def test_a_missing_week_is_seen() -> None:
    """A12: it stands in its place with a reason, and changes across it are not known."""
    found = trend(weekly(5, None, 7), TODAY, 3)
    assert [point.figure.value for point in found.points] == [5, None, 7]
    assert found.points[1].figure.reason == NO_WEEK
    assert found.from_previous.percent.reason == NO_WEEK


def test_the_same_week_last_year() -> None:
    values = weekly(*([50.0] + [None] * 51 + [60.0]))
    assert trend(values, TODAY, 4).from_last_year.percent.value == 20.0
    week = newest_weeks(TODAY, 1)[0]
    assert a_year_before(week).start.weekday() == 0
    assert (week.start - a_year_before(week).start).days == 364


@pytest.mark.parametrize(
    ("values", "falling", "rising"),
    [
        ((9, 8, 7, 6), 3, 0),
        ((9, None, 7, 6), 1, 0),
        ((9, 8, None, 6), 0, 0),
        ((1, 2, 3), 0, 2),
        ((3, 3), 0, 0),
        ((), 0, 0),
    ],
)
def test_runs_are_of_consecutive_weeks(values: tuple[float | None, ...], falling: int, rising: int) -> None:
    """H11: four snapshots over fifty weeks are no decline of three weeks; no data at all is no decline either."""
    found = trend(weekly(*values), TODAY, 4)
    assert (found.falling, found.rising) == (falling, rising)


@given(st.dates(date(2010, 1, 1), date(2090, 1, 1)), st.integers(1, 260))
def test_weeks_follow_each_other(today: date, count: int) -> None:
    """G3: whole weeks from Monday, closed, none twice and none left out."""
    weeks = newest_weeks(today, count)
    assert len(weeks) == count
    assert {(week.start.weekday(), week.days) for week in weeks} == {(0, 7)}
    assert all(later.previous == earlier for earlier, later in itertools.pairwise(weeks))
    assert weeks[-1].is_closed(today)
    assert today < weeks[-1].end + WEEK
    assert newest_weeks(today, count, to_date=True)[-1].start == weeks[-1].end


@pytest.mark.parametrize(("day", "days"), [(date(2026, 2, 28), 28), (date(2028, 2, 1), 29), (date(2026, 12, 31), 31)])
def test_months_end_on_their_last_day(day: date, days: int) -> None:
    """G13: February ends with its 28th, not with the first of March."""
    month = month_of(day)
    assert (month.start.day, month.days, day in month) == (1, days, True)


def test_months_are_those_of_the_calendar() -> None:
    """G18: three months before March are December to February, not ninety days."""
    found = last_months(date(2026, 3, 31), 3)
    assert (found.start, found.end) == (date(2025, 12, 1), date(2026, 3, 1))


def test_a_week_with_missing_days_ends_a_row() -> None:
    """A12, H11: a day more is missing each week, and nothing else changes: that is no fall."""
    weeks = [
        (start, Figure(value=100 * days, unit=FigureUnit.COUNT, coverage=Coverage(days, 7)))
        for (start, _), days in zip(weekly(1, 2, 3, 4), (7, 6, 5, 4), strict=True)
    ]
    found = trend(weeks, TODAY, 4)
    assert (found.falling, found.rising) == (0, 0)
    assert found.from_previous.percent.value is None
    assert found.from_previous.percent.reason is not None


@pytest.mark.parametrize("direction", [1, -1])
def test_half_covered_weeks_are_no_run(direction: int) -> None:
    """A12, H11: weeks that fall or rise on the same four of seven days are unknown as weeks, and so end the run."""
    starts = [start for start, _ in weekly(1, 2, 3, 4)]

    def counted(*days_with_data: int) -> tuple[int, int]:
        figures = [
            (start, Figure(value=1000 + direction * 100 * index, unit=FigureUnit.COUNT, coverage=Coverage(days, 7)))
            for index, (start, days) in enumerate(zip(starts, days_with_data, strict=True))
        ]
        found = trend(figures, TODAY, 4)
        return (found.rising, found.falling) if direction > 0 else (found.falling, found.rising)

    assert counted(7, 7, 7, 7) == (3, 0)
    assert counted(4, 4, 4, 4) == (0, 0)
    # The run ends at the step from a half-covered week, and at the step to one.
    assert counted(6, 6, 7, 7) == (1, 0)
    assert counted(7, 7, 6, 6) == (0, 0)


def test_the_changes_of_others_leave_out_the_client_and_those_without_both_weeks() -> None:
    """H11: the median of the others, as it is when each client computes it alone."""
    first, last = date(2026, 10, 5), date(2026, 10, 19)
    after = {1: 50, 2: 90, 3: 110, 4: 80, 5: 120, 6: 70, 7: 100}
    figures = {
        client: {first: {"views": counted(100)}, last: {"views": counted(views)}} for client, views in after.items()
    } | {8: {last: {"views": counted(1)}}, 9: {first: {"views": counted(0)}, last: {"views": counted(5)}}}
    changes = WeeklyChanges(figures)
    for client in figures:
        percents = [views - 100.0 for other, views in after.items() if other != client]
        assert changes.of_others(client, "views", first, last) == pytest.approx(median(percents))
    assert changes.of_others(1, "reach", first, last) is None
    few = WeeklyChanges({client: weeks for client, weeks in figures.items() if client <= 5})
    assert few.of_others(1, "views", first, last) is None
    assert few.of_others(9, "views", first, last) == pytest.approx(-10.0)


def counted(value: int) -> Figure:
    return Figure(value=value, unit=FigureUnit.COUNT)
