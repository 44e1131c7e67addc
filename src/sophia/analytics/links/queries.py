"""Reads tracked links, and selects the links that are due for a check."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from sophia.analytics.links.models import LinkStatus, TrackedLink
from sophia.analytics.utm.addresses import Untagged
from sophia.analytics.utm.tagging import why_untagged
from sophia.portfolio.models import Client

NO_DOMAINS = "This client has no domains yet, so Sophia tags none of its links."


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A link in the copy of a draft, with the result of its last check."""

    id: int
    draft_id: int
    account_id: int | None
    campaign_id: int | None
    campaign_slug: str | None
    original: str
    tagged: Annotated[str, Field(description="Equal to `original` if Sophia did not tag the link.")]
    first_seen_at: datetime
    last_checked_at: datetime | None
    status: LinkStatus
    problem: str | None
    untagged: Annotated[
        Untagged | None, Field(description="Why the link is not tagged, by the client's domains of today.")
    ]


@dataclass(frozen=True, slots=True)
class DueLink:
    """An address to check, and the ids of all links of one client that lead to it."""

    tagged: str
    link_ids: tuple[int, ...]


def client_domains(session: Session, client_id: int) -> list[str]:
    """Return the domains of a client, whose links Sophia may tag."""
    return list(session.execute(select(Client.domains).where(Client.id == client_id)).scalar_one())


def list_links(
    session: Session,
    client_id: int,
    *,
    status: str | None = None,
    draft_id: int | None = None,
    before_id: int | None = None,
    limit: int | None = None,
) -> list[LinkRecord]:
    """Return a client's links, newest first."""
    query = select(TrackedLink).where(TrackedLink.client_id == client_id).order_by(TrackedLink.id.desc()).limit(limit)
    if status is not None:
        query = query.where(TrackedLink.status == status)
    if draft_id is not None:
        query = query.where(TrackedLink.draft_id == draft_id)
    if before_id is not None:
        query = query.where(TrackedLink.id < before_id)
    domains = client_domains(session, client_id)
    columns = [name for name in LinkRecord.__slots__ if name != "untagged"]
    return [
        LinkRecord(
            **{name: getattr(row, name) for name in columns},
            untagged=why_untagged(row.original, domains) if row.tagged == row.original else None,
        )
        for row in session.scalars(query)
    ]


def due_links(session: Session, checked_before: datetime, limit: int, client_id: int | None = None) -> list[DueLink]:
    """Return the links of active clients without a check since `checked_before`, longest wait first, one per original."""
    due = [
        Client.status == "active",
        or_(TrackedLink.last_checked_at.is_(None), TrackedLink.last_checked_at < checked_before),
    ]
    if client_id is not None:
        due.append(TrackedLink.client_id == client_id)
    due_originals = (
        select(
            TrackedLink.client_id,
            TrackedLink.original_sha256,
            func.min(func.coalesce(TrackedLink.last_checked_at, TrackedLink.first_seen_at)).label("since"),
        )
        .join(Client, Client.id == TrackedLink.client_id)
        .where(*due)
        .group_by(TrackedLink.client_id, TrackedLink.original_sha256)
        .order_by("since")
        .limit(limit)
        .subquery()
    )
    rows = session.execute(
        select(TrackedLink.client_id, TrackedLink.original_sha256, TrackedLink.id, TrackedLink.tagged)
        .join(
            due_originals,
            (TrackedLink.client_id == due_originals.c.client_id)
            & (TrackedLink.original_sha256 == due_originals.c.original_sha256),
        )
        .order_by(due_originals.c.since, TrackedLink.id)
    )
    links_by_original: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for link_client_id, original, link_id, tagged in rows:
        links_by_original.setdefault((link_client_id, original), []).append((link_id, tagged))
    # Links with one original differ only in their tags, so checking the newest checks them all.
    return [DueLink(links[-1][1], tuple(link_id for link_id, _ in links)) for links in links_by_original.values()]
