"""Reads comments and competitors of a client, and makes the sentiment and the share of voice of a window."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from sophia.analytics.comments.competitors import voices
from sophia.analytics.comments.queries import comments_by_platform
from sophia.analytics.comments.requests import SentimentQuery
from sophia.analytics.comments.sentiment import CommentOverview, WeeklySentiment, by_week, comment_overview
from sophia.analytics.comments.share_of_voice import ShareOfVoice, share_of_voice
from sophia.analytics.figures.figures import expect_begun, expect_days
from sophia.analytics.readings.permissions import account_ids
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

ExcludedDay = Annotated[date, Field(description="Not included.")]
WINDOW_DAYS = 28
MOST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSentiment(CommentOverview):
    """The sentiment of other people's comments under the client's posts; the accounts' own comments do not count."""

    client_id: int
    start: date
    end: ExcludedDay
    weeks: tuple[WeeklySentiment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientShareOfVoice:
    """The shares of posts published on Instagram in these days, and of their likes and comments as last read, by metric."""

    client_id: int
    platform: Literal["instagram"] = "instagram"
    start: date
    end: ExcludedDay
    competitors: int
    metrics: dict[str, ShareOfVoice]


def make_sentiment(session: Session, client_id: int, query: SentimentQuery, now: datetime) -> ClientSentiment:
    """Return the sentiment of the requested days, by default of the last 28 complete days."""
    window = requested_dates(query, reporting_day(now))
    by_platform = comments_by_platform(session, account_ids(session, client_id), window)
    overview = comment_overview(by_platform)
    return ClientSentiment(
        client_id=client_id,
        start=window.start,
        end=window.end,
        whole=overview.whole,
        platforms=overview.platforms,
        verdict=overview.verdict,
        not_scored_effect=overview.not_scored_effect,
        weeks=by_week([comment for group in by_platform.values() for comment in group], window),
    )


def make_share_of_voice(session: Session, client_id: int, query: SentimentQuery, now: datetime) -> ClientShareOfVoice:
    """Return the shares of the requested days. Raises InvalidInputError for days that have not begun."""
    window = requested_dates(query, reporting_day(now))
    expect_begun(window, reporting_day(now))
    by_metric = voices(session, client_id, window, now)
    return ClientShareOfVoice(
        client_id=client_id,
        start=window.start,
        end=window.end,
        competitors=max(len(others) for _, others in by_metric.values()),
        metrics={metric: share_of_voice(own, others) for metric, (own, others) in by_metric.items()},
    )


def requested_dates(query: SentimentQuery, today: date) -> DateRange:
    """Return the requested days, by default the last 28 complete days. Raises InvalidInputError for too many."""
    window = query.days_until(today - ONE_DAY, WINDOW_DAYS)
    expect_days(window.days, MOST_DAYS)
    return window
