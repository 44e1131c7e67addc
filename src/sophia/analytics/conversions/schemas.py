"""Queries, bodies and reports of the endpoints for conversions."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sophia.analytics.conversions.attribution import LOOKBACK_DAYS, Attribution, DraftCredit
from sophia.analytics.conversions.event_types import EventType
from sophia.analytics.conversions.funnel import STEPS, FunnelStep
from sophia.analytics.conversions.incoming import LinkUrl, Source, checked_conversion
from sophia.analytics.conversions.listing import ConversionRecord
from sophia.analytics.conversions.queries import CountedEvents
from sophia.analytics.figures.figures import Figure, expect_days, last_months
from sophia.analytics.figures.requests import (
    VISIBLE,
    Amount,
    BodyId,
    CalendarDay,
    Cursor,
    DateRangeQuery,
    Limit,
    Name,
    RequestModel,
    visible,
)
from sophia.analytics.figures.schemas import Currency, expect_decimals
from sophia.meta.reporting_zone import DateRange

WINDOW_DAYS = 30
MOST_DAYS = 3_660

Reason = Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=500, pattern=VISIBLE)]
ChannelKind = Literal["source", "draft"]
# These fields must be consistent with each other.
_CHECKED = ("event_type", "source", "event_date", "revenue_amount", "currency")


class ConversionWindowQuery(DateRangeQuery):
    """Days in the client's zone, both included, or a number of whole months before the current month."""

    months: Annotated[int, Field(ge=1, le=36)] | None = Field(
        default=None, description="The number of whole calendar months before the current one."
    )

    @model_validator(mode="after")
    def one_window(self) -> Self:
        if self.months is not None and (self.start_date is not None or self.end_date is not None):
            raise ValueError("give either months or days")
        return self

    def window_until(self, today: date) -> DateRange:
        """Return the requested window, by default the last 30 days with today. Raises InvalidInputError if it is too long."""
        if self.months is not None:
            return last_months(today, self.months)
        window = self.days_until(today, WINDOW_DAYS)
        expect_days(window.days, MOST_DAYS)
        return window


class FunnelQuery(ConversionWindowQuery):
    step: list[EventType] = Field(default=list(STEPS), min_length=2, max_length=7, description="In their order.")
    cost: Amount | None = Field(
        default=None,
        description="The cost of sales and marketing in this window, for the CAC. Without it, recorded costs count.",
    )
    currency: Currency | None = None

    @model_validator(mode="after")
    def steps_and_cost(self) -> Self:
        if len(set(self.step)) < len(self.step):
            raise ValueError("a step is repeated")
        if (self.cost is None) != (self.currency is None):
            raise ValueError("cost and currency belong together")
        if self.cost is not None and self.currency is not None:
            expect_decimals(self.cost, self.currency)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelReport:
    """The funnel of a window and its revenue. `end` is excluded."""

    client_id: int
    start: date
    end: date
    is_linked: bool
    steps: tuple[FunnelStep, ...]
    events: list[CountedEvents]
    conversion_rate: Figure
    revenue: Annotated[tuple[Figure, ...], Field(description="Net of refunds, one figure for each currency.")]
    average_order_value: Figure
    revenue_per_customer: Figure
    new_customers: Figure
    customer_acquisition_cost: Figure


class AttributionQuery(ConversionWindowQuery):
    lookback_days: Annotated[int, Field(ge=1, le=365)] = LOOKBACK_DAYS
    by: ChannelKind = Field(default="source", description="What a channel is.")


@dataclass(frozen=True, slots=True)
class AttributionReport:
    """The credits of a window by first touch, last touch and linear, and by draft. `end` is excluded."""

    client_id: int
    start: date
    end: date
    lookback_days: int
    by: ChannelKind
    models: list[Attribution]
    drafts: list[DraftCredit]


class ConversionsQuery(DateRangeQuery):
    """Which conversions to list, a page at a time."""

    event_type: EventType | None = None
    source: Source | None = None
    external_id: Name | None = None
    with_removed: bool = Field(default=False, description="Also conversions that were deleted or withdrawn.")
    limit: Limit = 100
    cursor: Cursor | None = None


class ConversionChange(RequestModel):
    """Changes of a conversion. Fields that are left out do not change; null removes a value.

    The type, source and external id cannot change: delete the conversion and send another one.
    """

    reason: Reason
    event_date: CalendarDay | None = None
    revenue_amount: Amount | None = None
    currency: Currency | None = None
    content_draft_id: BodyId | None = None
    customer_key: Name | None = None
    utm_source: Name | None = None
    utm_medium: Name | None = None
    utm_campaign: Name | None = None
    utm_content: Name | None = None
    link_url: LinkUrl | None = None
    details: dict[str, Any] | None = None

    def changes_of(self, record: ConversionRecord) -> dict[str, Any]:
        """Return the changes. Raises InvalidInputError if they contradict the rest of the conversion."""
        changes = self.model_dump(exclude_unset=True, exclude={"reason"})
        if "revenue_amount" in changes and changes["revenue_amount"] is None:
            changes["currency"] = None
        checked_conversion({name: getattr(record.version, name) for name in _CHECKED} | changes)
        return changes


class Removal(RequestModel):
    """Why to delete a conversion."""

    reason: Reason = "Deleted through the API."


class Restoring(RequestModel):
    """Why to restore a conversion."""

    reason: Reason


class SourceChoice(RequestModel):
    """The sources whose sales and refunds count; `["*"]` for every source, null for the default rule."""

    sources: Annotated[list[Source], Field(min_length=1, max_length=50)] | None
