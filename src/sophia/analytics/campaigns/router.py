"""Campaigns of one client: grouped by content pillar and month, or made by hand, with what they came to."""

from typing import Annotated

from fastapi import APIRouter, Path

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.campaigns import store
from sophia.analytics.campaigns.queries import CampaignState, list_campaigns
from sophia.analytics.campaigns.schemas import CampaignAnswer, CampaignChange, DraftsAdded, GroupingAnswer, NewCampaign
from sophia.analytics.figures.requests import ClientId, Id
from sophia.analytics.readings.permissions import expect_client

router = APIRouter(responses=documented(404))
writing = documented(400, 409, 413)

CampaignId = Annotated[Id, Path()]
DraftId = Annotated[Id, Path()]


@router.get("/{client_id}/campaigns", response_model=list[CampaignAnswer])
def campaigns(context: ReadContext, client_id: ClientId) -> list[CampaignState]:
    """Campaigns, newest first, with their drafts and totals. The status follows from the dates, in the client's zone."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        return list_campaigns(session, client_id, context.now)


@router.post("/{client_id}/campaigns", status_code=201, response_model=CampaignAnswer, responses=writing)
def create_campaign(context: WriteContext, client_id: ClientId, campaign: NewCampaign) -> CampaignState:
    """Make a campaign by hand. Drafts of other clients are refused."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        number = store.create_campaign(session, client_id, now=context.now, **campaign.model_dump())
    return _campaign(context, client_id, number)


@router.post("/{client_id}/campaigns/group", response_model=GroupingAnswer)
def group_campaigns(context: WriteContext, client_id: ClientId) -> store.Grouping:
    """Put drafts that are in no grouped campaign into that of their content pillar and month; twice changes nothing."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        return store.group_drafts(session, client_id, context.now)


@router.patch("/{client_id}/campaigns/{campaign_id}", response_model=CampaignAnswer, responses=writing)
def change_campaign(
    context: WriteContext, client_id: ClientId, campaign_id: CampaignId, change: CampaignChange
) -> CampaignState:
    """Change name, days or pillar; the slug stays, for links carry it."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        store.change_campaign(session, client_id, campaign_id, change.changes)
    return _campaign(context, client_id, campaign_id)


@router.delete("/{client_id}/campaigns/{campaign_id}", status_code=204, responses=documented(409))
def delete_campaign(context: WriteContext, client_id: ClientId, campaign_id: CampaignId) -> None:
    """Delete a campaign made by hand; its drafts, posts and conversions stay."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        store.delete_campaign(session, client_id, campaign_id)


@router.post("/{client_id}/campaigns/{campaign_id}/drafts", response_model=CampaignAnswer, responses=writing)
def add_drafts(
    context: WriteContext, client_id: ClientId, campaign_id: CampaignId, added: DraftsAdded
) -> CampaignState:
    """Put drafts into a campaign, each once; one that is another client's refuses them all."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        store.add_drafts(session, client_id, campaign_id, added.draft_ids)
    return _campaign(context, client_id, campaign_id)


@router.delete("/{client_id}/campaigns/{campaign_id}/drafts/{draft_id}", status_code=204, responses=documented(409))
def remove_draft(context: WriteContext, client_id: ClientId, campaign_id: CampaignId, draft_id: DraftId) -> None:
    """Take a draft out of a campaign made by hand."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        store.remove_draft(session, client_id, campaign_id, draft_id)


def _campaign(context: ReadContext, client_id: int, campaign_id: int) -> CampaignState:
    with context.database.read() as session:
        (campaign_state,) = list_campaigns(session, client_id, context.now, campaign_id)
    return campaign_state
