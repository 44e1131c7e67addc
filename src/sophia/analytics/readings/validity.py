"""The condition that a row counts at a moment; such rows are ended and never changed."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import InstrumentedAttribute


def valid_at(
    since: ColumnElement[datetime] | InstrumentedAttribute[datetime],
    until: ColumnElement[datetime | None] | InstrumentedAttribute[datetime | None],
    as_of: datetime | None,
) -> ColumnElement[bool]:
    """Return the condition that a row is valid at `as_of`, or now if it is None."""
    if as_of is None:
        return until.is_(None)
    return and_(since <= as_of, or_(until.is_(None), until > as_of))
