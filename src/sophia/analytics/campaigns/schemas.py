"""Bodies of the endpoints for campaigns."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from sophia.analytics.figures.requests import VISIBLE, CalendarDay, Id, Name, RequestModel

Pillar = Annotated[str, Field(min_length=1, max_length=100, pattern=VISIBLE)]


class CampaignOptions(RequestModel):
    """The optional fields of a campaign."""

    end_date: CalendarDay | None = Field(default=None, description="Included. Null means no end.")
    content_pillar: Pillar | None = None


class NewCampaign(CampaignOptions):
    """A campaign made by hand. Both dates are included."""

    name: Name
    start_date: CalendarDay
    draft_ids: Annotated[list[Id], Field(max_length=1000)] = Field(default=[])

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.end_date is not None and self.end_date < self.start_date:
            raise ValueError("end_date is before start_date")
        return self


class CampaignChange(CampaignOptions):
    """Changes of a campaign. Fields that are left out do not change; null removes an `end_date` or `content_pillar`."""

    name: Name | None = None
    start_date: CalendarDay | None = None

    @model_validator(mode="after")
    def has_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        for name in ("name", "start_date"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class AddedDrafts(RequestModel):
    """Drafts to add to a campaign."""

    draft_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]
