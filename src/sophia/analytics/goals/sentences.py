"""How a goal stands, in a sentence; each figure in it is a reference to where it stands in the document."""

from typing import Any

from sophia.analytics.figures.figures import FigureUnit
from sophia.analytics.figures.sentences import Form, Reference, Sentence, say
from sophia.analytics.goals.progress import GoalKind, ReportedGoal, Standing


def say_goal(document: Any, goal: ReportedGoal, path: str) -> Sentence:
    """`path` is where the goal stands in the document."""
    coverage = goal.current.coverage
    short = "" if coverage is None or coverage.is_complete else " Only {known} of {days} days have readings."
    template = f"Goal {{name}} ({goal.kpi.replace('_', ' ')}): {_told(goal)}{short}"
    form: Form = "percent" if goal.current.unit is FigureUnit.PERCENT else "number"
    places: dict[str, Reference | str] = {
        "name": Reference(f"{path}.name", "text"),
        "current": Reference(f"{path}.current.value", form),
        "currency": Reference(f"{path}.current.currency", "text"),
        "target": Reference(f"{path}.target", form),
        "pace": Reference(f"{path}.pace.value", "size_percent"),
        "projected": Reference(f"{path}.projected.value", form),
        "end": Reference(f"{path}.window.end", "text"),
        "why": Reference(f"{path}.current.reason", "text"),
        "reason": Reference(f"{path}.pace.reason", "text"),
        "known": f"{path}.current.coverage.days_with_data",
        "days": f"{path}.current.coverage.days",
    }
    return say(
        document, template, **{name: reference for name, reference in places.items() if f"{{{name}}}" in template}
    )


def _told(goal: ReportedGoal) -> str:
    money = " {currency}" if goal.current.currency is not None else ""
    limit = "and not above {target}" if goal.at_most else "of {target}"
    so_far = f"{{current}}{money} {limit}{money}"
    if goal.standing is Standing.NOT_KNOWN:
        return "not known. {why}" if goal.current.value is None else "{current} until now. {reason}"
    if goal.standing is Standing.REACHED:
        return f"{'held' if goal.at_most else 'reached'}, {so_far}."
    if goal.standing is Standing.MISSED:
        return f"missed, {so_far}."
    if goal.kind is GoalKind.RATE:
        return f"{so_far} until now."
    word = "on pace" if goal.standing is Standing.ON_PACE else "behind"
    direction = "" if goal.pace.value is not None and goal.pace.value >= 0 else " in the wrong direction"
    return (
        f"{word}, {so_far}; that is {{pace}}{direction} of what a straight way would have by now, and leads to "
        f"{{projected}}{money} before {{end}}."
    )
