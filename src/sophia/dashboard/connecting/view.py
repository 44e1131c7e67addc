"""Connecting accounts without a terminal: Facebook Login for Business, or a pasted token; then the choice of accounts."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, SecretStr
from starlette.concurrency import run_in_threadpool

from sophia.access.pages import AdminPage, CallbackPage, CurrentSession
from sophia.access.sessions import ActiveSession
from sophia.access.web import RequestContext
from sophia.analytics.figures.requests import Id
from sophia.dashboard.connecting.values import (
    ChoosePage,
    ConnectPage,
    TypedChoice,
    WaysToConnect,
    choose_page,
    permission_table,
    proposal,
)
from sophia.dashboard.layout.client_forms import see
from sophia.dashboard.layout.forms import LineField, LineText
from sophia.dashboard.layout.pages import allow_forms_to, frame, respond
from sophia.dashboard.layout.routes import UNPROCESSABLE, PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.errors import ConfigurationError, ConflictError, InvalidInputError, NotFoundError
from sophia.jobs.on_demand import OnDemandCollection
from sophia.meta.errors import GraphError, display_text
from sophia.meta.login import dialog_address, exchange_code
from sophia.portfolio.connecting import Connected, Offer, app_of, can_log_in, store
from sophia.portfolio.pending_connections import LoginAttempt, PendingConnections, reconnect, with_accounts
from sophia.portfolio.service import AccountInfo, check_zone, list_accounts, list_clients
from sophia.vault import remember

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LONGEST_TOKEN = 2_000
MOST_CHOICES = 5_000
EMPTY = SecretStr("")
REFUSALS = (InvalidInputError, ConflictError, NotFoundError, GraphError, ConfigurationError)
NO_JOBS = (
    "This process runs no jobs, so it cannot ask Meta. Start it without --no-jobs, open the address of the process that "
    "runs the jobs, or run: sophia connect"
)
NO_LOGIN = (
    "To log in with Facebook, set SOPHIA_FACEBOOK_APP_ID, SOPHIA_FACEBOOK_APP_SECRET and "
    "SOPHIA_FACEBOOK_LOGIN_CONFIG_ID, and enter this address in your app under Facebook Login for Business, Settings, "
    "Valid OAuth Redirect URIs:"
)
OTHER_SESSION = (
    "This login was not started in this browser, was finished before, or took longer than 15 minutes. Nothing was "
    "connected. Log in again."
)
CANCELLED = "You cancelled the login at Facebook, so nothing was connected."
NO_TOKEN = "There is no token. Paste the whole token, without spaces."  # noqa: S105 - a sentence
NOTHING_CHOSEN = "Nothing was connected: choose at least one account."
NO_CLIENT = "Nothing was connected: name the client of each chosen Page."


class ConnectQuery(PageQuery):
    """The address of the page: the account to reconnect, if any."""

    account_id: Id | None = None


class CallbackQuery(BaseModel):
    """What Meta's dialog adds to the address: a code, or an error and its texts."""

    model_config = ConfigDict(extra="ignore")

    state: Annotated[str, Query(max_length=200)] = ""
    code: Annotated[SecretStr, Query(max_length=LONGEST_TOKEN)] = EMPTY
    error: Annotated[str, Query(max_length=200)] = ""
    error_reason: Annotated[str, Query(max_length=200)] = ""
    error_description: Annotated[str, Query(max_length=1_000)] = ""
    error_message: Annotated[str, Query(max_length=1_000)] = ""


@router.get("/connect")
def connect(
    request: Request, context: AdminPage, active: CurrentSession, query: Annotated[ConnectQuery, Query()]
) -> Response:  # fmt: skip
    pending: PendingConnections | None = request.app.state.pending_connections
    refusal = None if pending is None else pending.take_refusal(active.id)
    if refusal is None:
        return show_connect(request, context, query.account_id)
    return show_connect(request, context, query.account_id, refusal.problem, asks_again=refusal.asks_again)


@router.post("/connect/login")
async def log_in(
    request: Request,
    context: AdminPage,
    active: CurrentSession,
    account_id: Annotated[Id | None, Form()] = None,
    asks_again: Annotated[bool, Form()] = False,
) -> Response:
    """Send the browser to Meta's dialog."""
    pending, settings = pending_connections(request), context.settings
    if not can_log_in(settings):
        raise ConflictError(f"{NO_LOGIN} {callback_address(request, context)}")
    if account_id is not None:
        await run_in_threadpool(find_account, context, account_id)
    attempt = pending.begin_login(active.id, callback_address(request, context), account_id)
    address = dialog_address(
        settings.facebook_login_url,
        settings.graph_api_version,
        settings.facebook_app_id or "",
        settings.facebook_login_config_id or "",
        attempt.redirect_uri,
        attempt.state,
        asks_again=asks_again,
    )
    return RedirectResponse(address, 303)


