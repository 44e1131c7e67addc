"""Endpoints of comments, their sentiment, derived metrics, competitors and the share of voice."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.comments import competitors_store
from sophia.analytics.comments.competitors import ListedCompetitor, list_competitors
from sophia.analytics.comments.queries import (
    CommentFilter,
    ListedComment,
    ListedDerivedMetric,
    comment_cursor,
    derived_cursor,
    list_comments,
    list_derived,
)
from sophia.analytics.comments.reports import ClientSentiment, ClientShareOfVoice, make_sentiment, make_share_of_voice
from sophia.analytics.comments.requests import CommentsQuery, DerivedMetricsQuery, NewCompetitor, SentimentQuery
from sophia.analytics.figures.pagination import Paging
from sophia.analytics.figures.requests import ClientId, Id, writing
from sophia.analytics.readings.permissions import read_client, write_client

router = APIRouter(responses=documented(404))

CompetitorId = Annotated[Id, Path()]


@router.get("/{client_id}/comments")
def comments(
    context: ReadContext, client_id: ClientId, query: Annotated[CommentsQuery, Query()], paging: Paging
) -> list[ListedComment]:
    """List comments, newest first. Sophia does not store their authors. `Link: rel="next"` leads to the next page."""
    comment_filter = CommentFilter(**query.model_dump(exclude={"limit", "cursor"}))
    with read_client(context, client_id) as session:
        rows = list_comments(session, client_id, comment_filter, before=query.before, limit=query.limit + 1)
    return paging.cut(rows, query.limit, cursor=comment_cursor)


@router.get("/{client_id}/sentiment")
def sentiment(
    context: ReadContext, client_id: ClientId, query: Annotated[SentimentQuery, Query()]
) -> ClientSentiment:  # fmt: skip
    """Summarize the sentiment of comments, by default of the last 28 complete days, with samples and intervals."""
    with read_client(context, client_id) as session:
        return make_sentiment(session, client_id, query, context.now)


@router.get("/{client_id}/derived-metrics")
def derived_metrics(
    context: ReadContext, client_id: ClientId, query: Annotated[DerivedMetricsQuery, Query()], paging: Paging
) -> list[ListedDerivedMetric]:
    """List the daily values of posts that Sophia derives, such as `comment_quality_score`, newest day first.

    They are kept apart from the readings of the platform.
    """
    with read_client(context, client_id) as session:
        rows = list_derived(session, client_id, query, limit=query.limit + 1)
    return paging.cut(rows, query.limit, cursor=derived_cursor)


@router.get("/{client_id}/competitors")
def competitors(context: ReadContext, client_id: ClientId) -> list[ListedCompetitor]:
    """List the client's competitors on Instagram by name, with their newest values."""
    with read_client(context, client_id) as session:
        return list_competitors(session, client_id)


@router.post("/{client_id}/competitors", status_code=201, responses=writing)
def add_competitor(context: WriteContext, client_id: ClientId, competitor: NewCompetitor) -> ListedCompetitor:
    """Add a competitor; the next daily run reads its values. An existing competitor stays as it is."""
    with write_client(context, client_id) as session:
        competitor_id = competitors_store.add_competitor(session, client_id, competitor.username, context.now)
    with context.database.read() as session:
        return next(row for row in list_competitors(session, client_id) if row.id == competitor_id)


@router.delete("/{client_id}/competitors/{competitor_id}", status_code=204)
def remove_competitor(context: WriteContext, client_id: ClientId, competitor_id: CompetitorId) -> None:
    """Delete a competitor and all its data."""
    with write_client(context, client_id) as session:
        competitors_store.remove_competitor(session, client_id, competitor_id)


@router.get("/{client_id}/share-of-voice")
def share(
    context: ReadContext, client_id: ClientId, query: Annotated[SentimentQuery, Query()]
) -> ClientShareOfVoice:  # fmt: skip
    """Return the client's share among its competitors of posts in these days, and of the posts' likes and comments.

    A metric that is unknown for one account in these days has no share, but a reason.
    """
    with read_client(context, client_id) as session:
        return make_share_of_voice(session, client_id, query, context.now)
