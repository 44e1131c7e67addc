"""What the API answers. Moments are RFC 3339 in UTC, numbers are finite, and what is not known is null."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from sophia.analytics.figures.schemas import Number, ResponseModel
from sophia.meta.catalogue.canonical import Counting, MetricClass, Unit
from sophia.meta.catalogue.terms import Level, Period, Platform


class ReadingAnswer(ResponseModel):
    """The value of one series for one day. `created_at` is when it was first stored, `updated_at` when it got its value."""

    id: int
    client_id: int
    account_id: int
    content_draft_id: int | None
    platform: Platform
    level: Level
    metric_name: str
    canonical: str | None
    breakdown: str
    metric_value: Number
    metric_date: date
    is_algorithm_dependent: bool | None
    classification: MetricClass
    period: Period
    unit: Unit | None
    platform_post_id: str | None
    created_at: datetime
    updated_at: datetime


class PointAnswer(ResponseModel):
    """One bucket, `end` excluded. Without a value the reason says why; people have bounds where no value is."""

    start: date
    end: date
    value: Number | None
    days_with_data: int
    accounts_with_data: int
    at_least: Number | None
    at_most: Number | None
    reason: str | None


class GroupAnswer(ResponseModel):
    platform: Platform | None
    account_id: int | None
    accounts: int = Field(description="Accounts that have readings in these days.")
    points: list[PointAnswer]


class SeriesAnswer(ResponseModel):
    """One metric in buckets. Buckets that the days asked for touch are given whole."""

    client_id: int
    canonical: str | None
    metric_names: list[str] = Field(description="The stored names that were read.")
    level: Level
    bucket: Literal["day", "week", "month"]
    group_by: Literal["none", "platform", "account"]
    counting: Counting | None
    unit: Unit | None
    start: date
    end: date
    groups: list[GroupAnswer]
    reason: str | None = None
