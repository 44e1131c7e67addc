"""Parameters and bodies of requests. Unknown fields, reversed windows and invalid numbers are refused."""

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from fastapi import Header, Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sophia.access.problems import documented
from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.figures.figures import window_until
from sophia.analytics.figures.run_status import RunStatus
from sophia.escaping import PRINTABLE
from sophia.meta.catalogue.terms import Level, Period, Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

LARGEST_ID = 2**63 - 1
VISIBLE = PRINTABLE

PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
PLAIN_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")
DEEPEST_DETAILS = 20
DAYS_PER_WEEK = 7
# PostgreSQL stores no NUL, and no database stores half of a surrogate pair.
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def plain_number(value: Any) -> Any:
    """Accept plain digits only: pydantic would also accept `1.0`, `+1`, ` 1` and `1_0`."""
    if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value):
        raise ValueError("a whole number is written in digits")
    return value


def visible(text: str) -> str:
    """Refuse text without a visible character."""
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise ValueError("has no visible character")
    return text


def plain_amount(value: Any) -> Any:
    """Accept digits as text or as a JSON number: Decimal would also accept `-0`, `1e2`, and digits of every script."""
    if isinstance(value, str) and not PLAIN_AMOUNT.fullmatch(value):
        raise ValueError("an amount looks like 19.90, with no more decimals than its currency has")
    if isinstance(value, bool) or (isinstance(value, float) and math.copysign(1, value) < 0):
        raise ValueError("an amount is a number that is not negative")
    return value


# `Id` is for URLs, where everything is text; `BodyId` is for JSON bodies.
Id = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=LARGEST_ID)]
BodyId = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]
Amount = Annotated[Decimal, BeforeValidator(plain_amount), Field(ge=0, max_digits=15, decimal_places=3)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=VISIBLE)]
Limit = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=1000)]
Cursor = Annotated[str, Field(max_length=100, description="From the Link header.")]


def iso_day(value: Any) -> Any:
    """Accept calendar days only: pydantic would read `0` as 1970 and accept a time of day."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("a day looks like 2026-02-28")
    if not isinstance(value, str) and type(value) is not date:
        raise ValueError("a day looks like 2026-02-28")
    return value


# The days that a store can hold, with space on both sides for whole weeks and months.
FIRST_DAY, LAST_DAY = date(2004, 1, 1), date(2099, 12, 31)
CalendarDay = Annotated[date, BeforeValidator(iso_day), Field(ge=FIRST_DAY, le=LAST_DAY)]


def storable_time(moment: datetime) -> datetime:
    """Refuse times that have no equivalent in UTC, or lie where no reading can."""
    try:
        day = moment.astimezone(UTC).date()
    except OverflowError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"must lie between {FIRST_DAY} and {LAST_DAY}")
    return moment


def rfc_3339_time(value: Any) -> Any:
    """Accept RFC 3339 only: pydantic would read a number as seconds since 1970."""
    if isinstance(value, str) and not RFC_3339.fullmatch(value):
        raise ValueError("a time looks like 2026-02-28T12:00:00Z")
    return value


RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
Moment = Annotated[AwareDatetime, BeforeValidator(rfc_3339_time), AfterValidator(storable_time)]


class RequestModel(BaseModel):
    """The base of requests; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DateRangeQuery(RequestModel):
    """First and last day, both included and both optional.

    Without one of them a list is open on that side; an endpoint that needs both ends uses `days_until`.
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


def requested_dates(query: DateRangeQuery) -> DateRange | None:
    """Return the requested days, with the earliest or latest possible day for a missing end; None without both."""
    if query.start_date is None and query.end_date is None:
        return None
    return DateRange(query.start_date or FIRST_DAY, (query.end_date or LAST_DAY) + ONE_DAY)


class WindowQuery(DateRangeQuery):
    """The days of a report; each endpoint has its default."""

    def window_at(self, moment: datetime, usual_days: int = DAYS_PER_WEEK) -> DateRange | None:
        """Return the window at an aware time, when the newest day is yesterday; None if no day is requested."""
        if self.start_date is None and self.end_date is None:
            return None
        return self.days_until(reporting_day(moment) - ONE_DAY, usual_days)


class ReportQuery(WindowQuery):
    """The days of a report or a brief, and the time as of which it is made."""

    as_of: Moment | None = Field(default=None, description="The result as it was at this time.")
    compare: Comparison = Field(
        default=Comparison.PREVIOUS, description="With the period before, or with the same days a year before."
    )


class ReadingsQuery(DateRangeQuery):
    """Filters of readings; a missing filter matches everything."""

    metric_name: list[Name] = Field(default=[], max_length=50, description="Stored names; may be repeated.")
    platform: Platform | None = None
    level: Level | None = None
    account_id: Id | None = None
    platform_post_id: Name | None = None
    period: Period | None = None
    canonical: Name | None = Field(default=None, description="The canonical metric of both platforms, such as `likes`.")
    breakdown: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = Field(
        default=None, description="As stored, such as `follow_type=follower`; empty for readings without one."
    )
    as_of: Moment | None = Field(
        default=None, description="Readings as they were at this time, with a zone, such as 2026-02-28T12:00:00Z."
    )


class MetricsQuery(ReadingsQuery):
    """Filters of readings, and the page."""

    limit: Limit = 500
    cursor: Cursor | None = None


class SeriesQuery(DateRangeQuery):
    """One metric, by canonical or stored name, aggregated into buckets."""

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
    """Raise ValueError for JSON that is nested too deep, or has text that a database cannot store."""
    level: list[Any] = [details]
    for _ in range(DEEPEST_DETAILS):
        parts: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                parts += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                parts += value
            elif isinstance(value, str) and UNSTORABLE.search(value):
                raise ValueError("details have text with a character that cannot be stored")
        level = parts
    if level:
        raise ValueError(f"details are nested deeper than {DEEPEST_DETAILS} levels")


ClientId = Annotated[Id, Path()]
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Your own name for this request. Repeating a request with the same name has no further effect.",
    ),
]
writing = documented(400, 409, 413)
AGAIN = {"description": "It exists already with the same content."}
