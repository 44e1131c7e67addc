"""What is due on which route: reserved in a transaction before it is sent, and noted after.

At most once: a delivery whose process was killed between sending and noting stays reserved, and is not sent again. A
message that a service refused is sent again later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from sophia.alerts.messages import Item
from sophia.alerts.routes import Route, list_routes
from sophia.alerts.services import Outcome
from sophia.alerts.tracking import Alert, as_alert
from sophia.database.statements import among, insert_for
from sophia.portfolio.alert_models import AlertDelivery, AlertEntry, AlertRoute, Phase

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
# After so long, the process that reserved a delivery does not work on it any more.
LONGEST_SENDING = timedelta(minutes=5)

Key = tuple[int, int, Phase]


@dataclass(frozen=True, slots=True)
class Due:
    """A phase of an alert that a route should get."""

    alert: Alert
    phase: Phase


@dataclass(frozen=True, slots=True)
class Reserved:
    """The message of one route that this process alone may send, and the ids of its deliveries."""

    route: Route
    items: tuple[Due, ...]
    delivery_ids: tuple[int, ...]


def reserve(session: Session, now: datetime) -> list[Reserved]:
    """Reserve everything that is due now, in the caller's transaction, which must commit before anything is sent."""
    routes = [route for route in list_routes(session, None) if may_send(route, now)]
    reserved = []
    for route, items in due_items(session, routes).items():
        if route.timing.digest_hour is not None and not claim_digest(session, route, now):
            continue
        claimed = [(item, claim(session, item, route, now)) for item in items]
        own = [(item, delivery) for item, delivery in claimed if delivery is not None]
        if own:
            reserved.append(Reserved(route, tuple(item for item, _ in own), tuple(delivery for _, delivery in own)))
    return reserved


def has_work(session: Session, now: datetime) -> bool:
    """Return whether `reserve` has something to do, so that a minute without news writes nothing."""
    routes = [route for route in list_routes(session, None) if may_send(route, now)]
    return any(items or route.timing.digest_hour is not None for route, items in due_items(session, routes).items())


def may_send(route: Route, now: datetime) -> bool:
    """Return whether a route may send now: not paused, not waiting, not in quiet hours, and its digest is due."""
    if route.paused_at is not None or not route.has_address or (route.retry_at is not None and route.retry_at > now):
        return False
    local = now.astimezone(ZoneInfo(route.timing.timezone))
    if route.timing.is_quiet(local.hour):
        return False
    if route.timing.digest_hour is None:
        return True
    is_sent = route.digest_on is not None and route.digest_on >= local.date()
    return local.hour >= route.timing.digest_hour and not is_sent


def due_items(session: Session, routes: Sequence[Route]) -> dict[Route, list[Due]]:
    """Return {route: what it should get, the oldest first}. An alert that ended before it was sent is not sent."""
    if not routes:
        return {}
    alerts, statuses = current_alerts(session), delivery_statuses(session, [route.id for route in routes])
    return {
        route: [
            Due(alert, phase)
            for alert in alerts
            if route.wants(alert.condition.kind, alert.condition.client_id)
            and (phase := due_phase(alert, route.id, statuses)) is not None
        ]
        for route in routes
    }


def due_phase(alert: Alert, route_id: int, statuses: Mapping[Key, str]) -> Phase | None:
    """Return the phase of an alert that a route has not got yet, or None."""
    began = statuses.get((alert.id, route_id, "began"), "refused")
    if alert.ended_at is None:
        return "began" if began == "refused" else None
    ended = statuses.get((alert.id, route_id, "ended"), "refused")
    return "ended" if began != "refused" and ended == "refused" else None


def current_alerts(session: Session) -> list[Alert]:
    """Return the open alerts, and the ended ones that some route got, the oldest first."""
    entry = AlertEntry
    was_sent = select(AlertDelivery.alert_id).where(AlertDelivery.phase == "began")
    query = (
        select(entry).where(or_(entry.ended_at.is_(None), entry.id.in_(was_sent))).order_by(entry.began_at, entry.id)
    )
    return [as_alert(row) for row in session.scalars(query)]


def delivery_statuses(session: Session, route_ids: Iterable[int]) -> dict[Key, str]:
    """Return {(alert, route, phase): status} of these routes."""
    delivery = AlertDelivery
    rows = session.execute(
        select(delivery.alert_id, delivery.route_id, delivery.phase, delivery.status).where(
            among(delivery.route_id, list(route_ids))
        )
    )
    return {(alert_id, route_id, phase): status for alert_id, route_id, phase, status in rows}


