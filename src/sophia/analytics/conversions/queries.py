"""Reads the conversions of a client for calculations, all events of a window in one query."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from sophia.analytics.conversions.counted import conversion_fact, counted_conversions
from sophia.analytics.conversions.event_types import CONVERSION, DIRECT, EventType
from sophia.analytics.figures.facts import ConversionFact
from sophia.database.statements import among
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Client


@dataclass(frozen=True, slots=True)
class CountedEvents:
    """The number of events of one type, and of those without a known post or channel."""

    event_type: EventType
    events: int
    unattributed: int


def client_today(session: Session, client_id: int, now: datetime) -> date:
    """Return today's date in the client's zone; `now` is aware."""
    zone = session.scalar(select(Client.timezone).where(Client.id == client_id))
    return now.astimezone(ZoneInfo(zone or "UTC")).date()


def conversion_facts(
    session: Session, client_id: int, window: DateRange, *, days_before: int = 0
) -> list[ConversionFact]:
    """Return the events of the window and of `days_before` days before it, without those that do not count."""
    event = counted_conversions()
    rows = session.execute(
        select(event).where(
            event.c.client_id == client_id,
            event.c.event_date >= window.start - timedelta(days=days_before),
            event.c.event_date < window.end,
        )
    )
    return [conversion_fact(row) for row in rows]


def earlier_conversions(
    session: Session, client_id: int, customers: Collection[str], before: date
) -> list[ConversionFact]:
    """Return the first conversion before the day of each of these customers, if there is one."""
    event = counted_conversions()
    rows = session.execute(
        select(event.c.customer_key, func.min(event.c.event_id), func.min(event.c.event_date))
        .where(
            event.c.client_id == client_id,
            among(event.c.customer_key, customers),
            event.c.event_type == CONVERSION,
            event.c.event_date < before,
        )
        .group_by(event.c.customer_key)
    )
    return [
        ConversionFact(event_id=event_id, event_type=CONVERSION, day=day, customer=customer)
        for customer, event_id, day in rows
    ]


def count_events(session: Session, client_id: int, window: DateRange) -> list[CountedEvents]:
    """Return the counts of events by type. An unattributed event has no known post or channel."""
    event = counted_conversions()
    has_channel = event.c.utm_source.is_not(None) & (event.c.utm_source != DIRECT)
    attributed = case((event.c.content_draft_id.is_not(None) | has_channel, 1))
    rows = session.execute(
        select(event.c.event_type, func.count(), func.count() - func.count(attributed))
        .where(event.c.client_id == client_id, event.c.event_date >= window.start, event.c.event_date < window.end)
        .group_by(event.c.event_type)
        .order_by(event.c.event_type)
    )
    return [CountedEvents(*row) for row in rows]
