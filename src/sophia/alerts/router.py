"""Endpoints for alerts and their routes. No answer has an address of a route."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from sophia.access.problems import documented
from sophia.access.web import AdminContext, AppState, ReadContext
from sophia.alerts.routes import NewRoute, Route, add_route, delete_route, list_routes, pause_route
from sophia.alerts.sending import send_test
from sophia.alerts.services import Outcome
from sophia.alerts.tracking import Alert, list_alerts
from sophia.analytics.figures.requests import Id, RequestModel, writing
from sophia.analytics.router import PREFIX
from sophia.vault import open_vault

router = APIRouter(prefix=PREFIX, tags=["alerts"], responses=documented(401, 403, 404, 422, 429, 500, 503))
RouteId = Annotated[Id, Path()]


class AlertsQuery(RequestModel):
    """Which alerts are listed."""

    all: bool = Field(default=False, description="Also alerts that ended in the last 90 days.")


class Pause(RequestModel):
    """Whether a route is paused."""

    paused: bool


@router.get("/alerts")
def get_alerts(context: ReadContext, query: Annotated[AlertsQuery, Query()]) -> list[Alert]:
    """Return the open alerts, the newest first, at most 100."""
    with context.database.read() as session:
        return list_alerts(session, context.allowed_clients, only_open=not query.all)


@router.get("/alert-routes")
def get_routes(context: ReadContext) -> list[Route]:
    """Return the routes of alerts, without their addresses."""
    with context.database.read() as session:
        return list_routes(session, context.allowed_clients)


@router.post("/alert-routes", status_code=201, responses=writing)
def post_route(context: AdminContext, new: NewRoute) -> Route:
    """Add a route for a client or, without `client_id`, for the portfolio. Its address is encrypted."""
    vault = open_vault(context.settings.encryption_key, context.settings.data_dir)
    with context.database.write() as session:
        return add_route(session, vault, context.allowed_clients, new, context.now)


@router.put("/alert-routes/{route_id}/paused", responses=writing)
def put_paused(context: AdminContext, route_id: RouteId, pause: Pause) -> Route:
    """Pause a route, or let it send again."""
    with context.database.write() as session:
        return pause_route(session, context.allowed_clients, route_id, context.now, is_paused=pause.paused)


@router.post("/alert-routes/{route_id}/test", responses=documented(409))
async def test_route(request: Request, context: AdminContext, route_id: RouteId) -> Outcome:
    """Send a test message on a route at once, and return whether its service accepted it."""
    # Its answer takes longer than the time that a request has for the store.
    app_state: AppState = request.app.state.app_state
    vault = open_vault(context.settings.encryption_key, context.settings.data_dir)
    return await send_test(app_state.database, vault, context.settings, context.allowed_clients, route_id, context.now)


@router.delete("/alert-routes/{route_id}", status_code=204)
def remove_route(context: AdminContext, route_id: RouteId) -> None:
    """Delete a route with its address."""
    with context.database.write() as session:
        delete_route(session, context.allowed_clients, route_id)
