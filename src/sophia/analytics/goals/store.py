"""Sets goals: one of a name at a time, and what it was before is kept, so that old reports can be made again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, FiniteFloat, with_config
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.figures.figures import ONE_DAY, DateRange
from sophia.analytics.figures.requests import VISIBLE, CalendarDay, visible
from sophia.analytics.goals.models import ClientGoal
from sophia.analytics.goals.progress import goal_of
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.models import Client

LONGEST_GOAL_DAYS = 731
MOST_GOALS = 20
# More than anybody can count; from about here on sums of floats are no whole numbers any more.
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
    """Set the goal of that name, in place of the one that it was; whether there was none. The same again changes nothing.

    Raises InvalidInputError for what nobody can reach or measure, ConflictError when the client has enough goals.
    """
    days = (goal.end_date - goal.start_date).days + 1
    if not 1 <= days <= LONGEST_GOAL_DAYS:
        raise InvalidInputError(f"A goal is for 1 to {LONGEST_GOAL_DAYS} days, first to last; these are {days}.")
    if abs(goal.target) > LARGEST_TARGET:
        raise InvalidInputError(f"The target for {goal.kpi} must not be above {LARGEST_TARGET:,}.")
    goal_of(goal.kpi, goal.target, DateRange(goal.start_date, goal.end_date + ONE_DAY), at_most=goal.at_most)
    _hold(session, client_id)
    standing = _standing(session, client_id, name)
    values = {field: getattr(goal, field) for field in NewGoal.__dataclass_fields__}
    if standing is not None and all(getattr(standing, field) == value for field, value in values.items()):
        return False
    if standing is None:
        _expect_room(session, client_id)
    else:
        standing.ended_at = now
    # What was set and ended at one moment never stood, and makes room.
    row = session.scalar(select(ClientGoal).filter_by(client_id=client_id, name=name, set_at=now))
    if row is None:
        session.add(ClientGoal(client_id=client_id, name=name, set_at=now, **values))
    else:
        row.ended_at = None
        for field, value in values.items():
            setattr(row, field, value)
    session.flush()
    return standing is None


def end_goal(session: Session, client_id: int, name: str, now: datetime) -> None:
    """From now on it is no goal; reports of the past know it. Raises NotFoundError."""
    _hold(session, client_id)
    row = _standing(session, client_id, name)
    if row is None:
        raise NotFoundError(f"Client {client_id} has no goal {name!r}.")
    row.ended_at = now
    session.flush()


def _hold(session: Session, client_id: int) -> None:
    """Two may set a goal of one name at once: the second waits, and finds that of the first."""
    session.execute(select(Client.id).where(Client.id == client_id).with_for_update())


def _standing(session: Session, client_id: int, name: str) -> ClientGoal | None:
    return session.scalar(select(ClientGoal).filter_by(client_id=client_id, name=name, ended_at=None))


def _expect_room(session: Session, client_id: int) -> None:
    count = session.scalar(
        select(func.count()).select_from(ClientGoal).filter_by(client_id=client_id, ended_at=None)
    )  # fmt: skip
    if count is not None and count >= MOST_GOALS:
        raise ConflictError(f"A client has {MOST_GOALS} goals at most. Delete one that is over first.")
