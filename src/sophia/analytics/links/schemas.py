"""Links as they are answered, and a client's own domains as they are sent."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from sophia.analytics.figures.requests import Id, PageQuery, RequestModel
from sophia.analytics.figures.schemas import ResponseModel

LinkStatus = Literal["unchecked", "ok", "dead", "loses_tags", "unsure", "refused"]


class LinksQuery(PageQuery):
    status: LinkStatus | None = None
    draft_id: Id | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class LinkAnswer(ResponseModel):
    """A link in the copy of a draft; `tagged` equals `original` where it was left alone, and `untagged` is the reason."""

    id: int
    draft_id: int
    account_id: int | None
    campaign_id: int | None
    campaign_slug: str | None
    original: str
    tagged: str
    first_seen_at: datetime
    last_checked_at: datetime | None
    status: LinkStatus
    problem: str | None
    untagged: Literal["not http", "unparsable", "credentials", "foreign domain", "signed", "ambiguous"] | None


class NewDomains(RequestModel):
    """What GET answered may be sent back as it is."""

    domains: Annotated[list[Annotated[str, Field(max_length=260)]], Field(max_length=50)]
    note: str | None = Field(default=None, description="Ignored. GET says it.")


class DomainsAnswer(ResponseModel):
    """Hosts whose links are the client's own, with all below them."""

    domains: list[str]
    note: str | None
