"""Routes: where alerts are sent, when, and which kinds. Addresses are encrypted, and no record holds one."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, with_config
from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from sophia.alerts.services import describe_address
from sophia.analytics.figures.requests import VISIBLE, visible
from sophia.analytics.readings.permissions import ClientScope, expect_client
from sophia.config import ZoneName
from sophia.database.records import as_record
from sophia.database.statements import among
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.alert_models import AlertKind, AlertRoute
from sophia.portfolio.models import Client
from sophia.portfolio.service import lock_keys
from sophia.vault import Vault

ALERT_KINDS: tuple[AlertKind, ...] = get_args(AlertKind)
MOST_ROUTES = 50
LAST_HOUR = 23
Hour = Annotated[int, Field(strict=True, ge=0, le=LAST_HOUR)]
RouteName = Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=80, pattern=VISIBLE)]


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a route sends. Hours are in `timezone`, that of the receiver; quiet hours may pass midnight."""

    timezone: ZoneName = "UTC"
    quiet_from: Annotated[Hour | None, Field(description="The first quiet hour.")] = None
    quiet_until: Annotated[Hour | None, Field(description="The hour in which messages are sent again.")] = None
    digest_hour: Annotated[Hour | None, Field(description="One message a day at this hour. Null: at once.")] = None

    @property
    def text(self) -> str:
        """Return when the route sends, in words."""
        quiet = "" if self.quiet_from is None else f", quiet {self.quiet_from:02}:00–{self.quiet_until:02}:00"
        mode = "at once" if self.digest_hour is None else f"daily at {self.digest_hour:02}:00"
        return f"{mode}{quiet} ({self.timezone})"

    def is_quiet(self, hour: int) -> bool:
        """Return whether an hour is quiet."""
        if self.quiet_from is None or self.quiet_until is None:
            return False
        if self.quiet_from < self.quiet_until:
            return self.quiet_from <= hour < self.quiet_until
        return hour >= self.quiet_from or hour < self.quiet_until


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True, kw_only=True)
class NewRoute:
    """A route to add. Without `kinds` it gets all kinds."""

    name: RouteName
    address: Annotated[SecretStr, Field(description="An address of apprise, such as mailto://…; never returned.")]
    client_id: Annotated[int | None, Field(strict=True, ge=1, description="Null: the whole portfolio.")] = None
    kinds: tuple[AlertKind, ...] | None = None
    timing: Timing = Timing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route without its address. `fingerprint` tells two addresses of a service apart.

    `digest_on` is the day of the last digest in the zone of the receiver; moments are in UTC.
    """

    id: int
    client_id: int | None
    client_name: str | None
    name: str
    service: str
    fingerprint: str
    has_address: bool
    kinds: tuple[str, ...] | None
    timing: Timing
    digest_on: date | None
    created_at: datetime
    paused_at: datetime | None
    last_sent_at: datetime | None
    failures: int
    retry_at: datetime | None
    last_error: str | None

    @property
    def is_failing(self) -> bool:
        return self.last_error is not None or not self.has_address

    @property
    def state(self) -> str:
        """Return whether the route works, in words."""
        if self.paused_at is not None:
            return "paused"
        if not self.has_address:
            return "has no address: delete it and add it again"
        if self.last_error is not None:
            return f"failed: {self.last_error}"
        return "not used yet" if self.last_sent_at is None else "works"

    def wants(self, kind: str, client_id: int | None) -> bool:
        """Return whether the route gets alerts of this kind about this client; None means the portfolio."""
        return (self.client_id is None or self.client_id == client_id) and (self.kinds is None or kind in self.kinds)


def add_route(session: Session, vault: Vault, allowed_clients: ClientScope, new: NewRoute, now: datetime) -> Route:
    """Store a route and return it. Raises InvalidInputError for a wrong address or wrong hours, NotFoundError for a
    client that the viewer may not see, and ConflictError for too many routes.
    """
    expect_scope(session, allowed_clients, new.client_id)
    check_hours(new.timing)
    if new.kinds is not None and not new.kinds:
        raise InvalidInputError(f"Choose at least one kind of alert: {', '.join(ALERT_KINDS)}.")
    service = describe_address(new.address)
    if (session.scalar(select(func.count()).select_from(AlertRoute)) or 0) >= MOST_ROUTES:
        raise ConflictError(f"There are {MOST_ROUTES} routes already. Delete one first.")
    lock_keys(session, vault)
    timing, local = new.timing, now.astimezone(ZoneInfo(new.timing.timezone))
    row = AlertRoute(
        client_id=new.client_id,
        name=" ".join(new.name.split()),
        service=service.name,
        fingerprint=service.fingerprint,
        address_encrypted=vault.encrypt(new.address),
        kinds=None if new.kinds is None else [kind for kind in ALERT_KINDS if kind in new.kinds],
        **asdict(timing),
        # The first digest comes at the next digest hour.
        digest_on=local.date() if timing.digest_hour is not None and local.hour >= timing.digest_hour else None,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return find_route(session, allowed_clients, row.id)


def check_hours(timing: Timing) -> None:
    """Raise InvalidInputError for hours that contradict each other."""
    if (timing.quiet_from is None) != (timing.quiet_until is None):
        raise InvalidInputError("Quiet hours have a first hour and an end. Set both or neither.")
    if timing.quiet_from is not None and timing.quiet_from == timing.quiet_until:
        raise InvalidInputError("Quiet hours cannot last the whole day. Pause the route instead.")
    if timing.digest_hour is not None and timing.is_quiet(timing.digest_hour):
        raise InvalidInputError("The hour of the digest is a quiet hour. Choose another hour.")


def expect_scope(session: Session, allowed_clients: ClientScope, client_id: int | None) -> None:
    """Raise NotFoundError for a client that the viewer may not see; only a viewer of every client sees the portfolio."""
    if client_id is not None:
        expect_client(session, allowed_clients, client_id)
    elif allowed_clients is not None:
        raise NotFoundError(
            "Name one of your clients: routes of the whole portfolio need a key that sees every client."
        )


def list_routes(session: Session, allowed_clients: ClientScope) -> list[Route]:
    """Return the routes that the viewer may see, those of the portfolio first, then by client and name."""
    is_visible = true() if allowed_clients is None else among(AlertRoute.client_id, sorted(allowed_clients))
    rows = session.execute(
        select(AlertRoute, Client.name).outerjoin(Client, Client.id == AlertRoute.client_id).where(is_visible)
    )
    routes = [as_route(row, client_name) for row, client_name in rows]
    return sorted(
        routes, key=lambda route: (route.client_name is not None, route.client_name or "", route.name, route.id)
    )


def as_route(row: AlertRoute, client_name: str | None) -> Route:
    kinds = None if row.kinds is None else tuple(row.kinds)
    has_address, timing = row.address_encrypted is not None, as_record(Timing, row)
    return as_record(Route, row, client_name=client_name, has_address=has_address, kinds=kinds, timing=timing)


def find_route(session: Session, allowed_clients: ClientScope, route_id: int) -> Route:
    """Return a route. Raises NotFoundError, in the same words for a route that the viewer may not see."""
    route = next((route for route in list_routes(session, allowed_clients) if route.id == route_id), None)
    if route is None:
        raise NotFoundError(f"There is no alert route {route_id}.")
    return route


def pause_route(
    session: Session, allowed_clients: ClientScope, route_id: int, now: datetime, *, is_paused: bool
) -> Route:
    """Pause a route, or let it send again from now on. Raises NotFoundError."""
    find_route(session, allowed_clients, route_id)
    row = session.get_one(AlertRoute, route_id)
    row.paused_at = (row.paused_at or now) if is_paused else None
    if not is_paused:
        row.retry_at = None
    session.flush()
    return find_route(session, allowed_clients, route_id)


def delete_route(session: Session, allowed_clients: ClientScope, route_id: int) -> Route:
    """Delete a route with its address, and return what it was. Raises NotFoundError."""
    route = find_route(session, allowed_clients, route_id)
    session.delete(session.get_one(AlertRoute, route_id))
    session.flush()
    return route


def route_address(session: Session, vault: Vault, route_id: int) -> SecretStr:
    """Return the address of a route. Raises ConflictError if it has none, ConfigurationError when no key fits."""
    encrypted = session.get_one(AlertRoute, route_id).address_encrypted
    if encrypted is None:
        raise ConflictError("This route has no address, because it was imported. Delete it and add it again.")
    return vault.decrypt(encrypted)
