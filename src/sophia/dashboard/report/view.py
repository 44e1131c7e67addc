"""The report for the client, read in 60 seconds: the result, what changed and why, the best posts, and what comes next.

Users open it at `/clients/{id}/report`, keep it as a finished report, and load it as PDF. Readers of a share link see the
same document at the address of the link.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request, Response

from sophia.access.pages import ReadPage, WritePage
from sophia.access.web import RequestContext
from sophia.analytics.figures.figures import check_window
from sophia.analytics.figures.requests import CalendarDay, Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.client_forms import UNPROCESSABLE, can_change, change_client, see
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.forms import LineField, NoteField
from sophia.dashboard.layout.pages import branded, frame, respond
from sophia.dashboard.layout.pictures import picture_addresses
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, address_with, last_day, picker, window_of
from sophia.display.formatting import dates, full_dates
from sophia.display.languages import LANGUAGE_NAMES, LANGUAGES, LanguageCode, expect_language, full_day
from sophia.display.values import Cell, Column, Link, Table, Value
from sophia.errors import ConflictError, InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.reporting.building import build
from sophia.reporting.document import Document
from sophia.reporting.editions import Edition, find_kept, list_editions
from sophia.reporting.files import pdf_response
from sophia.reporting.notes import save_note
from sophia.reporting.router import document_maker
from sophia.reporting.settings import report_look

router = APIRouter(route_class=PageRoute, include_in_schema=False)

REPORT = "/clients/{client_id}/report"
EDITION = "/clients/{client_id}/reports/{edition_id}"
ClientIdPath = Annotated[Id, Path()]


class ReportPageQuery(PageQuery):
    """The window of a report, and its language if it is not that of the client."""

    language: LanguageCode | None = None


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report that is not kept yet, what can be done with it, and the finished reports of the client.

    `has_edition` is whether this period is kept already, so that keeping it again is a correction.
    """

    document: Document
    path: str
    pdf: str
    languages: tuple[Link, ...]
    can_change: bool
    has_edition: bool
    start_date: str
    end_date: str
    note: str
    editions: Table
    error: str = ""


@dataclass(frozen=True, slots=True)
class KeptReportPage:
    """A finished report, exactly as it was kept. `pdf` is the address of its file."""

    document: Document
    pdf: str


@router.get(REPORT)
def report(
    request: Request, context: ReadPage, client_id: ClientIdPath, query: Annotated[ReportPageQuery, Query()]
) -> Response:
    return show_report(request, context, client_id, query)


@router.get(f"{REPORT}.pdf")
def report_pdf(
    request: Request, context: ReadPage, client_id: ClientIdPath, query: Annotated[ReportPageQuery, Query()]
) -> Response:
    """Return the report of the window as PDF."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    window = window_of(query, context.now)
    maker = document_maker(request, context)
    return pdf_response(maker.document(client_id, window, query.language, query.compare), window)


@router.post(f"{REPORT}/note")
def write_note(
    request: Request,
    context: WritePage,
    client_id: ClientIdPath,
    start_date: Annotated[CalendarDay, Form()],
    end_date: Annotated[CalendarDay, Form()],
    text: NoteField = "",
) -> Response:
    """Store the note about these days; an empty text deletes it."""
    window = DateRange(start_date, end_date + ONE_DAY)
    check_window(window, context.now)
    error = change_client(
        context,
        client_id,
        lambda session: save_note(session, client_id, window, text, context.viewer.name, context.now),
    )
    if error:
        query = ReportPageQuery(start_date=start_date, end_date=end_date)
        return show_report(request, context, client_id, query, error)
    return see(context, f"/clients/{client_id}/report?{query_of(window)}")


@router.post(f"{REPORT}/keep")
def keep(
    request: Request,
    context: WritePage,
    client_id: ClientIdPath,
    start_date: Annotated[CalendarDay, Form()],
    end_date: Annotated[CalendarDay, Form()],
    language: LineField,
    reason: LineField = "",
) -> Response:
    """Keep the report of these days as a finished one, or correct the one that is kept, and lead to it."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    window = DateRange(start_date, end_date + ONE_DAY)
    try:
        code = expect_language(language)
        kept = document_maker(request, context).keep(client_id, window, context.actor, code, reason=reason)
    except (InvalidInputError, ConflictError) as error:
        query = ReportPageQuery(start_date=start_date, end_date=end_date)
        return show_report(request, context, client_id, query, str(error))
    return see(context, f"/clients/{client_id}/reports/{kept.edition.id}")


