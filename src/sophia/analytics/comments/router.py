"""What people write under a client's posts, how it sounds, and how much of the talk is the client's."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from sophia.access.problems import documented
from sophia.access.web import ReadContext, WriteContext
from sophia.analytics.comments import competitors_store
from sophia.analytics.comments.competitors import CompetitorState, list_competitors, voices
from sophia.analytics.comments.queries import (
    CommentFilter,
    CommentState,
    DerivedState,
    comments_by_platform,
    list_comments,
    list_derived,
)
from sophia.analytics.comments.schemas import (
    ClientSentimentAnswer,
    CommentAnswer,
    CommentsQuery,
    CompetitorAnswer,
    DerivedAnswer,
    DerivedQuery,
    NewCompetitor,
    SentimentQuery,
    ShareOfVoiceAnswer,
    comment_cursor,
    derived_cursor,
)
from sophia.analytics.comments.sentiment import by_week, overview
from sophia.analytics.comments.share_of_voice import share_of_voice
from sophia.analytics.figures.figures import expect_begun, expect_days
from sophia.analytics.figures.pagination import paginate
from sophia.analytics.figures.requests import ClientId, Id
from sophia.analytics.readings.permissions import account_ids, expect_client
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

router = APIRouter(responses=documented(404))
writing = documented(400, 409, 413)

CompetitorId = Annotated[Id, Path()]
WINDOW_DAYS = 28
MOST_DAYS = 366


@router.get("/{client_id}/comments", response_model=list[CommentAnswer])
def comments(
    context: ReadContext,
    client_id: ClientId,
    asked: Annotated[CommentsQuery, Query()],
    request: Request,
    response: Response,
) -> list[CommentState]:
    """Comments, newest first; `Link: rel="next"` leads on. Who wrote them is not known to Sophia."""
    comment_filter = CommentFilter(asked.start_date, asked.end_date, asked.platform, asked.platform_post_id, asked.tone)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        found = list_comments(session, client_id, comment_filter, before=asked.before, limit=asked.limit + 1)
    return paginate(request, response, found, asked.limit, cursor=comment_cursor)


@router.get("/{client_id}/sentiment")
def sentiment(
    context: ReadContext, client_id: ClientId, asked: Annotated[SentimentQuery, Query()]
) -> ClientSentimentAnswer:
    """How comments sound, with sample and interval; by default those of the last 28 days that are over."""
    window = requested_dates(asked, reporting_day(context.now))
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        found = comments_by_platform(session, account_ids(session, client_id), window)
    said = overview(found)
    weeks = by_week([comment for mine in found.values() for comment in mine], window)
    return ClientSentimentAnswer.model_validate(
        {
            "client_id": client_id,
            "start": window.start,
            "end": window.end,
            "whole": said.whole,
            "platforms": said.platforms,
            "verdict": said.verdict,
            "weeks": [{"start": week.start, "end": week.end, "sentiment": one} for week, one in weeks],
        }
    )


@router.get("/{client_id}/derived-metrics", response_model=list[DerivedAnswer])
def derived_metrics(
    context: ReadContext,
    client_id: ClientId,
    asked: Annotated[DerivedQuery, Query()],
    request: Request,
    response: Response,
) -> list[DerivedState]:
    """Daily values of posts that Sophia derived, such as `comment_quality_score`; newest day first, and never mixed with
    readings of the platform's.
    """
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        derived = list_derived(
            session,
            client_id,
            start_date=asked.start_date,
            end_date=asked.end_date,
            metric_name=asked.metric_name,
            platform_post_id=asked.platform_post_id,
            before=asked.before,
            limit=asked.limit + 1,
        )
    return paginate(request, response, derived, asked.limit, cursor=derived_cursor)


@router.get("/{client_id}/competitors", response_model=list[CompetitorAnswer])
def competitors(context: ReadContext, client_id: ClientId) -> list[CompetitorState]:
    """The client's competitors on Instagram by name, with what was last seen of them."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        return list_competitors(session, client_id)


@router.post("/{client_id}/competitors", status_code=201, response_model=CompetitorAnswer, responses=writing)
def add_competitor(context: WriteContext, client_id: ClientId, given: NewCompetitor) -> CompetitorState:
    """Name a competitor; the next daily look finds out whether Meta shows it. One that is there already stays."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        number = competitors_store.add_competitor(session, client_id, given.username, context.now)
    with context.database.read() as session:
        return next(competitor for competitor in list_competitors(session, client_id) if competitor.id == number)


@router.delete("/{client_id}/competitors/{competitor_id}", status_code=204)
def remove_competitor(context: WriteContext, client_id: ClientId, competitor_id: CompetitorId) -> None:
    """Forget a competitor and everything that was seen of it."""
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, client_id)
        competitors_store.remove_competitor(session, client_id, competitor_id)


@router.get("/{client_id}/share-of-voice")
def share(context: ReadContext, client_id: ClientId, asked: Annotated[SentimentQuery, Query()]) -> ShareOfVoiceAnswer:
    """The client's share among its competitors: of posts of these days, their likes and their comments, each by itself.

    Where a side is not known in the same unit for the same days there is no share, and the reason.
    """
    window = requested_dates(asked, reporting_day(context.now))
    expect_begun(window, reporting_day(context.now))
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        found = voices(session, client_id, window, context.now)
    shares = {metric: share_of_voice(own, others) for metric, (own, others) in found.items()}
    return ShareOfVoiceAnswer.model_validate(
        {
            "client_id": client_id,
            "start": window.start,
            "end": window.end,
            "competitors": max((len(others) for _, others in found.values()), default=0),
            "metrics": shares,
        }
    )


def requested_dates(asked: SentimentQuery, today: date) -> DateRange:
    """The days that were asked for; without any, the last 28 that are over. Raises InvalidInputError."""
    window = asked.days_until(today - ONE_DAY, WINDOW_DAYS)
    expect_days(window.days, MOST_DAYS)
    return window
