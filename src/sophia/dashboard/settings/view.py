"""Settings of the installation: clients, users and API keys."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from sophia.access.keys import ApiKey, change_role, create_key, list_keys, revoke_key
from sophia.access.pages import AdminPage
from sophia.access.roles import Role
from sophia.access.sessions import create_link_for, create_sign_in_link, disable_user
from sophia.access.users import UserRecord, UserRole, create_user, find_user, list_users
from sophia.access.web import RequestContext
from sophia.analytics.figures.requests import Id
from sophia.dashboard.layout.forms import LineField
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.formatting import clock, whole
from sophia.display.values import Cell, Choice, Column, Table, Value
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.service import ClientInfo, create_client, find_client, list_clients

router = APIRouter(route_class=PageRoute, include_in_schema=False)

REFUSALS = (InvalidInputError, ConflictError, NotFoundError)
UserRoleField = Annotated[UserRole, Form()]
RoleField = Annotated[Role, Form()]
ClientIds = Annotated[list[Id], Form(max_length=1000)]
USER_ROLES = {
    UserRole.OPERATOR: "Operator: everything, for every client",
    UserRole.MANAGER: "Manager: works with the chosen clients",
    UserRole.VIEWER: "Viewer: reads the chosen clients",
}
KEY_ROLES = {
    Role.READ: "Read: only reads",
    Role.WRITE: "Write: also conversions, costs, goals, annotations, campaigns and drafts",
    Role.PUBLISH: "Publish: also approves and publishes drafts",
    Role.ADMIN: "Admin: also settings of clients and of the portfolio",
}
EVERY_CLIENT = "every client"


@dataclass(frozen=True, slots=True)
class Secret:
    """A sign-in address or key that is shown once. `text` says what it is for."""

    text: str
    secret: str


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The settings. `error` says why the last form changed nothing."""

    lead: str
    clients: Table
    users: Table
    keys: Table
    client_choices: tuple[Choice, ...]
    user_choices: tuple[Choice, ...]
    key_choices: tuple[Choice, ...]
    user_roles: tuple[Choice, ...]
    key_roles: tuple[Choice, ...]
    zone: str
    secrets: tuple[Secret, ...] = ()
    error: str = ""


@router.get("/settings")
def settings(request: Request, context: AdminPage, _query: Annotated[PageQuery, Query()]) -> Response:
    return show_settings(request, context)


@router.post("/settings/clients")
def new_client(request: Request, context: AdminPage, name: LineField, timezone: LineField) -> Response:
    return change(request, context, lambda session: forget(create_client(session, name, timezone, context.now)))


@router.post("/settings/users")
def new_user(
    request: Request,
    context: AdminPage,
    name: LineField,
    role: UserRoleField,
    client_ids: ClientIds = [],  # noqa: B006 - FastAPI copies defaults
) -> Response:
    """Create a user and show the address that signs the user in once."""

    def create(session: Session) -> Secret:
        expect_clients(session, client_ids)
        user = create_user(session, name, role, client_ids, context.now, None)
        return sign_in_secret(request, context, user.name, create_sign_in_link(session, user.id, context.now))

    return change(request, context, create)


@router.post("/settings/users/link")
def new_link(request: Request, context: AdminPage, name: LineField) -> Response:
    return change(
        request,
        context,
        lambda session: sign_in_secret(request, context, name, create_link_for(session, name, context.now)),
    )


@router.post("/settings/users/disable")
def disable(request: Request, context: AdminPage, name: LineField) -> Response:
    """Disable a user, except the one who sends the form: the last operator would lock everyone out."""

    def disable_other(session: Session) -> None:
        if f"user {find_user(session, name).id}" == context.viewer.identity:
            raise ConflictError("You cannot disable yourself. Ask another operator.")
        disable_user(session, name, context.now)

    return change(request, context, disable_other)


@router.post("/settings/keys")
def new_key(
    request: Request,
    context: AdminPage,
    name: LineField,
    role: RoleField,
    client_ids: ClientIds = [],  # noqa: B006 - FastAPI copies defaults
) -> Response:
    """Create an API key and show it once. Without clients it sees every client, later ones included."""

    def create(session: Session) -> Secret:
        expect_clients(session, client_ids)
        key = create_key(session, name, client_ids or None, context.now, role=role)
        return Secret(f"The API key {name}. Copy it now: it is shown once.", key)

    return change(request, context, create)


@router.post("/settings/keys/role")
def set_key_role(request: Request, context: AdminPage, name: LineField, role: RoleField) -> Response:
    return change(request, context, lambda session: forget(change_role(session, name, role)))


@router.post("/settings/keys/revoke")
def revoke(request: Request, context: AdminPage, name: LineField) -> Response:
    return change(request, context, lambda session: revoke_key(session, name, context.now))


def change(request: Request, context: RequestContext, action: Callable[[Session], Secret | None]) -> Response:
    """Show the settings after a change: with its secret, or with the reason why nothing was changed."""
    try:
        with context.database.write() as session:
            secret = action(session)
    except REFUSALS as error:
        return show_settings(request, context, error=str(error))
    if secret is None:
        return RedirectResponse(f"{context.settings.path_prefix}/settings", 303)
    return show_settings(request, context, (secret,))


