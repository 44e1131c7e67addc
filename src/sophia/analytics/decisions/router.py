"""Endpoints of decisions, their quality, and guidance for the next brief."""

import uuid
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext, WriteContext
from sophia.analytics.decisions import store
from sophia.analytics.decisions.queries import StoredDecision, list_decisions, week_scores
from sophia.analytics.decisions.requests import DecisionsQuery, NewDecision
from sophia.analytics.decisions.scoring import (
    DecisionContext,
    DecisionQuality,
    decision_context,
    decision_quality,
    quality_window,
)
from sophia.analytics.decisions.store import RecordedDecision
from sophia.analytics.figures.figures import expect_days
from sophia.analytics.figures.pagination import Paging
from sophia.analytics.figures.requests import ClientId, DateRangeQuery, IdempotencyKey, writing
from sophia.analytics.readings.permissions import read_client, write_client
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY

router = APIRouter(responses=documented(404))
MOST_DAYS = 732


@router.post(
    "/{client_id}/decisions",
    status_code=201,
    responses={
        200: {"model": RecordedDecision, "description": "The decision was recorded before."},
        **writing,
    },
)
def record_decision(
    context: WriteContext,
    client_id: ClientId,
    decision: NewDecision,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RecordedDecision:
    """Record a decision, once per `Idempotency-Key`. Its draft can become a post later; its outcomes follow then."""
    with write_client(context, client_id) as session:
        key = idempotency_key or str(uuid.uuid4())
        recorded = store.record_decision(session, client_id, decision, key, context.now)
    if recorded.status == "duplicate":
        response.status_code = 200
    return recorded


@router.get("/{client_id}/decisions")
def decisions(
    context: ReadContext, client_id: ClientId, query: Annotated[DecisionsQuery, Query()], paging: Paging
) -> list[StoredDecision]:
    """List decisions, the latest first, with the outcomes of their posts. `Link: rel="next"` leads to the next page."""
    with read_client(context, client_id) as session:
        page = list_decisions(session, client_id, query)
    if page.next_cursor is not None:
        paging.link_next(cursor=page.next_cursor)
    return page.decisions


@router.get("/{client_id}/decision-quality")
def read_quality(
    context: ReadContext, client_id: ClientId, query: Annotated[DateRangeQuery, Query()]
) -> DecisionQuality:  # fmt: skip
    """Return the quality of predictions by stage, for outcomes due in these days; by default in the last 180 days."""
    quality = requested_quality(context, client_id, query)
    with context.database.read() as session:
        return replace(quality, weeks=week_scores(session, client_id, quality.window))


@router.get("/{client_id}/decision-context")
def read_context(
    context: ReadContext, client_id: ClientId, query: Annotated[DateRangeQuery, Query()]
) -> DecisionContext:  # fmt: skip
    """Return short guidance for the next brief: what the evidence supports, each sentence with its sample (I5)."""
    return decision_context(requested_quality(context, client_id, query))


def requested_quality(context: RequestContext, client_id: int, query: DateRangeQuery) -> DecisionQuality:
    """Return the quality in the requested days, by default the last 180.

    Raises NotFoundError for a client that may not be seen, and InvalidInputError for a window in the future or too long.
    """
    usual = quality_window(context.now)
    window = query.days_until(usual.end - ONE_DAY, usual.days)
    if query.end_date is None and window.start >= usual.end:
        raise InvalidInputError(f"The window has not begun: it starts on {window.start}.")
    expect_days(window.days, MOST_DAYS)
    with read_client(context, client_id) as session:
        return decision_quality(session, client_id, window, context.now)
