"""Comments: which posts are to be read, what people wrote, and what was derived from it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from sophia.analytics.comments.models import Comment, CommentReading, DerivedMetric
from sophia.analytics.comments.sentiment import Comment as MeasuredComment
from sophia.analytics.comments.sentiment import NotScored, Scored, Tone
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.database.statements import among
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start
from sophia.portfolio.models import Account, Post


@dataclass(frozen=True, slots=True)
class CommentedPost:
    """A post whose comments may be read. `counted` is Meta's newest count of them, `counted_then` the one before it that
    was seen to, and `read_at` when they were last read to their end.
    """

    platform_post_id: str
    published_at: datetime
    counted: int | None
    read_at: datetime | None
    counted_then: int | None


@dataclass(frozen=True, slots=True)
class CommentState:
    """A comment as it is shown; moments in UTC. Who wrote it is not known."""

    id: int
    platform: str
    account_id: int
    platform_post_id: str
    platform_comment_id: str
    written_at: datetime
    text: str | None
    language: str | None
    tone: str
    compound: float | None
    not_scored_reason: str | None
    is_reply: bool
    is_own: bool
    is_hidden: bool | None
    like_count: int | None
    fetched_at: datetime
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class CommentFilter:
    """Which comments are wanted; days of the reporting zone, both included."""

    start_date: date | None = None
    end_date: date | None = None
    platform: str | None = None
    platform_post_id: str | None = None
    tone: str | None = None


@dataclass(frozen=True, slots=True)
class DerivedState:
    """A derived value of a post for one day."""

    client_id: int
    platform: str
    platform_post_id: str
    metric_name: str
    metric_date: date
    metric_value: float
    sample_size: int
    computed_at: datetime
    post_id: int


def posts_to_read(session: Session, account_id: int, since: datetime) -> list[CommentedPost]:
    """The posts of an account since then that Meta still lists, newest first. Stories have no comments. One query."""
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
    return [CommentedPost(name, at, counted, read_at, then) for name, at, counted, read_at, then in rows]


def _counts(account_id: int) -> Select[int | None, int | float]:
    """The newest snapshot of every post's count of comments."""
    names = {
        name for platform in Platform for kind in ObjectKind for name in reads(platform, Level.POST, "comments", kind)
    }
    reading = aliased(EngagementMetric)
    last = select(func.max(reading.metric_date)).where(reading.series_id == MetricSeries.id).scalar_subquery()
    counts: Select[int | None, int | float] = (
        select(MetricSeries.post_id, func.max(EngagementMetric.metric_value).label("counted"))
        .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
        .join(
            EngagementMetric,
            (EngagementMetric.series_id == MetricSeries.id) & (EngagementMetric.metric_date == last),
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
) -> list[CommentState]:
    """A client's comments that Meta still gives, newest first; `before` (moment and id) continues a list."""
    conditions = [Account.client_id == client_id, Comment.gone_at.is_(None), *_within(comment_filter)]
    if before is not None:
        moment, number = before
        conditions.append(or_(Comment.written_at < moment, and_(Comment.written_at == moment, Comment.id < number)))
    rows = session.execute(
        select(Comment, Account.platform, Post.platform_post_id)
        .join(Account, Account.id == Comment.account_id)
        .join(Post, Post.id == Comment.post_id)
        .where(*conditions)
        .order_by(Comment.written_at.desc(), Comment.id.desc())
        .limit(limit)
    )
    return [_state(row, platform, post) for row, platform, post in rows]


def _within(comment_filter: CommentFilter) -> list[ColumnElement[bool]]:
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


def _state(row: Comment, platform: str, post: str) -> CommentState:
    return CommentState(
        id=row.id,
        platform=platform,
        account_id=row.account_id,
        platform_post_id=post,
        platform_comment_id=row.platform_comment_id,
        written_at=row.written_at,
        text=row.text,
        language=row.language,
        tone=row.tone,
        compound=row.compound,
        not_scored_reason=row.not_scored_reason,
        is_reply=row.is_reply,
        is_own=row.is_own,
        is_hidden=row.is_hidden,
        like_count=row.like_count,
        fetched_at=row.fetched_at,
        edited_at=row.changed_at,
    )


def comments_by_platform(
    session: Session, account_ids: Collection[int], window: DateRange, *, as_of: datetime | None = None
) -> dict[str, list[MeasuredComment]]:
    """What others wrote under the posts of these accounts in the days of the window, with the tone that was found; the
    accounts' own words are left out. One query.

    With `as_of` what was known then; a comment that was edited later has no tone, for what it said is not kept.
    """
    known = (
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
            Comment.changed_at,
        )
        .join(Account, Account.id == Comment.account_id)
        .where(
            among(Comment.account_id, sorted(account_ids)),
            Comment.written_at >= day_start(window.start),
            Comment.written_at < day_start(window.end),
            Comment.is_own.is_(False),
            *known,
        )
    )
    found: dict[str, list[MeasuredComment]] = {}
    for platform, name, post, moment, tone, compound, language, reason, changed_at in rows:
        judged = Scored(Tone(tone), compound, language, None if reason is None else NotScored(reason))
        if as_of is not None and changed_at is not None and changed_at > as_of:
            judged = Scored(Tone.NOT_SCORED, reason=NotScored.EDITED)
        found.setdefault(platform, []).append(MeasuredComment(name, post, moment, None, judged))
    return found


def list_derived(
    session: Session,
    client_id: int,
    *,
    start_date: date | None = None,
    end_date: date | None = None,
    metric_name: str | None = None,
    platform_post_id: str | None = None,
    before: tuple[date, int] | None = None,
    limit: int,
) -> list[DerivedState]:
    """Derived values of a client's posts, newest day first; `before` (day and post) continues a list."""
    conditions: list[ColumnElement[bool]] = [Account.client_id == client_id]
    if start_date is not None:
        conditions.append(DerivedMetric.metric_date >= start_date)
    if end_date is not None:
        conditions.append(DerivedMetric.metric_date <= end_date)
    if metric_name is not None:
        conditions.append(DerivedMetric.metric_name == metric_name)
    if platform_post_id is not None:
        conditions.append(Post.platform_post_id == platform_post_id)
    if before is not None:
        day, post = before
        conditions.append(
            or_(
                DerivedMetric.metric_date < day,
                and_(DerivedMetric.metric_date == day, DerivedMetric.post_id < post),
            )
        )
    rows = session.execute(
        select(DerivedMetric, Account.platform, Post.platform_post_id)
        .join(Post, Post.id == DerivedMetric.post_id)
        .join(Account, Account.id == Post.account_id)
        .where(*conditions)
        .order_by(DerivedMetric.metric_date.desc(), DerivedMetric.post_id.desc())
        .limit(limit)
    )
    return [
        DerivedState(
            client_id=client_id,
            platform=platform,
            platform_post_id=post,
            metric_name=row.metric_name,
            metric_date=row.metric_date,
            metric_value=row.metric_value,
            sample_size=row.sample_size,
            computed_at=row.computed_at,
            post_id=row.post_id,
        )
        for row, platform, post in rows
    ]
