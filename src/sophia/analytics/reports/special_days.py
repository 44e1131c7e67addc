"""Finds the days on which a client is not as usual: holidays of its country, its campaigns, and what was annotated."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from sophia.analytics.annotations.expected_days import expected_days
from sophia.analytics.campaigns.models import Campaign
from sophia.analytics.drivers.portfolio_windows import HISTORY_DAYS, SpecialDays
from sophia.analytics.kpis.measured_clients import MeasuredClient
from sophia.database.statements import among
from sophia.meta.reporting_zone import DateRange


def special_days(
    session: Session, clients: Sequence[MeasuredClient], compared: DateRange, as_of: datetime | None = None
) -> SpecialDays:
    """Return {client: special days}: public holidays, campaigns made by hand, and the client's annotations.

    The days are those of the compared periods and of the history before them. The country is that of the client's time zone. Automatic campaigns group a month's posts and promote nothing. Two
    queries.
    """
    days = DateRange(compared.start - timedelta(days=HISTORY_DAYS), compared.end)
    ids = [client.id for client in clients]
    by_client = expected_days(session, {client.id: client.zone for client in clients}, days, as_of)
    rows = session.execute(
        select(Campaign.client_id, Campaign.start_date, Campaign.end_date).where(
            among(Campaign.client_id, ids),
            Campaign.grouping_key.is_(None),
            Campaign.end_date >= days.start,
            Campaign.start_date < days.end,
            true() if as_of is None else Campaign.created_at <= as_of,
        )
    )
    for client_id, first, last in rows:
        by_client[client_id] |= {day for day in days if last is not None and first <= day <= last}
    return {client_id: frozenset(found) for client_id, found in by_client.items()}
