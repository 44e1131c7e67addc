"""The condition that a row counts at a moment; such rows are ended and never changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from sophia.database.columns import Base


def valid_at(
    since: ColumnElement[datetime] | InstrumentedAttribute[datetime],
    until: ColumnElement[datetime | None] | InstrumentedAttribute[datetime | None],
    as_of: datetime | None,
) -> ColumnElement[bool]:
    """Return the condition that a row is valid at `as_of`, or now if it is None."""
    if as_of is None:
        return until.is_(None)
    return and_(since <= as_of, or_(until.is_(None), until > as_of))


def add_once(session: Session, table: Any, values: Mapping[str, Any], **stamps: Any) -> tuple[int, bool]:
    """Return (id, whether it is new) of the row with these values that is not removed; insert it if there is none.

    `stamps` are further values of a new row, such as its author and moment.
    """
    query = select(table.id).filter_by(removed_at=None, **values).order_by(table.id).limit(1)
    existing_id: int | None = session.scalar(query)
    if existing_id is not None:
        return existing_id, False
    row = table(**values, **stamps)
    session.add(row)
    session.flush()
    return row.id, True


def remove_row(session: Session, table: type[Base], row_id: int, client_id: int | None, now: datetime) -> bool:
    """Mark a row of a client as removed; return False if the client has no such row."""
    row: Any = session.get(table, row_id)
    if row is None or row.client_id != client_id or row.removed_at is not None:
        return False
    row.removed_at = now
    session.flush()
    return True
