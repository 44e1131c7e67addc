"""Whether a row that is ended and never changed counts at a moment."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import InstrumentedAttribute


def valid_at(
    since: ColumnElement[datetime] | InstrumentedAttribute[datetime],
    until: ColumnElement[datetime | None] | InstrumentedAttribute[datetime | None],
    as_of: datetime | None,
) -> ColumnElement[bool]:
    """Whether a row that is ended and never changed stood at a moment; without one, whether it stands now."""
    if as_of is None:
        return until.is_(None)
    return and_(since <= as_of, or_(until.is_(None), until > as_of))
