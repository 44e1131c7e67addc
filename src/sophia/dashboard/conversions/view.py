"""Links and conversions of one client: the funnel, what sales are credited to, their sources, and the tracked links."""

from dataclasses import dataclass
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request, Response
from sqlalchemy.orm import Session

from sophia.access.pages import ReadPage, WritePage
from sophia.access.web import RequestContext
from sophia.analytics.conversions.listing import ConversionFilter, list_conversions
from sophia.analytics.conversions.models import EVERY_SOURCE
from sophia.analytics.conversions.reports import make_attribution, make_funnel
from sophia.analytics.conversions.schemas import (
    AttributionQuery,
    ChannelKind,
    FunnelQuery,
    FunnelReport,
    Removal,
    Restoring,
    SourceChoice,
)
from sophia.analytics.conversions.source_store import choose_sources
from sophia.analytics.conversions.sources import ConversionSources, list_sources
from sophia.analytics.conversions.versions import delete_conversion, restore_conversion
from sophia.analytics.figures.requests import Id
from sophia.analytics.links import queries
from sophia.analytics.links.schemas import NewDomains
from sophia.analytics.links.store import set_domains
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.conversions.tables import (
    conversion_table,
    credit_table,
    draft_table,
    event_label,
    funnel_table,
    link_table,
    shared_table,
    source_table,
)
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, can_change, change_client, read_form, see
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, last_day, picker, window_of
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.charts.specifications import bars
from sophia.display.figures import definition, figure_card, label_of
from sophia.display.formatting import DASH, dates, value_of, whole
from sophia.display.values import Card, Chart, Link, Table, Value
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Client

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ClientId = Annotated[Id, Path()]
Text = Annotated[str, Form(max_length=500)]
MOST_ROWS = 100
CARDS = (
    *("conversion_rate", "average_order_value", "revenue_per_customer"),
    *("new_customers", "customer_acquisition_cost"),
)
NO_EVENTS = "No conversion of these days is recorded. Import a file with `sophia conversions import`, or send events to the API."
NO_REVENUE = "No sale of these days has an amount."


class ConversionsQuery(PageQuery):
    """The window, and what a channel of the attribution is."""

    by: Annotated[ChannelKind, Query()] = "source"


@dataclass(frozen=True, slots=True)
class SourceOption:
    """One choice of the sources whose sales count."""

    name: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ConversionsPage:
    path: str
    name: str
    lead: str
    error: str
    cards: tuple[Card, ...]
    funnel: Chart
    channels: tuple[Link, ...]
    attribution: Table
    drafts: Table
    sources: Table
    shared: Table
    rules: tuple[SourceOption, ...]
    source_options: tuple[SourceOption, ...]
    conversions: Table
    links: Table
    domains: str
    can_change: bool


@router.get("/clients/{client_id}/conversions")
def conversions(
    request: Request, context: ReadPage, client_id: ClientId, query: Annotated[ConversionsQuery, Query()]
) -> Response:
    return show(request, context, client_id, query)


