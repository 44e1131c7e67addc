"""What people respond to, and when; and each post among the others of its account."""

from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import Visited
from sophia.analytics import queries
from sophia.analytics.report import make_responses, make_standings
from sophia.analytics.report.gathering import HISTORY
from sophia.analytics.router.clients import ClientId
from sophia.analytics.schemas import responding as shapes
from sophia.analytics.schemas.asking import WindowQuery
from sophia.analytics.schemas.figures import WindowAnswer

router = APIRouter(responses=documented(404))
Days = Annotated[WindowQuery, Query()]
USUAL_DAYS = HISTORY.days


@router.get("/{client_id}/posting-times", response_model=shapes.PostingTimesAnswer)
def posting_times(who: Visited, client_id: ClientId, asked: Days) -> shapes.PostingTimesAnswer:
    """When people respond, by hour of the week on the client's clock; by default from the posts of 90 days."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
    return shapes.posting_times_answer(
        make_responses(who.database, client_id, asked.window_at(who.now, USUAL_DAYS), who.now)
    )


@router.get("/{client_id}/formats", response_model=shapes.FormatsAnswer)
def formats(who: Visited, client_id: ClientId, asked: Days) -> shapes.FormatsAnswer:
    """What people respond to: formats and content pillars; by default from the posts of 90 days."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
    return shapes.formats_answer(make_responses(who.database, client_id, asked.window_at(who.now, USUAL_DAYS), who.now))


@router.get("/{client_id}/post-standings", response_model=shapes.StandingsAnswer)
def post_standings(
    who: Visited, client_id: ClientId, asked: Annotated[shapes.StandingsQuery, Query()]
) -> shapes.StandingsAnswer:
    """Each post against those of the same account at the same age; by default the posts of 90 days after seven days."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
    age = int(asked.age.removesuffix("d"))
    found = make_standings(who.database, client_id, asked.window_at(who.now, USUAL_DAYS), who.now, age, asked.metric)
    chosen = [post for post in found.posts if asked.verdict in (None, post.standing.verdict)]
    return shapes.StandingsAnswer(
        client_id=client_id,
        window=WindowAnswer.model_validate(found.window),
        age=asked.age,
        metric=asked.metric,
        total=len(chosen),
        posts=[shapes.StandingPostAnswer.model_validate(post) for post in chosen[: asked.limit]],
    )
