"""Campaigns of one client and the drafts in them."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.models import Campaign, CampaignMembership
from sophia.portfolio.models import Client


@dataclass(frozen=True, slots=True)
class CampaignState:
    """A campaign; both days are included, and an `end_date` of None means that none is set."""

    id: int
    name: str
    slug: str
    content_pillar: str | None
    start_date: date
    end_date: date | None
    status: str
    draft_ids: list[int]


def list_campaigns(session: Session, client_id: int, now: datetime) -> list[CampaignState]:
    """Newest first. Three queries, however many there are (J9).

    The status is what the dates say on the client's own calendar (G13, G14).
    """
    zone = session.scalar(select(Client.timezone).where(Client.id == client_id))
    today = now.astimezone(ZoneInfo(zone or "UTC")).date()
    drafts: dict[int, list[int]] = {}
    members = (
        select(CampaignMembership.campaign_id, CampaignMembership.draft_id)
        .join(Campaign, Campaign.id == CampaignMembership.campaign_id)
        .where(Campaign.client_id == client_id)
        .order_by(CampaignMembership.draft_id)
    )
    for campaign_id, draft_id in session.execute(members):
        drafts.setdefault(campaign_id, []).append(draft_id)
    rows = session.scalars(
        select(Campaign).where(Campaign.client_id == client_id).order_by(Campaign.start_date.desc(), Campaign.id.desc())
    )
    return [
        CampaignState(
            id=row.id,
            name=row.name,
            slug=row.slug,
            content_pillar=row.content_pillar,
            start_date=row.start_date,
            end_date=row.end_date,
            status=status_on(today, row.start_date, row.end_date),
            draft_ids=drafts.get(row.id, []),
        )
        for row in rows
    ]


def status_on(today: date, start: date, end: date | None) -> str:
    if today < start:
        return "planned"
    return "ended" if end is not None and today > end else "active"
