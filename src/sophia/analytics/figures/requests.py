"""What may be sent to the API. An unknown field, a reversed window, a number that is none: each is refused."""

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from fastapi import Header, Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sophia.access.problems import documented
from sophia.analytics.figures.figures import ONE_DAY, DateRange, window_until
from sophia.meta.catalogue import Level, Period, Platform
from sophia.meta.reporting_zone import reporting_day

RunStatus = Literal["running", "ok", "partial", "throttled", "needs_reconnect", "failed"]
LARGEST_ID = 2**63 - 1
VISIBLE = r"^[^\x00-\x1f\x7f]+$"

PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
PLAIN_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")
DEEPEST_DETAILS = 20
DAYS_PER_WEEK = 7
# PostgreSQL keeps no NUL, and nobody keeps half of a character.
UNKEEPABLE = re.compile(r"[\x00\ud800-\udfff]")


def plain_number(value: Any) -> Any:
    """Let through a number as anybody would write it: pydantic would take `1.0`, `+1`, ` 1` and `1_0` too."""
    if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value):
        raise ValueError("a whole number is written in digits")
    return value


def visible(text: str) -> str:
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise ValueError("has nothing that can be seen")
    return text


def plain_amount(value: Any) -> Any:
    """Let through an amount in digits, as text or as a JSON number: a Decimal would take `-0` and `1e2` too, and digits of every script."""
    if isinstance(value, str) and not PLAIN_AMOUNT.fullmatch(value):
        raise ValueError("an amount looks like 19.90, with no more decimals than its currency has")
    if isinstance(value, bool) or (isinstance(value, float) and math.copysign(1, value) < 0):
        raise ValueError("an amount is a number that is not negative")
    return value


# In addresses, where all is text; in bodies, where a number is a number.
Id = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=LARGEST_ID)]
BodyId = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]
Amount = Annotated[Decimal, BeforeValidator(plain_amount), Field(ge=0, max_digits=15, decimal_places=3)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=VISIBLE)]
Limit = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=1000)]
Cursor = Annotated[str, Field(max_length=100, description="From the Link header.")]


def iso_day(value: Any) -> Any:
    """Let through what reads as a calendar day: pydantic would take `0` for 1970 and a time of day for its day."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("a day looks like 2026-02-28")
    if not isinstance(value, str) and type(value) is not date:
        raise ValueError("a day looks like 2026-02-28")
    return value


# Days that the store can hold, with room on both sides for whole weeks and months.
FIRST_DAY, LAST_DAY = date(2004, 1, 1), date(2099, 12, 31)
CalendarDay = Annotated[date, BeforeValidator(iso_day), Field(ge=FIRST_DAY, le=LAST_DAY)]


def within_years(moment: datetime) -> datetime:
    """Refuse moments that cannot be said in UTC, or lie where no reading can."""
    try:
        day = moment.astimezone(UTC).date()
    except OverflowError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"must lie between {FIRST_DAY} and {LAST_DAY}")
    return moment


def written_moment(value: Any) -> Any:
    """Let through what reads as a moment: pydantic would take a number for seconds since 1970."""
    if isinstance(value, str) and not RFC_3339.fullmatch(value):
        raise ValueError("a moment looks like 2026-02-28T12:00:00Z")
    return value


RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
Moment = Annotated[AwareDatetime, BeforeValidator(written_moment), AfterValidator(within_years)]


class RequestModel(BaseModel):
    """What is sent: an unknown field is a mistake, and said to be one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DateRangeQuery(RequestModel):
    """Days, both included. Either may be left out, on every endpoint: lists are open on that side, and what is computed
    for a window uses `days_until`.
    """

    start_date: CalendarDay | None = Field(default=None, description="First day, included, in Meta's reporting zone.")
    end_date: CalendarDay | None = Field(default=None, description="Last day, included.")

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.start_date is not None and self.end_date is not None and self.start_date > self.end_date:
            raise ValueError("start_date is after end_date")
        return self

    def days_until(self, newest: date, usual_days: int) -> DateRange:
        """Return the window of an endpoint that needs both ends, as `window_until` does."""
        return window_until(self.start_date, self.end_date, newest, usual_days)


