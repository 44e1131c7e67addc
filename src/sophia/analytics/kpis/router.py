"""Endpoints of posts at fixed ages."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from sophia.access.problems import documented
from sophia.access.web import ReadContext
from sophia.analytics.figures.requests import ClientId, Moment, WindowQuery
from sophia.analytics.kpis.age_series import CSV_COLUMNS, USUAL_DAYS, PostLives, client_post_lives, csv_rows
from sophia.analytics.readings.csv_export import rows_as_csv
from sophia.analytics.readings.permissions import read_client

router = APIRouter(responses=documented(404))


class PostAgesQuery(WindowQuery):
    """The days on which the posts were published, and the time as of which their figures are known."""

    as_of: Moment | None = Field(default=None, description="The result as it was at this time.")


@router.get("/{client_id}/post-ages")
def post_ages(context: ReadContext, client_id: ClientId, query: Annotated[PostAgesQuery, Query()]) -> PostLives:
    """Each post with its figures at 24 hours, 7 days and 28 days; by default the posts of 90 days.

    Figures are interpolated between the readings on both sides of the age. If these are more than 0.3 of the age apart, the
    figure is missing with the reason.
    """
    return _lives(context, client_id, query)


@router.get(
    "/{client_id}/post-ages.csv",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/csv": {"schema": {"type": "string"}}},
            "description": "A row per post, age and figure.",
        }
    },
)
def post_ages_csv(
    context: ReadContext, client_id: ClientId, query: Annotated[PostAgesQuery, Query()]
) -> StreamingResponse:
    """The same as CSV, with a heading and a row per post, age and figure."""
    lines: Iterator[str] = rows_as_csv(CSV_COLUMNS, [list(csv_rows(_lives(context, client_id, query)))])
    name = f'attachment; filename="client-{client_id}-post-ages.csv"'
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _lives(context: ReadContext, client_id: int, query: PostAgesQuery) -> PostLives:
    with read_client(context, client_id) as session:
        window = query.window_at(query.as_of or context.now, USUAL_DAYS)
        return client_post_lives(session, client_id, window, context.now, query.as_of)