def forget(_result: object) -> None:
    """Drop what a store function returns where the page shows it anyway."""


def expect_clients(session: Session, client_ids: Collection[int]) -> None:
    """Raise NotFoundError for a client that does not exist."""
    for client_id in client_ids:
        find_client(session, str(client_id))


def sign_in_secret(request: Request, context: RequestContext, name: str, token: str) -> Secret:
    address = request.url.replace(path=f"{context.settings.path_prefix}/sign-in/{token}", query="")
    return Secret(f"This address signs {name} in once, within 15 minutes. Copy it now: it is shown once.", str(address))


def show_settings(
    request: Request, context: RequestContext, secrets: tuple[Secret, ...] = (), error: str = ""
) -> Response:
    with context.database.read() as session:
        clients, users = list_clients(session), list_users(session)
        page = settings_page(context, clients, users, list_keys(session), secrets, error)
    response = respond(request, "settings/page.html", frame(request, context, "Settings"), page, 422 if error else 200)
    if secrets:
        response.headers["Cache-Control"] = "no-store"
    return response


def settings_page(
    context: RequestContext,
    clients: Sequence[ClientInfo],
    users: Sequence[UserRecord],
    keys: Sequence[ApiKey],
    secrets: tuple[Secret, ...],
    error: str,
) -> SettingsPage:
    zone, prefix = ZoneInfo(context.settings.operator_timezone), context.settings.path_prefix
    names = {client.id: client.name for client in clients}
    active_users = [user for user in users if user.disabled_at is None]
    active_keys = [key for key in keys if key.revoked_at is None]
    active_clients = [client for client in clients if client.status == "active"]
    counts = [(len(active_clients), "client"), (len(active_users), "user"), (len(active_keys), "API key")]
    return SettingsPage(
        lead=f"Active: {', '.join(counted(count, noun) for count, noun in counts)}.",
        clients=client_table(prefix, clients, zone, context.now),
        users=user_table(users, names, zone, context.now),
        keys=key_table(keys, names, zone, context.now),
        client_choices=tuple(Choice(str(client.id), client.name) for client in active_clients),
        user_choices=tuple(Choice(user.name, user.name) for user in active_users),
        key_choices=tuple(Choice(key.name, key.name) for key in active_keys),
        user_roles=tuple(Choice(role.value, label) for role, label in USER_ROLES.items()),
        key_roles=tuple(Choice(role.value, label) for role, label in KEY_ROLES.items()),
        zone=zone.key,
        secrets=secrets,
        error=error,
    )


def counted(count: int, noun: str) -> str:
    return f"{whole(count)} {noun}" if count == 1 else f"{whole(count)} {noun}s"


def client_table(prefix: str, clients: Sequence[ClientInfo], zone: ZoneInfo, now: datetime) -> Table:
    columns = (
        Column("Client"),
        Column("State"),
        Column("Accounts", numeric=True),
        Column("Industry"),
        Column("Time zone"),
        Column("Since"),
    )
    rows = tuple(
        (
            Cell(Value(client.name), f"{prefix}/settings/clients/{client.id}"),
            Cell(Value(client.status)),
            Cell(Value(whole(client.accounts)), sort=client.accounts),
            Cell(Value(client.industry or "none")),
            Cell(Value(client.timezone)),
            Cell(clock(client.created_at, zone, now), sort=client.created_at.timestamp()),
        )
        for client in clients
    )
    return Table("clients", "All clients", columns, rows, "There is no client yet. Create the first one below.")


def user_table(users: Sequence[UserRecord], names: dict[int, str], zone: ZoneInfo, now: datetime) -> Table:
    columns = (
        Column("User"),
        Column("Role"),
        Column("Clients"),
        Column("Password"),
        Column("Created"),
        Column("State"),
    )
    rows = tuple(
        (
            Cell(Value(user.name)),
            Cell(Value(user.role.value)),
            Cell(Value(client_names(user.client_ids, names))),
            Cell(Value("set" if user.has_password else "not set")),
            Cell(clock(user.created_at, zone, now), sort=user.created_at.timestamp()),
            Cell(Value("active" if user.disabled_at is None else "disabled")),
        )
        for user in users
    )
    return Table("users", "All users", columns, rows, "There is no user yet.")


def key_table(keys: Sequence[ApiKey], names: dict[int, str], zone: ZoneInfo, now: datetime) -> Table:
    columns = (
        Column("Key"),
        Column("Begins with"),
        Column("Role"),
        Column("Clients"),
        Column("Created"),
        Column("State"),
    )
    rows = tuple(
        (
            Cell(Value(key.name)),
            Cell(Value(f"sophia_{key.prefix}")),
            Cell(Value(key.role)),
            Cell(Value(client_names([link.client_id for link in key.clients] if key.limited else None, names))),
            Cell(clock(key.created_at, zone, now), sort=key.created_at.timestamp()),
            Cell(Value("active" if key.revoked_at is None else "revoked")),
        )
        for key in keys
    )
    return Table("keys", "All API keys", columns, rows, "There is no API key yet.")


def client_names(client_ids: Collection[int] | None, names: dict[int, str]) -> str:
    if client_ids is None:
        return EVERY_CLIENT
    return ", ".join(sorted(names[client_id] for client_id in client_ids if client_id in names)) or "no client"