@router.get("/connect/callback")
async def finish_login(
    request: Request, context: CallbackPage, active: CurrentSession, query: Annotated[CallbackQuery, Query()]
) -> Response:
    """Take the code from Meta's dialog. The answer always leads to another address, so that the code stays nowhere."""
    pending = pending_connections(request)
    attempt = pending.end_login(active.id, query.state)
    if attempt is None:
        pending.keep_refusal(active.id, OTHER_SESSION, asks_again=False)
        return see(context, "/connect")
    try:
        token = await token_of(context, pending, attempt, query)
        return await offer_accounts(request, context, active, token, attempt.account_id)
    except REFUSALS as error:
        pending.keep_refusal(active.id, str(error), asks_again=True)
        return see(context, "/connect" if attempt.account_id is None else f"/connect?account_id={attempt.account_id}")


@router.post("/connect/token")
async def take_token(
    request: Request,
    context: AdminPage,
    active: CurrentSession,
    token: Annotated[SecretStr, Form(max_length=LONGEST_TOKEN)] = EMPTY,
    account_id: Annotated[Id | None, Form()] = None,
) -> Response:
    """Take a pasted token. It is never shown again, and appears in no address and no log."""
    text = token.get_secret_value().strip()
    try:
        if not text.isascii() or not text.isprintable() or len(text.split()) != 1:
            raise InvalidInputError(NO_TOKEN)
        return await offer_accounts(request, context, active, SecretStr(text), account_id)
    except REFUSALS as error:
        return await run_in_threadpool(show_connect, request, context, account_id, str(error))


@router.get("/connect/choose")
def choose(
    request: Request, context: AdminPage, active: CurrentSession, _query: Annotated[PageQuery, Query()]
) -> Response:  # fmt: skip
    offer = pending_connections(request).find_offer(active.id)
    if offer is None:
        return see(context, "/connect")
    return show_choice(request, context, offer, proposal(offer, context.settings.operator_timezone), "")


@router.post("/connect/choose")
async def connect_chosen(
    request: Request,
    context: AdminPage,
    active: CurrentSession,
    accounts: Annotated[list[LineText], Form(max_length=MOST_CHOICES)] = [],  # noqa: B006 - FastAPI copies defaults
    page_ids: Annotated[list[LineText], Form(max_length=MOST_CHOICES)] = [],  # noqa: B006
    clients: Annotated[list[LineText], Form(max_length=MOST_CHOICES)] = [],  # noqa: B006
    timezone: LineField = "",
) -> Response:
    """Connect the chosen accounts and begin to collect them."""
    pending = pending_connections(request)
    offer = pending.find_offer(active.id)
    if offer is None:
        return see(context, "/connect")
    typed = TypedChoice(frozenset(accounts), dict(zip(page_ids, clients, strict=False)), timezone)
    try:
        connected = await run_in_threadpool(store_choice, context, pending, offer, typed)
    except REFUSALS as error:
        return await run_in_threadpool(show_choice, request, context, offer, typed, str(error))
    collect(request, await run_in_threadpool(stored_accounts, context, connected))
    if problems := [f"{item.name}: {item.refused}" for item in connected if item.refused]:
        return await run_in_threadpool(show_choice, request, context, offer, typed, " ".join(dict.fromkeys(problems)))
    pending.drop_offer(active.id)
    return see(context, "/collection")


def pending_connections(request: Request) -> PendingConnections:
    """Return the logins of this process. Raises ConflictError in a process that runs no jobs."""
    pending: PendingConnections | None = request.app.state.pending_connections
    if pending is None:
        raise ConflictError(NO_JOBS)
    return pending


def callback_address(request: Request, context: RequestContext) -> str:
    """Return the address to which Meta's dialog sends the browser back."""
    return str(request.url.replace(path=f"{context.settings.path_prefix}/connect/callback", query=""))


