"""Finds alerts and sends them: what jobs, pages, commands and the API call."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import anyio.to_thread
import structlog
from pydantic import SecretStr

from sophia.alerts.conditions import gather_situation
from sophia.alerts.deliveries import Reserved, as_item, has_work, note_outcome, note_result, reserve
from sophia.alerts.messages import Item, render
from sophia.alerts.routes import Route, find_route, route_address
from sophia.alerts.services import SEND_SECONDS, Outcome, send
from sophia.alerts.tracking import Changes, track
from sophia.analytics.readings.permissions import ClientScope
from sophia.config import Settings
from sophia.database.engine import Database
from sophia.errors import SophiaError
from sophia.vault import Vault

# The page and the API answer within 30 seconds.
TEST_SECONDS = 20.0
log = structlog.get_logger(__name__)


def find_alerts(database: Database, settings: Settings, now: datetime) -> Changes:
    """Compare the store with the open alerts, and store which began and ended."""
    with database.read() as session:
        situation = gather_situation(session, now, timedelta(days=settings.token_warning_days))
    with database.write() as session:
        return track(session, situation, now)


async def send_alerts(
    database: Database,
    vault: Vault,
    settings: Settings,
    clock: Callable[[], datetime],
    seconds: float = SEND_SECONDS,
) -> dict[str, int]:
    """Send what is due, one message per route, all routes at once. Return how many messages were sent and failed."""
    reserved = await anyio.to_thread.run_sync(_reserve, database, clock())

    async def send_reserved(message: Reserved) -> bool:
        outcome = await _send(database, vault, settings, message, seconds)
        await anyio.to_thread.run_sync(_note, database, message, outcome, clock())
        route = message.route
        if outcome.result != "sent":
            log.warning("alerts_not_sent", route=route.id, name=route.name, service=route.service, reason=outcome.error)
        return outcome.result == "sent"

    sent = await asyncio.gather(*(send_reserved(message) for message in reserved))
    return {"sent": sum(sent), "failed": len(sent) - sum(sent)}


def _reserve(database: Database, now: datetime) -> list[Reserved]:
    with database.read() as session:
        if not has_work(session, now):
            return []
    with database.write() as session:
        return reserve(session, now)


def _note(database: Database, message: Reserved, outcome: Outcome, now: datetime) -> None:
    with database.write() as session:
        note_outcome(session, message, outcome, now)


async def _send(database: Database, vault: Vault, settings: Settings, reserved: Reserved, seconds: float) -> Outcome:
    try:
        address = await anyio.to_thread.run_sync(_address, database, vault, reserved.route.id)
    except SophiaError as error:
        return Outcome("refused", str(error))
    message = render([as_item(item, settings.public_url or "") for item in reserved.items])
    return await send(address, message, seconds)


async def send_test(
    database: Database, vault: Vault, settings: Settings, allowed_clients: ClientScope, route_id: int, now: datetime
) -> Outcome:
    """Send a test message on a route at once, also in quiet hours. Raises NotFoundError and ConflictError."""
    route = await anyio.to_thread.run_sync(_find, database, allowed_clients, route_id)
    address = await anyio.to_thread.run_sync(_address, database, vault, route_id)
    link = f"{settings.public_url.rstrip('/')}/settings/alerts" if settings.public_url else ""
    item = Item("Test message of Sophia", f"The alert route {route.name!r} works.", link)
    outcome = await send(address, render([item]), TEST_SECONDS)
    await anyio.to_thread.run_sync(_note_test, database, route, outcome, now)
    return outcome


def _find(database: Database, allowed_clients: ClientScope, route_id: int) -> Route:
    with database.read() as session:
        return find_route(session, allowed_clients, route_id)


def _address(database: Database, vault: Vault, route_id: int) -> SecretStr:
    with database.read() as session:
        return route_address(session, vault, route_id)


def _note_test(database: Database, route: Route, outcome: Outcome, now: datetime) -> None:
    with database.write() as session:
        note_result(session, route, outcome, now)
