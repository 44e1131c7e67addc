"""Describes a goal in a sentence whose figures are references into the document."""

from typing import Any

from sophia.analytics.figures.figures import FigureUnit
from sophia.analytics.figures.sentences import Form, Reference, Sentence, say
from sophia.analytics.goals.progress import GoalKind, GoalStatus, ReportedGoal
from sophia.analytics.kpis.labels import kpi_term


def say_goal(document: Any, goal: ReportedGoal, path: str) -> Sentence:
    """Return the sentence of a goal; `path` leads to the goal in the document."""
    coverage = goal.current.coverage
    short = "" if coverage is None or coverage.is_complete else " Only {days_with_data} of {days} days have readings."
    template = f"Goal {{name}} ({kpi_term(goal.kpi)}): {_statement(goal)}{short}"
    form: Form = "percent" if goal.current.unit is FigureUnit.PERCENT else "number"
    references: dict[str, Reference | str] = {
        "name": Reference(f"{path}.name", "text"),
        "current": Reference(f"{path}.current.value", form),
        "currency": Reference(f"{path}.current.currency", "text"),
        "target": Reference(f"{path}.target", form),
        "pace": Reference(f"{path}.pace.value", "size_percent"),
        "projected": Reference(f"{path}.projected.value", form),
        "chance": Reference(f"{path}.chance.value", "size_percent"),
        "end": Reference(f"{path}.window.end", "text"),
        "why": Reference(f"{path}.current.reason", "text"),
        "reason": Reference(f"{path}.pace.reason", "text"),
        "days_with_data": f"{path}.current.coverage.days_with_data",
        "days": f"{path}.current.coverage.days",
    }
    return say(document, template, **references)


def _statement(goal: ReportedGoal) -> str:
    money = " {currency}" if goal.current.currency is not None else ""
    limit = "and not above {target}" if goal.at_most else "of {target}"
    so_far = f"{{current}}{money} {limit}{money}"
    if goal.standing is GoalStatus.NOT_KNOWN:
        return "unknown. {why}" if goal.current.value is None else f"{so_far} so far. {{reason}}"
    if goal.standing is GoalStatus.REACHED:
        return f"{'held' if goal.at_most else 'reached'}, {so_far}."
    if goal.standing is GoalStatus.MISSED:
        return f"missed, {so_far}."
    if goal.kind is GoalKind.RATE:
        return f"{so_far} so far."
    word = "on pace" if goal.standing is GoalStatus.ON_PACE else "behind"
    direction = "" if goal.pace.value is not None and goal.pace.value >= 0 else " in the wrong direction"
    likely = "" if goal.chance.value is None else " The forecast reaches the target with a chance of {chance}."
    return f"{word}, {so_far}: {{pace}}{direction} of the expected pace, projected {{projected}}{money} before {{end}}.{likely}"
