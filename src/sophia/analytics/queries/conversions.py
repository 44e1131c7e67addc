"""Conversions of one client as the calculations want them; all of a window in one query."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.measures.commerce import CONVERSION
from sophia.analytics.measures.facts import ConversionFact, Money
from sophia.analytics.measures.figures import Window
from sophia.analytics.models import ConversionEvent
from sophia.database import among
from sophia.portfolio.models import Client


@dataclass(frozen=True, slots=True)
class CountedEvents:
    """Events of one type in a window, and how many of them are credited to no draft."""

    event_type: str
    events: int
    unattributed: int


def client_today(session: Session, client_id: int, now: datetime) -> date:
    """The running day on the client's own calendar; `now` is aware."""
    zone = session.scalar(select(Client.timezone).where(Client.id == client_id))
    return now.astimezone(ZoneInfo(zone or "UTC")).date()


def conversion_facts(session: Session, client_id: int, window: Window, *, days_before: int = 0) -> list[ConversionFact]:
    """Every event in the window, and those of so many days before it."""
    rows = session.execute(
        select(
            ConversionEvent.id,
            ConversionEvent.event_type,
            ConversionEvent.event_date,
            ConversionEvent.source,
            ConversionEvent.revenue_amount,
            ConversionEvent.currency,
            ConversionEvent.customer_key,
            ConversionEvent.content_draft_id,
        ).where(
            ConversionEvent.client_id == client_id,
            ConversionEvent.event_date >= window.start - timedelta(days=days_before),
            ConversionEvent.event_date < window.end,
        )
    )
    return [
        ConversionFact(
            event_id=row.id,
            event_type=row.event_type,
            day=row.event_date,
            source=row.source,
            revenue=None if row.revenue_amount is None else Money(row.revenue_amount, row.currency),
            customer=row.customer_key,
            draft_id=row.content_draft_id,
        )
        for row in rows
    ]


def earlier_conversions(
    session: Session, client_id: int, customers: Collection[str], before: date
) -> list[ConversionFact]:
    """One conversion of each of these customers that bought before the day, on the day of the first."""
    rows = session.execute(
        select(ConversionEvent.customer_key, func.min(ConversionEvent.id), func.min(ConversionEvent.event_date))
        .where(
            ConversionEvent.client_id == client_id,
            among(ConversionEvent.customer_key, customers),
            ConversionEvent.event_type == CONVERSION,
            ConversionEvent.event_date < before,
        )
        .group_by(ConversionEvent.customer_key)
    )
    return [
        ConversionFact(event_id=number, event_type=CONVERSION, day=day, customer=customer)
        for customer, number, day in rows
    ]


def count_events(session: Session, client_id: int, window: Window) -> list[CountedEvents]:
    rows = session.execute(
        select(
            ConversionEvent.event_type,
            func.count(ConversionEvent.id),
            func.count(ConversionEvent.id) - func.count(ConversionEvent.content_draft_id),
        )
        .where(
            ConversionEvent.client_id == client_id,
            ConversionEvent.event_date >= window.start,
            ConversionEvent.event_date < window.end,
        )
        .group_by(ConversionEvent.event_type)
        .order_by(ConversionEvent.event_type)
    )
    return [CountedEvents(*row) for row in rows]
