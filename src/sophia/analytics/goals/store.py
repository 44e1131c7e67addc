"""Sets and ends goals. A client has one goal of a name; replaced goals are kept for reports of the past."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, FiniteFloat, with_config
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.figures.requests import VISIBLE, CalendarDay, visible
from sophia.analytics.goals.models import ClientGoal
from sophia.analytics.goals.progress import goal_of
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.portfolio.models import Client

LONGEST_GOAL_DAYS = 731
MOST_GOALS = 20
# Beyond this, sums of floats are no longer exact whole numbers.
LARGEST_TARGET = 10**15


GoalName = Annotated[
    str,
    AfterValidator(visible),
    Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f/]+$", description="Your own; without a slash."),
]


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True)
class NewGoal:
    """The target of a KPI over some days, both included. With `at_most` the KPI must not exceed the target."""

    kpi: Annotated[str, Field(min_length=1, max_length=60, pattern=VISIBLE, description="A KPI, or `followers`.")]
    target: Annotated[FiniteFloat, Field(strict=True)]
    start_date: CalendarDay
    end_date: CalendarDay
    at_most: bool = False


def set_goal(session: Session, client_id: int, name: str, goal: NewGoal, now: datetime) -> bool:
    """Set or replace the goal of that name; return whether it is new. Setting the same goal again changes nothing.

    Raises InvalidInputError for an impossible goal, ConflictError when the client has too many goals.
    """
    days = (goal.end_date - goal.start_date).days + 1
    if not 1 <= days <= LONGEST_GOAL_DAYS:
        raise InvalidInputError(f"A goal must have 1 to {LONGEST_GOAL_DAYS} days; this one has {days}.")
    if abs(goal.target) > LARGEST_TARGET:
        raise InvalidInputError(f"The target for {goal.kpi} must not be above {LARGEST_TARGET:,}.")
    goal_of(goal.kpi, goal.target, DateRange(goal.start_date, goal.end_date + ONE_DAY), at_most=goal.at_most)
    _lock_client(session, client_id)
    current = _current_row(session, client_id, name)
    values = {field: getattr(goal, field) for field in NewGoal.__dataclass_fields__}
    if current is not None and all(getattr(current, field) == value for field, value in values.items()):
        return False
    if current is None:
        _expect_fewer_goals(session, client_id)
    else:
        current.ended_at = now
    # A goal that was set and ended at the same time was never valid, so its row is used again.
    row = session.scalar(select(ClientGoal).filter_by(client_id=client_id, name=name, set_at=now))
    if row is None:
        session.add(ClientGoal(client_id=client_id, name=name, set_at=now, **values))
    else:
        row.ended_at = None
        for field, value in values.items():
            setattr(row, field, value)
    session.flush()
    return current is None


def end_goal(session: Session, client_id: int, name: str, now: datetime) -> None:
    """End a goal from now on; reports of the past keep it. Raises NotFoundError."""
    _lock_client(session, client_id)
    row = _current_row(session, client_id, name)
    if row is None:
        raise NotFoundError(f"Client {client_id} has no goal {name!r}.")
    row.ended_at = now
    session.flush()


def _lock_client(session: Session, client_id: int) -> None:
    """Lock the client: a second request for the same goal waits and sees the first one's row."""
    session.execute(select(Client.id).where(Client.id == client_id).with_for_update())


def _current_row(session: Session, client_id: int, name: str) -> ClientGoal | None:
    return session.scalar(select(ClientGoal).filter_by(client_id=client_id, name=name, ended_at=None))


def _expect_fewer_goals(session: Session, client_id: int) -> None:
    count = session.scalar(
        select(func.count()).select_from(ClientGoal).filter_by(client_id=client_id, ended_at=None)
    )  # fmt: skip
    if count is not None and count >= MOST_GOALS:
        raise ConflictError(f"A client has at most {MOST_GOALS} goals. Delete a past goal first.")
