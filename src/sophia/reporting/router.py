"""Endpoints for documents: the report as PDF, finished reports, the note about a period, and the settings of reports."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from sophia.access.problems import documented
from sophia.access.web import (
    AdminContext,
    AdminPortfolioContext,
    ReadContext,
    ReadPortfolioContext,
    RequestContext,
    WriteContext,
)
from sophia.analytics.figures.figures import check_window, last_closed_week
from sophia.analytics.figures.requests import ClientId, Id, WindowQuery, writing
from sophia.analytics.readings.permissions import read_client, write_client
from sophia.analytics.router import PREFIX
from sophia.meta.reporting_zone import DateRange
from sophia.reporting.building import WrittenNote
from sophia.reporting.editions import Edition, KeptReport, find_kept, list_editions
from sophia.reporting.files import MEDIA_TYPE, pdf_response
from sophia.reporting.gathering import DocumentMaker
from sophia.reporting.notes import find_note, save_note
from sophia.reporting.schemas import DocumentQuery, NewEdition, NewNote
from sophia.reporting.settings import ReportSettings, read_settings, save_settings

router = APIRouter(prefix=PREFIX, tags=["reports"], responses=documented(401, 403, 404, 422, 429, 500, 503))
EditionId = Annotated[Id, Path()]
PDF_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "description": "The PDF."}
}


@router.get("/report-settings")
def agency_settings(context: ReadPortfolioContext) -> ReportSettings:
    """Return the settings of the agency, which clients inherit."""
    with context.database.read() as session:
        return read_settings(session, None)


@router.put("/report-settings", responses=writing)
def put_agency_settings(context: AdminPortfolioContext, settings: ReportSettings) -> ReportSettings:
    """Replace the settings of the agency."""
    with context.database.write() as session:
        return save_settings(session, None, settings, context.now)


@router.get("/{client_id}/report.pdf", response_class=Response, responses=PDF_ANSWER)
def report_pdf(
    request: Request, context: ReadContext, client_id: ClientId, query: Annotated[DocumentQuery, Query()]
) -> Response:
    """Return the report of a client as PDF, by default of the last complete week."""
    with read_client(context, client_id):
        pass
    window = query.window_at(context.now) or last_closed_week(context.now)
    document = document_maker(request, context).document(client_id, window, query.language, query.compare)
    return pdf_response(document, window)


@router.get("/{client_id}/reports")
def list_reports(context: ReadContext, client_id: ClientId) -> list[Edition]:
    """Return the finished reports of a client, the newest first, at most 100."""
    with read_client(context, client_id) as session:
        return list_editions(session, client_id)


@router.post("/{client_id}/reports", status_code=201, responses=writing)
def keep_report(request: Request, context: WriteContext, client_id: ClientId, report: NewEdition) -> Edition:
    """Keep the report of a period that is over. A period has one first edition; with a `reason` this keeps a correction."""
    with read_client(context, client_id):
        pass
    window = WindowQuery(start_date=report.start_date, end_date=report.end_date).window_at(context.now)
    maker = document_maker(request, context)
    kept = maker.keep(
        client_id, window or last_closed_week(context.now), context.actor, report.language, reason=report.reason
    )
    return kept.edition


@router.get("/{client_id}/reports/{edition_id}")
def get_report(context: ReadContext, client_id: ClientId, edition_id: EditionId) -> KeptReport:
    """Return a finished report as it was kept, with all its texts."""
    with read_client(context, client_id) as session:
        return find_kept(session, client_id, edition_id)


@router.get("/{client_id}/reports/{edition_id}/pdf", response_class=Response, responses=PDF_ANSWER)
def get_report_pdf(context: ReadContext, client_id: ClientId, edition_id: EditionId) -> Response:
    """Return a finished report as PDF."""
    with read_client(context, client_id) as session:
        kept = find_kept(session, client_id, edition_id)
    return pdf_response(kept.document, kept.edition.window)


@router.get("/{client_id}/report-note")
def get_note(context: ReadContext, client_id: ClientId, query: Annotated[WindowQuery, Query()]) -> WrittenNote | None:
    """Return the note about exactly these days, by default about the last complete week; null without one."""
    with read_client(context, client_id) as session:
        return find_note(session, client_id, window_of(query, context))


@router.put("/{client_id}/report-note", responses=writing)
def put_note(
    context: WriteContext, client_id: ClientId, query: Annotated[WindowQuery, Query()], note: NewNote
) -> WrittenNote | None:
    """Replace the note about these days; an empty text deletes it."""
    window = window_of(query, context)
    with write_client(context, client_id) as session:
        save_note(session, client_id, window, note.text, context.viewer.name, context.now)
        return find_note(session, client_id, window)


@router.get("/{client_id}/report-settings")
def client_settings(context: ReadContext, client_id: ClientId) -> ReportSettings:
    """Return a client's own settings; null fields inherit from the agency."""
    with read_client(context, client_id) as session:
        return read_settings(session, client_id)


@router.put("/{client_id}/report-settings", responses=writing)
def put_client_settings(context: AdminContext, client_id: ClientId, settings: ReportSettings) -> ReportSettings:
    """Replace a client's own settings."""
    with write_client(context, client_id) as session:
        return save_settings(session, client_id, settings, context.now)


def window_of(query: WindowQuery, context: RequestContext) -> DateRange:
    """Return the days of a note. Raises InvalidInputError for days that no report can have."""
    window = query.window_at(context.now) or last_closed_week(context.now)
    check_window(window, context.now)
    return window


def document_maker(request: Request, context: RequestContext) -> DocumentMaker:
    """Return what makes documents with the charts of this server."""
    return DocumentMaker(context.database, request.app.state.chart_drawer, context.settings.data_dir, context.now)
