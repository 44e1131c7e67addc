"""What people told of clients: costs, goals and annotations, as they stand or as they stood at a moment."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.readings.permissions import ClientScope
from sophia.analytics.readings.validity import valid_at
from sophia.database.statements import among
from sophia.meta.reporting_zone import ONE_DAY, DateRange


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody knows of a day; without a client it concerns the whole portfolio. `author`: None when it is hidden."""

    id: int
    client_id: int | None
    day: date
    text: str
    author: str | None
    written_at: datetime


def notes(
    session: Session,
    clients: Collection[int] | None,
    *,
    window: DateRange | None = None,
    as_of: datetime | None = None,
) -> list[Note]:
    """Those of these clients (None for all) and of the portfolio, by day; of a window only those of its days."""
    note = Annotation
    in_days = true() if window is None else note.day.between(window.start, window.end - ONE_DAY)
    mine = true() if clients is None else or_(note.client_id.is_(None), among(note.client_id, clients))
    rows = session.execute(
        select(note.id, note.client_id, note.day, note.text, note.author, note.written_at)
        .where(mine, in_days, valid_at(note.written_at, note.removed_at, as_of))
        .order_by(note.day, note.id)
    )
    return [Note(*row) for row in rows]


def told_to(allowed_clients: ClientScope, notes: Iterable[Note]) -> tuple[Note, ...]:
    """What is of the whole portfolio is meant for everybody; who wrote it only for those who may see all clients (D3)."""
    return tuple(
        note if allowed_clients is None or note.client_id is not None else replace(note, author=None) for note in notes
    )
