"""What people respond to, and when; and each post among the others of its account."""

from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext
from sophia.analytics.figures.requests import ClientId, WindowQuery
from sophia.analytics.kpis.windows import HISTORY
from sophia.analytics.posting_times.schemas import (
    FormatsAnswer,
    PostingTimesAnswer,
    PostRankingQuery,
    PostRankingResponse,
    RankedPostResponse,
    formats_answer,
    posting_times_answer,
)
from sophia.analytics.posting_times.service import make_responses, make_standings
from sophia.analytics.readings.permissions import expect_client

router = APIRouter(responses=documented(404))
Days = Annotated[WindowQuery, Query()]
USUAL_DAYS = HISTORY.days


@router.get("/{client_id}/posting-times")
def posting_times(context: ReadContext, client_id: ClientId, asked: Days) -> PostingTimesAnswer:
    """When people respond, by hour of the week on the client's clock; by default from the posts of 90 days."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return posting_times_answer(
        make_responses(context.database, client_id, asked.window_at(context.now, USUAL_DAYS), context.now)
    )


@router.get("/{client_id}/formats")
def formats(context: ReadContext, client_id: ClientId, asked: Days) -> FormatsAnswer:
    """What people respond to: formats and content pillars; by default from the posts of 90 days."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return formats_answer(
        make_responses(context.database, client_id, asked.window_at(context.now, USUAL_DAYS), context.now)
    )


@router.get("/{client_id}/post-standings")
def post_standings(
    context: ReadContext, client_id: ClientId, asked: Annotated[PostRankingQuery, Query()]
) -> PostRankingResponse:
    """Each post against those of the same account at the same age; by default the posts of 90 days after seven days."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    age = int(asked.age.removesuffix("d"))
    standings = make_standings(
        context.database, client_id, asked.window_at(context.now, USUAL_DAYS), context.now, age, asked.metric
    )
    chosen = [post for post in standings.posts if asked.verdict in (None, post.standing.verdict)]
    return PostRankingResponse(
        client_id=client_id,
        window=standings.window,
        age=asked.age,
        metric=asked.metric,
        total=len(chosen),
        posts=[RankedPostResponse.model_validate(post) for post in chosen[: asked.limit]],
    )
