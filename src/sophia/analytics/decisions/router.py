"""What was decided for a client's drafts, what became of it, and what the next brief can learn from it."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext, WriteContext
from sophia.analytics.decisions import store
from sophia.analytics.decisions.queries import DecisionFilter, StoredDecision, list_decisions, week_scores
from sophia.analytics.decisions.schemas import (
    DecisionAnswer,
    DecisionContextAnswer,
    DecisionQualityAnswer,
    DecisionsQuery,
    NewDecision,
    RecordedAnswer,
    context_answer,
    quality_answer,
)
from sophia.analytics.decisions.scoring import DecisionQuality, decision_quality, quality_window
from sophia.analytics.figures.figures import expect_days
from sophia.analytics.figures.pagination import link_next
from sophia.analytics.figures.requests import ClientId, DateRangeQuery, IdempotencyKey
from sophia.analytics.readings.permissions import expect_client
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY

router = APIRouter(responses=documented(404))
MOST_DAYS = 732


@router.post(
    "/{client_id}/decisions",
    status_code=201,
    responses={
        200: {"model": RecordedAnswer, "description": "It had been recorded before."},
        **documented(400, 409, 413),
    },
)
def record_decision(
    context: WriteContext,
    client_id: ClientId,
    decision: NewDecision,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RecordedAnswer:
    """Record a decision, once per `Idempotency-Key`. Its draft need not be a post yet; outcomes come when it is."""
    new_decision = store.NewDecision(**decision.model_dump())
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        recorded = store.record_decision(
            session, client_id, new_decision, idempotency_key or str(uuid.uuid4()), context.now
        )
    if recorded.duplicate:
        response.status_code = 200
    return RecordedAnswer(id=recorded.id, status="duplicate" if recorded.duplicate else "recorded")


@router.get("/{client_id}/decisions", response_model=list[DecisionAnswer])
def decisions(
    context: ReadContext,
    client_id: ClientId,
    asked: Annotated[DecisionsQuery, Query()],
    request: Request,
    response: Response,
) -> list[StoredDecision]:
    """Decisions, the latest first, with what their posts came to at each age; `Link: rel="next"` leads on."""
    decision_filter = DecisionFilter(**asked.model_dump(exclude={"limit", "cursor"}))
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        page = list_decisions(session, client_id, decision_filter, asked.limit, asked.cursor)
    if page.next_cursor is not None:
        link_next(request, response, cursor=page.next_cursor)
    return page.decisions


@router.get("/{client_id}/decision-quality")
def read_quality(
    context: ReadContext, client_id: ClientId, asked: Annotated[DateRangeQuery, Query()]
) -> DecisionQualityAnswer:
    """By stage, how good the predictions were whose outcome was due in these days: without any, the last 180."""
    found = _quality(context, client_id, asked)
    with context.database.read() as session:
        weeks = week_scores(session, client_id, found.window)
    return quality_answer(client_id, found, weeks)


@router.get("/{client_id}/decision-context")
def read_context(
    context: ReadContext, client_id: ClientId, asked: Annotated[DateRangeQuery, Query()]
) -> DecisionContextAnswer:
    """Short guidance for the next brief: only what the evidence carries, each sentence with its sample (I5)."""
    return context_answer(client_id, _quality(context, client_id, asked))


def _quality(context: RequestContext, client_id: int, asked: DateRangeQuery) -> DecisionQuality:
    usual = quality_window(context.now)
    window = asked.days_until(usual.end - ONE_DAY, usual.days)
    if asked.end_date is None and window.start >= usual.end:
        raise InvalidInputError(f"The window has not begun: it starts on {window.start}.")
    expect_days(window.days, MOST_DAYS)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        return decision_quality(session, client_id, window, context.now)
