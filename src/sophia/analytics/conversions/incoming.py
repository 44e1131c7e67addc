"""Conversions as they arrive from the API and from files, and the outcome of recording one."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, with_config

from sophia.analytics.conversions.event_types import SALES, AttributedBy, EventType
from sophia.analytics.figures.requests import (
    FIRST_DAY,
    VISIBLE,
    Amount,
    BodyId,
    CalendarDay,
    Name,
    expect_plain,
    visible,
)
from sophia.analytics.figures.schemas import Currency, expect_decimals
from sophia.analytics.utm.reading import TAGS, read_tags
from sophia.database.columns import in_cents
from sophia.errors import ConflictError, InvalidInputError, NotFoundError

LONGEST_TAG = 200
MOST_DETAILS_BYTES = 16_000
REFUND_PREFIX = "refund:"
# The first version of Sophia hashed these fields. Their hashes must not change.
_FIRST_FIELDS = frozenset(
    {"event_type", "source", "event_date", "details", "revenue_amount", "currency", "content_draft_id"}
)
# These fields say where an event came from, not what happened.
_PROVENANCE = frozenset({"origin", "from_analytics", "row_key", "transaction_id"})

Source = Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=100, pattern=VISIBLE)]
LinkUrl = Annotated[str, Field(min_length=1, max_length=4000, pattern=VISIBLE)]


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True)
class NewConversion:
    """An event on the way to a sale. `revenue_amount` and `currency` belong together."""

    event_type: EventType
    source: Source
    event_date: CalendarDay
    details: Annotated[dict[str, Any] | None, Field(description="At most 16 kB as JSON.")] = None
    revenue_amount: Amount | None = None
    currency: Currency | None = None
    content_draft_id: BodyId | None = None
    external_id: Annotated[
        Name | None,
        Field(
            description="Your number of this event. The same number from the same source is a new version of the event."
        ),
    ] = None
    customer_key: Annotated[Name | None, Field(description="Distinguishes customers. Only a hash of it is stored.")] = (
        None
    )
    utm_source: Name | None = None
    utm_medium: Name | None = None
    utm_campaign: Name | None = None
    utm_content: Annotated[Name | None, Field(description="`post_` and the number of a draft credits that draft.")] = (
        None
    )
    link_url: Annotated[
        LinkUrl | None, Field(description="The link that the customer followed. Its tags count where you send none.")
    ] = None

    def __post_init__(self) -> None:
        if (self.revenue_amount is None) != (self.currency is None):
            raise ValueError("revenue_amount and currency belong together")
        if self.revenue_amount is not None and self.currency is not None:
            expect_decimals(self.revenue_amount, self.currency)
        if self.revenue_amount is not None and self.event_type not in SALES:
            raise ValueError(f"a {self.event_type} has no revenue; only conversion and refund have")
        expect_plain(self.details)
        try:
            size = len(json.dumps(self.details, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode())
        except (ValueError, RecursionError) as error:
            raise ValueError("details contain a value that JSON cannot represent") from error
        if size > MOST_DETAILS_BYTES:
            raise ValueError(f"details have {size:,} bytes; at most {MOST_DETAILS_BYTES:,} are allowed")


_NEW_CONVERSION = TypeAdapter(NewConversion)


def checked_conversion(values: Mapping[str, Any]) -> NewConversion:
    """Return a conversion of these values without their Nones. Raises InvalidInputError with all reasons."""
    try:
        return _NEW_CONVERSION.validate_python({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        reasons = [f"{'.'.join(str(part) for part in entry['loc'])}: {entry['msg']}" for entry in error.errors()]
        raise InvalidInputError("; ".join(reasons)) from None


def expect_event_date(day: date, today: date) -> None:
    """Raise InvalidInputError for a day before 2004 or after tomorrow, which has begun somewhere on earth already."""
    latest = today + timedelta(days=1)
    if not FIRST_DAY <= day <= latest:
        raise InvalidInputError(f"event_date must lie between {FIRST_DAY} and {latest}; {day} does not.")


@dataclass(frozen=True, slots=True)
class Conversion(NewConversion):
    """A conversion and its provenance.

    `origin` is the system that numbers the event; by default it is `source`. `row_key` identifies the row of an analytics
    report that counts the event. `transaction_id` is the number of the sale if `external_id` contains more than that.
    """

    origin: str | None = None
    from_analytics: bool = False
    row_key: str | None = None
    transaction_id: str | None = None

    def __post_init__(self) -> None:
        """Check nothing: stored versions may break rules that are newer than they are."""

    @classmethod
    def from_new(cls, conversion: NewConversion, **provenance: Any) -> "Conversion":
        """Return a checked conversion with its provenance."""
        return cls(**{name: getattr(conversion, name) for name in NewConversion.__dataclass_fields__}, **provenance)

    @property
    def sha256(self) -> str:
        """The hash of the content, independent of the order of details and of trailing zeros.

        If the event has a number, the case of the customer's key does not matter.
        """
        content = {
            name: value
            for name, value in asdict(self).items()
            if name not in _PROVENANCE and (name in _FIRST_FIELDS or value is not None)
        }
        if self.revenue_amount is not None:
            content["revenue_amount"] = in_cents(self.revenue_amount)
        if self.external_id is not None and self.customer_key is not None:
            content["customer_key"] = self.customer_key.strip().casefold()
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def identity(self) -> tuple[str, str] | None:
        """(origin, external id), which all versions of the event share; None without an id."""
        return None if self.external_id is None else (self.origin or self.source, self.external_id)

    @property
    def transaction_key(self) -> str | None:
        """The number of a sale or refund, the same for every system that reports it."""
        if self.event_type not in SALES or self.row_key is not None:
            return None
        return normalise_transaction_id(self.transaction_id or self.external_id)

    @property
    def with_tags(self) -> "Conversion":
        """The conversion with the tags of its link, where it has none of its own."""
        link_tags = read_tags(self.link_url or "")
        tags: dict[str, Any] = {
            name: getattr(self, name) or link_tags.get(name, "")[:LONGEST_TAG] or None for name in TAGS
        }
        return replace(self, **tags)


def normalise_transaction_id(text: str | None) -> str | None:
    """Return `#4401`, `4401` and `refund:#4401` as `4401`; None if nothing is left."""
    bare = (text or "").removeprefix(REFUND_PREFIX).strip().lstrip("#").strip().lower()
    return bare or None


@dataclass(frozen=True, slots=True)
class IncomingConversion:
    """A conversion and the key of its request, if it has one.

    `legacy_key` is the key under which earlier versions of Sophia recorded the same row of a file.
    """

    conversion: Conversion
    key: str | None = None
    legacy_key: str | None = None


class RecordStatus(StrEnum):
    """The outcome of recording a conversion. `deleted`: a person deleted it earlier, and it stays deleted."""

    RECORDED = "recorded"
    CHANGED = "changed"
    DUPLICATE = "duplicate"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded conversion."""

    id: int
    status: RecordStatus
    content_draft_id: Annotated[int | None, Field(description="The draft that the conversion is credited to.")]
    attributed_by: Annotated[
        AttributedBy | None, Field(description="How the draft or the channel is known; null if neither is.")
    ]
    replaces_amendment: Annotated[
        bool, Field(description="A person had amended the version that this one replaces.")
    ] = False


Outcome = Recorded | ConflictError | NotFoundError
