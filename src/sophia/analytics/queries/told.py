"""What people told of clients: costs, goals and annotations, as they stand or as they stood at a moment."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from sophia.analytics.measures.figures import ONE_DAY, Window
from sophia.analytics.models import Annotation, ClientGoal, MarketingCost
from sophia.analytics.queries.sight import Seen
from sophia.analytics.queries.validity import standing
from sophia.database import among


@dataclass(frozen=True, slots=True)
class RecordedCost:
    """What something cost in some days, both included."""

    id: int
    start_date: date
    end_date: date
    amount: Decimal
    currency: str
    purpose: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SetGoal:
    """A goal as it was set. The days' end is excluded."""

    name: str
    kpi: str
    target: float
    at_most: bool
    window: Window
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody knows of a day; without a client it concerns the whole portfolio. `author`: None when it is hidden."""

    id: int
    client_id: int | None
    day: date
    text: str
    author: str | None
    written_at: datetime


def list_costs(session: Session, client_id: int) -> list[RecordedCost]:
    """The costs that stand, newest days first."""
    cost = MarketingCost
    rows = session.execute(
        select(cost.id, cost.start_date, cost.end_date, cost.amount, cost.currency, cost.purpose, cost.recorded_at)
        .where(cost.client_id == client_id, cost.removed_at.is_(None))
        .order_by(cost.start_date.desc(), cost.id.desc())
    )
    return [RecordedCost(*row) for row in rows]


def set_goals(
    session: Session, clients: Collection[int], *, window: Window | None = None, as_of: datetime | None = None
) -> dict[int, list[SetGoal]]:
    """{client: its goals by their days and names}, of a window only those whose days touch it; one query."""
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
        .where(among(goal.client_id, clients), in_days, standing(goal.set_at, goal.ended_at, as_of))
        .order_by(goal.end_date, goal.start_date, goal.name)
    )
    found: dict[int, list[SetGoal]] = defaultdict(list)
    for client, name, kpi, target, at_most, first, last, moment in rows:
        found[client].append(SetGoal(name, kpi, target, at_most, Window(first, last + ONE_DAY), moment))
    return found


def notes(
    session: Session,
    clients: Collection[int] | None,
    *,
    window: Window | None = None,
    as_of: datetime | None = None,
) -> list[Note]:
    """Those of these clients (None for all) and of the portfolio, by day; of a window only those of its days."""
    note = Annotation
    in_days = true() if window is None else note.day.between(window.start, window.end - ONE_DAY)
    mine = true() if clients is None else or_(note.client_id.is_(None), among(note.client_id, clients))
    rows = session.execute(
        select(note.id, note.client_id, note.day, note.text, note.author, note.written_at)
        .where(mine, in_days, standing(note.written_at, note.removed_at, as_of))
        .order_by(note.day, note.id)
    )
    return [Note(*row) for row in rows]


def told_to(seen: Seen, found: Iterable[Note]) -> tuple[Note, ...]:
    """What is of the whole portfolio is meant for everybody; who wrote it only for those who may see all clients (D3)."""
    return tuple(one if seen is None or one.client_id is not None else replace(one, author=None) for one in found)
