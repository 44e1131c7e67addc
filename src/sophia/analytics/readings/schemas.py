"""Answers of the API about readings. Numbers are finite, unknown values are null."""

from datetime import date
from typing import Literal

from pydantic import Field

from sophia.analytics.figures.schemas import ResponseModel
from sophia.analytics.readings.aggregated import SeriesGroup
from sophia.meta.catalogue.canonical import Counting, Unit
from sophia.meta.catalogue.terms import Level


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
    groups: list[SeriesGroup]
    reason: str | None = None
