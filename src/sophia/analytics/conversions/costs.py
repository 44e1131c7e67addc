"""Reads the recorded costs of sales and marketing."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from sophia.analytics.conversions.models import MarketingCost
from sophia.analytics.figures.facts import CostFact, Money
from sophia.analytics.readings.validity import valid_at
from sophia.database.statements import among
from sophia.meta.reporting_zone import ONE_DAY, DateRange


def cost_facts(
    session: Session, client_ids: Collection[int], windows: Collection[DateRange], as_of: datetime | None = None
) -> dict[int, list[CostFact]]:
    """Return {client: the costs with days in these windows}, in one query."""
    cost = MarketingCost
    rows = session.execute(
        select(cost.client_id, cost.start_date, cost.end_date, cost.amount, cost.currency)
        .where(
            among(cost.client_id, client_ids),
            or_(*(and_(cost.start_date < window.end, cost.end_date >= window.start) for window in windows)),
            valid_at(cost.recorded_at, cost.removed_at, as_of),
        )
        .order_by(cost.id)
    )
    costs: dict[int, list[CostFact]] = defaultdict(list)
    for client_id, start_date, end_date, amount, currency in rows:
        costs[client_id].append(CostFact(DateRange(start_date, end_date + ONE_DAY), Money(amount, currency)))
    return costs


@dataclass(frozen=True, slots=True)
class RecordedCost:
    """A cost of sales and marketing. Both dates are included. `amount` is exact and therefore text: "19.90"."""

    id: int
    start_date: date
    end_date: date
    amount: Decimal
    currency: str
    purpose: str
    recorded_at: datetime


def list_costs(session: Session, client_id: int) -> list[RecordedCost]:
    """Return the costs that are not removed, newest dates first."""
    cost = MarketingCost
    rows = session.execute(
        select(cost.id, cost.start_date, cost.end_date, cost.amount, cost.currency, cost.purpose, cost.recorded_at)
        .where(cost.client_id == client_id, cost.removed_at.is_(None))
        .order_by(cost.start_date.desc(), cost.id.desc())
    )
    return [RecordedCost(*row) for row in rows]
