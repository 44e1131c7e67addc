"""The readings of one client. Another client's id answers like one that does not exist (D3)."""

from collections.abc import Collection, Iterator
from dataclasses import fields
from datetime import timedelta
from difflib import get_close_matches
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext
from sophia.analytics.figures.figures import expect_days
from sophia.analytics.figures.pagination import Paging
from sophia.analytics.figures.requests import ClientId, MetricsQuery, ReadingsQuery, SeriesQuery
from sophia.analytics.readings.aggregated import aggregate, full_buckets
from sophia.analytics.readings.csv_export import ROWS_AT_ONCE, as_csv
from sophia.analytics.readings.permissions import read_client
from sophia.analytics.readings.queries import ReadingFilter, StoredReading, client_metric_names, newest_day, read_page
from sophia.analytics.readings.schemas import SeriesAnswer
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.canonical import CANONICAL
from sophia.meta.catalogue.lookup import stored_names
from sophia.meta.catalogue.terms import Level
from sophia.meta.reporting_zone import reporting_day

router = APIRouter(responses=documented(404))
SERIES_DAYS = 90
MOST_SERIES_DAYS = 3_660


@router.get("/{client_id}/metrics")
def metrics(
    context: ReadContext, client_id: ClientId, query: Annotated[MetricsQuery, Query()], paging: Paging
) -> list[StoredReading]:
    """Readings, newest day first; `Link: rel="next"` leads on. A name that neither the catalogue nor this client's
    readings know is refused.
    """
    with read_client(context, client_id) as session:
        expect_metrics(session, client_id, query.metric_name, query.canonical)
        page = read_page(session, client_id, reading_filter(query), query.limit, query.cursor)
    if page.next_cursor is not None:
        paging.link_next(cursor=page.next_cursor)
    return page.readings


def expect_metrics(session: Session, client_id: int, names: Collection[str], canonical: str | None) -> None:
    """Raise InvalidInputError for an unknown name, which would look like a metric without readings."""
    if canonical is not None and canonical not in CANONICAL:
        raise InvalidInputError(unknown_name("canonical metric", canonical, CANONICAL))
    catalogue_names = stored_names()
    uncatalogued = set(names) - catalogue_names
    if uncatalogued:
        of_client = client_metric_names(session, client_id)
        for name in sorted(uncatalogued - of_client):
            raise InvalidInputError(unknown_name("metric", name, catalogue_names | of_client))


def unknown_name(noun: str, name: str, valid_names: Collection[str]) -> str:
    near = get_close_matches(name, sorted(valid_names), 3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return f"There is no {noun} {name!r}. {hint}GET /api/analytics/catalogue lists them."


def reading_filter(query: ReadingsQuery) -> ReadingFilter:
    names = {field.name for field in fields(ReadingFilter)} - {"metric_names"}
    return ReadingFilter(metric_names=tuple(query.metric_name), **{name: getattr(query, name) for name in names})


@router.get(
    "/{client_id}/metrics.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A row per reading."}},
)
def metrics_csv(
    context: ReadContext, client_id: ClientId, query: Annotated[ReadingsQuery, Query()]
) -> StreamingResponse:
    """All readings that match, newest day first, as CSV with a heading. They are streamed, however many there are
    (J6).
    """
    with read_client(context, client_id) as session:
        expect_metrics(session, client_id, query.metric_name, query.canonical)
    reading_pages = pages(context, client_id, reading_filter(query))
    # The first page is read before the answer begins, so that an error is still a problem document.
    lines = as_csv(chain([next(reading_pages)], reading_pages))
    name = f'attachment; filename="client-{client_id}-readings.csv"'
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def pages(context: RequestContext, client_id: int, reading_filter: ReadingFilter) -> Iterator[list[StoredReading]]:
    """Yield page after page, each in a short read transaction, because a slow reader must not hold a connection."""
    cursor: str | None = None
    while True:
        with context.database.read() as session:
            page = read_page(session, client_id, reading_filter, ROWS_AT_ONCE, cursor)
        yield page.readings
        cursor = page.next_cursor
        if cursor is None:
            return


@router.get("/{client_id}/series")
def series(context: ReadContext, client_id: ClientId, query: Annotated[SeriesQuery, Query()]) -> SeriesAnswer:
    """One metric of the client's accounts by day, week (from Monday) or month, as its counting allows.

    Without a window: 90 days until the newest reading. Days outside the window that share a bucket with it count too.
    """
    with read_client(context, client_id) as session:
        expect_metrics(session, client_id, [query.metric_name] if query.metric_name else [], query.canonical)
        newest = newest_day(session, client_id) or reporting_day(context.now) - timedelta(days=1)
        window = query.days_until(newest, SERIES_DAYS)
        expect_days(window.days, MOST_SERIES_DAYS)
        days = full_buckets(window, query.bucket)
        aggregated = aggregate(
            session,
            client_id,
            days,
            query.bucket,
            query.group_by,
            canonical=query.canonical,
            metric_name=query.metric_name,
        )
    return SeriesAnswer(
        client_id=client_id,
        canonical=query.canonical,
        metric_names=list(aggregated.names),
        level=Level.ACCOUNT,
        bucket=query.bucket,
        group_by=query.group_by,
        counting=aggregated.counting,
        unit=aggregated.unit,
        start=days.start,
        end=days.end,
        groups=aggregated.groups,
        reason=None if aggregated.names else "No account of this client's platforms has daily readings of this metric.",
    )
