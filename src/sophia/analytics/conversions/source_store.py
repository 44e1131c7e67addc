"""Records whose sales count for a client; earlier choices are kept for reports of the past."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sophia.analytics.conversions.models import EVERY_SOURCE, ConversionEvent, ConversionSourceChoice
from sophia.analytics.conversions.record_store import SALES
from sophia.errors import InvalidInputError


def choose_sources(session: Session, client_id: int, origins: Collection[str] | None, now: datetime) -> None:
    """Let the sales and refunds of these sources count and of no others; `{EVERY_SOURCE}` for all, None for the default.

    Raises InvalidInputError for a source that has no sale: its name would hide all revenue.
    """
    choice = ConversionSourceChoice
    wanted = set(origins or ())
    event = ConversionEvent
    named = select(event.origin).where(event.client_id == client_id, event.event_type.in_(SALES)).distinct()
    known = set(session.scalars(named))
    if unknown := wanted - known - {EVERY_SOURCE}:
        raise InvalidInputError(
            f"No sale comes from {', '.join(sorted(unknown))}. Sources of this client: {', '.join(sorted(known)) or 'none'}."
        )
    current = choice.client_id == client_id, choice.ended_at.is_(None)
    if set(session.scalars(select(choice.origin).where(*current))) == wanted:
        return
    session.execute(update(choice).where(*current).values(ended_at=now))
    session.add_all([choice(client_id=client_id, origin=origin, set_at=now) for origin in sorted(wanted)])
    session.flush()
