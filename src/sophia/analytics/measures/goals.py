"""What a client wants to reach, and whether it is on its way there."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sophia.analytics.measures.figures import Figure, FigureUnit, Window, missing, percent
from sophia.errors import InvalidInputError

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A KPI, the number that it should come to, and until when. Raises InvalidInputError for what nobody can reach.

    `base` is where a level stood at the start of the window; `at_most` turns the goal round: not to be exceeded.
    """

    kpi: str
    target: float
    window: Window
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
        return Progress(goal, percent(value, goal.target), without, missing(current.unit, NO_PACE), held)
    onwards = 1 if goal.target > goal.base else -1
    done = percent(onwards * (value - goal.base), onwards * (goal.target - goal.base))
    share = goal.window.days_ended(today) / goal.window.days
    if share == 0:
        begun = missing(FigureUnit.PERCENT, NOT_BEGUN)
        return Progress(goal, done, begun, missing(current.unit, NOT_BEGUN), Standing.NOT_KNOWN)
    pace = percent(done.value, 100 * share)
    projected = Figure(value=goal.base + (value - goal.base) / share, unit=current.unit)
    return Progress(goal, done, pace, projected, _standing(pace, reached=reached, closed=closed))


def _standing(pace: Figure, *, reached: bool, closed: bool) -> Standing:
    if reached:
        return Standing.REACHED
    if closed:
        return Standing.MISSED
    return Standing.ON_PACE if pace.value is not None and pace.value >= 100 else Standing.BEHIND  # noqa: PLR2004
