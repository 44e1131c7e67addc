"""Endpoints for a client's campaigns."""

from typing import Annotated

from fastapi import APIRouter, Path

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.campaigns import store
from sophia.analytics.campaigns.lifts import CampaignLift, campaign_lift
from sophia.analytics.campaigns.queries import CampaignRecord, list_campaigns
from sophia.analytics.campaigns.schemas import AddedDrafts, CampaignChange, NewCampaign
from sophia.analytics.figures.requests import ClientId, Id, writing
from sophia.analytics.readings.permissions import read_client, write_client

router = APIRouter(responses=documented(404))

CampaignId = Annotated[Id, Path()]
DraftId = Annotated[Id, Path()]


@router.get("/{client_id}/campaigns")
def get_campaigns(context: ReadContext, client_id: ClientId) -> list[CampaignRecord]:
    """Return campaigns, newest first, with their drafts and totals. The status follows from the dates in the client's zone."""
    with read_client(context, client_id) as session:
        return list_campaigns(session, client_id, context.now)


@router.get("/{client_id}/campaigns/{campaign_id}/lift")
def get_lift(context: ReadContext, client_id: ClientId, campaign_id: CampaignId) -> CampaignLift:
    """Estimate what the campaign added to the client's engagements, against a synthetic control of the other clients.

    An automatic campaign, and one without enough days, has a reason instead.
    """
    with read_client(context, client_id) as session:
        return campaign_lift(session, client_id, campaign_id, context.now)


@router.post("/{client_id}/campaigns", status_code=201, responses=writing)
def create_campaign(context: WriteContext, client_id: ClientId, campaign: NewCampaign) -> CampaignRecord:
    """Create a campaign. A draft of another client is an error."""
    with write_client(context, client_id) as session:
        campaign_id = store.create_campaign(session, client_id, campaign, context.now)
    return _campaign(context, client_id, campaign_id)


@router.post("/{client_id}/campaigns/group")
def group_campaigns(context: WriteContext, client_id: ClientId) -> store.Grouping:
    """Put every draft without an automatic campaign into the campaign of its content pillar and month.

    A repeated request changes nothing.
    """
    with write_client(context, client_id) as session:
        return store.group_drafts(session, client_id, context.now)


@router.patch("/{client_id}/campaigns/{campaign_id}", responses=writing)
def change_campaign(
    context: WriteContext, client_id: ClientId, campaign_id: CampaignId, change: CampaignChange
) -> CampaignRecord:
    """Change name, dates or pillar. The slug never changes, because links contain it."""
    with write_client(context, client_id) as session:
        store.change_campaign(session, client_id, campaign_id, change.changes)
    return _campaign(context, client_id, campaign_id)


@router.delete("/{client_id}/campaigns/{campaign_id}", status_code=204, responses=documented(409))
def delete_campaign(context: WriteContext, client_id: ClientId, campaign_id: CampaignId) -> None:
    """Delete a campaign made by hand; its drafts, posts and conversions stay."""
    with write_client(context, client_id) as session:
        store.delete_campaign(session, client_id, campaign_id)


@router.post("/{client_id}/campaigns/{campaign_id}/drafts", responses=writing)
def add_drafts(
    context: WriteContext, client_id: ClientId, campaign_id: CampaignId, added: AddedDrafts
) -> CampaignRecord:
    """Add drafts to a campaign. If one of them belongs to another client, none is added."""
    with write_client(context, client_id) as session:
        store.add_drafts(session, client_id, campaign_id, added.draft_ids)
    return _campaign(context, client_id, campaign_id)


@router.delete("/{client_id}/campaigns/{campaign_id}/drafts/{draft_id}", status_code=204, responses=documented(409))
def remove_draft(context: WriteContext, client_id: ClientId, campaign_id: CampaignId, draft_id: DraftId) -> None:
    """Remove a draft from a campaign made by hand."""
    with write_client(context, client_id) as session:
        store.remove_draft(session, client_id, campaign_id, draft_id)


def _campaign(context: ReadContext, client_id: int, campaign_id: int) -> CampaignRecord:
    with context.database.read() as session:
        (campaign,) = list_campaigns(session, client_id, context.now, campaign_id)
    return campaign
