"""Stores which sources of sales count for a client. Earlier choices stay for reports as of a past moment."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sophia.analytics.conversions.event_types import SALES
from sophia.analytics.conversions.models import EVERY_SOURCE, ConversionEvent, ConversionSourceChoice
from sophia.errors import InvalidInputError


def choose_sources(session: Session, client_id: int, origins: Collection[str] | None, now: datetime) -> None:
    """Count only the sales and refunds of these sources; `{EVERY_SOURCE}` for all, None for the default rule.

    Raises InvalidInputError for a source without sales, because choosing it would hide all revenue.
    """
    choice = ConversionSourceChoice
    chosen = set(origins or ())
    event = ConversionEvent
    with_sales = select(event.origin).where(event.client_id == client_id, event.event_type.in_(SALES)).distinct()
    origins_with_sales = set(session.scalars(with_sales))
    if unknown := chosen - origins_with_sales - {EVERY_SOURCE}:
        raise InvalidInputError(
            f"No sale comes from {', '.join(sorted(unknown))}. Sources of this client:"
            f" {', '.join(sorted(origins_with_sales)) or 'none'}."
        )
    current = choice.client_id == client_id, choice.ended_at.is_(None)
    if set(session.scalars(select(choice.origin).where(*current))) == chosen:
        return
    session.execute(update(choice).where(*current).values(ended_at=now))
    session.add_all([choice(client_id=client_id, origin=origin, set_at=now) for origin in sorted(chosen)])
    session.flush()