@router.get(EDITION)
def edition(
    request: Request,
    context: ReadPage,
    client_id: ClientIdPath,
    edition_id: Annotated[Id, Path()],
    _query: Annotated[PageQuery, Query()],
) -> Response:
    """Show a finished report as it was kept."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        kept = find_kept(session, client_id, edition_id)
    pdf = f"{context.settings.path_prefix}/clients/{client_id}/reports/{edition_id}/pdf"
    page = KeptReportPage(kept.document, pdf)
    title = f"{kept.document.name} {kept.document.period}"
    outside = frame(request, context, title, sections=client_sections(request, context, client_id))
    return respond(request, "report/kept.html", branded(outside, page.document, is_reader=False), page)


@router.get(f"{EDITION}/pdf")
def edition_pdf(context: ReadPage, client_id: ClientIdPath, edition_id: Annotated[Id, Path()]) -> Response:
    """Return a finished report as PDF."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        kept = find_kept(session, client_id, edition_id)
    return pdf_response(kept.document, kept.edition.window)


def show_report(
    request: Request, context: RequestContext, client_id: int, query: ReportPageQuery, error: str = ""
) -> Response:
    """Show the report of a window with its forms; with `error` what was wrong with one of them."""
    window = window_of(query, context.now)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        editions = list_editions(session, client_id)
    prefix = context.settings.path_prefix
    document = make_document(request, context, client_id, query, prefix, prefix)
    page = ReportPage(
        document=document,
        path=f"/clients/{client_id}/report",
        pdf=f"{prefix}/clients/{client_id}/report.pdf{address_with(request)}",
        languages=tuple(
            Link(LANGUAGE_NAMES[code], address_with(request, language=code), code == document.language)
            for code in LANGUAGES
        ),
        can_change=can_change(context),
        has_edition=any(is_of(item, window, document.language) for item in editions),
        start_date=window.start.isoformat(),
        end_date=last_day(window).isoformat(),
        note="" if document.note is None else "\n\n".join(document.note.paragraphs),
        editions=edition_table(editions, f"{prefix}/clients/{client_id}/reports"),
        error=error,
    )
    title = f"Report for {document.name} {dates(window)}"
    sections = client_sections(request, context, client_id)
    outside = frame(request, context, title, picker(request, context, window, query.compare), sections)
    outside = branded(outside, document, is_reader=False)
    return respond(request, "report/page.html", outside, page, UNPROCESSABLE if error else 200)


def make_document(
    request: Request,
    context: RequestContext,
    client_id: int,
    query: ReportPageQuery,
    picture_base: str,
    prefix: str | None,
) -> Document:
    """Return the document of a client for a page. `picture_base` is the address below which its reader finds pictures.

    `prefix` is that of the pages of definitions, None for readers who may not see them. The caller checks the client.
    """
    facts = document_maker(request, context).facts(client_id, window_of(query, context.now), query.compare)
    with context.database.read() as session:
        look = report_look(session, client_id)
        posts = [post.post_id for post in facts.report.top_posts]
        addresses = picture_addresses(session, picture_base, posts)
    pictures: Mapping[int, str] = {post_id: addresses.of(post_id) for post_id in posts}
    return build(
        replace(facts, pictures=pictures),
        look.branding,
        query.language or look.language,
        request.app.state.chart_drawer,
        sections=look.sections,
        prefix=prefix,
    )


def query_of(window: DateRange) -> str:
    return urlencode({"start_date": window.start.isoformat(), "end_date": last_day(window).isoformat()})


def is_of(item: Edition, window: DateRange, code: LanguageCode) -> bool:
    return (item.window, item.language) == (window, code)


def edition_table(editions: list[Edition], base: str) -> Table:
    """Return the finished reports of a client, the newest first; each leads to the report as it was kept."""
    rows = tuple(
        (
            Cell(Value(full_dates(item.window)), f"{base}/{item.id}"),
            Cell(Value(LANGUAGE_NAMES[item.language])),
            Cell(Value(str(item.number)), sort=item.number, note=item.reason or ""),
            Cell(
                Value(full_day(item.created_at.date()), item.created_at.isoformat()), sort=item.created_at.timestamp()
            ),
            Cell(Value(item.created_by)),
        )
        for item in editions
    )
    columns = (
        Column("Period"),
        Column("Language"),
        Column("Edition"),
        Column("Kept on"),
        Column("Kept by"),
    )
    return Table("editions", "Finished reports", columns, rows, "No report of this client is kept yet.")
