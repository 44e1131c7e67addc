"""Requests about comments, derived metrics and competitors."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from sophia.analytics.comments.scoring import SentimentLabel
from sophia.analytics.figures.cursors import read_cursor, row_number, utc_moment
from sophia.analytics.figures.requests import Cursor, DateRangeQuery, Limit, Name, RequestModel
from sophia.meta.catalogue.terms import Platform


class CommentsQuery(DateRangeQuery):
    """Filters of comments, by the day on which they were written."""

    platform: Platform | None = None
    platform_post_id: Name | None = None
    tone: SentimentLabel | None = None
    limit: Limit = 100
    cursor: Cursor | None = None

    @property
    def before(self) -> tuple[datetime, int] | None:
        if self.cursor is None:
            return None
        moment, comment_id = read_cursor(self.cursor, utc_moment, row_number)
        return moment, comment_id


class SentimentQuery(DateRangeQuery):
    """Days of the reporting zone, both included; 28 days if one of them is left out."""


class DerivedMetricsQuery(DateRangeQuery):
    """Filters of derived metrics."""

    metric_name: Name | None = None
    platform_post_id: Name | None = None
    limit: Limit = 500
    cursor: Cursor | None = None

    @property
    def before(self) -> tuple[date, int] | None:
        if self.cursor is None:
            return None
        day, post_id = read_cursor(self.cursor, date.fromisoformat, row_number)
        return day, post_id


class NewCompetitor(RequestModel):
    username: Annotated[str, Field(min_length=1, max_length=40, description="On Instagram, with or without @.")]
