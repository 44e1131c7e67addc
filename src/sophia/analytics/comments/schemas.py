"""Comments, what was derived from them, and competitors, as they are asked for and answered."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from sophia.analytics.comments.queries import CommentState, DerivedState
from sophia.analytics.figures.cursors import read_cursor, row_number, utc_moment, write_cursor
from sophia.analytics.figures.figures import Figure
from sophia.analytics.figures.requests import Cursor, DateRangeQuery, Limit, Name, RequestModel
from sophia.analytics.figures.schemas import ResponseModel
from sophia.meta.catalogue import Platform

ToneName = Literal["positive", "neutral", "negative", "not scored"]


class CommentsQuery(DateRangeQuery):
    """Which comments are wanted, by the day on which they were written."""

    platform: Platform | None = None
    platform_post_id: Name | None = None
    tone: ToneName | None = None
    limit: Limit = 100
    cursor: Cursor | None = None

    @property
    def before(self) -> tuple[datetime, int] | None:
        if self.cursor is None:
            return None
        moment, number = read_cursor(self.cursor, utc_moment, row_number)
        return moment, number


def comment_cursor(last: CommentState) -> str:
    return write_cursor(last.written_at, last.id)


class CommentAnswer(ResponseModel):
    """A comment, without who wrote it. `compound` is VADER's number from −1 to 1; `is_own`: the account wrote it."""

    id: int
    platform: Platform
    account_id: int
    platform_post_id: str
    platform_comment_id: str
    written_at: datetime
    text: str | None
    language: str | None
    tone: ToneName
    compound: FiniteFloat | None
    not_scored_reason: str | None
    is_reply: bool
    is_own: bool
    is_hidden: bool | None
    like_count: int | None
    fetched_at: datetime
    edited_at: datetime | None


class ToneAnswer(ResponseModel):
    """Comments by tone. The shares are those of the scored ones and add up to 100.0; what has no tone is counted by reason."""

    comments: int
    scored: int
    not_scored: dict[str, int]
    positive: Figure
    neutral: Figure
    negative: Figure
    shares: dict[str, FiniteFloat]


class SentimentQuery(DateRangeQuery):
    """Days of the reporting zone, both included; 28 when one of them is left out."""


class WeekOfTone(ResponseModel):
    start: date
    end: date = Field(description="Not included.")
    sentiment: ToneAnswer


class ClientSentimentAnswer(ResponseModel):
    """What others wrote under the client's posts in these days; the accounts' own words do not count."""

    client_id: int
    start: date
    end: date = Field(description="Not included.")
    whole: ToneAnswer
    platforms: dict[str, ToneAnswer]
    verdict: str
    weeks: list[WeekOfTone]


class DerivedQuery(DateRangeQuery):
    metric_name: Name | None = None
    platform_post_id: Name | None = None
    limit: Limit = 500
    cursor: Cursor | None = None

    @property
    def before(self) -> tuple[date, int] | None:
        if self.cursor is None:
            return None
        day, post = read_cursor(self.cursor, date.fromisoformat, row_number)
        return day, post


def derived_cursor(last: DerivedState) -> str:
    return write_cursor(last.metric_date, last.post_id)


class DerivedAnswer(ResponseModel):
    """A value that Sophia computed for a post and day, from what people did; no reading of the platform's."""

    client_id: int
    platform: Platform
    platform_post_id: str
    metric_name: str
    metric_value: FiniteFloat
    metric_date: date
    sample_size: int
    period: Literal["day"] = "day"
    is_algorithm_dependent: Literal[False] = False
    is_derived: Literal[True] = True
    computed_at: datetime


class NewCompetitor(RequestModel):
    username: Annotated[str, Field(min_length=1, max_length=40, description="On Instagram, with or without @.")]


class CompetitorAnswer(ResponseModel):
    """A competitor and its newest values. `posts_since`: all its posts from then on are known."""

    id: int
    username: str
    status: Literal["new", "ok", "refused"]
    problem: str | None
    added_at: datetime
    asked_at: datetime | None
    posts_since: datetime | None
    followers_count: int | None
    media_count: int | None
    read_on: date | None


class ShareAnswer(ResponseModel):
    """The client's share, and everybody's by name; without a share, the reason."""

    own: Figure
    shares: dict[str, FiniteFloat]


class ShareOfVoiceAnswer(ResponseModel):
    """Posts published on Instagram in these days, and their likes and comments as last read, by metric."""

    client_id: int
    platform: Literal["instagram"] = "instagram"
    start: date
    end: date = Field(description="Not included.")
    competitors: int
    metrics: dict[str, ShareAnswer]
