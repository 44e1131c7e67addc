"""Campaigns as they are sent, and as they are answered with what they came to."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sophia.analytics.figures.figures import Figure
from sophia.analytics.figures.requests import VISIBLE, CalendarDay, Id, Name, RequestModel
from sophia.analytics.figures.schemas import ResponseModel

Pillar = Annotated[str, Field(min_length=1, max_length=100, pattern=VISIBLE)]
DraftIds = Annotated[list[Id], Field(max_length=1000)]


class NewCampaign(RequestModel):
    """A campaign made by hand; both days are included."""

    name: Name
    start_date: CalendarDay
    end_date: CalendarDay | None = None
    content_pillar: Pillar | None = None
    draft_ids: DraftIds = Field(default=[])

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.end_date is not None and self.end_date < self.start_date:
            raise ValueError("end_date is before start_date")
        return self


class CampaignChange(RequestModel):
    """What is to be different; what is left out stays. An `end_date` or `content_pillar` of null takes it away."""

    name: Name | None = None
    start_date: CalendarDay | None = None
    end_date: CalendarDay | None = None
    content_pillar: Pillar | None = None

    @model_validator(mode="after")
    def something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say what is to change")
        for name in ("name", "start_date"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be taken away")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class DraftsAdded(RequestModel):
    draft_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]


class CampaignTotalsAnswer(ResponseModel):
    """Posts of its drafts by canonical metric, each by its last snapshot; people have bounds and no sum."""

    drafts: int
    posts: int
    metrics: dict[str, Figure]
    engagement_rate_by_reach: Figure
    conversions: Figure


class CampaignAnswer(ResponseModel):
    id: int
    name: str
    slug: str
    content_pillar: str | None
    start_date: date
    end_date: date | None = Field(description="Included.")
    status: Literal["planned", "active", "ended"]
    draft_ids: list[int]
    is_automatic: bool = Field(description="Grouped by content pillar and month.")
    totals: CampaignTotalsAnswer
    events: dict[str, int] = Field(description="What is credited to its drafts, by type.")
    revenue: list[Figure] = Field(description="Net of refunds, one for each currency.")


class GroupingAnswer(ResponseModel):
    """What was grouped, and how many drafts lack a content pillar or a day."""

    campaigns: int
    drafts: int
    without_pillar: int
    without_day: int
