"""Conversions of one client as the calculations want them; all of a window in one query."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from sophia.analytics.conversions.commerce import CONVERSION
from sophia.analytics.conversions.counted import DIRECT, conversion_fact, counted_conversions
from sophia.analytics.figures.facts import ConversionFact
from sophia.database.statements import among
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Client


@dataclass(frozen=True, slots=True)
class CountedEvents:
    """Events of one type in a window, and how many of them nobody can credit to a post or a channel."""

    event_type: str
    events: int
    unattributed: int


def client_today(session: Session, client_id: int, now: datetime) -> date:
    """The running day on the client's own calendar; `now` is aware."""
    zone = session.scalar(select(Client.timezone).where(Client.id == client_id))
    return now.astimezone(ZoneInfo(zone or "UTC")).date()


def conversion_facts(
    session: Session, client_id: int, window: DateRange, *, days_before: int = 0
) -> list[ConversionFact]:
    """Every event that counts in the window, and those of so many days before it."""
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
    """One conversion of each of these customers that bought before the day, on the day of the first."""
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
        ConversionFact(event_id=number, event_type=CONVERSION, day=day, customer=customer)
        for customer, number, day in rows
    ]


def count_events(session: Session, client_id: int, window: DateRange) -> list[CountedEvents]:
    """Events that count, by type. Unattributed are those of which neither the post nor the channel is known."""
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
