"""Endpoints for single conversions, and for the sources whose sales count."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext, WriteContext
from sophia.analytics.conversions import listing
from sophia.analytics.conversions.incoming import expect_event_date
from sophia.analytics.conversions.listing import (
    ConversionFilter,
    ConversionHistory,
    ConversionRecord,
    conversion_cursor,
    find_conversion,
    find_history,
)
from sophia.analytics.conversions.schemas import ConversionChange, ConversionsQuery, Removal, Restoring, SourceChoice
from sophia.analytics.conversions.source_store import choose_sources
from sophia.analytics.conversions.sources import ConversionSources, list_sources
from sophia.analytics.conversions.versions import amend_conversion, delete_conversion, restore_conversion
from sophia.analytics.figures.pagination import Paging
from sophia.analytics.figures.requests import ClientId, Id, requested_dates, writing
from sophia.analytics.readings.permissions import read_client, write_client

router = APIRouter(responses=documented(404))

ConversionId = Annotated[Id, Path()]


@router.get("/{client_id}/conversions")
def list_conversions(
    context: ReadContext, client_id: ClientId, query: Annotated[ConversionsQuery, Query()], paging: Paging
) -> list[ConversionRecord]:
    """Return conversions, newest day first; `Link: rel="next"` names the next page."""
    conversion_filter = ConversionFilter(
        requested_dates(query), query.event_type, query.source, query.external_id, query.with_removed
    )
    with read_client(context, client_id) as session:
        records = listing.list_conversions(
            session, client_id, conversion_filter, limit=query.limit + 1, cursor=query.cursor
        )
    return paging.cut(records, query.limit, cursor=conversion_cursor)


@router.get("/{client_id}/conversions/{conversion_id}")
def get_conversion(context: ReadContext, client_id: ClientId, conversion_id: ConversionId) -> ConversionHistory:
    """Return a conversion with its earlier versions."""
    return _history(context, client_id, conversion_id)


@router.patch("/{client_id}/conversions/{conversion_id}", responses=writing)
def patch_conversion(
    context: WriteContext, client_id: ClientId, conversion_id: ConversionId, change: ConversionChange
) -> ConversionHistory:
    """Change a conversion and keep its earlier version. Importing an unchanged file does not undo the change."""
    if change.event_date is not None:
        expect_event_date(change.event_date, context.now.date())
    with write_client(context, client_id) as session:
        changes = change.changes_of(find_conversion(session, client_id, conversion_id))
        amend_conversion(session, client_id, conversion_id, changes, change.reason, context.now)
    return _history(context, client_id, conversion_id)


@router.delete("/{client_id}/conversions/{conversion_id}", status_code=204)
def remove_conversion(
    context: WriteContext, client_id: ClientId, conversion_id: ConversionId, query: Annotated[Removal, Query()]
) -> None:
    """Delete a conversion. Reports as of a past moment keep it, and importing a file does not bring it back."""
    with write_client(context, client_id) as session:
        delete_conversion(session, client_id, conversion_id, query.reason, context.now)


@router.post("/{client_id}/conversions/{conversion_id}/restore", responses=writing)
def restore(
    context: WriteContext, client_id: ClientId, conversion_id: ConversionId, restoring: Restoring
) -> ConversionHistory:
    """Restore a deleted conversion, so that it counts again."""
    with write_client(context, client_id) as session:
        restore_conversion(session, client_id, conversion_id, restoring.reason, context.now)
    return _history(context, client_id, conversion_id)


@router.get("/{client_id}/conversion-sources")
def get_sources(context: ReadContext, client_id: ClientId) -> ConversionSources:
    """Return the sources of sales, which of them count, and which sales two sources share."""
    with read_client(context, client_id) as session:
        return list_sources(session, client_id)


@router.put("/{client_id}/conversion-sources", responses=writing)
def put_sources(context: WriteContext, client_id: ClientId, choice: SourceChoice) -> ConversionSources:
    """Choose the sources whose sales and refunds count. Reports as of a past moment use the earlier choice."""
    with write_client(context, client_id) as session:
        choose_sources(session, client_id, choice.sources, context.now)
        return list_sources(session, client_id)


def _history(context: RequestContext, client_id: int, conversion_id: int) -> ConversionHistory:
    with read_client(context, client_id) as session:
        return find_history(session, client_id, conversion_id)
