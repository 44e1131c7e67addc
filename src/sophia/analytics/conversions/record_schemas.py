"""Single conversions: which are listed, how one is amended, and what is answered about them and their sources."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from sophia.analytics.conversions.listing import ConversionRecord
from sophia.analytics.conversions.schemas import AttributedBy, EventType, NewConversion
from sophia.analytics.figures.requests import (
    VISIBLE,
    Amount,
    BodyId,
    CalendarDay,
    Cursor,
    DateRangeQuery,
    Limit,
    RequestModel,
    visible,
)
from sophia.analytics.figures.requests import Name as ShortText
from sophia.analytics.figures.schemas import Currency, ResponseModel
from sophia.errors import InvalidInputError

Reason = Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=500, pattern=VISIBLE)]
Source = Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=100, pattern=VISIBLE)]
# What has to make sense together.
_CHECKED = ("event_type", "source", "event_date", "revenue_amount", "currency")


class ConversionsQuery(DateRangeQuery):
    """Which conversions are listed, a page at a time."""

    event_type: EventType | None = None
    source: Source | None = None
    external_id: ShortText | None = None
    with_removed: bool = Field(default=False, description="Those that were deleted or withdrawn too.")
    limit: Limit = 100
    cursor: Cursor | None = None


class ConversionChange(RequestModel):
    """What is amended; fields that are left out stay as they are, and null removes a value.

    The type, source and external id cannot change: delete the conversion and send another one.
    """

    reason: Reason
    event_date: CalendarDay | None = None
    revenue_amount: Amount | None = None
    currency: Currency | None = None
    content_draft_id: BodyId | None = None
    customer_key: ShortText | None = None
    utm_source: ShortText | None = None
    utm_medium: ShortText | None = None
    utm_campaign: ShortText | None = None
    utm_content: ShortText | None = None
    link_url: Annotated[str, Field(min_length=1, max_length=4000, pattern=VISIBLE)] | None = None
    details: dict[str, Any] | None = None

    def changes_of(self, record: ConversionRecord) -> dict[str, Any]:
        """Return the changes. Raises InvalidInputError when they make no sense with what stays."""
        changes = self.model_dump(exclude_unset=True, exclude={"reason"})
        if "revenue_amount" in changes and changes["revenue_amount"] is None:
            changes["currency"] = None
        merged = {name: getattr(record.version, name) for name in _CHECKED} | changes
        try:
            NewConversion.model_validate({name: value for name, value in merged.items() if value is not None})
        except ValidationError as error:
            reasons = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
            raise InvalidInputError("; ".join(reasons)) from None
        return changes


class Removal(RequestModel):
    """Why a conversion is deleted."""

    reason: Reason = "Deleted through the API."


class Restoring(RequestModel):
    """Why a conversion counts again."""

    reason: Reason


class ConversionVersionAnswer(ResponseModel):
    """One version of a conversion; `reason` says why a person amended or deleted it, or its source withdrew it."""

    event_type: EventType
    source: str
    origin: str = Field(description="The shop, analytics property or sender that gave the external id.")
    event_date: date
    revenue_amount: Decimal | None
    currency: str | None
    external_id: str | None
    content_draft_id: int | None
    attributed_by: AttributedBy | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_content: str | None
    link_url: str | None
    details: dict[str, Any] | None
    recorded_at: datetime
    removed_at: datetime | None
    removed_by: str | None
    reason: str | None


class RevisionAnswer(ConversionVersionAnswer):
    """A version that was replaced."""

    replaced_at: datetime


class ConversionRecordAnswer(ResponseModel):
    """The newest version of a conversion. `counts`: it is neither removed nor left out for the same sale elsewhere."""

    id: int
    counts: bool
    revisions: int
    version: ConversionVersionAnswer


class ConversionHistoryAnswer(ConversionRecordAnswer):
    """A conversion with its earlier versions, newest first."""

    history: list[RevisionAnswer]


class SourceChoice(RequestModel):
    """The sources whose sales and refunds count; `["*"]` for every source, null for the default rule."""

    sources: Annotated[list[Source], Field(min_length=1, max_length=50)] | None


class SharedSalesAnswer(ResponseModel):
    """Sales that two sources both name: with the same number, or possibly the same."""

    sources: tuple[str, str]
    by_number: int
    possible: int
    counted: str = Field(description="The source whose sales count where numbers agree; or both, or neither.")


class ConversionSourceAnswer(ResponseModel):
    """Sales of one source, and revenue less refunds by currency; and what of them counts."""

    name: str
    from_analytics: bool
    sales: int
    counted_sales: int
    revenue: dict[str, Decimal]
    counted_revenue: dict[str, Decimal]


class ConversionSourcesAnswer(ResponseModel):
    """`chosen` is null while the default rule holds: a sale that web analytics and a shop both name counts once, as the
    shop says it.
    """

    chosen: list[str] | None
    sources: list[ConversionSourceAnswer]
    shared: list[SharedSalesAnswer]
