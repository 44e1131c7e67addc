"""Alerts: which are open, and the routes on which they are sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import SecretStr
from sqlalchemy.orm import Session

from sophia.access.pages import AdminPage
from sophia.access.web import AppState, RequestContext
from sophia.alerts.deliveries import route_problems, unknown_deliveries
from sophia.alerts.routes import ALERT_KINDS, NewRoute, Route, add_route, delete_route, list_routes, pause_route
from sophia.alerts.sending import send_test
from sophia.alerts.tracking import Alert, list_alerts
from sophia.analytics.figures.requests import Id
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, read_form, see
from sophia.dashboard.layout.forms import LineField, LineText, OptionalId, none_if_empty
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.formatting import clock
from sophia.display.values import Cell, Choice, Column, Table, Value
from sophia.errors import ConfigurationError, ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.service import list_clients
from sophia.vault import open_vault

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PAGE = "/settings/alerts"
RouteId = Annotated[Id, Form()]
Kinds = Annotated[list[LineText], Form(max_length=len(ALERT_KINDS))]
REFUSALS = (InvalidInputError, ConflictError, NotFoundError, ConfigurationError)
LABELS = {
    "anomaly": "Unusual values of a client",
    "portfolio_event": "Changes of a platform for all clients",
    "token": "Tokens that ended or end soon",
    "collection_failed": "Failed collections",
    "collection_overdue": "Overdue collections",
    "goal": "Goals in danger",
    "report_held": "Reports that are held back",
}
HOURS = tuple(range(24))


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """Open alerts and routes. `notice` is the result of a test message, `error` says why a form changed nothing."""

    lead: str
    problems: tuple[str, ...]
    alerts: Table
    routes: Table
    choices: tuple[Choice, ...]
    clients: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    hours: tuple[Choice, ...]
    digests: tuple[Choice, ...]
    zone: str
    notice: str = ""
    error: str = ""


@router.get(PAGE)
def alerts(request: Request, context: AdminPage, _query: Annotated[PageQuery, Query()]) -> Response:
    return show(request, context)


@router.post(PAGE)
def add(
    request: Request,
    context: AdminPage,
    name: LineField,
    address: Annotated[SecretStr, Form(max_length=3_000)],
    timezone: LineField,
    client_id: OptionalId = None,
    kinds: Kinds = [],  # noqa: B006 - FastAPI copies defaults
    quiet_from: LineField = "",
    quiet_until: LineField = "",
    digest_hour: LineField = "",
) -> Response:
    """Add a route. A refused form is shown again without the address."""
    hours = {"quiet_from": quiet_from, "quiet_until": quiet_until, "digest_hour": digest_hour}
    timing = {"timezone": timezone} | {field: hour_of(text) for field, text in hours.items()}
    chosen = None if not kinds or set(kinds) == set(ALERT_KINDS) else tuple(kinds)
    values: Mapping[str, Any] = {
        "name": name,
        "address": address,
        "client_id": client_id,
        "kinds": chosen,
        "timing": timing,
    }
    vault = open_vault(context.settings.encryption_key, context.settings.data_dir)
    return change(
        request,
        context,
        lambda session: add_route(session, vault, context.allowed_clients, read_form(NewRoute, values), context.now),
    )


def hour_of(text: str) -> int | str | None:
    """Return the hour of a choice, None for the empty choice, and other text as it is, which the record refuses."""
    return int(text) if text.isdecimal() and text.isascii() else none_if_empty(text)  # type: ignore[return-value]


@router.post("/settings/alerts/test")
async def test(request: Request, context: AdminPage, route_id: RouteId) -> Response:
    """Send a test message at once, and show whether the service accepted it."""
    # Its answer takes longer than the time that a request has for the store.
    app_state: AppState = request.app.state.app_state
    vault = open_vault(context.settings.encryption_key, context.settings.data_dir)
    try:
        outcome = await send_test(
            app_state.database, vault, context.settings, context.allowed_clients, route_id, context.now
        )
    except REFUSALS as error:
        return show(request, context, error=str(error))
    if outcome.result == "sent":
        return show(request, context, notice="The service accepted the test message.")
    return show(request, context, error=outcome.error)


@router.post("/settings/alerts/pause")
def pause(request: Request, context: AdminPage, route_id: RouteId) -> Response:
    return change(
        request,
        context,
        lambda session: pause_route(session, context.allowed_clients, route_id, context.now, is_paused=True),
    )


@router.post("/settings/alerts/resume")
def resume(request: Request, context: AdminPage, route_id: RouteId) -> Response:
    return change(
        request,
        context,
        lambda session: pause_route(session, context.allowed_clients, route_id, context.now, is_paused=False),
    )


@router.post("/settings/alerts/delete")
def delete(request: Request, context: AdminPage, route_id: RouteId) -> Response:
    return change(request, context, lambda session: delete_route(session, context.allowed_clients, route_id))


def change(request: Request, context: RequestContext, action: Callable[[Session], object]) -> Response:
    """Run a change in one transaction and lead back to the page, or show it with the reason why nothing was changed."""
    try:
        with context.database.write() as session:
            action(session)
    except REFUSALS as error:
        return show(request, context, error=str(error))
    return see(context, PAGE)


def show(request: Request, context: RequestContext, *, notice: str = "", error: str = "") -> Response:
    with context.database.read() as session:
        routes, listed = list_routes(session, context.allowed_clients), list_alerts(session, context.allowed_clients)
        problems = route_problems(routes, unknown_deliveries(session, context.now))
        clients = [client for client in list_clients(session) if client.status == "active"]
    zone = context.settings.operator_zone
    page = AlertsPage(
        lead=lead_text(len(listed), routes),
        problems=tuple(problems),
        alerts=alert_table(listed, zone, context.now, context.settings.path_prefix),
        routes=route_table(routes, zone, context.now),
        choices=tuple(Choice(str(route.id), f"{route.name}, {route.service} {route.fingerprint}") for route in routes),
        clients=(Choice("", "The whole portfolio"), *(Choice(str(client.id), client.name) for client in clients)),
        kinds=tuple(Choice(kind, LABELS[kind], selected=True) for kind in ALERT_KINDS),
        hours=hour_choices("no quiet hours"),
        digests=hour_choices("at once", "daily at "),
        zone=context.settings.operator_timezone,
        notice=notice,
        error=error,
    )
    outside = frame(request, context, "Alerts")
    return respond(request, "alerts/page.html", outside, page, UNPROCESSABLE if error else 200)


def lead_text(count: int, routes: Sequence[Route]) -> str:
    """Return the sentence at the top of the page."""
    alerts_text = {0: "No alert is open", 1: "One alert is open"}.get(count, f"{count} alerts are open")
    if not routes:
        return f"{alerts_text}. Add a route below, so that people receive alerts."
    active = sum(route.paused_at is None for route in routes)
    return f"{alerts_text}. {active} of {len(routes)} routes {'sends' if active == 1 else 'send'} alerts."


def hour_choices(without: str, before: str = "") -> tuple[Choice, ...]:
    """Return the hours of a day, after the choice of none."""
    return (Choice("", without, selected=True), *(Choice(str(hour), f"{before}{hour:02}:00") for hour in HOURS))


def alert_table(listed: Sequence[Alert], zone: ZoneInfo, now: datetime, prefix: str) -> Table:
    columns = (Column("Alert"), Column("Kind"), Column("Details"), Column("Began"))
    rows = tuple(
        (
            Cell(Value(alert.condition.title), href=f"{prefix}{alert.condition.path}"),
            Cell(Value(LABELS[alert.condition.kind])),
            Cell(Value(alert.condition.text)),
            Cell(clock(alert.began_at, zone, now)),
        )
        for alert in listed
    )
    return Table("alerts", "Open alerts", columns, rows, "No alert is open.")


def route_table(routes: Sequence[Route], zone: ZoneInfo, now: datetime) -> Table:
    names = ("Route", "For", "Service", "Kinds", "Sends", "Last sent", "State")
    rows = tuple(
        (
            Cell(Value(route.name)),
            Cell(Value(route.client_name or "the whole portfolio")),
            Cell(Value(route.service), note=f"fingerprint {route.fingerprint}"),
            Cell(Value("all" if route.kinds is None else ", ".join(LABELS[kind] for kind in route.kinds))),
            Cell(Value(route.timing.text)),
            Cell(clock(route.last_sent_at, zone, now)),
            Cell(Value(route.state)),
        )
        for route in routes
    )
    note = "The fingerprint tells two addresses of a service apart; the address itself is never shown."
    return Table("routes", "All routes", tuple(map(Column, names)), rows, "There is no route yet.", footnote=note)
