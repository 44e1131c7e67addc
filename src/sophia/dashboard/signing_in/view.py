"""Signing in and out, the own account: password and open sessions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from sophia.access.pages import SESSION_COOKIE, CurrentSession, ReadPage, read_session
from sophia.access.passwords import hash_password, verify_password
from sophia.access.problems import TooManyRequestsError
from sophia.access.sessions import (
    LONGEST_SESSION,
    ActiveSession,
    end_all_sessions,
    end_session,
    list_sessions,
    start_session,
    use_sign_in_link,
)
from sophia.access.users import User, expect_password
from sophia.access.web import AppState, RequestContext, address_of
from sophia.analytics.figures.requests import Id
from sophia.dashboard.layout.pages import frame, plain_frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.formatting import clock
from sophia.display.values import Cell, Column, Table, Value
from sophia.errors import InvalidInputError

WRONG = "The name or the password is wrong."
USED_LINK = "This address was used already or is too old. Sign in with your password, or ask an operator for a new one."

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=300)]


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The form to sign in. `error` says why the last attempt failed."""

    next_page: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The own account. `message` confirms or refuses the last change."""

    name: str
    role: str
    sessions: Table
    session_ids: tuple[int, ...]
    message: str = ""


@router.get("/sign-in")
def sign_in_page(
    request: Request, next_page: Annotated[str, Query(alias="next", max_length=2000)] = ""
) -> Response:  # fmt: skip
    app_state: AppState = request.app.state.app_state
    if read_session(app_state, request.cookies.get(SESSION_COOKIE)) is not None:
        return RedirectResponse(inside(app_state.settings.path_prefix, next_page), 303)
    return respond(request, "signing_in/sign_in.html", plain_frame(request, "Sign in"), SignInPage(next_page))


@router.post("/sign-in")
def sign_in(
    request: Request,
    name: Text,
    password: Text,
    next_page: Annotated[str, Form(alias="next", max_length=2000)] = "",
) -> Response:
    """Sign in with name and password. Attempts are counted per address and per name."""
    app_state: AppState = request.app.state.app_state
    name_folded = " ".join(name.split()).casefold()
    expect_attempt(app_state, f"sign-in from {address_of(request.scope)}")
    expect_attempt(app_state, f"sign-in as {name_folded}")
    with app_state.database.read() as session:
        row = session.scalar(select(User).where(User.name_folded == name_folded, User.disabled_at.is_(None)))
        user_id, password_hash = (None, None) if row is None else (row.id, row.password_hash)
    if not verify_password(password, password_hash) or user_id is None:
        page = SignInPage(next_page, WRONG)
        return respond(request, "signing_in/sign_in.html", plain_frame(request, "Sign in"), page, 401)
    return open_session(request, user_id, next_page)


@router.get("/sign-in/{token}")
def sign_in_by_link(request: Request, token: Annotated[str, Path(max_length=100)]) -> Response:
    """Show a button that signs in: a program that only looks at addresses must not use the link up."""
    return respond(request, "signing_in/link.html", plain_frame(request, "Sign in"), SignInPage(token))


@router.post("/sign-in/{token}")
def use_link(request: Request, token: Annotated[str, Path(max_length=100)]) -> Response:
    app_state: AppState = request.app.state.app_state
    with app_state.database.write() as session:
        user_id = use_sign_in_link(session, token, app_state.clock())
    if user_id is None:
        page = SignInPage("", USED_LINK)
        return respond(request, "signing_in/sign_in.html", plain_frame(request, "Sign in"), page, 401)
    return open_session(request, user_id, "")


@router.post("/sign-out")
def sign_out(request: Request, active: CurrentSession) -> Response:
    app_state: AppState = request.app.state.app_state
    with app_state.database.write() as session:
        end_session(session, active.user.id, active.id, app_state.clock())
    response = RedirectResponse(f"{app_state.settings.path_prefix}/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE, path=cookie_path(app_state))
    return response


@router.get("/account")
def account(
    request: Request, context: ReadPage, active: CurrentSession, _query: Annotated[PageQuery, Query()]
) -> Response:
    return show_account(request, context, active, "")


@router.post("/account/password")
def change_password(
    request: Request, context: ReadPage, active: CurrentSession, new_password: Text, password: Text = ""
) -> Response:
    """Set a new password and end all other sessions. A user who signed in by a link has no old password to give."""
    # A stolen session must not find out the old password.
    expect_attempt(request.app.state.app_state, f"password of user {active.user.id}")
    with context.database.read() as session:
        password_hash = session.scalar(select(User.password_hash).where(User.id == active.user.id))
    if password_hash is not None and not verify_password(password, password_hash):
        return show_account(request, context, active, "The old password is wrong. Nothing was changed.", 422)
    try:
        expect_password(new_password)
    except InvalidInputError as error:
        return show_account(request, context, active, str(error), 422)
    new_hash = hash_password(new_password)
    with context.database.write() as session:
        row = session.get_one(User, active.user.id)
        row.password_hash = new_hash
        end_all_sessions(session, active.user.id, context.now)
        token = start_session(session, active.user.id, active.browser, context.now)
    response = RedirectResponse(f"{context.settings.path_prefix}/account", 303)
    set_cookie(request, response, token)
    return response


@router.post("/account/sessions/{session_id}/end")
def end_other_session(context: ReadPage, active: CurrentSession, session_id: Id) -> Response:
    with context.database.write() as session:
        end_session(session, active.user.id, session_id, context.now)
    return RedirectResponse(f"{context.settings.path_prefix}/account", 303)


def show_account(
    request: Request, context: RequestContext, active: ActiveSession, message: str, status: int = 200
) -> Response:
    with context.database.read() as session:
        sessions = list_sessions(session, active.user.id, context.now)
    page = account_page(active, sessions, ZoneInfo(context.settings.operator_timezone), context.now, message)
    return respond(request, "signing_in/account.html", frame(request, context, "Account"), page, status)


def account_page(
    active: ActiveSession, sessions: list[ActiveSession], zone: ZoneInfo, now: datetime, message: str
) -> AccountPage:
    rows = tuple(
        (
            Cell(Value(other.browser or "unknown browser"), note="this browser" if other.id == active.id else ""),
            Cell(clock(other.created_at, zone, now)),
            Cell(clock(other.used_at, zone, now)),
        )
        for other in sessions
    )
    columns = (Column("Browser"), Column("Signed in"), Column("Last used"))
    table = Table("sessions", "Open sessions", columns, rows, "No session is open.")
    others = tuple(other.id for other in sessions if other.id != active.id)
    return AccountPage(active.user.name, active.user.role.value, table, others, message)


def open_session(request: Request, user_id: int, next_page: str) -> Response:
    app_state: AppState = request.app.state.app_state
    browser = request.headers.get("user-agent", "")
    with app_state.database.write() as session:
        token = start_session(session, user_id, browser, app_state.clock())
    response = RedirectResponse(inside(app_state.settings.path_prefix, next_page), 303)
    set_cookie(request, response, token)
    return response


def set_cookie(request: Request, response: Response, token: str) -> None:
    app_state: AppState = request.app.state.app_state
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(LONGEST_SESSION.total_seconds()),
        path=cookie_path(app_state),
        secure=request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https",
        httponly=True,
        samesite="lax",
    )


def cookie_path(app_state: AppState) -> str:
    return app_state.settings.path_prefix or "/"


def expect_attempt(app_state: AppState, name: str) -> None:
    """Count an attempt to give a password. Raises TooManyRequestsError after too many of this name."""
    wait = app_state.sign_in_limits.wait_seconds(name)
    if wait:
        raise TooManyRequestsError(f"There were too many attempts. Try again in {wait} s.", wait)


def inside(prefix: str, target: str) -> str:
    """Return an address of this server: the target if it is one, else the portfolio."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return f"{prefix}/portfolio"
    is_inside = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if is_inside and "\\" not in target and target.isprintable() else f"{prefix}/portfolio"
