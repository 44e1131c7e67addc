"""Single conversions: listed, amended, deleted and restored; and which sources of sales count."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext, WriteContext
from sophia.analytics.conversions.listing import (
    ConversionFilter,
    ConversionRecord,
    conversion_cursor,
    find_conversion,
    list_conversions,
    list_revisions,
)
from sophia.analytics.conversions.record_schemas import (
    ConversionChange,
    ConversionHistoryAnswer,
    ConversionRecordAnswer,
    ConversionSourcesAnswer,
    ConversionsQuery,
    Removal,
    Restoring,
    SourceChoice,
)
from sophia.analytics.conversions.schemas import EARLIEST_EVENT, expect_event_date
from sophia.analytics.conversions.source_store import choose_sources
from sophia.analytics.conversions.sources import ConversionSources, list_sources
from sophia.analytics.conversions.versions import amend_conversion, delete_conversion, restore_conversion
from sophia.analytics.figures.pagination import paginate
from sophia.analytics.figures.requests import ClientId, Id, requested_dates
from sophia.analytics.readings.permissions import expect_client

router = APIRouter(responses=documented(404))
writing = documented(400, 409, 413)

ConversionId = Annotated[Id, Path()]


@router.get("/{client_id}/conversions", response_model=list[ConversionRecordAnswer])
def conversions(
    context: ReadContext,
    client_id: ClientId,
    asked: Annotated[ConversionsQuery, Query()],
    request: Request,
    response: Response,
) -> list[ConversionRecord]:
    """List conversions, newest day first; `Link: rel="next"` leads on."""
    conversion_filter = ConversionFilter(
        requested_dates(asked), asked.event_type, asked.source, asked.external_id, asked.with_removed
    )
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        found = list_conversions(session, client_id, conversion_filter, limit=asked.limit + 1, cursor=asked.cursor)
    return paginate(request, response, found, asked.limit, cursor=conversion_cursor)


@router.get("/{client_id}/conversions/{conversion_id}")
def conversion(context: ReadContext, client_id: ClientId, conversion_id: ConversionId) -> ConversionHistoryAnswer:
    """Show one conversion with its earlier versions."""
    return _history(context, client_id, conversion_id)


@router.patch(
    "/{client_id}/conversions/{conversion_id}",
    responses=writing,
)
def amend(
    context: WriteContext, client_id: ClientId, conversion_id: ConversionId, change: ConversionChange
) -> ConversionHistoryAnswer:
    """Amend a conversion. What it said before is kept; a file that says the same as before does not undo this."""
    if change.event_date is not None:
        expect_event_date(change.event_date, EARLIEST_EVENT, context.now.date() + timedelta(days=1))
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        changes = change.changes_of(find_conversion(session, client_id, conversion_id))
        amend_conversion(session, client_id, conversion_id, changes, change.reason, context.now)
    return _history(context, client_id, conversion_id)


@router.delete("/{client_id}/conversions/{conversion_id}", status_code=204)
def delete(
    context: WriteContext, client_id: ClientId, conversion_id: ConversionId, asked: Annotated[Removal, Query()]
) -> None:
    """Delete a conversion. It is kept for reports of the past, and stays deleted when a file names it again."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        delete_conversion(session, client_id, conversion_id, asked.reason, context.now)


@router.post(
    "/{client_id}/conversions/{conversion_id}/restore",
    responses=writing,
)
def restore(
    context: WriteContext, client_id: ClientId, conversion_id: ConversionId, restoring: Restoring
) -> ConversionHistoryAnswer:
    """Let a deleted conversion count again."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        restore_conversion(session, client_id, conversion_id, restoring.reason, context.now)
    return _history(context, client_id, conversion_id)


@router.get("/{client_id}/conversion-sources", response_model=ConversionSourcesAnswer)
def sources(context: ReadContext, client_id: ClientId) -> ConversionSources:
    """List the sources of sales, which of them count, and which sales two of them share."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        return list_sources(session, client_id)


@router.put("/{client_id}/conversion-sources", response_model=ConversionSourcesAnswer, responses=writing)
def choose(context: WriteContext, client_id: ClientId, choice: SourceChoice) -> ConversionSources:
    """Choose the sources whose sales and refunds count. Reports of the past know the earlier choice."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        choose_sources(session, client_id, choice.sources, context.now)
        return list_sources(session, client_id)


def _history(context: RequestContext, client_id: int, conversion_id: int) -> ConversionHistoryAnswer:
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        record = find_conversion(session, client_id, conversion_id)
        revisions = list_revisions(session, client_id, conversion_id)
    return ConversionHistoryAnswer.model_validate(
        {
            "id": record.id,
            "counts": record.counts,
            "revisions": record.revisions,
            "version": record.version,
            "history": revisions,
        }
    )
