"""Bodies and queries of the endpoints for links and domains."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sophia.analytics.figures.requests import Id, PageQuery, RequestModel
from sophia.analytics.links.models import LinkStatus


class LinksQuery(PageQuery):
    status: LinkStatus | None = None
    draft_id: Id | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class NewDomains(RequestModel):
    """The domains of a client. The answer of GET can be sent back unchanged."""

    domains: Annotated[list[Annotated[str, Field(max_length=260)]], Field(max_length=50)]
    note: str | None = Field(default=None, description="Ignored; GET sets it.")


@dataclass(frozen=True, slots=True)
class ClientDomains:
    """The domains of a client, each with its subdomains. Sophia tags links to these domains only."""

    domains: list[str]
    note: str | None