def claim(session: Session, item: Due, route: Route, now: datetime) -> int | None:
    """Reserve a delivery that was never tried or was refused. Return its id, or None if another process has it."""
    statement = insert_for(session, AlertDelivery).values(
        alert_id=item.alert.id, route_id=route.id, phase=item.phase, status="reserved", attempts=1, reserved_at=now
    )
    statement = statement.on_conflict_do_update(
        index_elements=["alert_id", "route_id", "phase"],
        set_={"status": "reserved", "attempts": AlertDelivery.attempts + 1, "reserved_at": now},
        where=AlertDelivery.status == "refused",
    )
    delivery_id: int | None = session.execute(statement.returning(AlertDelivery.id)).scalar()
    return delivery_id


def claim_digest(session: Session, route: Route, now: datetime) -> bool:
    """Take today's digest of a route. Return False if another process has it."""
    today: date = now.astimezone(ZoneInfo(route.timing.timezone)).date()
    is_due = or_(AlertRoute.digest_on.is_(None), AlertRoute.digest_on < today)
    statement = update(AlertRoute).where(AlertRoute.id == route.id, is_due).values(digest_on=today)
    return session.execute(statement.returning(AlertRoute.id)).scalar() is not None


def note_outcome(session: Session, reserved: Reserved, outcome: Outcome, now: datetime) -> None:
    """Store the result of sending. An unknown result leaves the deliveries reserved, so that they are not sent again."""
    deliveries = update(AlertDelivery).where(
        among(AlertDelivery.id, reserved.delivery_ids), AlertDelivery.status == "reserved"
    )
    if outcome.result == "sent":
        session.execute(deliveries.values(status="sent", sent_at=now, error=None))
    elif outcome.result == "refused":
        session.execute(deliveries.values(status="refused", error=outcome.error))
    else:
        session.execute(deliveries.values(error=outcome.error))
    row = note_result(session, reserved.route, outcome, now)
    if row is not None and outcome.result != "sent":
        wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(row.failures, 10))
        row.failures, row.retry_at = row.failures + 1, now + wait
        if outcome.result == "refused":
            # Today's digest is due again after the wait.
            row.digest_on = None


def note_result(session: Session, route: Route, outcome: Outcome, now: datetime) -> AlertRoute | None:
    """Store how the last message of a route went, also of a test; return its row, or None if it was deleted."""
    row = session.get(AlertRoute, route.id, with_for_update=True)
    if row is not None and outcome.result == "sent":
        row.failures, row.retry_at, row.last_error, row.last_sent_at = 0, None, None, now
    elif row is not None:
        row.last_error = outcome.error
    return row


def as_item(item: Due, base: str) -> Item:
    """Return an alert as it is sent; `base` is the public address of Sophia, or empty."""
    alert, condition = item.alert, item.alert.condition
    link = f"{base.rstrip('/')}{condition.path}" if base else f"Page in Sophia: {condition.path}"
    if item.phase == "began":
        return Item(condition.title, condition.text, link)
    text = alert.outcome or f"This was reported on {alert.began_at.date()}: {condition.text}"
    return Item(f"Ended: {condition.title}", text, link)


def unknown_deliveries(session: Session, now: datetime) -> dict[int, int]:
    """Return {route: deliveries whose result is unknown}: a process ended, or a service did not answer in time."""
    rows = session.scalars(
        select(AlertDelivery.route_id).where(
            AlertDelivery.status == "reserved", AlertDelivery.reserved_at < now - LONGEST_SENDING
        )
    ).all()
    return {route_id: list(rows).count(route_id) for route_id in set(rows)}


def route_problems(routes: Sequence[Route], unknown: Mapping[int, int]) -> list[str]:
    """Return a sentence for each route that a person should look at; `unknown` is the result of `unknown_deliveries`."""
    failing = [
        f"Alert route {route.id} ({route.name}) {route.state}"
        for route in routes
        if route.is_failing and route.paused_at is None
    ]
    uncertain = [
        f"Alert route {route.id} ({route.name}): {unknown[route.id]} alerts may not have arrived. Compare it with the list: "
        "sophia alerts list"
        for route in routes
        if route.id in unknown
    ]
    return failing + uncertain
