"""What a client wants to reach, and whether it is on its way there."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from sophia.analytics.figures.facts import ClientWindow
from sophia.analytics.figures.figures import Figure, FigureUnit, Number, figure, missing, percent
from sophia.analytics.kpis.kpis import KPIS, NO_FOLLOWERS
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import DateRange

NOT_BEGUN = "The goal's first day is not over yet."
NO_PACE = "A rate has no pace: it is reached or it is not."


class GoalKind(StrEnum):
    """How the number behaves in time: it adds up from 0, it moves on from where it was, or it is the same all along."""

    TOTAL = "total"
    LEVEL = "level"
    RATE = "rate"


class Standing(StrEnum):
    """How a goal stands."""

    NOT_KNOWN = "not known"
    REACHED = "reached"
    ON_PACE = "on pace"
    BEHIND = "behind"
    MISSED = "missed"


FOLLOWERS = "followers"
_TOTALS = ("posts", "views", "engagements", "net_new_followers", "conversions", "revenue", "new_customers")
# What has neither a total nor a rate: people cannot be added up, growth begins where the window does.
_NO_GOALS = frozenset({"reach", "audience_growth", "marketing_cost"})
GOALS: Mapping[str, GoalKind] = MappingProxyType(
    {FOLLOWERS: GoalKind.LEVEL}
    | {kpi.name: GoalKind.TOTAL if kpi.name in _TOTALS else GoalKind.RATE for kpi in KPIS if kpi.name not in _NO_GOALS}
)


"""What a goal can be for: the KPIs, and the total of followers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A KPI, the number that it should come to, and until when. Raises InvalidInputError for what nobody can reach.

    `base` is where a level stood at the start of the window; `at_most` turns the goal round: not to be exceeded.
    """

    kpi: str
    target: float
    window: DateRange
    kind: GoalKind
    base: float = 0.0
    at_most: bool = False

    def __post_init__(self) -> None:
        if self.kind is not GoalKind.LEVEL and self.base != 0:
            raise InvalidInputError("Only a level has a base: totals start at 0, and rates do not start.")
        if self.target == self.base and self.kind is not GoalKind.RATE:
            raise InvalidInputError(f"The goal for {self.kpi} is where it stands already; choose another target.")
        if self.at_most and self.kind is not GoalKind.RATE:
            raise InvalidInputError(f"Only a rate can be kept below a target; {self.kpi} is a {self.kind}.")


def goal_of(kpi: str, target: float, window: DateRange, *, at_most: bool = False, base: float = 0.0) -> Goal:
    """The goal for a KPI by its name. Raises InvalidInputError, also for a KPI that cannot be one."""
    kind = GOALS.get(kpi)
    if kind is None:
        raise InvalidInputError(f"There is no goal for {kpi!r}. Choose one of: {', '.join(sorted(GOALS))}.")
    if not math.isfinite(target) or (target <= 0 and kind is not GoalKind.RATE):
        raise InvalidInputError(f"The target for {kpi} must be a number above 0.")
    # Who stands where he wants to be has reached it, from wherever he came.
    base = base if kind is GoalKind.LEVEL and base != target else 0.0
    return Goal(kpi=kpi, target=target, window=window, kind=kind, base=base, at_most=at_most)


def followers(now: ClientWindow) -> tuple[Figure, int | None]:
    """(all followers at the end of the window, at its start), by the profiles' totals; None where one is not known."""
    known = {follower.account_id: follower for follower in now.followers}
    mine = [known.get(account) for account in sorted(now.accounts)]
    ends = [one.at_end for one in mine if one is not None and one.at_end is not None]
    starts = [one.at_start for one in mine if one is not None and one.at_start is not None]
    base = sum(starts) if starts and len(starts) == len(mine) else None
    if not ends or len(ends) < len(mine) or base is None:
        return missing(FigureUnit.PEOPLE, NO_FOLLOWERS), base
    return figure(sum(ends), FigureUnit.PEOPLE, n=len(ends)), base


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a goal is: percent of the way, percent of what should be done by now, and where this pace leads."""

    goal: Goal
    done: Figure
    pace: Figure
    projected: Figure
    standing: Standing


def progress(goal: Goal, current: Figure, today: date) -> Progress:
    """How the goal stands on `today`, the running day, in a straight line from base to target.

    `current` is the KPI over the days of the goal that are over, or for a level its newest value.
    """
    if current.value is None:
        unknown = missing(FigureUnit.PERCENT, current.reason or NOT_BEGUN)
        return Progress(goal, unknown, unknown, missing(current.unit, current.reason or NOT_BEGUN), Standing.NOT_KNOWN)
    value, closed = float(current.value), goal.window.is_closed(today)
    reached = value <= goal.target if goal.at_most or goal.target < goal.base else value >= goal.target
    if goal.kind is GoalKind.RATE:
        held = Standing.REACHED if reached else Standing.MISSED if closed else Standing.BEHIND
        without = missing(FigureUnit.PERCENT, NO_PACE)
        return Progress(goal, _of_way(value, goal.target), without, missing(current.unit, NO_PACE), held)
    onwards = 1 if goal.target > goal.base else -1
    doubt = _short(current)
    done = _of_way(onwards * (value - goal.base), onwards * (goal.target - goal.base), doubt)
    share = goal.window.days_ended(today) / goal.window.days
    if share == 0:
        begun = missing(FigureUnit.PERCENT, NOT_BEGUN)
        return Progress(goal, done, begun, missing(current.unit, NOT_BEGUN), Standing.NOT_KNOWN)
    pace = _of_way(done.value, 100 * share, doubt)
    ahead = goal.base + (value - goal.base) / share
    projected = Figure(value=ahead, unit=current.unit, currency=current.currency, doubt=doubt)
    return Progress(goal, done, pace, projected, _standing(pace, reached=reached, closed=closed))


def _short(current: Figure) -> str | None:
    """What of the days that are over has no readings makes a goal look further away than it is (A12)."""
    if current.coverage is None or current.coverage.is_complete:
        return None
    return f"Only {current.coverage.days_with_data} of {current.coverage.days} days have data."


def _of_way(part: Number | None, whole: float, doubt: str | None = None) -> Figure:
    """Percent of a way: more than all of it is more than was wanted, and raises no doubt."""
    return replace(percent(part, whole), doubt=doubt)


def _standing(pace: Figure, *, reached: bool, closed: bool) -> Standing:
    if reached:
        return Standing.REACHED
    if closed:
        return Standing.MISSED
    return Standing.ON_PACE if pace.value is not None and pace.value >= 100 else Standing.BEHIND  # noqa: PLR2004


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedGoal:
    """A goal, and how it stands at the end of the report's window, or today.

    `current` is the KPI over the goal's days that are over; `base` where a level stood at their start. `done` is percent
    of the way, `pace` percent of what a straight way would have by now, `projected` where this pace leads.
    """

    name: str
    kpi: str
    kind: GoalKind
    target: float
    at_most: bool
    window: DateRange
    base: int | None
    current: Figure
    done: Figure
    pace: Figure
    projected: Figure
    standing: Standing