@router.post("/clients/{client_id}/conversions/sources")
def choose(
    request: Request,
    context: WritePage,
    client_id: ClientId,
    rule: Annotated[Literal["default", "chosen", "every"], Form()] = "default",
    sources: Annotated[list[str], Form(max_length=50)] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Choose the sources whose sales count; the default rule leaves the choice to Sophia."""
    chosen = {"default": None, "chosen": sources, "every": [EVERY_SOURCE]}[rule]

    def store_choice(session: Session) -> None:
        choose_sources(session, client_id, read_form(SourceChoice, {"sources": chosen}).sources, context.now)

    return changed(request, context, client_id, change_client(context, client_id, store_choice))


@router.post("/clients/{client_id}/conversions/domains")
def domains(request: Request, context: WritePage, client_id: ClientId, domains: Text = "") -> Response:
    """Replace the domains of the client; they are separated by spaces or commas."""
    names = domains.replace(",", " ").split()

    def store_domains(session: Session) -> None:
        set_domains(session, client_id, read_form(NewDomains, {"domains": names}).domains)

    return changed(request, context, client_id, change_client(context, client_id, store_domains))


@router.post("/clients/{client_id}/conversions/delete")
def delete(
    request: Request,
    context: WritePage,
    client_id: ClientId,
    conversion_id: Annotated[Id, Form()],
    reason: Text = "",
) -> Response:
    def store_removal(session: Session) -> None:
        removal = read_form(Removal, {"reason": reason})
        delete_conversion(session, client_id, conversion_id, removal.reason, context.now)

    return changed(request, context, client_id, change_client(context, client_id, store_removal))


@router.post("/clients/{client_id}/conversions/restore")
def restore(
    request: Request,
    context: WritePage,
    client_id: ClientId,
    conversion_id: Annotated[Id, Form()],
    reason: Text = "",
) -> Response:
    def store_restoring(session: Session) -> None:
        restoring = read_form(Restoring, {"reason": reason})
        restore_conversion(session, client_id, conversion_id, restoring.reason, context.now)

    return changed(request, context, client_id, change_client(context, client_id, store_restoring))


def changed(request: Request, context: RequestContext, client_id: int, error: str) -> Response:
    """Lead back to the page after a change, or show what is wrong with it."""
    if error:
        return show(request, context, client_id, ConversionsQuery(), error)
    return see(context, f"/clients/{client_id}/conversions")


def show(
    request: Request, context: RequestContext, client_id: int, query: ConversionsQuery, error: str = ""
) -> Response:  # fmt: skip
    window = window_of(query, context.now)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        page = conversions_page(request, context, session, client_id, window, query.by, error)
    sections = client_sections(request, context, client_id)
    title = f"Links and conversions of {page.name} {dates(window)}"
    outside = frame(request, context, title, picker(request, context, window), sections)
    return respond(request, "conversions/page.html", outside, page, UNPROCESSABLE if error else 200)


def conversions_page(
    request: Request,
    context: RequestContext,
    session: Session,
    client_id: int,
    window: DateRange,
    by: ChannelKind,
    error: str,
) -> ConversionsPage:
    """Read the reports of a window and return the page."""
    days = {"start_date": window.start, "end_date": last_day(window)}
    report = make_funnel(session, client_id, FunnelQuery.model_validate(days), context.now)
    attribution_query = AttributionQuery.model_validate(days | {"by": by})
    attribution = make_attribution(session, client_id, attribution_query, context.now)
    listed = ConversionFilter(window, with_removed=True)
    records = list_conversions(session, client_id, listed, limit=MOST_ROWS)
    sources = list_sources(session, client_id)
    links = queries.list_links(session, client_id, limit=MOST_ROWS)
    zone = ZoneInfo(context.settings.operator_timezone)
    path = f"{context.settings.path_prefix}/clients/{client_id}/conversions"
    can = can_change(context)
    return ConversionsPage(
        path=path if can else "",
        name=session.get_one(Client, client_id).name,
        lead=lead(report),
        error=error,
        cards=cards(context.settings.path_prefix, report),
        funnel=funnel_chart(report, request.app.state.chart_drawer),
        channels=channel_links(request, by),
        attribution=credit_table(attribution),
        drafts=draft_table(attribution.drafts),
        sources=source_table(sources),
        shared=shared_table(sources.shared),
        rules=rules(sources) if can else (),
        source_options=source_options(sources) if can else (),
        conversions=conversion_table(records, MOST_ROWS),
        links=link_table(links, zone, context.now, MOST_ROWS),
        domains=" ".join(queries.client_domains(session, client_id)) if can else "",
        can_change=can,
    )


def lead(report: FunnelReport) -> str:
    """Return one sentence: how many people or events reached the last step, and the revenue."""
    if not report.events:
        return NO_EVENTS
    steps = [f"{whole(step.events)} {event_label(step.name, step.events)}" for step in report.steps]
    return f"{', '.join(steps[:-1])} and {steps[-1]}; revenue {revenue(report).text}."


def revenue(report: FunnelReport) -> Value:
    texts = [value_of(figure).text for figure in report.revenue if figure.value is not None]
    return Value(" · ".join(texts)) if texts else Value(DASH, reason=NO_REVENUE)


def cards(prefix: str, report: FunnelReport) -> tuple[Card, ...]:
    figures = {name: getattr(report, name) for name in CARDS}
    return (
        Card(label_of("revenue"), definition(prefix, "revenue"), revenue(report), note="net of refunds"),
        *(figure_card(label_of(name), figure, definition(prefix, name)) for name, figure in figures.items()),
    )


def funnel_chart(report: FunnelReport, drawer: ChartDrawer) -> Chart:
    """Return the steps of the funnel: people where every event identifies its customer, else events."""
    table = funnel_table(report)
    if not table.rows:
        return Chart("funnel", "Funnel", "No event is recorded.", "", table)
    counts = [step.events if step.people is None else step.people for step in report.steps]
    labels = [event_label(step.name, 2).capitalize() for step in report.steps]
    svg = drawer.draw([bars(labels, counts, colour="audience", unit="People" if report.is_linked else "Events")])[0]
    described = ", ".join(f"{label} {whole(count)}" for label, count in zip(labels, counts, strict=True))
    title = "People who took these steps in this order" if report.is_linked else "Events of each step"
    return Chart("funnel", title, f"{title}: {described}.", svg, table)


def channel_links(request: Request, by: ChannelKind) -> tuple[Link, ...]:
    """Return the choice of what a channel is; the window stays in the address."""
    return tuple(
        Link(label, f"?{request.url.include_query_params(by=kind).query}", kind == by)
        for kind, label in (("source", "By source"), ("draft", "By draft"))
    )


def rules(sources: ConversionSources) -> tuple[SourceOption, ...]:
    """Return the rules of which sales count, with the current one marked."""
    current = "default"
    if sources.chosen is not None:
        current = "every" if EVERY_SOURCE in sources.chosen else "chosen"
    labels = (
        ("default", "Each sale once, with the data of the shop"),
        ("every", "Every source"),
        ("chosen", "Only the chosen sources"),
    )
    return tuple(SourceOption(name, label, name == current) for name, label in labels)


def source_options(sources: ConversionSources) -> tuple[SourceOption, ...]:
    chosen = sources.chosen or ()
    return tuple(
        SourceOption(name, name, name in chosen) for name in sorted({source.name for source in sources.sources})
    )
