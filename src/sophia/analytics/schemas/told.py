"""What people tell of a client: costs, goals and annotations, as they are sent and as they are answered."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, Field, FiniteFloat, model_validator

from sophia.analytics.schemas.asking import VISIBLE, Amount, Asking, CalendarDay, DaysAsked, visible
from sophia.analytics.schemas.conversions import Currency, expect_decimals
from sophia.analytics.schemas.figures import Answering

GoalName = Annotated[
    str,
    AfterValidator(visible),
    Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f/]+$", description="Your own; without a slash."),
]
Text = Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=1000, pattern=VISIBLE)]


class NewCost(Asking):
    """What sales and marketing cost in some days, both included. That nothing was spent is told by an amount of 0."""

    start_date: CalendarDay
    end_date: CalendarDay
    amount: Amount
    currency: Currency
    purpose: Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=200, pattern=VISIBLE)]

    @model_validator(mode="after")
    def amount_can_be_paid(self) -> Self:
        expect_decimals(self.amount, self.currency)
        return self


class CostAnswer(Answering):
    """Both days are included. Money is exact, and so a text: "19.90"."""

    id: int
    start_date: date
    end_date: date
    amount: Decimal
    currency: str
    purpose: str
    recorded_at: datetime


class NewGoalBody(Asking):
    """What a KPI is to come to in some days, both included; a rate may have to stay at or below its target."""

    kpi: Annotated[str, Field(min_length=1, max_length=60, pattern=VISIBLE)] = Field(
        description="A KPI, or `followers`."
    )
    target: Annotated[FiniteFloat, Field(strict=True)]
    start_date: CalendarDay
    end_date: CalendarDay
    at_most: bool = False


class NewAnnotation(Asking):
    """What somebody knows of a day that numbers do not tell."""

    day: CalendarDay
    text: Text


class NotesQuery(DaysAsked):
    """Annotations of these days; of all days without them."""
