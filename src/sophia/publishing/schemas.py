"""JSON shapes of drafts and of the publishing queue: what may be sent, and what is answered."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sophia.analytics.figures.requests import Id, Moment, RequestModel

PlatformName = Literal["facebook", "instagram"]
Kind = Literal["feed", "photo", "video", "reel", "image", "carousel", "story"]
DraftStatus = Literal["draft", "approved", "rejected", "published"]
EntryStatus = Literal["queued", "publishing", "published", "failed", "cancelled"]
Copy = Annotated[str, Field(max_length=100_000)]
Urls = Annotated[list[Annotated[str, Field(max_length=2_000)]], Field(max_length=10)]
AccountIds = Annotated[list[Id], Field(max_length=100)]
Pillar = Annotated[str, Field(min_length=1, max_length=100)]
Version = Annotated[int, Field(ge=1)]


class NewDraft(RequestModel):
    """A draft. Without accounts it is for all of the client's accounts on the platform."""

    client_id: Id
    platform: PlatformName
    kind: Kind
    copy_: Copy = Field(default="", alias="copy", description="As a person writes it; links are tagged on the way out.")
    media_urls: Urls = Field(default=[], description="Where Meta fetches pictures and videos, in their order.")
    account_ids: AccountIds = Field(default=[])
    content_pillar: Pillar | None = None
    campaign_id: Id | None = None


class DraftEdit(RequestModel):
    """What is to change; what is left out stays. `version` is the one that you read."""

    version: Version
    regenerated: bool = Field(default=False, description="The draft was made anew, and not mended by hand.")
    kind: Kind | None = None
    copy_: Copy | None = Field(default=None, alias="copy")
    media_urls: Urls | None = None
    account_ids: AccountIds | None = None
    content_pillar: Pillar | None = None


class Decision(RequestModel):
    """`version` is the one that you read: what was edited since is not decided upon."""

    version: Version
    note: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None


class Queueing(RequestModel):
    """Without accounts: those of the draft. Without a time: as soon as it is approved."""

    account_ids: AccountIds = Field(default=[])
    scheduled_for: Moment | None = Field(
        default=None, description="With a zone, such as 2026-02-28T12:00:00Z; not in the past."
    )


class DraftsQuery(RequestModel):
    client_id: Id | None = None
    status: DraftStatus | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before_id: Id | None = Field(default=None, description="Continue a list: drafts with smaller ids.")


class QueueQuery(RequestModel):
    client_id: Id | None = None
    draft_id: Id | None = None
    status: EntryStatus | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before_id: Id | None = Field(default=None, description="Continue a list after this entry.")


class Told(BaseModel):
    """What is answered, read from the values that the services give."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class EventAnswer(Told):
    """Something that somebody did to a draft."""

    kind: Literal["created", "edited", "regenerated", "approved", "rejected"]
    version: int
    actor: str
    note: str | None
    at: datetime


class DraftAnswer(Told):
    """`approved`: whether it may go out as it is now. `kind` is null for drafts that were not made to be published."""

    id: int
    client_id: int
    platform: PlatformName
    kind: Kind | None
    copy_: str = Field(alias="copy")
    media_urls: list[str]
    account_ids: list[int]
    content_pillar: str | None
    status: str
    version: int
    approved: bool
    created_at: datetime
    events: list[EventAnswer]


class LinkPreviewResponse(Told):
    """A link of a draft; where `untagged` says why it is left alone, `note` says what to do about it."""

    original: str
    tagged: str
    untagged: Literal["not http", "unparsable", "credentials", "foreign domain", "signed", "ambiguous"] | None
    note: str | None


class PreviewResponse(Told):
    """A draft's text as it would go out now; lengths in UTF-16 units."""

    draft_id: int
    text: str
    length: int
    limit: int
    overflow: int
    links: list[LinkPreviewResponse]


class EntryAnswer(Told):
    """A draft on its way to one account; `what_to_do` is for a person, and null when nothing is to be done."""

    id: int
    draft_id: int
    client_id: int
    client_name: str
    account_id: int
    account_name: str
    platform: PlatformName
    kind: Kind | None
    status: EntryStatus
    approved: bool
    queued_by: str | None = Field(description="Who queued it or last moved it; null when that is not known.")
    scheduled_for: datetime | None
    next_try_at: datetime | None
    published_at: datetime | None
    platform_post_id: str | None
    attempts: int
    problem: str | None
    what_to_do: str | None
