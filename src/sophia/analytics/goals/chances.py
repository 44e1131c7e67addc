"""The chance that a goal is reached, from the forecast of the weeks that remain."""

import math
from datetime import date

import numpy as np

from sophia.analytics.figures.facts import FOLLOWERS
from sophia.analytics.figures.figures import HUNDRED, Figure, FigureUnit, missing, week_of
from sophia.analytics.forecasts.client_forecasts import why_no_forecast
from sophia.analytics.forecasts.points import MOST_HORIZONS, Floats
from sophia.analytics.forecasts.weekly import chance_of_level, chance_of_total, fit
from sophia.analytics.goals.progress import Goal, GoalKind
from sophia.meta.reporting_zone import ONE_DAY, DateRange

NET_NEW = "net_new_followers"
NO_RATES = "Rates are not forecast."
IS_OVER = "The goal's period is over."
IS_REACHED = "The goal is reached."
TOO_FAR = "The goal ends more than 26 weeks from now; forecasts do not reach that far."
TOO_FEW_TOTALS = "There are too few complete weeks to forecast this many."
DAYS_OF_A_WEEK = 7


def chance(goal: Goal, current: Figure, until: date, weeks: Floats, level: float | None) -> Figure:
    """Return the chance in percent that the goal is reached at its end, or the reason why it is unknown.

    `current` is the KPI over the goal's days before `until`. `weeks` are the KPI in the complete weeks before `until`,
    oldest first, NaN where unknown; for net new followers they are the followers. `level` is their newest number.
    """
    reason = _why_none(goal, current, until)
    if reason is not None or current.value is None:
        return missing(FigureUnit.PERCENT, reason or current.reason or IS_OVER)
    needed = goal.target - float(current.value)
    if goal.kpi in (FOLLOWERS, NET_NEW):
        probability = None if level is None else _of_followers(goal, needed, until, weeks, level)
    else:
        shares = remaining_shares(until, goal.window.end)
        fitted = fit(weeks, len(shares))
        probability = None if fitted is None else chance_of_total(fitted, shares, needed)
    count = int((~np.isnan(weeks)).sum())
    if probability is None:
        why = why_no_forecast(count) if fit(weeks, 1) is None else TOO_FEW_TOTALS
        return missing(FigureUnit.PERCENT, why, n=count)
    return Figure(value=HUNDRED * probability, unit=FigureUnit.PERCENT, n=count)


def _why_none(goal: Goal, current: Figure, until: date) -> str | None:
    if current.value is None:
        return current.reason
    if goal.kind is GoalKind.RATE:
        return NO_RATES
    if goal.window.is_closed(until):
        return IS_OVER
    # Followers that were won can be lost again.
    if goal.kpi != NET_NEW and goal.kind is GoalKind.TOTAL and float(current.value) >= goal.target:
        return IS_REACHED
    if len(remaining_shares(until, goal.window.end)) > MOST_HORIZONS:
        return TOO_FAR
    return None


def _of_followers(goal: Goal, needed: float, until: date, weeks: Floats, level: float) -> float | None:
    horizon = (goal.window.end - until).days / DAYS_OF_A_WEEK
    fitted = fit(weeks, max(math.ceil(horizon), 1), is_level=True)
    above = None if fitted is None else chance_of_level(fitted, horizon, level + needed)
    is_downward = goal.base is not None and goal.target < goal.base
    return 1 - above if above is not None and is_downward else above


def remaining_shares(until: date, end: date) -> Floats:
    """Return the parts of the weeks from `until` on that belong to the days before `end`, 0 to 1, the running week first."""
    first = week_of(until).start
    number = math.ceil((end - first).days / DAYS_OF_A_WEEK)
    rest = DateRange(until, end)
    return np.array(
        [
            sum(first + (DAYS_OF_A_WEEK * week + day) * ONE_DAY in rest for day in range(DAYS_OF_A_WEEK))
            / DAYS_OF_A_WEEK
            for week in range(number)
        ]
    )
