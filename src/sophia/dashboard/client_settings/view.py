"""Settings of one client: name, time zone, industry, domains; archive, restore and delete it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from sophia.access.pages import AdminPage
from sophia.access.web import RequestContext
from sophia.analytics.benchmarks.queries import benchmark_industries
from sophia.analytics.figures.requests import Id
from sophia.analytics.links.queries import client_domains
from sophia.analytics.links.store import set_domains
from sophia.analytics.maintenance.deleting import delete_client_data
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.forms import LineField, NoteField, lines_of
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.formatting import DASH, PLATFORM_LABELS, day
from sophia.display.values import Cell, Choice, Column, Table, Value
from sophia.errors import ConflictError, InvalidInputError
from sophia.portfolio.models import Client
from sophia.portfolio.pausing import pause_account, resume_account
from sophia.portfolio.revising import rename_client, set_industry, set_zone
from sophia.portfolio.scopes import missing_to_publish
from sophia.portfolio.service import AccountInfo, archive_client, list_accounts, restore_client

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ClientFields:
    """The settings of a client, as stored or as a person typed them. `domains` has one a line."""

    name: str
    timezone: str
    industry: str
    domains: str


@dataclass(frozen=True, slots=True)
class AccountButton:
    """A button that pauses or resumes an account; `action` is how its address ends."""

    account_id: int
    text: str
    action: str


@dataclass(frozen=True, slots=True)
class ClientSettingsPage:
    """The settings of a client. `stored_name` must be typed to delete it; `error` says why nothing was changed."""

    client_id: int
    stored_name: str
    status: str
    is_archived: bool
    fields: ClientFields
    industries: tuple[Choice, ...]
    accounts: Table
    buttons: tuple[AccountButton, ...]
    error: str = ""


@router.get("/settings/clients/{client_id}")
def client_settings(
    request: Request, context: AdminPage, client_id: Annotated[Id, Path()], _query: Annotated[PageQuery, Query()]
) -> Response:
    return show_client(request, context, client_id)


@router.post("/settings/clients/{client_id}")
def save(
    request: Request,
    context: AdminPage,
    client_id: Annotated[Id, Path()],
    name: LineField,
    timezone: LineField,
    industry: LineField = "",
    domains: NoteField = "",
) -> Response:
    """Save all fields, or none of them. Reports as of an earlier moment keep the old name, zone and industry."""

    def change(session: Session) -> None:
        rename_client(session, client_id, name, context.now)
        set_zone(session, client_id, timezone, context.now)
        set_industry(session, client_id, industry.strip() or None, context.now)
        set_domains(session, client_id, lines_of(domains))

    return change_client(request, context, client_id, change, ClientFields(name, timezone, industry, domains))


@router.post("/settings/clients/{client_id}/archive")
def archive(request: Request, context: AdminPage, client_id: Annotated[Id, Path()]) -> Response:
    return change_client(request, context, client_id, lambda session: archive_client(session, client_id))


@router.post("/settings/clients/{client_id}/restore")
def restore(request: Request, context: AdminPage, client_id: Annotated[Id, Path()]) -> Response:
    return change_client(request, context, client_id, lambda session: restore_client(session, client_id))


@router.post("/settings/clients/{client_id}/accounts/{account_id}/pause")
def pause(
    request: Request, context: AdminPage, client_id: Annotated[Id, Path()], account_id: Annotated[Id, Path()]
) -> Response:
    return change_client(request, context, client_id, lambda session: pause_account(session, client_id, account_id))


@router.post("/settings/clients/{client_id}/accounts/{account_id}/resume")
def resume(
    request: Request, context: AdminPage, client_id: Annotated[Id, Path()], account_id: Annotated[Id, Path()]
) -> Response:
    return change_client(request, context, client_id, lambda session: resume_account(session, client_id, account_id))


@router.post("/settings/clients/{client_id}/delete")
def delete(
    request: Request, context: AdminPage, client_id: Annotated[Id, Path()], typed_name: LineField = ""
) -> Response:
    """Delete the client with all its data when its name was typed."""
    with context.database.read() as session:
        expect_client(session, None, client_id)
        name = session.get_one(Client, client_id).name
    if " ".join(typed_name.split()) != name:
        return show_client(request, context, client_id, f"Nothing was deleted. Type the name {name} to delete it.")
    delete_client_data(context.database, client_id, context.now)
    return RedirectResponse(f"{context.settings.path_prefix}/settings", 303)


def change_client(
    request: Request,
    context: RequestContext,
    client_id: int,
    change: Callable[[Session], None],
    fields: ClientFields | None = None,
) -> Response:
    """Change a client and lead back to its settings, or show them with the reason why nothing was changed."""
    try:
        with context.database.write() as session:
            expect_client(session, None, client_id)
            change(session)
    except (InvalidInputError, ConflictError) as error:
        return show_client(request, context, client_id, str(error), fields)
    return RedirectResponse(f"{context.settings.path_prefix}/settings/clients/{client_id}", 303)


def show_client(
    request: Request, context: RequestContext, client_id: int, error: str = "", fields: ClientFields | None = None
) -> Response:
    with context.database.read() as session:
        expect_client(session, None, client_id)
        client = session.get_one(Client, client_id)
        domains = "\n".join(client_domains(session, client_id))
        accounts = list_accounts(session, client_id=client_id, archived=True)
        page = ClientSettingsPage(
            client_id=client_id,
            stored_name=client.name,
            status="archived: nothing is collected" if client.status == "archived" else client.status,
            is_archived=client.status == "archived",
            fields=fields or ClientFields(client.name, client.timezone, client.industry or "", domains),
            industries=tuple(Choice(name, name) for name in benchmark_industries(session)),
            accounts=account_table(accounts),
            buttons=account_buttons(accounts),
            error=error,
        )
    outside = frame(request, context, f"Settings of {page.stored_name}")
    return respond(request, "client_settings/page.html", outside, page, 422 if error else 200)


def account_table(accounts: Sequence[AccountInfo]) -> Table:
    columns = (Column("Account"), Column("State"), Column("Connected"), Column("Token ends"), Column("Publishing"))
    rows = tuple(
        (
            Cell(Value(account.name), note=PLATFORM_LABELS[account.platform]),
            Cell(Value(account.status.replace("_", " ")), note=account.status_reason or ""),
            Cell(Value(day(account.connected_at.date()), account.connected_at.isoformat())),
            Cell(
                Value(DASH, reason="never, or not known")
                if account.token_ends_at is None
                else Value(day(account.token_ends_at.date()), account.token_ends_at.isoformat())
            ),
            Cell(Value("not allowed" if missing_to_publish(account.platform, account.scopes) else "allowed")),
        )
        for account in accounts
    )
    return Table("accounts", "Accounts", columns, rows, "This client has no account yet.")


def account_buttons(accounts: Sequence[AccountInfo]) -> tuple[AccountButton, ...]:
    """Return a button for each account that can be paused or resumed."""
    verbs = {"active": ("Pause", "pause"), "paused": ("Resume", "resume")}
    return tuple(
        AccountButton(
            account.id, f"{verbs[account.status][0]} {PLATFORM_LABELS[account.platform]}", verbs[account.status][1]
        )
        for account in accounts
        if account.status in verbs
    )
