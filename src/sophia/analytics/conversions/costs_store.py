"""Records and removes costs of sales and marketing. Recording the same cost twice stores it once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, with_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.conversions.models import MarketingCost
from sophia.analytics.figures.requests import VISIBLE, Amount, CalendarDay, visible
from sophia.analytics.figures.schemas import Currency, expect_decimals
from sophia.errors import InvalidInputError, NotFoundError

LONGEST_COST_DAYS = 366


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True)
class NewCost:
    """A cost of sales and marketing. Both dates are included. An amount of 0 records that nothing was spent.

    Raises ValueError for an amount with more decimals than its currency has.
    """

    start_date: CalendarDay
    end_date: CalendarDay
    amount: Amount
    currency: Currency
    purpose: Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=200, pattern=VISIBLE)]

    def __post_init__(self) -> None:
        expect_decimals(self.amount, self.currency)


def add_cost(session: Session, client_id: int, cost: NewCost, now: datetime) -> tuple[int, bool]:
    """Return (id, whether it is new). A repetition of a recorded cost adds nothing (J5).

    Raises InvalidInputError for dates in the wrong order or more than a year.
    """
    days = (cost.end_date - cost.start_date).days + 1
    if not 1 <= days <= LONGEST_COST_DAYS:
        raise InvalidInputError(f"A cost covers 1 to {LONGEST_COST_DAYS} days, first to last; you gave {days}.")
    values = {name: getattr(cost, name) for name in NewCost.__dataclass_fields__}
    existing_id = session.scalar(
        select(MarketingCost.id)
        .filter_by(client_id=client_id, removed_at=None, **values)
        .order_by(MarketingCost.id)
        .limit(1)
    )
    if existing_id is not None:
        return existing_id, False
    row = MarketingCost(client_id=client_id, recorded_at=now, **values)
    session.add(row)
    session.flush()
    return row.id, True


def remove_cost(session: Session, client_id: int, cost_id: int, now: datetime) -> None:
    """Remove a cost from now on; reports as of a past moment keep it. Raises NotFoundError."""
    row = session.get(MarketingCost, cost_id)
    if row is None or row.client_id != client_id or row.removed_at is not None:
        raise NotFoundError(f"Client {client_id} has no cost {cost_id}.")
    row.removed_at = now
    session.flush()
