"""Reads comments: the posts whose comments are due, the comments themselves, and derived metrics."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from sophia.analytics.comments.models import Comment, CommentReading, DerivedMetric
from sophia.analytics.comments.requests import DerivedMetricsQuery
from sophia.analytics.comments.scoring import NotScoredReason, SentimentLabel, SentimentScore
from sophia.analytics.comments.sentiment import MeasuredComment
from sophia.analytics.figures.cursors import write_cursor
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.database.records import as_record
from sophia.database.statements import among
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start
from sophia.portfolio.models import Account, Post


@dataclass(frozen=True, slots=True)
class CommentedPost:
    """A post whose comments can be read.

    `counted` is Meta's newest count of its comments. `read_at` is when all comments were last read, and `counted_then` is
    Meta's count at that time.
    """

    platform_post_id: str
    published_at: datetime
    counted: int | None
    read_at: datetime | None
    counted_then: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedComment:
    """A comment, without its author. `compound` is VADER's number from −1 to 1; `is_own`: the account wrote the comment.

    `scored_by` names the model that scored it; null for VADER alone.
    """

    id: int
    platform: Platform
    account_id: int
    platform_post_id: str
    platform_comment_id: str
    written_at: datetime
    text: str | None
    language: str | None
    tone: SentimentLabel
    compound: float | None
    not_scored_reason: str | None
    scored_by: str | None
    is_reply: bool
    is_own: bool
    is_hidden: bool | None
    like_count: int | None
    fetched_at: datetime
    edited_at: datetime | None
    post_id: Annotated[int, Field(exclude=True)]


@dataclass(frozen=True, slots=True)
class CommentFilter:
    """Filters of comments; days of the reporting zone, both included. None matches everything."""

    start_date: date | None = None
    end_date: date | None = None
    platform: str | None = None
    platform_post_id: str | None = None
    tone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDerivedMetric:
    """A value that Sophia computed for a post and day from what people did; it is no reading of the platform."""

    client_id: int
    platform: Platform
    platform_post_id: str
    metric_name: str
    metric_value: float
    metric_date: date
    sample_size: int
    period: Literal["day"] = "day"
    is_algorithm_dependent: Literal[False] = False
    is_derived: Literal[True] = True
    computed_at: datetime
    post_id: Annotated[int, Field(exclude=True)]


def posts_to_read(session: Session, account_id: int, since: datetime) -> list[CommentedPost]:
    """Return the account's posts since then that Meta still lists, newest first; one query. Stories have no comments."""
    counts = _counts(account_id).subquery()
    rows = session.execute(
        select(
            Post.platform_post_id,
            Post.published_at,
            counts.c.counted,
            CommentReading.read_at,
            CommentReading.counted,
        )
        .outerjoin(counts, counts.c.post_id == Post.id)
        .outerjoin(CommentReading, CommentReading.post_id == Post.id)
        .where(
            Post.account_id == account_id,
            Post.published_at >= since,
            Post.gone_at.is_(None),
            Post.kind != ObjectKind.STORY.value,
        )
        .order_by(Post.published_at.desc(), Post.id.desc())
    )
    return [CommentedPost(*row) for row in rows]


def _counts(account_id: int) -> Select[int | None, int | float]:
    """Select the newest reading of every post's number of comments."""
    names = {
        name for platform in Platform for kind in ObjectKind for name in reads(platform, Level.POST, "comments", kind)
    }
    reading = aliased(EngagementMetric)
    newest_day = select(func.max(reading.metric_date)).where(reading.series_id == MetricSeries.id).scalar_subquery()
    counts: Select[int | None, int | float] = (
        select(MetricSeries.post_id, func.max(EngagementMetric.metric_value).label("counted"))
        .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
        .join(
            EngagementMetric,
            (EngagementMetric.series_id == MetricSeries.id) & (EngagementMetric.metric_date == newest_day),
        )
        .where(
            MetricSeries.account_id == account_id,
            MetricSeries.post_id.is_not(None),
            StoredMetric.metric_name.in_(sorted(names)),
            StoredMetric.period == "lifetime",
            StoredMetric.breakdown == "",
        )
        .group_by(MetricSeries.post_id)
    )
    return counts


def list_comments(
    session: Session,
    client_id: int,
    comment_filter: CommentFilter,
    *,
    before: tuple[datetime, int] | None = None,
    limit: int,
) -> list[ListedComment]:
    """Return a client's comments that Meta still lists, newest first; `before` (moment and id) continues a list."""
    conditions = [Account.client_id == client_id, Comment.gone_at.is_(None), *_conditions(comment_filter)]
    if before is not None:
        moment, comment_id = before
        conditions.append(or_(Comment.written_at < moment, and_(Comment.written_at == moment, Comment.id < comment_id)))
    rows = session.execute(
        select(Comment, Account.platform, Post.platform_post_id)
        .join(Account, Account.id == Comment.account_id)
        .join(Post, Post.id == Comment.post_id)
        .where(*conditions)
        .order_by(Comment.written_at.desc(), Comment.id.desc())
        .limit(limit)
    )
    return [_listed(row, Platform(platform), platform_post_id) for row, platform, platform_post_id in rows]


