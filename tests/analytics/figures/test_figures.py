"""Figures: a value or a reason, percentages with a base, changes between windows, windows of days."""

import math
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.figures.figures import (
    FROM_BELOW_ZERO,
    FROM_ZERO,
    NOT_FINITE,
    OTHER_UNIT,
    OVER_HUNDRED,
    Change,
    Coverage,
    Figure,
    FigureUnit,
    Interval,
    change,
    figure,
    missing,
    percent,
    total,
    week_of,
)
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import DateRange

COUNT = FigureUnit.COUNT
MONDAY = date(2026, 11, 2)
COUNTS = st.integers(1, 10**9)


def counted(value: float) -> Figure:
    return Figure(value=value, unit=COUNT)


def test_a_figure_has_a_value_or_a_reason() -> None:
    """A12: neither both nor none, and nothing that is not finite."""
    with pytest.raises(ValueError, match="either"):
        Figure(value=None, unit=COUNT)
    with pytest.raises(ValueError, match="either"):
        Figure(value=1, unit=COUNT, reason="because")
    with pytest.raises(ValueError, match="finite"):
        Figure(value=math.nan, unit=COUNT)
    assert figure(None, COUNT).reason is not None
    assert figure(math.inf, COUNT).reason == NOT_FINITE


def test_absent_is_not_zero() -> None:
    """A12, G4: nothing reported is no rate; a zero that was reported is one; rates are percent."""
    assert percent(8, 100).value == 8.0
    assert percent(0, 100).value == 0.0
    for part, whole in ((None, 100), (8, None), (None, None)):
        assert percent(part, whole).value is None
    assert percent(8, 0).reason == FROM_ZERO
    assert percent(8, -1).reason == FROM_BELOW_ZERO


def test_rates_beyond_reason_are_flagged() -> None:
    """G8: 500 % and −50 % are shown with a doubt; infinity is no figure."""
    assert percent(500, 100).doubt == OVER_HUNDRED
    assert percent(-50, 100).doubt is not None
    assert percent(50, 100).doubt is None
    for part, whole in ((math.inf, 1), (1, math.inf), (math.nan, 1)):
        assert (percent(part, whole).value, percent(part, whole).reason) == (None, NOT_FINITE)


@pytest.mark.parametrize(
    ("before", "after", "absolute", "relative"),
    [(1000, 0, -1000, -100.0), (50, 75, 25, 50.0), (80, 80, 0, 0.0), (0, 10, 10, None), (-5, 10, 15, None)],
)
def test_changes(before: int, after: int, absolute: int, relative: float | None) -> None:
    """G7: to 0 is −100 %; from 0 there is no percentage, but a difference."""
    found = change(counted(before), counted(after))
    assert (found.absolute.value, found.percent.value) == (absolute, relative)
    assert (found.percent.reason is None) == (relative is not None)


def test_changes_of_what_is_not_known() -> None:
    """A12: the reason is handed on; figures of different units are not compared (G4)."""
    nothing = missing(COUNT, "The server was down.")
    for found in (change(nothing, counted(1)), change(counted(1), nothing)):
        assert (found.absolute.value, found.percent.value) == (None, None)
        assert found.percent.reason == "The server was down."
    assert change(counted(1), percent(1, 2)).percent.reason == OTHER_UNIT
    dollars = Figure(value=Decimal(1), unit=FigureUnit.MONEY, currency="USD")
    euros = Figure(value=Decimal(1), unit=FigureUnit.MONEY, currency="EUR")
    assert change(dollars, euros).percent.reason == OTHER_UNIT


def test_changes_of_rates_are_points() -> None:
    """G4: from 2 % to 3 % is one percentage point, and 50 % more."""
    found = change(percent(2, 100), percent(3, 100))
    assert (found.absolute.value, found.absolute.unit) == (1.0, FigureUnit.PERCENTAGE_POINTS)
    assert found.percent.value == 50.0


