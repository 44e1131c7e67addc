"""Reads goals, now or as of a past time."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from sophia.analytics.goals.models import ClientGoal
from sophia.analytics.readings.validity import valid_at
from sophia.database.statements import among
from sophia.meta.reporting_zone import ONE_DAY, DateRange


@dataclass(frozen=True, slots=True)
class SetGoal:
    """A goal as it was set."""

    name: str
    kpi: str
    target: float
    at_most: bool
    window: DateRange
    set_at: datetime


def set_goals(
    session: Session, clients: Collection[int], *, window: DateRange | None = None, as_of: datetime | None = None
) -> dict[int, list[SetGoal]]:
    """Return {client: its goals by days and names}, with `window` only those whose days touch it, with one query."""
    goal = ClientGoal
    in_days = true() if window is None else (goal.start_date < window.end) & (goal.end_date >= window.start)
    rows = session.execute(
        select(
            goal.client_id,
            goal.name,
            goal.kpi,
            goal.target,
            goal.at_most,
            goal.start_date,
            goal.end_date,
            goal.set_at,
        )
        .where(among(goal.client_id, clients), in_days, valid_at(goal.set_at, goal.ended_at, as_of))
        .order_by(goal.end_date, goal.start_date, goal.name)
    )
    goals_by_client: dict[int, list[SetGoal]] = defaultdict(list)
    for client, name, kpi, target, at_most, first, last, moment in rows:
        goals_by_client[client].append(SetGoal(name, kpi, target, at_most, DateRange(first, last + ONE_DAY), moment))
    return goals_by_client
