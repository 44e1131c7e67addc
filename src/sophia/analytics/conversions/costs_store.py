"""Records and removes costs of sales and marketing. Recording the same cost twice stores it once."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, with_config
from sqlalchemy.orm import Session

from sophia.analytics.conversions.models import MarketingCost
from sophia.analytics.figures.requests import VISIBLE, Amount, CalendarDay, visible
from sophia.analytics.figures.schemas import Currency, expect_decimals
from sophia.analytics.readings.validity import add_once, remove_row
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
    return add_once(session, MarketingCost, {"client_id": client_id, **asdict(cost)}, recorded_at=now)


def remove_cost(session: Session, client_id: int, cost_id: int, now: datetime) -> None:
    """Remove a cost from now on; reports as of a past moment keep it. Raises NotFoundError."""
    if not remove_row(session, MarketingCost, cost_id, client_id, now):
        raise NotFoundError(f"Client {client_id} has no cost {cost_id}.")