def requested_dates(asked: DateRangeQuery) -> DateRange | None:
    """The days that were asked for, as far back and forward as there are any where one end is left out."""
    if asked.start_date is None and asked.end_date is None:
        return None
    return DateRange(asked.start_date or FIRST_DAY, (asked.end_date or LAST_DAY) + ONE_DAY)


class WindowQuery(DateRangeQuery):
    """The days of a report; without any, those that the endpoint reports on by default."""

    def window_at(self, moment: datetime, usual_days: int = DAYS_PER_WEEK) -> DateRange | None:
        """Return the window at an aware moment, when the newest day is yesterday; None when no day was given."""
        if self.start_date is None and self.end_date is None:
            return None
        return self.days_until(reporting_day(moment) - ONE_DAY, usual_days)


class ReportQuery(WindowQuery):
    """The days of a report or a brief, and the moment as of which it is made."""

    as_of: Moment | None = Field(default=None, description="As it was at this moment, to the digit.")


class ReadingsQuery(DateRangeQuery):
    """Which readings are wanted; what is left out does not matter."""

    metric_name: list[Name] = Field(default=[], max_length=50, description="Stored names; may be repeated.")
    platform: Platform | None = None
    level: Level | None = None
    account_id: Id | None = None
    platform_post_id: Name | None = None
    period: Period | None = None
    canonical: Name | None = Field(default=None, description="What it means on either platform, such as `likes`.")
    breakdown: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = Field(
        default=None, description="As stored, such as `follow_type=follower`; empty for readings without one."
    )
    as_of: Moment | None = Field(
        default=None, description="Readings as they stood at this moment; with a zone, such as 2026-02-28T12:00:00Z."
    )


class MetricsQuery(ReadingsQuery):
    """The same, a page at a time."""

    limit: Limit = 500
    cursor: Cursor | None = None


class SeriesQuery(DateRangeQuery):
    """One metric, by meaning or by stored name, put together into buckets."""

    canonical: Name | None = None
    metric_name: Name | None = None
    bucket: Literal["day", "week", "month"] = "day"
    group_by: Literal["none", "platform", "account"] = "none"
    level: Literal["account"] = Field(default="account", description="Values of accounts and of posts do not mix.")

    @model_validator(mode="after")
    def one_metric(self) -> Self:
        if (self.canonical is None) == (self.metric_name is None):
            raise ValueError("give either canonical or metric_name")
        return self


class PageQuery(RequestModel):
    """One page of a list that shows the newest items first."""

    limit: Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=200)] = 50
    before_id: Id | None = Field(default=None, description="Continue a list after the item with this id.")


class RunsQuery(PageQuery):
    client_id: Id | None = None
    account_id: Id | None = None
    status: RunStatus | None = None


class GapsQuery(DateRangeQuery):
    client_id: Id | None = None
    account_id: Id | None = None


class CatalogueQuery(RequestModel):
    platform: Platform | None = None
    level: Level | None = None


def expect_plain(details: Any) -> None:
    """Raises ValueError for JSON that is nested too deep, or has text that a database cannot keep."""
    level: list[Any] = [details]
    for _ in range(DEEPEST_DETAILS):
        parts: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                parts += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                parts += value
            elif isinstance(value, str) and UNKEEPABLE.search(value):
                raise ValueError("details have text with a character that cannot be kept")
        level = parts
    if level:
        raise ValueError(f"details are nested deeper than {DEEPEST_DETAILS} levels")


ClientId = Annotated[Id, Path()]
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Your own name for this request; sending it again under the same name makes nothing twice.",
    ),
]
writing = documented(400, 409, 413)
AGAIN = {"description": "It stood there already, in the same words."}
