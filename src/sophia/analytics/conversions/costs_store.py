"""Records what sales and marketing cost; the same again adds nothing, and what is taken back is kept for the past."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.conversions.models import MarketingCost
from sophia.errors import InvalidInputError, NotFoundError

LONGEST_COST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Cost:
    """What something cost in some days, both included; the amount has its currency's decimals and is not below 0."""

    start_date: date
    end_date: date
    amount: Decimal
    currency: str
    purpose: str


def add_cost(session: Session, client_id: int, cost: Cost, now: datetime) -> tuple[int, bool]:
    """(number, whether it is new). A cost that stands there already in the same words is not added to itself (J5).

    Raises InvalidInputError for days in the wrong order or more than a year of them.
    """
    days = (cost.end_date - cost.start_date).days + 1
    if not 1 <= days <= LONGEST_COST_DAYS:
        raise InvalidInputError(f"A cost is for 1 to {LONGEST_COST_DAYS} days, first to last; these are {days}.")
    values = {name: getattr(cost, name) for name in Cost.__dataclass_fields__}
    known = session.scalar(
        select(MarketingCost.id)
        .filter_by(client_id=client_id, removed_at=None, **values)
        .order_by(MarketingCost.id)
        .limit(1)
    )
    if known is not None:
        return known, False
    row = MarketingCost(client_id=client_id, recorded_at=now, **values)
    session.add(row)
    session.flush()
    return row.id, True


def remove_cost(session: Session, client_id: int, cost_id: int, now: datetime) -> None:
    """From now on it is no cost; reports of the past know it. Raises NotFoundError."""
    row = session.get(MarketingCost, cost_id)
    if row is None or row.client_id != client_id or row.removed_at is not None:
        raise NotFoundError(f"Client {client_id} has no cost {cost_id}.")
    row.removed_at = now
    session.flush()
