"""Endpoints of posting times, formats and the ranking of posts."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from sophia.access.problems import documented
from sophia.access.web import ReadContext
from sophia.analytics.figures.requests import ClientId, Limit, WindowQuery
from sophia.analytics.kpis.windows import HISTORY
from sophia.analytics.posting_times.post_ranking import Verdict
from sophia.analytics.posting_times.service import (
    Age,
    FormatEffects,
    PostingTimes,
    PostRanking,
    RankedMetric,
    measure_formats,
    measure_posting_times,
    rank_client_posts,
)
from sophia.analytics.readings.permissions import expect_client

router = APIRouter(responses=documented(404))
USUAL_DAYS = HISTORY.days


class PostRankingQuery(WindowQuery):
    """Which posts are ranked, at which age and by which metric."""

    age: Age = Field(default="7d", description="Reporting days after the day on which a post was published.")
    metric: RankedMetric = "engagements"
    verdict: Verdict | None = None
    limit: Limit = 200


@router.get("/{client_id}/posting-times")
def posting_times(
    context: ReadContext, client_id: ClientId, query: Annotated[WindowQuery, Query()]
) -> PostingTimes:  # fmt: skip
    """Compare the hours of the week in the client's zone; by default from the posts of 90 days."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    window = query.window_at(context.now, USUAL_DAYS)
    return measure_posting_times(context.database, client_id, window, context.now)


@router.get("/{client_id}/formats")
def formats(context: ReadContext, client_id: ClientId, query: Annotated[WindowQuery, Query()]) -> FormatEffects:
    """Compare formats and content pillars; by default from the posts of 90 days."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    return measure_formats(context.database, client_id, query.window_at(context.now, USUAL_DAYS), context.now)


@router.get("/{client_id}/post-standings")
def post_standings(
    context: ReadContext, client_id: ClientId, query: Annotated[PostRankingQuery, Query()]
) -> PostRanking:  # fmt: skip
    """Rank each post among those of its account at the same age; by default the posts of 90 days at seven days."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    window = query.window_at(context.now, USUAL_DAYS)
    ranking = rank_client_posts(context.database, client_id, window, context.now, query.age, query.metric)
    posts = [post for post in ranking.posts if query.verdict in (None, post.rank.verdict)]
    return replace(ranking, total=len(posts), posts=tuple(posts[: query.limit]))
