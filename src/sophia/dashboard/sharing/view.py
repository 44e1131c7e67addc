"""Share links: create and revoke them, and show the report of one client behind them."""

import hmac
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from sophia.access.bounds import STORE_SECONDS
from sophia.access.keys import Viewer
from sophia.access.pages import ReadPage, WritePage
from sophia.access.passwords import hash_password, verify_password
from sophia.access.roles import Role
from sophia.access.share_links import (
    SharedReport,
    ShareLinkRecord,
    create_share_link,
    find_shared_report,
    list_share_links,
    revoke_share_link,
)
from sophia.access.users import expect_password
from sophia.access.web import AppState, RequestContext, address_of
from sophia.analytics.figures.figures import check_window, last_closed_week
from sophia.analytics.figures.requests import CalendarDay, Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import branded, frame, plain_frame, respond
from sophia.dashboard.layout.routes import UNPROCESSABLE, PageRoute
from sophia.dashboard.layout.windows import PageQuery, last_day, window_of
from sophia.dashboard.pictures.view import NO_PICTURE, picture_response
from sophia.dashboard.report.view import KeptReportPage, ReportPageQuery, make_document
from sophia.dashboard.signing_in.view import expect_attempt
from sophia.display.formatting import clock, dates
from sophia.display.values import Cell, Column, State, Table, Value
from sophia.errors import InvalidInputError, NotFoundError
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day
from sophia.portfolio.models import Client
from sophia.portfolio.pictures import find_picture
from sophia.reporting.files import pdf_response
from sophia.reporting.router import document_maker

router = APIRouter(route_class=PageRoute, include_in_schema=False)

NOT_SHARED = "This address shows nothing: it never existed, has expired, or was revoked. Ask for a new one."
WRONG = "The password is wrong."
Text = Annotated[str, Form(max_length=200)]
Token = Annotated[str, Path(max_length=100)]


