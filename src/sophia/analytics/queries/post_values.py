"""Posts and the last snapshots of their counters before a day, as they were known at a moment."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from sophia.analytics.measures.figures import Window
from sophia.analytics.models import EngagementMetric, Fetch, MetricRevision, MetricSeries
from sophia.analytics.queries.readings import CURRENT, value_at
from sophia.database import among
from sophia.meta.catalogue import ObjectKind, Platform
from sophia.meta.reporting_zone import day_start
from sophia.portfolio.models import Account, ContentDraft, Post

LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class SeenPost:
    """A post with what is known of it besides numbers; `title` is how its text begins."""

    id: int
    account_id: int
    platform: Platform
    kind: ObjectKind
    platform_post_id: str
    published_at: datetime
    permalink: str | None
    title: str | None
    draft_id: int | None
    pillar: str | None


def seen_posts(
    session: Session, accounts: Collection[int], window: Window, as_of: datetime | None = None
) -> list[SeenPost]:
    """The posts of these accounts that were published in the window and seen by then, by id; one query."""
    rows = session.execute(
        select(
            Post.id,
            Post.account_id,
            Account.platform,
            Post.kind,
            Post.platform_post_id,
            Post.published_at,
            Post.permalink,
            func.substr(Post.text, 1, LONGEST_TITLE),
            Post.draft_id,
            ContentDraft.content_pillar,
        )
        .join(Account, Account.id == Post.account_id)
        .outerjoin(ContentDraft, ContentDraft.id == Post.draft_id)
        .where(
            among(Post.account_id, accounts),
            Post.published_at >= day_start(window.start),
            Post.published_at < day_start(window.end),
            true() if as_of is None else Post.first_seen_at <= as_of,
        )
        .order_by(Post.id)
    )
    return [
        SeenPost(number, account, Platform(platform), ObjectKind(kind), *rest)
        for number, account, platform, kind, *rest in rows
    ]


def published_at(
    session: Session, accounts: Collection[int], window: Window, as_of: datetime | None = None
) -> Iterator[tuple[int, datetime]]:
    """Yield (account, moment) of every post of these accounts in the window that was seen by then; one query."""
    rows = session.execute(
        select(Post.account_id, Post.published_at).where(
            among(Post.account_id, accounts),
            Post.published_at >= day_start(window.start),
            Post.published_at < day_start(window.end),
            true() if as_of is None else Post.first_seen_at <= as_of,
        )
    )
    for account, moment in rows:
        yield account, moment


def values_by(
    session: Session, posts: Collection[int], metrics: Collection[int], before: date, as_of: datetime | None
) -> Iterator[tuple[int, int, date, int | float]]:
    """Yield (post, metric, day, value): the last snapshot before that day, never a sum of snapshots (A2); one query."""
    earlier = aliased(EngagementMetric)
    known: ColumnElement[bool] = true()
    if as_of is not None:
        stored = select(Fetch.stored_at).where(Fetch.id == earlier.fetch_id).correlate(earlier).scalar_subquery()
        revised = (
            exists()
            .where(
                MetricRevision.series_id == earlier.series_id,
                MetricRevision.metric_date == earlier.metric_date,
                MetricRevision.fetch_id == Fetch.id,
                Fetch.stored_at <= as_of,
            )
            .correlate(earlier)
        )
        known = or_(stored <= as_of, revised)
    last = (
        select(func.max(earlier.metric_date))
        .where(earlier.series_id == MetricSeries.id, earlier.metric_date < before, known)
        .correlate(MetricSeries)
        .scalar_subquery()
    )
    value, _ = CURRENT if as_of is None else value_at(as_of)
    rows = session.execute(
        select(MetricSeries.post_id, MetricSeries.metric_id, EngagementMetric.metric_date, value)
        .select_from(MetricSeries)
        .join(
            EngagementMetric,
            and_(EngagementMetric.series_id == MetricSeries.id, EngagementMetric.metric_date == last),
        )
        .where(among(MetricSeries.post_id, posts), among(MetricSeries.metric_id, metrics))
        .order_by(MetricSeries.post_id, MetricSeries.metric_id)
    )
    for post, metric, day, amount in rows:
        if post is not None:
            yield post, metric, day, amount
