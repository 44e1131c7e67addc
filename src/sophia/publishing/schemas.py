"""The requests that change and list drafts and the publishing queue."""

from typing import Annotated, Literal

from pydantic import Field

from sophia.analytics.figures.requests import Id, Moment, PageQuery, RequestModel
from sophia.portfolio.models import DraftKind, EntryStatus, PlatformName

DraftStatus = Literal["draft", "approved", "rejected", "published"]
Copy = Annotated[str, Field(max_length=100_000)]
Urls = Annotated[list[Annotated[str, Field(max_length=2_000)]], Field(max_length=10)]
AccountIds = Annotated[list[Id], Field(max_length=100)]
Pillar = Annotated[str, Field(min_length=1, max_length=100)]
Version = Annotated[int, Field(ge=1)]


class NewDraft(RequestModel):
    """A new draft. Without accounts it is for all of the client's accounts on the platform."""

    client_id: Id
    platform: PlatformName
    kind: DraftKind
    copy_: Copy = Field(
        default="", alias="copy", description="The text as written; links are tagged when it is published."
    )
    media_urls: Urls = Field(
        default=[], description="Addresses from which Meta fetches pictures and videos, in their order."
    )
    account_ids: AccountIds = Field(default=[])
    content_pillar: Pillar | None = None
    campaign_id: Id | None = None


class DraftEdit(RequestModel):
    """The fields to change; omitted fields keep their values. `version` is the version that you read."""

    version: Version
    regenerated: bool = Field(
        default=False, description="Whether the draft was generated again rather than edited by hand."
    )
    kind: DraftKind | None = None
    copy_: Copy | None = Field(default=None, alias="copy")
    media_urls: Urls | None = None
    account_ids: AccountIds | None = None
    content_pillar: Pillar | None = None


class Decision(RequestModel):
    """An approval or rejection of the version that you read. A draft that was edited since is refused with 409."""

    version: Version
    note: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None


class Queueing(RequestModel):
    """When and where to publish. Defaults: the accounts of the draft, as soon as it is approved."""

    account_ids: AccountIds = Field(default=[])
    scheduled_for: Moment | None = Field(
        default=None, description="A moment with a zone, such as 2026-02-28T12:00:00Z, not in the past."
    )


class DraftsQuery(PageQuery):
    client_id: Id | None = None
    status: DraftStatus | None = None


class QueueQuery(PageQuery):
    client_id: Id | None = None
    draft_id: Id | None = None
    status: EntryStatus | None = None