def test_changes_of_money_are_exact() -> None:
    """G17: a difference of money is no binary fraction."""
    found = change(*(Figure(value=Decimal(text), unit=FigureUnit.MONEY, currency="CAD") for text in ("0.10", "0.30")))
    assert (found.absolute.value, found.absolute.currency) == (Decimal("0.20"), "CAD")


def test_a_window_that_was_half_seen_is_flagged() -> None:
    """A12, G7: a sum of three days against one of seven is no growth, for what is missing would count as zero."""
    half = figure(50, COUNT, coverage=Coverage(3, 7))
    other = figure(40, COUNT, coverage=Coverage(5, 7))
    whole = figure(100, COUNT, coverage=Coverage(7, 7))
    for before, after, reason in (
        (half, whole, "Only 3 of 7 days of the previous period have data."),
        (whole, half, "Only 3 of 7 days of the current period have data."),
        (half, other, "Only 3 of 7 days of the previous period and 5 of 7 days of the current period have data."),
    ):
        found = change(before, after)
        assert (found.percent.value, found.percent.reason) == (None, reason)
        assert (found.absolute.value, found.absolute.reason) == (None, reason)
        assert (found.before, found.after) == (before, after)
    assert change(half, replace(half, value=60)).percent.value == 20.0
    assert change(half, replace(half, value=60)).percent.doubt == "The comparison uses 3 of 7 days of each period."
    assert change(whole, whole).percent.doubt is None


def intervals(before: tuple[float, float, float], after: tuple[float, float, float]) -> Change:
    made = [Figure(value=v, unit=FigureUnit.PERCENT, interval=Interval(low, high)) for v, low, high in (before, after)]
    return change(made[0], made[1])


def test_changes_have_intervals_when_both_figures_do() -> None:
    """Newcombe's worked example (1998): 56/70 against 48/80 differ by 0.20, 0.0524 to 0.3339, from Wilson's intervals."""
    found = intervals((60.0, 49.0449, 70.0418), (80.0, 69.1747, 87.6942))
    assert found.absolute.value == pytest.approx(20.0)
    assert tuple(found.absolute.interval or ()) == pytest.approx((5.24, 33.39), abs=0.01)
    relative = found.percent.interval
    assert relative is not None
    assert relative.low < 100 / 3 < relative.high
    assert change(counted(1), counted(2)).absolute.interval is None
    assert intervals((1, 0, 2), (3, 2, 4)).percent.interval is None


@given(COUNTS, COUNTS, st.integers(1, 1000))
def test_percentages_do_not_depend_on_scale(before: int, after: int, factor: int) -> None:
    one = change(counted(before), counted(after)).percent.value
    other = change(counted(before * factor), counted(after * factor)).percent.value
    assert one == pytest.approx(other)


@given(st.lists(st.floats(-1e12, 1e12)), st.randoms())
def test_totals_do_not_depend_on_order(values: list[float], random: Random) -> None:
    assert total(values) == total(random.sample(values, len(values)))


def test_totals() -> None:
    """A12, A17: nothing has no total; counts stay whole, money stays exact."""
    assert total([]) is None
    assert repr(total([1, 2])) == "3"
    assert total([Decimal("0.1"), Decimal("0.2")]) == Decimal("0.3")


@given(st.dates(date(2004, 1, 1), date(2090, 1, 1)), st.integers(-10, 20))
def test_weeks_run_from_monday_to_sunday(day: date, later: int) -> None:
    """G3: seven days that hold the day, closed when all are over."""
    week = week_of(day)
    assert (week.start.weekday(), week.days, day in week, week.end in week) == (0, 7, True, False)
    assert week_of(week.start - timedelta(days=1)) == week.previous
    today = week.start + timedelta(days=later)
    assert week.is_closed(today) == (later >= 7)
    assert week.days_ended(today) == min(max(later, 0), 7)


def test_a_window_without_days_is_refused() -> None:
    """G6: reversed and empty windows are a mistake of who asks."""
    with pytest.raises(InvalidInputError, match="2026-11-02"):
        DateRange(MONDAY, MONDAY)