def _conditions(comment_filter: CommentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if comment_filter.start_date is not None:
        conditions.append(Comment.written_at >= day_start(comment_filter.start_date))
    if comment_filter.end_date is not None:
        conditions.append(Comment.written_at < day_start(comment_filter.end_date + ONE_DAY))
    if comment_filter.platform is not None:
        conditions.append(Account.platform == comment_filter.platform)
    if comment_filter.platform_post_id is not None:
        conditions.append(Post.platform_post_id == comment_filter.platform_post_id)
    if comment_filter.tone is not None:
        conditions.append(Comment.tone == comment_filter.tone)
    return conditions


def _listed(row: Comment, platform: Platform, platform_post_id: str) -> ListedComment:
    return as_record(
        ListedComment,
        row,
        platform=platform,
        platform_post_id=platform_post_id,
        tone=SentimentLabel(row.tone),
        edited_at=row.changed_at,
        post_id=row.post_id,
    )


def comment_cursor(last: ListedComment) -> str:
    """Return the cursor that continues a list after this comment."""
    return write_cursor(last.written_at, last.id)


def comments_by_platform(
    session: Session, account_ids: Collection[int], window: DateRange, *, as_of: datetime | None = None
) -> dict[str, list[MeasuredComment]]:
    """Return the comments of other people under the accounts' posts in the window, with their stored scores; one query.

    With `as_of`, return the comments that were known at that moment. A comment that was edited later is not scored, because
    its earlier text is not stored.
    """
    existed = (
        [Comment.gone_at.is_(None)]
        if as_of is None
        else [Comment.first_seen_at <= as_of, or_(Comment.gone_at.is_(None), Comment.gone_at > as_of)]
    )
    rows = session.execute(
        select(
            Account.platform,
            Comment.platform_comment_id,
            Comment.post_id,
            Comment.written_at,
            Comment.tone,
            Comment.compound,
            Comment.language,
            Comment.not_scored_reason,
            Comment.scored_by,
            Comment.changed_at,
        )
        .join(Account, Account.id == Comment.account_id)
        .where(
            among(Comment.account_id, sorted(account_ids)),
            Comment.written_at >= day_start(window.start),
            Comment.written_at < day_start(window.end),
            Comment.is_own.is_(False),
            *existed,
        )
    )
    comments: dict[str, list[MeasuredComment]] = {}
    for platform, name, post_id, moment, tone, compound, language, reason, model, changed_at in rows:
        score = SentimentScore(
            SentimentLabel(tone), compound, language, None if reason is None else NotScoredReason(reason), model
        )
        if as_of is not None and changed_at is not None and changed_at > as_of:
            score = SentimentScore(SentimentLabel.NOT_SCORED, reason=NotScoredReason.EDITED)
        comments.setdefault(platform, []).append(MeasuredComment(name, post_id, moment, None, score))
    return comments


def list_derived(
    session: Session, client_id: int, query: DerivedMetricsQuery, *, limit: int
) -> list[ListedDerivedMetric]:  # fmt: skip
    """Return derived values of a client's posts, newest day first."""
    conditions: list[ColumnElement[bool]] = [Account.client_id == client_id]
    if query.start_date is not None:
        conditions.append(DerivedMetric.metric_date >= query.start_date)
    if query.end_date is not None:
        conditions.append(DerivedMetric.metric_date <= query.end_date)
    if query.metric_name is not None:
        conditions.append(DerivedMetric.metric_name == query.metric_name)
    if query.platform_post_id is not None:
        conditions.append(Post.platform_post_id == query.platform_post_id)
    if query.before is not None:
        day, post_id = query.before
        earlier_post = and_(DerivedMetric.metric_date == day, DerivedMetric.post_id < post_id)
        conditions.append(or_(DerivedMetric.metric_date < day, earlier_post))
    rows = session.execute(
        select(DerivedMetric, Account.platform, Post.platform_post_id)
        .join(Post, Post.id == DerivedMetric.post_id)
        .join(Account, Account.id == Post.account_id)
        .where(*conditions)
        .order_by(DerivedMetric.metric_date.desc(), DerivedMetric.post_id.desc())
        .limit(limit)
    )
    return [
        ListedDerivedMetric(
            client_id=client_id,
            platform=Platform(platform),
            platform_post_id=platform_post_id,
            metric_name=row.metric_name,
            metric_date=row.metric_date,
            metric_value=row.metric_value,
            sample_size=row.sample_size,
            computed_at=row.computed_at,
            post_id=row.post_id,
        )
        for row, platform, platform_post_id in rows
    ]


def derived_cursor(last: ListedDerivedMetric) -> str:
    """Return the cursor that continues a list after this value."""
    return write_cursor(last.metric_date, last.post_id)