async def token_of(
    context: RequestContext, pending: PendingConnections, attempt: LoginAttempt, query: CallbackQuery
) -> SecretStr:
    """Return the token for the code of Meta's dialog. Raises InvalidInputError when the dialog sent none, GraphError when
    Meta refuses the code.
    """
    app = app_of(context.settings)
    if app is None:
        raise ConflictError(NO_LOGIN)
    if query.error_reason == "user_denied" or query.error == "access_denied":
        raise InvalidInputError(CANCELLED)
    if query.error or not query.code.get_secret_value():
        reason = query.error_message or query.error_description or query.error
        raise InvalidInputError(f"Facebook ended the login, so nothing was connected. {display_text(reason)}".strip())
    remember(query.code)
    return await exchange_code(pending.connecting.client, app, query.code, attempt.redirect_uri)


def find_account(context: RequestContext, account_id: int) -> AccountInfo:
    """Return the account to reconnect. Raises NotFoundError."""
    with context.database.read() as session:
        accounts = list_accounts(session, account_ids=[account_id])
    if not accounts:
        raise NotFoundError(f"There is no account {account_id}.")
    return accounts[0]


async def offer_accounts(
    request: Request, context: RequestContext, active: ActiveSession, token: SecretStr, account_id: int | None
) -> Response:
    """Examine the token, and lead to the choice of its accounts; or reconnect the account that the person came for.

    Raises one of REFUSALS when nothing can be connected.
    """
    pending = pending_connections(request)
    account = None if account_id is None else await run_in_threadpool(find_account, context, account_id)
    remember(token)
    offer = await pending.connecting.examine(token)
    if account is None:
        pending.keep_offer(active.id, offer)
        return see(context, "/connect/choose")
    connecting = pending.connecting
    connected = await run_in_threadpool(reconnect, connecting.database, connecting.vault, offer, account, context.now)
    if problems := [item.refused for item in connected if item.refused]:
        raise ConflictError(" ".join(dict.fromkeys(problems)))
    collect(request, await run_in_threadpool(stored_accounts, context, connected))
    return see(context, "/collection")


def store_choice(
    context: RequestContext, pending: PendingConnections, offer: Offer, typed: TypedChoice
) -> list[Connected]:
    """Store the chosen accounts. Raises InvalidInputError when none is chosen, or a Page has no client."""
    chosen = with_accounts(offer, typed.keys)
    clients = {page_id: " ".join(typed.clients.get(page_id, "").split()) for page_id in chosen.connections}
    if not clients:
        raise InvalidInputError(NOTHING_CHOSEN)
    if not all(clients.values()):
        raise InvalidInputError(NO_CLIENT)
    check_zone(typed.zone)
    connecting = pending.connecting
    return store(connecting.database, connecting.vault, chosen, clients, typed.zone, context.now)


def stored_accounts(context: RequestContext, connected: list[Connected]) -> list[AccountInfo]:
    """Return the accounts that were connected just now."""
    ids = [item.account_id for item in connected if not item.refused]
    with context.database.read() as session:
        return list_accounts(session, account_ids=ids)


def collect(request: Request, accounts: list[AccountInfo]) -> None:
    """Begin to collect the accounts, from the event loop."""
    on_demand: OnDemandCollection | None = request.app.state.on_demand
    if on_demand is not None and accounts:
        on_demand.begin(accounts)


def show_connect(
    request: Request, context: RequestContext, account_id: int | None, error: str = "", *, asks_again: bool = False
) -> Response:
    account = None if account_id is None else find_account(context, account_id)
    can_login = can_log_in(context.settings)
    ways = WaysToConnect(
        login="Log in with Facebook" if can_login else "",
        no_login="" if can_login else NO_LOGIN,
        asks_again=asks_again,
        callback=callback_address(request, context),
        account_id="" if account is None else str(account.id),
    )
    page = ConnectPage(
        lead="Connect the Pages and Instagram accounts of your clients."
        if account is None
        else f"Reconnect {account.label}.",
        unavailable=NO_JOBS if request.app.state.pending_connections is None else "",
        error=error,
        ways=None if request.app.state.pending_connections is None else ways,
        permissions=permission_table(None, is_checked=False),
    )
    title = "Connect accounts"
    response = respond(
        request, "connecting/page.html", frame(request, context, title), page, UNPROCESSABLE if error else 200
    )
    return allow_forms_to(response, context.settings.facebook_login_url)


def show_choice(request: Request, context: RequestContext, offer: Offer, typed: TypedChoice, error: str) -> Response:
    with context.database.read() as session:
        names = [client.name for client in list_clients(session) if client.status == "active"]
    page: ChoosePage = choose_page(offer, names, typed, error)
    outside = frame(request, context, "Choose accounts")
    return respond(request, "connecting/choose.html", outside, page, UNPROCESSABLE if error else 200)