@dataclass(frozen=True, slots=True)
class SharingPage:
    """The share links of a client. `address` is that of a link that was created just now: it is shown once."""

    name: str
    address: str
    start_date: str
    end_date: str
    links: Table
    revocable: tuple[int, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """The question for the password of a share link."""

    token: str
    error: str = ""


@router.get("/clients/{client_id}/share")
def sharing(
    request: Request, context: ReadPage, client_id: Annotated[Id, Path()], query: Annotated[PageQuery, Query()]
) -> Response:
    return show_links(request, context, client_id, window_of(query, context.now), "")


@router.post("/clients/{client_id}/share")
def create(
    request: Request,
    context: WritePage,
    client_id: Annotated[Id, Path()],
    label: Text,
    valid_days: Annotated[int, Form()],
    start_date: Annotated[CalendarDay | None, Form()] = None,
    end_date: Annotated[CalendarDay | None, Form()] = None,
    password: Text = "",
) -> Response:
    """Create a share link of fixed days, or of the last complete week when no days are given."""
    try:
        days = shared_days(start_date, end_date, context.now)
        password_hash = new_password_hash(password)
        with context.database.write() as session:
            expect_client(session, context.allowed_clients, client_id)
            token = create_share_link(
                session, client_id, label, days, valid_days, password_hash, context.actor, context.now
            )
    except InvalidInputError as error:
        return show_links(request, context, client_id, last_closed_week(context.now), "", str(error))
    address = str(request.url.replace(path=f"{context.settings.path_prefix}/shared/{token}", query=""))
    window = DateRange(days[0], days[1] + ONE_DAY) if days else last_closed_week(context.now)
    return show_links(request, context, client_id, window, address)


def shared_days(start_date: date | None, end_date: date | None, now: datetime) -> tuple[date, date] | None:
    """Return the first and last day of a report, or None for a live report.

    Raises InvalidInputError for days that no report can show.
    """
    if start_date is None and end_date is None:
        return None
    if start_date is None or end_date is None:
        raise InvalidInputError("Give both the first and the last day, or neither for a live report.")
    if start_date > end_date:
        raise InvalidInputError("The first day is after the last.")
    check_window(DateRange(start_date, end_date + ONE_DAY), now)
    return start_date, end_date


def new_password_hash(password: str) -> str | None:
    """Return the hash of the password, or None for a link without one. Raises InvalidInputError for a weak password."""
    if not password:
        return None
    expect_password(password)
    return hash_password(password)


@router.post("/clients/{client_id}/share/{link_id}/revoke")
def revoke(context: WritePage, client_id: Annotated[Id, Path()], link_id: Annotated[Id, Path()]) -> Response:
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        revoke_share_link(session, client_id, link_id, context.now)
    return RedirectResponse(f"{context.settings.path_prefix}/clients/{client_id}/share", 303)


@router.get("/shared/{token}")
def shared(request: Request, token: Token) -> Response:
    """Show the report behind a share link. A link with a password asks for it once per browser."""
    app_state: AppState = request.app.state.app_state
    report = expect_report(app_state, token)
    if report.password_hash is not None and not is_unlocked(request, token, report.password_hash):
        return respond(request, "sharing/password.html", plain_frame(request, "Shared report"), PasswordPage(token))
    return show_report(request, app_state, report, token)


@router.get("/shared/{token}/pictures/{post_id}")
def shared_picture(request: Request, token: Token, post_id: Annotated[Id, Path()]) -> Response:
    """Show the picture of a post of the report: of its client, and published in its window."""
    app_state: AppState = request.app.state.app_state
    report = expect_report(app_state, token)
    is_open = report.password_hash is None or is_unlocked(request, token, report.password_hash)
    with app_state.database.read() as session:
        found = find_picture(session, post_id)
    window = window_of_report(report, app_state.clock())
    if not is_open or found is None or found.client_id != report.client_id:
        raise NotFoundError(NO_PICTURE)
    if reporting_day(found.published_at) not in window:
        raise NotFoundError(NO_PICTURE)
    return picture_response(request.headers, app_state.settings.data_dir, found)


@router.get("/shared/{token}/pdf")
def shared_pdf(request: Request, token: Token) -> Response:
    """Return the report behind a share link as PDF, to readers who may see its page."""
    app_state: AppState = request.app.state.app_state
    report = expect_report(app_state, token)
    if report.password_hash is not None and not is_unlocked(request, token, report.password_hash):
        raise NotFoundError(NOT_SHARED)
    context = reader_context(app_state, report)
    window = window_of_report(report, context.now)
    return pdf_response(document_maker(request, context).document(report.client_id, window), window)


@router.post("/shared/{token}")
def unlock(request: Request, token: Token, password: Text) -> Response:
    app_state: AppState = request.app.state.app_state
    report = expect_report(app_state, token)
    expect_attempt(app_state, f"share link {report.link_id}")
    expect_attempt(app_state, f"share links from {address_of(request.scope)}")
    if report.password_hash is None or not verify_password(password, report.password_hash):
        page = PasswordPage(token, WRONG)
        return respond(request, "sharing/password.html", plain_frame(request, "Shared report"), page, 401)
    path = f"{app_state.settings.path_prefix}/shared/{token}"
    response = RedirectResponse(path, 303)
    response.set_cookie(
        cookie_name(token), proof(token, report.password_hash), path=path, httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return response


def expect_report(app_state: AppState, token: str) -> SharedReport:
    """Raises NotFoundError for a token that shows nothing."""
    with app_state.database.read() as session:
        report = find_shared_report(session, token, app_state.clock())
    if report is None:
        raise NotFoundError(NOT_SHARED)
    return report


def window_of_report(report: SharedReport, now: datetime) -> DateRange:
    """Return the days that a share link shows."""
    if report.start_date is not None and report.end_date is not None:
        return DateRange(report.start_date, report.end_date + ONE_DAY)
    return last_closed_week(now)


def show_report(request: Request, app_state: AppState, report: SharedReport, token: str) -> Response:
    """Show the document in the language and with the brand of the client, without links to other pages."""
    context = reader_context(app_state, report)
    window = window_of_report(report, context.now)
    base = f"{app_state.settings.path_prefix}/shared/{token}"
    query = ReportPageQuery(start_date=window.start, end_date=last_day(window))
    # Its pictures are below its own address, which needs no session.
    document = make_document(request, context, report.client_id, query, base, None)
    page = KeptReportPage(document, f"{base}/pdf")
    outside = branded(plain_frame(request, f"{document.name} {document.period}"), document, is_reader=True)
    return respond(request, "report/kept.html", outside, page)


def reader_context(app_state: AppState, report: SharedReport) -> RequestContext:
    """Return what a limited viewer of this one client would have."""
    viewer = Viewer(f"link {report.link_id}", "share link", frozenset({report.client_id}), Role.READ)
    return RequestContext(viewer, app_state.database.within(STORE_SECONDS), app_state.settings, app_state.clock())


def is_unlocked(request: Request, token: str, password_hash: str) -> bool:
    sent = request.cookies.get(cookie_name(token), "")
    return hmac.compare_digest(sent, proof(token, password_hash))


def cookie_name(token: str) -> str:
    return f"sophia_share_{sha256(token.encode()).hexdigest()[:8]}"


def proof(token: str, password_hash: str) -> str:
    """Return what shows that the password was given; another password makes it useless."""
    return hmac.new(password_hash.encode(), token.encode(), sha256).hexdigest()


def show_links(
    request: Request, context: RequestContext, client_id: int, window: DateRange, address: str, error: str = ""
) -> Response:
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
        links = list_share_links(session, client_id)
    zone = ZoneInfo(context.settings.operator_timezone)
    page = SharingPage(
        name=name,
        address=address,
        start_date=window.start.isoformat(),
        end_date=last_day(window).isoformat(),
        links=link_table(links, zone, context.now),
        revocable=tuple(link.id for link in links if link.revoked_at is None and link.expires_at > context.now),
        error=error,
    )
    outside = frame(request, context, f"Share {name}", sections=client_sections(request, context, client_id))
    return respond(request, "sharing/page.html", outside, page, UNPROCESSABLE if error else 200)


def link_table(links: list[ShareLinkRecord], zone: ZoneInfo, now: datetime) -> Table:
    columns = (
        Column("Number"),
        Column("Name"),
        Column("Shows"),
        Column("State"),
        Column("Password"),
        Column("Created by"),
        Column("Expires"),
    )
    rows = tuple(
        (
            Cell(Value(str(link.id))),
            Cell(Value(link.label)),
            Cell(Value(shown_days(link))),
            Cell(Value(state_of(link, now)[1]), state=state_of(link, now)[0]),
            Cell(Value("yes" if link.has_password else "no")),
            Cell(Value(link.created_by)),
            Cell(clock(link.expires_at, zone, now)),
        )
        for link in links
    )
    return Table("share-links", "Share links", columns, rows, "Nothing of this client is shared.")


def shown_days(link: ShareLinkRecord) -> str:
    if link.start_date is None or link.end_date is None:
        return "last complete week"
    return dates(DateRange(link.start_date, link.end_date + ONE_DAY))


def state_of(link: ShareLinkRecord, now: datetime) -> tuple[State, str]:
    if link.revoked_at is not None:
        return "none", "revoked"
    return ("none", "expired") if link.expires_at <= now else ("sage", "active")
