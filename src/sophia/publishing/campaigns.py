"""Puts a draft into a campaign of its client, where its links get the campaign's name."""

from sqlalchemy.orm import Session

from sophia.analytics.models import Campaign, CampaignMembership
from sophia.errors import NotFoundError


def join_campaign(session: Session, client_id: int, draft_id: int, campaign_id: int) -> None:
    """A second time changes nothing. Raises NotFoundError for a campaign that is not the client's (D4)."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or campaign.client_id != client_id:
        raise NotFoundError(f"Client {client_id} has no campaign {campaign_id}.")
    if session.get(CampaignMembership, (campaign_id, draft_id)) is None:
        session.add(CampaignMembership(campaign_id=campaign_id, draft_id=draft_id))
        session.flush()
