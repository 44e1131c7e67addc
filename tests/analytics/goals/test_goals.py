"""Goals: how far, how fast, and where this leads."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.figures.figures import Coverage, Figure, FigureUnit, missing
from sophia.analytics.goals.progress import GOALS, NO_BASE, Goal, GoalKind, GoalStatus, ReportedGoal, progress
from sophia.analytics.goals.sentences import say_goal
from sophia.analytics.kpis.kpis import AGED_KPIS, KPIS
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import DateRange

NOVEMBER = DateRange(date(2026, 11, 1), date(2026, 12, 1))
HALF = date(2026, 11, 16)


def count(value: float) -> Figure:
    return Figure(value=value, unit=FigureUnit.COUNT)


def test_a_total() -> None:
    """60 of 100 conversions after half of the month are 120 % of the pace, and lead to 120."""
    found = progress(Goal(kpi="conversions", target=100, window=NOVEMBER, kind=GoalKind.TOTAL), count(60), HALF)
    assert (found.done.value, found.pace.value, found.projected.value) == (60.0, 120.0, 120.0)
    assert found.standing is GoalStatus.ON_PACE
    assert (found.done.doubt, found.pace.doubt) == (None, None)


def test_what_a_goal_can_be_for() -> None:
    """People cannot be added up, a growth rate has no pace, a cost is no aim, and the newest posts have no fixed age."""
    assert {kpi.name for kpi in KPIS} - set(GOALS) == {"reach", "audience_growth", "marketing_cost"} | AGED_KPIS
    kinds = (GOALS["followers"], GOALS["views"], GOALS["engagement_rate_by_reach"])
    assert kinds == (GoalKind.LEVEL, GoalKind.TOTAL, GoalKind.RATE)


def test_more_than_was_wanted_is_no_doubt() -> None:
    """G8: 150 of 100 is good news, and nothing that was counted wrongly; of a rate neither."""
    total = progress(Goal(kpi="views", target=100, window=NOVEMBER, kind=GoalKind.TOTAL), count(150), HALF)
    rate = progress(Goal(kpi="save_rate", target=2.0, window=NOVEMBER, kind=GoalKind.RATE), count(3), HALF)
    assert (total.done.value, total.pace.value, rate.done.value) == (150.0, 300.0, 150.0)
    assert (total.done.doubt, total.pace.doubt, rate.done.doubt) == (None, None, None)


def test_days_without_readings_are_told() -> None:
    """A12: half of the views on half of the days may be all of the way; figure and sentence say that days are missing."""
    goal = Goal(kpi="views", target=100, window=NOVEMBER, kind=GoalKind.TOTAL)
    short = Figure(value=25, unit=FigureUnit.COUNT, coverage=Coverage(8, 15))
    found = progress(goal, short, HALF)
    for one in (found.done, found.pace, found.projected):
        assert one.doubt == "Only 8 of 15 days have data."
    reported = ReportedGoal(
        name="Views",
        kpi="views",
        kind=goal.kind,
        target=100.0,
        at_most=False,
        window=NOVEMBER,
        base=None,
        current=short,
        done=found.done,
        pace=found.pace,
        projected=found.projected,
        chance=missing(FigureUnit.PERCENT, "Too few weeks."),
        standing=found.standing,
    )
    assert say_goal({"goals": [reported]}, reported, "goals.0").text.endswith(" Only 8 of 15 days have readings.")
    likely = replace(reported, chance=Figure(value=63.4, unit=FigureUnit.PERCENT))
    text = say_goal({"goals": [likely]}, likely, "goals.0").text
    assert "The forecast reaches the target with a chance of 63 %. Only 8 of 15" in text


def test_a_level() -> None:
    """From 1,000 to 1,200 followers: 1,050 at half-time is a quarter of the way, and half of the pace."""
    goal = Goal(kpi="followers", target=1200, base=1000, window=NOVEMBER, kind=GoalKind.LEVEL)
    found = progress(goal, count(1050), HALF)
    assert (found.done.value, found.pace.value, found.projected.value) == (25.0, 50.0, 1100.0)
    assert found.standing is GoalStatus.BEHIND
    assert progress(goal, count(900), HALF).done.value == -50.0
    down = Goal(kpi="unanswered", target=10, base=50, window=NOVEMBER, kind=GoalKind.LEVEL)
    assert progress(down, count(20), HALF).done.value == 75.0
    assert progress(down, count(9), HALF).standing is GoalStatus.REACHED


def test_a_level_without_a_start_has_no_pace() -> None:
    """L28, A12: 1,050 of 1,200 followers, of which the start is unknown: reached or not, and nothing in between."""
    goal = Goal(kpi="followers", target=1200, base=None, window=NOVEMBER, kind=GoalKind.LEVEL)
    found = progress(goal, count(1050), HALF)
    assert (found.done.value, found.pace.reason, found.projected.value) == (None, NO_BASE, None)
    assert found.standing is GoalStatus.NOT_KNOWN
    assert progress(goal, count(1200), HALF).standing is GoalStatus.REACHED
    assert progress(goal, count(1199), NOVEMBER.end).standing is GoalStatus.MISSED


@pytest.mark.parametrize(
    ("value", "today", "at_most", "standing"),
    [
        (4, HALF, False, GoalStatus.BEHIND),
        (5, HALF, False, GoalStatus.REACHED),
        (4, NOVEMBER.end, False, GoalStatus.MISSED),
        (4, HALF, True, GoalStatus.REACHED),
        (6, HALF, True, GoalStatus.BEHIND),
    ],
)
def test_a_rate_has_no_pace(value: float, today: date, at_most: bool, standing: GoalStatus) -> None:
    goal = Goal(kpi="save_rate", target=5, window=NOVEMBER, kind=GoalKind.RATE, at_most=at_most)
    found = progress(goal, Figure(value=value, unit=FigureUnit.PERCENT), today)
    assert (found.standing, found.pace.value, found.projected.value) == (standing, None, None)


def test_what_is_not_known() -> None:
    """A12: no value, or no day over: no pace, with a reason."""
    goal = Goal(kpi="reach", target=5, window=NOVEMBER, kind=GoalKind.TOTAL)
    unknown = progress(goal, missing(FigureUnit.PEOPLE, "Nothing was collected."), HALF)
    assert (unknown.standing, unknown.done.reason) == (GoalStatus.NOT_KNOWN, "Nothing was collected.")
    begun = progress(goal, count(0), NOVEMBER.start)
    assert (begun.standing, begun.pace.value) == (GoalStatus.NOT_KNOWN, None)
    assert progress(goal, count(0), NOVEMBER.end).standing is GoalStatus.MISSED


def test_goals_that_make_no_sense_are_refused() -> None:
    for wrong in (
        {"target": 0.0, "kind": GoalKind.TOTAL},
        {"target": 5.0, "base": 1.0, "kind": GoalKind.TOTAL},
        {"target": 5.0, "at_most": True, "kind": GoalKind.LEVEL},
    ):
        with pytest.raises(InvalidInputError):
            Goal(kpi="x", window=NOVEMBER, **wrong)  # type: ignore[arg-type]
    never = Goal(kpi="rejection_rate", target=0.0, window=NOVEMBER, kind=GoalKind.RATE, at_most=True)
    assert progress(never, count(0), HALF).standing is GoalStatus.REACHED


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 29))
def test_a_steady_pace_is_kept(target: int, value: int, days: int) -> None:
    """Whoever is on pace is projected to arrive, and the other way round."""
    goal = Goal(kpi="x", target=target, window=NOVEMBER, kind=GoalKind.TOTAL)
    found = progress(goal, count(value), NOVEMBER.start + timedelta(days=days))
    assert found.projected.value is not None
    if found.standing is GoalStatus.BEHIND:
        assert found.projected.value < target * (1 + 1e-9)
    else:
        assert found.projected.value >= target * (1 - 1e-9)
