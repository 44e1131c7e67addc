"""Conversions as they are sent, and what is answered about them: the funnel, and to which touch a sale is credited."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sophia.analytics.conversions.attribution import LOOKBACK_DAYS, Model
from sophia.analytics.figures.figures import Figure
from sophia.analytics.figures.requests import (
    VISIBLE,
    Amount,
    BodyId,
    CalendarDay,
    DateRangeQuery,
    Name,
    RequestModel,
    expect_plain,
    visible,
)
from sophia.analytics.figures.schemas import Currency, ResponseModel, expect_decimals
from sophia.errors import InvalidInputError

EventType = Literal["utm_click", "save", "follow", "dm", "inquiry", "conversion", "refund"]
AttributedBy = Literal["content_draft_id", "utm_content", "link_url", "utm_source"]
MOST_DETAILS_BYTES = 16_000
EARLIEST_EVENT = date(2004, 1, 1)


class NewConversion(RequestModel):
    """Something that a person did on the way to a sale."""

    event_type: EventType
    source: Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=100, pattern=VISIBLE)]
    event_date: CalendarDay
    details: dict[str, Any] | None = Field(default=None, description="At most 16 kB as JSON.")
    revenue_amount: Amount | None = None
    currency: Currency | None = None
    content_draft_id: BodyId | None = None
    external_id: Name | None = Field(
        default=None, description="Your number of this event; sent again by the same source, it is a new version of it."
    )
    customer_key: Name | None = Field(default=None, description="Tells customers apart; only a hash of it is kept.")
    utm_source: Name | None = None
    utm_medium: Name | None = None
    utm_campaign: Name | None = None
    utm_content: Name | None = Field(default=None, description="`post_` and the number of a draft credits that draft.")
    link_url: Annotated[str, Field(min_length=1, max_length=4000, pattern=VISIBLE)] | None = Field(
        default=None, description="The link that was followed; its tags count where none are given."
    )

    @model_validator(mode="after")
    def revenue_makes_sense(self) -> Self:
        if (self.revenue_amount is None) != (self.currency is None):
            raise ValueError("revenue_amount and currency belong together")
        if self.revenue_amount is not None and self.currency is not None:
            expect_decimals(self.revenue_amount, self.currency)
        if self.revenue_amount is not None and self.event_type not in ("conversion", "refund"):
            raise ValueError(f"a {self.event_type} has no revenue; only conversion and refund have")
        return self

    @model_validator(mode="after")
    def details_fit(self) -> Self:
        expect_plain(self.details)
        try:
            size = len(json.dumps(self.details, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode())
        except (ValueError, RecursionError) as error:
            raise ValueError("details hold something that JSON cannot") from error
        if size > MOST_DETAILS_BYTES:
            raise ValueError(f"details have {size:,} bytes; {MOST_DETAILS_BYTES:,} are allowed")
        return self


def expect_event_date(day: date, earliest: date, last: date) -> None:
    """Raises InvalidInputError for a day outside of these."""
    if not earliest <= day <= last:
        raise InvalidInputError(f"event_date must lie between {earliest} and {last}; {day} does not.")


class ConversionAnswer(ResponseModel):
    """What became of it; without `attributed_by` neither the post nor the channel that led to it is known."""

    id: int
    status: Literal["recorded", "changed", "duplicate"]
    content_draft_id: int | None
    attributed_by: AttributedBy | None


class WindowQuery(DateRangeQuery):
    """Days, both included, in the client's zone; or whole calendar months before the running one."""

    months: Annotated[int, Field(ge=1, le=36)] | None = Field(
        default=None, description="So many whole calendar months, before the one that runs."
    )

    @model_validator(mode="after")
    def one_window(self) -> Self:
        if self.months is not None and (self.start_date is not None or self.end_date is not None):
            raise ValueError("give either months or days")
        return self


class FunnelQuery(WindowQuery):
    step: list[EventType] = Field(
        default=["utm_click", "inquiry", "conversion"], min_length=2, max_length=7, description="In their order."
    )
    cost: Amount | None = Field(
        default=None,
        description="Sales and marketing cost of these days, for the CAC; without it, the costs that were recorded.",
    )
    currency: Currency | None = None

    @model_validator(mode="after")
    def steps_and_cost(self) -> Self:
        if len(set(self.step)) < len(self.step):
            raise ValueError("a step stands there twice")
        if (self.cost is None) != (self.currency is None):
            raise ValueError("cost and currency belong together")
        if self.cost is not None and self.currency is not None:
            expect_decimals(self.cost, self.currency)
        return self


class AttributionQuery(WindowQuery):
    lookback_days: Annotated[int, Field(ge=1, le=365)] = LOOKBACK_DAYS
    by: Literal["source", "draft"] = Field(default="source", description="What a channel is.")


class FunnelStepAnswer(ResponseModel):
    """`of_previous` and `of_first` are shares of people when the funnel is linked, else ratios of counts, and say so."""

    name: EventType
    events: int
    people: int | None
    of_previous: Figure
    of_first: Figure


class CountedAnswer(ResponseModel):
    """Events of one type: how many, and of how many neither the post nor the channel is known."""

    event_type: EventType
    events: int
    unattributed: int


class FunnelAnswer(ResponseModel):
    """The way to a sale in one window, `end` excluded, and what it brought."""

    client_id: int
    start: date
    end: date
    is_linked: bool
    steps: list[FunnelStepAnswer]
    events: list[CountedAnswer]
    conversion_rate: Figure
    revenue: list[Figure] = Field(description="Net of refunds, one for each currency.")
    average_order_value: Figure
    revenue_per_customer: Figure
    new_customers: Figure
    customer_acquisition_cost: Figure


class CreditAnswer(ResponseModel):
    conversions: float
    revenue: dict[str, Decimal]


class ChannelAnswer(CreditAnswer):
    channel: str


class ModelAnswer(ResponseModel):
    """What one model credits; channels and `unattributed` add up to all conversions and all revenue."""

    model: Model
    channels: list[ChannelAnswer]
    unattributed: CreditAnswer


class DraftCreditAnswer(CreditAnswer):
    """What was credited to a draft by its own tags or links. Without a draft: what cannot be credited."""

    content_draft_id: int | None


class AttributionAnswer(ResponseModel):
    """First touch, last touch and linear side by side, in one window, `end` excluded."""

    client_id: int
    start: date
    end: date
    lookback_days: int
    by: Literal["source", "draft"]
    models: list[ModelAnswer]
    drafts: list[DraftCreditAnswer]


class NewCost(RequestModel):
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


class CostAnswer(ResponseModel):
    """Both days are included. Money is exact, and so a text: "19.90"."""

    id: int
    start_date: date
    end_date: date
    amount: Decimal
    currency: str
    purpose: str
    recorded_at: datetime
