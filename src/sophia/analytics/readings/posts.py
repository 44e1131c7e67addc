"""Posts, and the last snapshots of their counters before a day, as Sophia knew them at a moment."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, join, literal, or_, select, true
from sqlalchemy.orm import Session

from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.readings.metric_definitions import MetricDefinition
from sophia.analytics.readings.models import EngagementMetric, Fetch, MetricRevision, MetricSeries
from sophia.analytics.readings.queries import CURRENT, value_at
from sophia.database.columns import Day
from sophia.database.records import as_record
from sophia.database.statements import among
from sophia.meta.catalogue.terms import Level, ObjectKind, Period, Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start, reporting_day
from sophia.portfolio.models import Account, ContentDraft, Post

LONGEST_TITLE = 80


def published_at(
    session: Session, accounts: Collection[int], window: DateRange, as_of: datetime | None = None
) -> list[tuple[int, datetime]]:
    """Return (account, moment) of every post in the window that Sophia had observed by then, in one query."""
    rows = session.execute(
        select(Post.account_id, Post.published_at).where(
            among(Post.account_id, accounts),
            was_published_in(window),
            true() if as_of is None else Post.first_seen_at <= as_of,
        )
    )
    return [(account, moment) for account, moment in rows]


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A post without its numbers; `title` is the beginning of its text."""

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


def observed_posts(
    session: Session, accounts: Collection[int], windows: Iterable[DateRange], as_of: datetime | None = None
) -> list[StoredPost]:
    """Return the posts of these accounts published in the windows and observed by then, by id, in one query."""
    return _stored_posts(
        session,
        among(Post.account_id, accounts),
        or_(*(was_published_in(window) for window in windows)),
        true() if as_of is None else Post.first_seen_at <= as_of,
    )


def posts_by_id(session: Session, post_ids: Collection[int]) -> dict[int, StoredPost]:
    """Return {id: post}, in one query."""
    return {post.id: post for post in _stored_posts(session, among(Post.id, post_ids))}


def _stored_posts(session: Session, *conditions: ColumnElement[bool]) -> list[StoredPost]:
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
        .where(*conditions)
        .order_by(Post.id)
    )
    return [
        StoredPost(number, account, Platform(platform), ObjectKind(kind), *rest)
        for number, account, platform, kind, *rest in rows
    ]


def was_published_in(window: DateRange) -> ColumnElement[bool]:
    """Return the condition that a post was published in the window."""
    return and_(Post.published_at >= day_start(window.start), Post.published_at < day_start(window.end))


PostValues = Iterator[tuple[int, int, date, int | float]]


def values_by(
    session: Session, before: Mapping[date, Collection[int]], metrics: Collection[int], as_of: datetime | None
) -> PostValues:
    """Yield (post, metric, day, value): each post's last snapshot before its day, never a sum of snapshots (A2).

    `before` is {day: posts}, each post once. One query serves any number of days and posts.
    """
    yield from _snapshots(session, before, metrics, as_of, is_before=True)


def first_values_from(
    session: Session, days: Mapping[date, Collection[int]], metrics: Collection[int], as_of: datetime | None
) -> PostValues:
    """Yield (post, metric, day, value): each post's first snapshot on its day or later, as `values_by` does."""
    yield from _snapshots(session, days, metrics, as_of, is_before=False)


def _snapshots(
    session: Session,
    limits: Mapping[date, Collection[int]],
    metrics: Collection[int],
    as_of: datetime | None,
    *,
    is_before: bool,
) -> PostValues:
    posts = [post for post_ids in limits.values() for post in post_ids]
    days = [(among(MetricSeries.post_id, post_ids), literal(day, Day)) for day, post_ids in limits.items() if post_ids]
    if not days:
        return
    limit = days[0][1] if len(days) == 1 else case(*days)
    reading = EngagementMetric
    value, _ = CURRENT if as_of is None else value_at(as_of)
    nearest = (
        select(reading.metric_date, value.label("value"))
        .where(
            reading.series_id == MetricSeries.id,
            reading.metric_date < limit if is_before else reading.metric_date >= limit,
            true() if as_of is None else _known_at(as_of),
        )
        .order_by(reading.metric_date.desc() if is_before else reading.metric_date)
        .limit(1)
        .correlate(MetricSeries)
    )
    query = cast("Select[tuple[Any, ...]]", select(MetricSeries.post_id, MetricSeries.metric_id))
    if session.get_bind().dialect.name == "postgresql":
        snapshot = nearest.lateral()
        query = query.add_columns(snapshot.c.metric_date, snapshot.c.value).join(snapshot, true())
    else:
        # SQLite has no lateral join, and a join with the nearest days would read the whole table.
        columns = (nearest.with_only_columns(column).scalar_subquery() for column in (reading.metric_date, value))
        query = query.add_columns(*columns)
    rows = session.execute(
        query.where(among(MetricSeries.post_id, posts), among(MetricSeries.metric_id, metrics)).order_by(
            MetricSeries.post_id, MetricSeries.metric_id
        )
    )
    for post, metric, day, amount in rows:
        if post is not None and day is not None and amount is not None:
            yield post, metric, day, amount


def _known_at(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that any value of a reading, current or replaced, was stored by then."""
    reading = EngagementMetric
    stored = select(Fetch.stored_at).where(Fetch.id == reading.fetch_id).correlate(reading).scalar_subquery()
    revised = (
        exists()
        .select_from(join(MetricRevision, Fetch, Fetch.id == MetricRevision.fetch_id))
        .where(
            MetricRevision.series_id == reading.series_id,
            MetricRevision.metric_date == reading.metric_date,
            Fetch.stored_at <= moment,
        )
        .correlate(reading)
    )
    return or_(stored <= moment, revised)


# {age: days by which a snapshot may be older}.
TOLERANCES: Mapping[int, int] = {1: 0, 7: 1, 28: 2}


def facts_at_age(
    session: Session,
    posts: Sequence[StoredPost],
    age: int,
    means: Mapping[int, MetricDefinition],
    as_of: datetime | None = None,
) -> dict[int, PostFacts]:
    """Return {post: values of its counters `age` reporting days after its day of publication}, in one query.

    A counter that was not read in time is missing, because a later value includes later reactions.
    """
    posts_by_id = {post.id: post for post in posts}
    metrics = {
        number: meaning
        for number, meaning in means.items()
        if meaning.level is Level.POST and meaning.period == Period.LIFETIME.value
    }
    reached = {post.id: reporting_day(post.published_at) + age * ONE_DAY for post in posts}
    before: dict[date, list[int]] = defaultdict(list)
    for number, day in reached.items():
        before[day + ONE_DAY].append(number)
    values: dict[int, dict[str, int | float]] = defaultdict(dict)
    for number, metric, day, value in values_by(session, before, list(metrics), as_of):
        meaning, post = metrics[metric], posts_by_id[number]
        in_time = reached[number] - day <= timedelta(days=TOLERANCES[age])
        if in_time and meaning.platform is post.platform and meaning.describes(post.kind):
            values[number][meaning.metric] = values[number].get(meaning.metric, 0) + value
    return {
        post.id: as_record(
            PostFacts,
            post,
            post_id=post.id,
            read_at=day_start(reached[post.id] + ONE_DAY),
            values=dict(sorted(values[post.id].items())),
            first_read_on=None,
        )
        for post in posts
    }
