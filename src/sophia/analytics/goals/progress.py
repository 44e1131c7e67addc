"""Goals of a client and their progress."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from sophia.analytics.figures.facts import FOLLOWERS, ClientWindow
from sophia.analytics.figures.figures import Figure, FigureUnit, Number, missing, percent
from sophia.analytics.kpis.kpis import AGED_KPIS, KPIS
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import DateRange

NOT_BEGUN = "The goal's first day is not over yet."
NO_BASE = "Followers at the goal's start are unknown, so there is no pace."
NO_PACE = "A rate has no pace: it is reached or not."


class GoalKind(StrEnum):
    """How the KPI develops: a total grows from 0, a level starts from its base, a rate has no direction."""

    TOTAL = "total"
    LEVEL = "level"
    RATE = "rate"


class GoalStatus(StrEnum):
    """The status of a goal."""

    NOT_KNOWN = "not known"
    REACHED = "reached"
    ON_PACE = "on pace"
    BEHIND = "behind"
    MISSED = "missed"


_TOTALS = ("posts", "views", "engagements", "net_new_followers", "conversions", "revenue", "new_customers")
# These are neither totals nor rates: people cannot be added up, and growth depends on the start of the window. Posts at
# the end of the window have not reached a fixed age.
_NO_GOALS = frozenset({"reach", "audience_growth", "marketing_cost", *AGED_KPIS})
# The KPIs that can have a goal, and the total of followers.
GOALS: Mapping[str, GoalKind] = MappingProxyType(
    {kpi.name: GoalKind.TOTAL if kpi.name in _TOTALS else GoalKind.RATE for kpi in KPIS if kpi.name not in _NO_GOALS}
    | {FOLLOWERS: GoalKind.LEVEL}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The target of a KPI in a window. Raises InvalidInputError for an impossible goal.

    `base` is a level's value at the start of the window, None if it is unknown. With `at_most` the KPI must not exceed the
    target.
    """

    kpi: str
    target: float
    window: DateRange
    kind: GoalKind
    base: float | None = 0.0
    at_most: bool = False

    def __post_init__(self) -> None:
        if self.kind is not GoalKind.LEVEL and self.base != 0:
            raise InvalidInputError("Only a level has a base: totals start at 0, and rates have no start.")
        if self.target == self.base and self.kind is not GoalKind.RATE:
            raise InvalidInputError(f"{self.kpi} has reached this target already; choose another target.")
        if self.at_most and self.kind is not GoalKind.RATE:
            raise InvalidInputError(f"Only a rate can be kept below a target; {self.kpi} is a {self.kind}.")


def goal_of(kpi: str, target: float, window: DateRange, *, at_most: bool = False, base: float | None = 0.0) -> Goal:
    """Return the goal for a KPI by its name. Raises InvalidInputError, also for a KPI that cannot have a goal."""
    kind = GOALS.get(kpi)
    if kind is None:
        raise InvalidInputError(f"{kpi!r} cannot have a goal. Choose one of: {', '.join(sorted(GOALS))}.")
    if not math.isfinite(target) or (target <= 0 and kind is not GoalKind.RATE):
        raise InvalidInputError(f"The target for {kpi} must be a number above 0.")
    # A level at its target has reached it, whatever its base.
    base = base if kind is GoalKind.LEVEL and base != target else 0.0
    return Goal(kpi=kpi, target=target, window=window, kind=kind, base=base, at_most=at_most)


def follower_base(now: ClientWindow) -> int | None:
    """Return the followers at the start of the window by the profiles' totals, or None if one is missing."""
    starts = {levels.account_id: levels.at_start for levels in now.followers}
    totals = [total for account in now.accounts if (total := starts.get(account)) is not None]
    return sum(totals) if totals and len(totals) == len(now.accounts) else None


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a goal: percent of the target, percent of the expected pace, and the projected value."""

    goal: Goal
    done: Figure
    pace: Figure
    projected: Figure
    standing: GoalStatus


def progress(goal: Goal, current: Figure, today: date) -> Progress:
    """Return the progress on `today`; the expected pace is a straight line from base to target.

    `current` is the KPI over the goal's days that are over, or a level's newest value.
    """
    if current.value is None:
        unknown = missing(FigureUnit.PERCENT, current.reason or NOT_BEGUN)
        return Progress(
            goal, unknown, unknown, missing(current.unit, current.reason or NOT_BEGUN), GoalStatus.NOT_KNOWN
        )
    value, closed = float(current.value), goal.window.is_closed(today)
    falls = goal.base is not None and goal.target < goal.base
    reached = value <= goal.target if goal.at_most or falls else value >= goal.target
    if goal.kind is GoalKind.RATE:
        held = GoalStatus.REACHED if reached else GoalStatus.MISSED if closed else GoalStatus.BEHIND
        without = missing(FigureUnit.PERCENT, NO_PACE)
        return Progress(goal, _share_of(value, goal.target), without, missing(current.unit, NO_PACE), held)
    if goal.base is None:
        return _without_base(goal, current, reached=reached, closed=closed)
    direction = 1 if goal.target > goal.base else -1
    doubt = _short(current)
    done = _share_of(direction * (value - goal.base), direction * (goal.target - goal.base), doubt)
    share = goal.window.days_ended(today) / goal.window.days
    if share == 0:
        begun = missing(FigureUnit.PERCENT, NOT_BEGUN)
        return Progress(goal, done, begun, missing(current.unit, NOT_BEGUN), GoalStatus.NOT_KNOWN)
    pace = _share_of(done.value, 100 * share, doubt)
    ahead = goal.base + (value - goal.base) / share
    projected = Figure(value=ahead, unit=current.unit, currency=current.currency, doubt=doubt)
    return Progress(goal, done, pace, projected, _status(pace, reached=reached, closed=closed))


def _without_base(goal: Goal, current: Figure, *, reached: bool, closed: bool) -> Progress:
    """Return the progress of a level whose start is unknown: it is reached or not, and has no pace."""
    unknown = missing(FigureUnit.PERCENT, NO_BASE)
    held = GoalStatus.REACHED if reached else GoalStatus.MISSED if closed else GoalStatus.NOT_KNOWN
    return Progress(goal, unknown, unknown, missing(current.unit, NO_BASE), held)


def _short(current: Figure) -> str | None:
    """Return a warning if days without readings make the progress look smaller than it is (A12)."""
    if current.coverage is None or current.coverage.is_complete:
        return None
    return f"Only {current.coverage.days_with_data} of {current.coverage.days} days have data."


def _share_of(part: Number | None, total: float, doubt: str | None = None) -> Figure:
    """Return a percentage; more than 100 % is good news and has no warning."""
    return replace(percent(part, total), doubt=doubt)


def _status(pace: Figure, *, reached: bool, closed: bool) -> GoalStatus:
    if reached:
        return GoalStatus.REACHED
    if closed:
        return GoalStatus.MISSED
    return GoalStatus.ON_PACE if pace.value is not None and pace.value >= 100 else GoalStatus.BEHIND  # noqa: PLR2004


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedGoal:
    """A goal and its progress at the end of the report's window, or today.

    `current` is the KPI over the goal's days that are over, `base` a level's value at their start. `done` is percent of
    the target, `pace` percent of the expected pace, `projected` the value at the end at this pace, `chance` the
    probability in percent that the target is reached at the end, from a forecast.
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
    chance: Figure
    standing: GoalStatus
