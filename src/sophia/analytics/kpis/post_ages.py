"""The values of posts at fixed ages, and the age at which two periods are compared."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from sophia.analytics.figures.ages import (
    SeriesReading,
    compared_age,
    merge_series,
    settled_at,
    value_at_age,
    written_age,
)
from sophia.analytics.figures.facts import AGED_METRICS, AgedPosts, PostFacts
from sophia.analytics.kpis.measured_clients import MeasuredClient
from sophia.analytics.kpis.post_values import published_in
from sophia.analytics.readings.age_readings import MetricReading, readings_at_ages
from sophia.analytics.readings.metric_definitions import MetricDefinition
from sophia.analytics.readings.posts import StoredPost
from sophia.database.records import as_record
from sophia.meta.catalogue.terms import Level, ObjectKind, Period
from sophia.meta.reporting_zone import DateRange

NEVER_READ = "Meta did not report this at an age of {age}."


@dataclass(frozen=True, slots=True)
class PostAtAge:
    """A post with its values at an age. `reasons` has the reason for each metric without a value."""

    facts: PostFacts
    reasons: Mapping[str, str]
    is_pending: bool


def posts_at_ages(
    session: Session,
    posts_by_age: Mapping[timedelta, Sequence[StoredPost]],
    definitions: Mapping[int, MetricDefinition],
    now: datetime,
    as_of: datetime | None = None,
) -> dict[timedelta, dict[int, PostAtAge]]:
    """Return {age: {post: its values at that age}} with two queries; stories, which end after a day, are left out."""
    metrics = {
        number: definition
        for number, definition in definitions.items()
        if definition.level is Level.POST and definition.period == Period.LIFETIME.value
    }
    posts = {
        age: {post.id: post for post in age_posts if post.kind is not ObjectKind.STORY}
        for age, age_posts in posts_by_age.items()
    }
    old = {
        age: [number for number, post in by_id.items() if post.published_at + age <= now]
        for age, by_id in posts.items()
    }
    readings = readings_at_ages(session, old, list(metrics), as_of)
    return {
        age: {
            number: _at_age(post, readings.get(age, {}).get(number, ()), metrics, age, now)
            for number, post in by_id.items()
        }
        for age, by_id in posts.items()
    }


def _at_age(
    post: StoredPost,
    readings: Collection[MetricReading],
    metrics: Mapping[int, MetricDefinition],
    age: timedelta,
    now: datetime,
) -> PostAtAge:
    by_metric: dict[str, list[SeriesReading]] = defaultdict(list)
    for item in readings:
        definition = metrics[item.metric_id]
        if definition.platform is post.platform and definition.describes(post.kind):
            by_metric[definition.metric].append(item.reading)
    evidence = {(item.reading.subject, item.reading.read_at) for item in readings}
    values, reasons = {}, {}
    for metric, series in sorted(by_metric.items()):
        aged = value_at_age(merge_series(series, evidence), post.published_at, age, now)
        if aged.value is not None:
            values[metric] = aged.value
        elif aged.reason is not None:
            reasons[metric] = aged.reason
    facts = as_record(
        PostFacts, post, post_id=post.id, read_at=post.published_at + age, values=values, first_read_on=None
    )
    is_pending = now < post.published_at + age or (not values and now < settled_at(post.published_at, age))
    return PostAtAge(facts, reasons, is_pending)


def reason_at_age(post: PostAtAge, metric: str, age: timedelta, now: datetime) -> str:
    """Return why a post has no value of a metric at an age."""
    if now < post.facts.published_at + age:
        return f"The post is younger than {written_age(age)}."
    return post.reasons.get(metric, NEVER_READ.format(age=written_age(age)))


ClientPostAges = Mapping[int, Mapping[timedelta, Mapping[int, PostAtAge]]]


def client_post_ages(
    session: Session,
    clients: Iterable[MeasuredClient],
    posts: Iterable[StoredPost],
    definitions: Mapping[int, MetricDefinition],
    ages: Collection[timedelta],
    compared: Collection[DateRange],
    now: datetime,
    as_of: datetime | None = None,
) -> ClientPostAges:
    """Return {client: {age: {post: its values}}} at these ages, with two queries.

    The posts of the windows `compared` also have their values at the largest age that all of them have reached.
    """
    owner = {account: client.id for client in clients for account in client.accounts}
    posts_by_client: dict[int, list[StoredPost]] = defaultdict(list)
    for post in posts:
        posts_by_client[owner[post.account_id]].append(post)
    ages_by_client = {
        client_id: {*ages, *_compared(group, compared, now)} for client_id, group in posts_by_client.items()
    }
    posts_by_age: dict[timedelta, list[StoredPost]] = defaultdict(list)
    for client_id, client_ages in ages_by_client.items():
        for age in client_ages:
            posts_by_age[age] += posts_by_client[client_id]
    metrics = {number: definition for number, definition in definitions.items() if definition.metric in AGED_METRICS}
    values = posts_at_ages(session, posts_by_age, metrics, now, as_of)
    return {
        client_id: {
            age: {post.id: values[age][post.id] for post in posts_by_client[client_id] if post.id in values[age]}
            for age in client_ages
        }
        for client_id, client_ages in ages_by_client.items()
    }


def _compared(posts: Iterable[StoredPost], compared: Collection[DateRange], now: datetime) -> Iterator[timedelta]:
    """Yield the age at which the windows `compared` of a client are compared, if there is one."""
    published = [
        post.published_at
        for window in compared
        for post in published_in(posts, window)
        if post.kind is not ObjectKind.STORY
    ]
    age = compared_age(published, now)
    if age is not None:
        yield age


def aged_posts(posts: Iterable[PostFacts], at_age: Mapping[int, PostAtAge]) -> AgedPosts:
    """Return the posts of a window with their values at an age; stories keep those of the window."""
    facts = list(posts)
    return AgedPosts(
        tuple(at_age[post.post_id].facts if post.post_id in at_age else post for post in facts),
        frozenset(post.post_id for post in facts if post.post_id in at_age and at_age[post.post_id].is_pending),
    )
