"""The register of links: what stands in it, and what is due to be checked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from sophia.analytics.links.models import TrackedLink
from sophia.analytics.utm.addresses import Untagged
from sophia.analytics.utm.tagging import why_untagged
from sophia.portfolio.models import Client

NO_DOMAINS = "This client has no domains yet: no link can be told to be its own, and none is tagged."


@dataclass(frozen=True, slots=True)
class LinkState:
    """A link of a draft, as it went out and as the last check found it.

    `tagged` equals `original` where the link was left alone; `untagged` is the reason, by the client's domains of today.
    """

    id: int
    draft_id: int
    account_id: int | None
    campaign_id: int | None
    campaign_slug: str | None
    original: str
    tagged: str
    first_seen_at: datetime
    last_checked_at: datetime | None
    status: str
    problem: str | None
    untagged: Untagged | None


@dataclass(frozen=True, slots=True)
class DueLink:
    """One address to ask for, and the links of all drafts of one client that lead there."""

    tagged: str
    link_ids: tuple[int, ...]


def client_domains(session: Session, client_id: int) -> list[str]:
    return list(session.execute(select(Client.domains).where(Client.id == client_id)).scalar_one())


def list_links(
    session: Session,
    client_id: int,
    *,
    status: str | None = None,
    draft_id: int | None = None,
    before_id: int | None = None,
    limit: int | None = None,
) -> list[LinkState]:
    """A client's links, newest first."""
    query = select(TrackedLink).where(TrackedLink.client_id == client_id).order_by(TrackedLink.id.desc()).limit(limit)
    if status is not None:
        query = query.where(TrackedLink.status == status)
    if draft_id is not None:
        query = query.where(TrackedLink.draft_id == draft_id)
    if before_id is not None:
        query = query.where(TrackedLink.id < before_id)
    domains = client_domains(session, client_id)
    columns = [name for name in LinkState.__slots__ if name != "untagged"]
    return [
        LinkState(
            **{name: getattr(row, name) for name in columns},
            untagged=why_untagged(row.original, domains) if row.tagged == row.original else None,
        )
        for row in session.scalars(query)
    ]


def due_links(session: Session, checked_before: datetime, limit: int, client_id: int | None = None) -> list[DueLink]:
    """Links of active clients that were not checked since, those that wait longest first; the same original once."""
    due = [
        Client.status == "active",
        or_(TrackedLink.last_checked_at.is_(None), TrackedLink.last_checked_at < checked_before),
    ]
    if client_id is not None:
        due.append(TrackedLink.client_id == client_id)
    waiting = (
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
            waiting,
            (TrackedLink.client_id == waiting.c.client_id) & (TrackedLink.original_sha256 == waiting.c.original_sha256),
        )
        .order_by(waiting.c.since, TrackedLink.id)
    )
    places: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for owner, original, number, tagged in rows:
        places.setdefault((owner, original), []).append((number, tagged))
    # The newest of them stands for all: they differ in their tags alone.
    return [DueLink(links[-1][1], tuple(number for number, _ in links)) for links in places.values()]
