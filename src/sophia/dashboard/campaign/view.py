"""One campaign: its results, events and drafts; change or delete it, add and remove drafts."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from sqlalchemy.orm import Session

from sophia.access.pages import ReadPage, WritePage
from sophia.access.web import RequestContext
from sophia.analytics.campaigns import store
from sophia.analytics.campaigns.queries import CampaignRecord, list_campaigns
from sophia.analytics.campaigns.schemas import AddedDrafts, CampaignChange
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.campaigns.view import campaign_dates, revenue_value
from sophia.dashboard.conversions.tables import event_label
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, can_change, change_client, read_form, see
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.figures import count_cell, definition, figure_card, figure_cell, label_of
from sophia.display.values import Card, Cell, Column, Table, Value
from sophia.errors import NotFoundError

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ClientId = Annotated[Id, Path()]
CampaignId = Annotated[Id, Path()]
Text = Annotated[str, Form(max_length=200)]
Numbers = Annotated[str, Form(max_length=5000)]


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """A campaign. An automatic campaign has only its name to change, because the rest follows from pillar and month."""

    path: str
    name: str
    lead: str
    error: str
    cards: tuple[Card, ...]
    metrics: Table
    events: Table
    drafts: Table
    draft_ids: tuple[int, ...]
    can_change: bool
    is_automatic: bool
    start_date: str
    end_date: str
    content_pillar: str


@router.get("/clients/{client_id}/campaigns/{campaign_id}")
def campaign(
    request: Request,
    context: ReadPage,
    client_id: ClientId,
    campaign_id: CampaignId,
    query: Annotated[PageQuery, Query()],
) -> Response:
    del query  # the window stays in the address; a campaign has dates of its own
    return show(request, context, client_id, campaign_id)


@router.post("/clients/{client_id}/campaigns/{campaign_id}")
def change(
    request: Request,
    context: WritePage,
    client_id: ClientId,
    campaign_id: CampaignId,
    name: Text = "",
    start_date: Text = "",
    end_date: Text = "",
    content_pillar: Text = "",
) -> Response:
    record = find_campaign(context, client_id, campaign_id)
    values: dict[str, str | None] = {"name": name}
    if not record.is_automatic:
        values |= {
            "start_date": start_date,
            "end_date": end_date or None,
            "content_pillar": content_pillar or None,
        }

    def store_change(session: Session) -> None:
        store.change_campaign(session, client_id, campaign_id, read_form(CampaignChange, values).changes)

    return changed(request, context, client_id, campaign_id, store_change)


@router.post("/clients/{client_id}/campaigns/{campaign_id}/drafts")
def add_drafts(
    request: Request, context: WritePage, client_id: ClientId, campaign_id: CampaignId, draft_ids: Numbers = ""
) -> Response:
    """Add drafts; their numbers are separated by commas or spaces."""
    numbers = re.findall(r"[^\s,;]+", draft_ids)

    def add(session: Session) -> None:
        added = read_form(AddedDrafts, {"draft_ids": numbers})
        store.add_drafts(session, client_id, campaign_id, added.draft_ids)

    return changed(request, context, client_id, campaign_id, add)


@router.post("/clients/{client_id}/campaigns/{campaign_id}/drafts/{draft_id}/remove")
def remove_draft(
    request: Request,
    context: WritePage,
    client_id: ClientId,
    campaign_id: CampaignId,
    draft_id: Annotated[Id, Path()],
) -> Response:
    def remove(session: Session) -> None:
        store.remove_draft(session, client_id, campaign_id, draft_id)

    return changed(request, context, client_id, campaign_id, remove)


@router.post("/clients/{client_id}/campaigns/{campaign_id}/delete")
def delete(request: Request, context: WritePage, client_id: ClientId, campaign_id: CampaignId) -> Response:
    error = change_client(
        context, client_id, lambda session: store.delete_campaign(session, client_id, campaign_id)
    )  # fmt: skip
    if error:
        return show(request, context, client_id, campaign_id, error)
    return see(context, f"/clients/{client_id}/campaigns")


def changed(
    request: Request,
    context: RequestContext,
    client_id: int,
    campaign_id: int,
    store_change: Callable[[Session], object],
) -> Response:
    """Store a change and lead back to the campaign, or show what is wrong with it."""
    error = change_client(context, client_id, store_change)
    if error:
        return show(request, context, client_id, campaign_id, error)
    return see(context, f"/clients/{client_id}/campaigns/{campaign_id}")


def find_campaign(context: RequestContext, client_id: int, campaign_id: int) -> CampaignRecord:
    """Return a campaign. Raises NotFoundError for one of another client."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        records = list_campaigns(session, client_id, context.now, campaign_id)
    if not records:
        raise NotFoundError(f"This client has no campaign {campaign_id}.")
    return records[0]


def show(
    request: Request, context: RequestContext, client_id: int, campaign_id: int, error: str = ""
) -> Response:  # fmt: skip
    record = find_campaign(context, client_id, campaign_id)
    page = campaign_page(context.settings.path_prefix, client_id, record, error, can=can_change(context))
    outside = frame(request, context, record.name, sections=client_sections(request, context, client_id))
    return respond(request, "campaign/page.html", outside, page, UNPROCESSABLE if error else 200)


def campaign_page(prefix: str, client_id: int, record: CampaignRecord, error: str, *, can: bool) -> CampaignPage:
    """Return the results of a campaign, and the values of its form."""
    totals = record.totals
    metrics = tuple(
        (Cell(Value(label_of(name)), definition(prefix, name)), figure_cell(figure))
        for name, figure in totals.metrics.items()
    )
    events = tuple(
        (Cell(Value(event_label(name, count))), count_cell(count, "")) for name, count in record.events.items()
    )  # fmt: skip
    rate = "engagement_rate_by_reach"
    return CampaignPage(
        path=f"{prefix}/clients/{client_id}/campaigns/{record.id}" if can else "",
        name=record.name,
        lead=f"{campaign_dates(record)}: {record.status.value}. {count_text(totals.posts, 'post')} from "
        f"{count_text(totals.drafts, 'draft')}.",
        error=error,
        cards=(
            figure_card(label_of(rate), totals.engagement_rate_by_reach, definition(prefix, rate)),
            figure_card("Conversions", totals.conversions),
            Card("Revenue", definition(prefix, "revenue"), revenue_value(record.revenue)),
        ),
        metrics=Table(
            "metrics",
            "Posts of this campaign together",
            (Column("Metric"), Column("Total", numeric=True)),
            metrics,
            "No post of this campaign has been read yet.",
            "Newest values. Reach has bounds, because the same person can see several posts.",
        ),
        events=Table(
            "events",
            "Events",
            (Column("Event"), Column("Count", numeric=True)),
            events,
            f"No event names a draft of this campaign or carries the tag {record.slug}.",
        ),
        drafts=Table(
            "drafts",
            "Drafts",
            (Column("Draft"),),
            tuple((Cell(Value(f"Draft {draft_id}")),) for draft_id in record.draft_ids),
            "This campaign has no draft.",
        ),
        draft_ids=() if record.is_automatic else tuple(record.draft_ids),
        can_change=can,
        is_automatic=record.is_automatic,
        start_date="" if record.is_automatic else record.start_date.isoformat(),
        end_date="" if record.is_automatic or record.end_date is None else record.end_date.isoformat(),
        content_pillar="" if record.is_automatic else record.content_pillar or "",
    )


def count_text(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
