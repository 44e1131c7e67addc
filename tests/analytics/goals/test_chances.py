"""The chance to reach a goal: the forecast of exactly the days that remain, or why there is none."""

from datetime import date

import numpy as np
import pytest

from sophia.analytics.figures.figures import Coverage, Figure, FigureUnit, LateReading, missing
from sophia.analytics.forecasts.points import Floats
from sophia.analytics.forecasts.series import week_values, weeks_before
from sophia.analytics.goals.chances import (
    IS_OVER,
    IS_REACHED,
    NO_RATES,
    TOO_FAR,
    TOO_FEW_TOTALS,
    chance,
    remaining_shares,
)
from sophia.analytics.goals.progress import Goal, GoalKind
from sophia.meta.reporting_zone import DateRange

# A Wednesday: two days of the week are over.
UNTIL = date(2026, 11, 18)
GOAL = DateRange(date(2026, 11, 1), date(2026, 12, 10))
RANDOM = np.random.default_rng(5)
WEEKS = np.asarray(np.round(700 * np.exp(RANDOM.normal(0, 0.15, 80))), dtype=np.float64)


def total(target: float, kpi: str = "views") -> Goal:
    return Goal(kpi=kpi, target=target, window=GOAL, kind=GoalKind.TOTAL)


def count(value: float) -> Figure:
    return Figure(value=value, unit=FigureUnit.COUNT)


def chance_of(goal: Goal, current: float, weeks: Floats = WEEKS, level: float | None = None) -> Figure:
    return chance(goal, count(current), UNTIL, weeks, level)


def test_only_the_days_that_remain_count() -> None:
    """Wednesday to Sunday of this week, two whole weeks, and Monday to Wednesday of the last."""
    np.testing.assert_allclose(remaining_shares(UNTIL, GOAL.end), [5 / 7, 1, 1, 3 / 7])
    np.testing.assert_allclose(remaining_shares(date(2026, 11, 16), date(2026, 11, 23)), [1])


def test_a_total_that_the_usual_weeks_reach() -> None:
    """22 days at 100 a day bring about 2,200: 2,000 more are likely, 2,200 open, 2,600 unlikely."""
    likely, even, unlikely = (chance_of(total(1000 + more), 1000).value for more in (1900, 2200, 2700))
    assert likely is not None
    assert even is not None
    assert unlikely is not None
    assert likely > 85
    assert 20 < even < 80
    assert unlikely < 15


def test_followers_start_from_their_newest_number() -> None:
    """Ten a week for a year: 31 more in three weeks is as open as it can be; 20 more is sure, 60 more is not."""
    weeks = 1000 - np.cumsum(np.full(60, 10.0) + np.tile([-2.0, 2.0], 30))[::-1] + 12
    goal = Goal(kpi="followers", target=1031, base=950, window=GOAL, kind=GoalKind.LEVEL)
    open_, sure, hopeless = (
        chance_of(Goal(kpi="followers", target=target, base=950, window=GOAL, kind=goal.kind), 1000, weeks, 1000).value
        for target in (1031, 1015, 1060)
    )
    assert open_ is not None
    assert sure is not None
    assert hopeless is not None
    assert hopeless < 10
    assert 15 < open_ < 85
    assert sure > 90
    net = chance_of(total(131, "net_new_followers"), 100, weeks, 1000).value
    assert net == pytest.approx(open_)
    fewer = Goal(kpi="followers", target=940, base=1010, window=GOAL, kind=GoalKind.LEVEL)
    falling = chance_of(fewer, 1000, 2000 - weeks, 1000).value
    assert falling is not None
    assert falling < 10


@pytest.mark.parametrize(
    ("goal", "current", "reason"),
    [
        (Goal(kpi="save_rate", target=5, window=GOAL, kind=GoalKind.RATE), count(4), NO_RATES),
        (total(100), count(100), IS_REACHED),
        (total(100), missing(FigureUnit.COUNT, "Nothing was collected."), "Nothing was collected."),
        (
            Goal(
                kpi="views",
                target=100,
                window=DateRange(GOAL.start, date(2027, 6, 1)),
                kind=GoalKind.TOTAL,
            ),
            count(1),
            TOO_FAR,
        ),
        (
            Goal(kpi="views", target=100, window=DateRange(GOAL.start, UNTIL), kind=GoalKind.TOTAL),
            count(1),
            IS_OVER,
        ),
    ],
)
def test_goals_without_a_chance_have_a_reason(goal: Goal, current: Figure, reason: str) -> None:
    figure = chance(goal, current, UNTIL, WEEKS, None)
    assert (figure.value, figure.reason) == (None, reason)


def test_a_short_history_has_no_chance() -> None:
    """A12: nine weeks are too few for a forecast, ten for a total."""
    assert chance_of(total(5000), 10, WEEKS[:9]).reason == "A forecast needs 10 complete weeks; there are 9."
    assert chance_of(total(5000), 10, WEEKS[:10]).reason == TOO_FEW_TOTALS
    assert chance_of(total(5000), 10, WEEKS[:11]).value is not None
    # The newest week lacks a day: the totals of the weeks before it serve.
    assert chance_of(total(5000), 10, np.append(WEEKS[:11], np.nan)).value is not None


def test_weeks_with_missing_days_are_unknown() -> None:
    weeks = weeks_before(UNTIL, 3)
    assert [week.start for week in weeks] == [date(2026, 10, 26), date(2026, 11, 2), date(2026, 11, 9)]
    figures = {
        weeks[0].start: Figure(value=5, unit=FigureUnit.COUNT, coverage=Coverage(6, 7)),
        weeks[2].start: Figure(value=7, unit=FigureUnit.COUNT, coverage=Coverage(7, 7)),
    }
    np.testing.assert_array_equal(week_values("views", weeks, figures), [np.nan, np.nan, 7.0])
    late = {weeks[2].start: Figure(value=7, unit=FigureUnit.COUNT, late=LateReading(UNTIL, is_young=False))}
    assert np.isnan(week_values("engagements", weeks, late)).all()
