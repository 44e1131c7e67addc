"""The campaigns of one client: their dates, drafts and results; create a campaign, or group the drafts into campaigns."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response

from sophia.access.pages import ReadPage, WritePage
from sophia.access.web import RequestContext
from sophia.analytics.campaigns import store
from sophia.analytics.campaigns.queries import CampaignRecord, list_campaigns
from sophia.analytics.campaigns.schemas import NewCampaign
from sophia.analytics.campaigns.totals import CampaignStatus
from sophia.analytics.conversions.queries import client_today
from sophia.analytics.figures.figures import Figure
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, can_change, change_client, read_form, see
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.figures import count_cell, definition, figure_cell
from sophia.display.formatting import DASH, dates, day, value_of
from sophia.display.values import Cell, Column, Table, Value
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.portfolio.models import Client

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ClientId = Annotated[Id, Path()]
Text = Annotated[str, Form(max_length=200)]
METRICS = (("Reach", "reach"), ("Views", "views"))
NO_POSTS = "No post of this campaign has this metric."
NO_REVENUE = "No sale of this campaign has an amount."


@dataclass(frozen=True, slots=True)
class CampaignsPage:
    name: str
    lead: str
    error: str
    campaigns: Table
    can_change: bool
    start_date: str


@router.get("/clients/{client_id}/campaigns")
def campaigns(
    request: Request, context: ReadPage, client_id: ClientId, query: Annotated[PageQuery, Query()]
) -> Response:  # fmt: skip
    del query  # the window stays in the address; campaigns have dates of their own
    return show(request, context, client_id)


@router.post("/clients/{client_id}/campaigns")
def create(
    request: Request,
    context: WritePage,
    client_id: ClientId,
    name: Text = "",
    start_date: Text = "",
    end_date: Text = "",
    content_pillar: Text = "",
) -> Response:
    values = {
        "name": name,
        "start_date": start_date,
        "end_date": end_date or None,
        "content_pillar": content_pillar or None,
    }
    error = change_client(
        context,
        client_id,
        lambda session: store.create_campaign(session, client_id, read_form(NewCampaign, values), context.now),
    )
    return show(request, context, client_id, error) if error else see(context, f"/clients/{client_id}/campaigns")


@router.post("/clients/{client_id}/campaigns/group")
def group(context: WritePage, client_id: ClientId) -> Response:
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        store.group_drafts(session, client_id, context.now)
    return see(context, f"/clients/{client_id}/campaigns")


def show(request: Request, context: RequestContext, client_id: int, error: str = "") -> Response:
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
        today = client_today(session, client_id, context.now)
        records = list_campaigns(session, client_id, context.now)
    page = campaigns_page(
        f"{context.settings.path_prefix}/clients/{client_id}", name, records, today, error, can=can_change(context)
    )
    outside = frame(request, context, f"Campaigns of {name}", sections=client_sections(request, context, client_id))
    return respond(request, "campaigns/page.html", outside, page, UNPROCESSABLE if error else 200)


def campaigns_page(
    client_path: str, name: str, records: list[CampaignRecord], today: date, error: str, *, can: bool
) -> CampaignsPage:
    """Return the campaigns, newest first. `client_path` is the address of the client."""
    prefix = client_path.partition("/clients/")[0]
    columns = (
        Column("Campaign"),
        Column("Status"),
        Column("Dates"),
        Column("Posts", numeric=True),
        *(Column(label, numeric=True, href=definition(prefix, metric)) for label, metric in METRICS),
        Column("Engagement rate by reach", numeric=True, href=definition(prefix, "engagement_rate_by_reach")),
        Column("Conversions", numeric=True),
        Column("Revenue", numeric=True, href=definition(prefix, "revenue")),
    )
    table = Table(
        "campaigns",
        "Campaigns, newest first",
        columns,
        tuple(campaign_row(client_path, record) for record in records),
        "This client has no campaign yet. Create one below, or group the drafts by content pillar and month.",
        "Newest values of the posts of each campaign. Revenue is net of refunds.",
    )
    return CampaignsPage(name, lead(records), error, table, can, today.isoformat())


def lead(records: list[CampaignRecord]) -> str:
    """Return one sentence: how many campaigns are active, and which had the highest engagement rate."""
    if not records:
        return "No campaign yet."
    counts = [
        f"{sum(record.status is status for record in records)} {status.value}"
        for status in (CampaignStatus.ACTIVE, CampaignStatus.PLANNED, CampaignStatus.ENDED)
    ]
    rates = [(record, record.totals.engagement_rate_by_reach) for record in records]
    best = max(
        ((record, rate) for record, rate in rates if rate.value is not None),
        key=lambda pair: float(pair[1].value or 0),
        default=None,
    )
    state = f"Campaigns: {', '.join(counts)}"
    return (
        f"{state}." if best is None else f"{state}. Highest engagement rate: {best[0].name}, {value_of(best[1]).text}."
    )


def campaign_row(client_path: str, record: CampaignRecord) -> tuple[Cell, ...]:
    totals = record.totals
    return (
        Cell(
            Value(record.name),
            f"{client_path}/campaigns/{record.id}",
            note="by content pillar and month" if record.is_automatic else record.content_pillar or "",
        ),
        Cell(Value(record.status.value)),
        Cell(Value(campaign_dates(record)), sort=record.start_date.isoformat()),
        count_cell(totals.posts, ""),
        *(metric_cell(totals.metrics.get(metric)) for _, metric in METRICS),
        figure_cell(totals.engagement_rate_by_reach),
        figure_cell(totals.conversions),
        Cell(revenue_value(record.revenue)),
    )


def campaign_dates(record: CampaignRecord) -> str:
    """Return the first and last day; a campaign without an end continues."""
    if record.end_date is None:
        return f"since {day(record.start_date)} {record.start_date.year}"
    return f"{dates(DateRange(record.start_date, record.end_date + ONE_DAY))} {record.end_date.year}"


def metric_cell(figure: Figure | None) -> Cell:
    return Cell(Value(DASH, reason=NO_POSTS)) if figure is None else figure_cell(figure)


def revenue_value(revenue: tuple[Figure, ...]) -> Value:
    """Return the revenue in every currency."""
    texts = [value_of(figure).text for figure in revenue]
    return Value(" · ".join(texts)) if texts else Value(DASH, reason=NO_REVENUE)
