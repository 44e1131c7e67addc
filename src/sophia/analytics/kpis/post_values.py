"""Values of posts at the end of a window, or first read later where they are missing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.readings.metric_definitions import MetricDefinition
from sophia.analytics.readings.posts import PostValues, StoredPost, first_values_from, values_by
from sophia.database.records import as_record
from sophia.meta.catalogue.terms import Level, Period
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start


def posts_by_window(
    session: Session,
    posts: Sequence[StoredPost],
    windows: Iterable[DateRange],
    definitions: Mapping[int, MetricDefinition],
    as_of: datetime | None,
) -> dict[DateRange, dict[int, list[PostFacts]]]:
    """Return {window: {account: its posts with their last snapshots before the end}}, with a query per layer of windows.

    A post without a snapshot before the end has its first later one; such posts of a layer cost one more query. Windows
    of one layer do not overlap.
    """
    layers: list[list[DateRange]] = []
    for window in sorted(windows):
        free = next((layer for layer in layers if layer[-1].end <= window.start), None)
        if free is None:
            layers.append([window])
        else:
            free.append(window)
    posts_of_account: dict[DateRange, dict[int, list[PostFacts]]] = {}
    for layer in layers:
        published = {window: published_in(posts, window) for window in layer}
        before = {window.end: window_posts for window, window_posts in published.items()}
        facts = post_facts(session, before, definitions, as_of, or_later=True)
        for window, window_posts in published.items():
            posts_of_account[window] = defaultdict(list)
            for post in window_posts:
                posts_of_account[window][post.account_id].append(facts[post.id])
    return posts_of_account


def published_in(posts: Iterable[StoredPost], window: DateRange) -> list[StoredPost]:
    start, end = day_start(window.start), day_start(window.end)
    return [post for post in posts if start <= post.published_at < end]


def post_facts(
    session: Session,
    before: Mapping[date, Sequence[StoredPost]],
    definitions: Mapping[int, MetricDefinition],
    as_of: datetime | None,
    *,
    or_later: bool = False,
) -> dict[int, PostFacts]:
    """Return {post: its values in the last snapshots before its day}, with one query.

    With `or_later`, posts without such a snapshot have their first later ones, with one more query.
    """
    posts = {post.id: post for day_posts in before.values() for post in day_posts}
    metrics = {
        number: definition
        for number, definition in definitions.items()
        if definition.level is Level.POST and definition.period == Period.LIFETIME.value
    }
    days = {day: [post.id for post in day_posts] for day, day_posts in before.items()}
    values, read_on = _collected(values_by(session, days, list(metrics), as_of), posts, metrics)
    late_days: dict[int, date] = {}
    missing = {day: [post_id for post_id in post_ids if post_id not in read_on] for day, post_ids in days.items()}
    if or_later and any(missing.values()):
        late_values, late_days = _collected(first_values_from(session, missing, list(metrics), as_of), posts, metrics)
        values, read_on = {**values, **late_values}, {**read_on, **late_days}
    return {
        post.id: as_record(
            PostFacts,
            post,
            post_id=post.id,
            # The end of the day of its newest value.
            read_at=day_start(read_on[post.id] + ONE_DAY) if post.id in read_on else post.published_at,
            values=dict(sorted(values.get(post.id, {}).items())),
            first_read_on=late_days.get(post.id),
        )
        for post in posts.values()
    }


def _collected(
    snapshots: PostValues, posts: Mapping[int, StoredPost], metrics: Mapping[int, MetricDefinition]
) -> tuple[dict[int, dict[str, int | float]], dict[int, date]]:
    """Return {post: {canonical metric: value}} and {post: the newest day of its values}."""
    values: dict[int, dict[str, int | float]] = defaultdict(dict)
    read_on: dict[int, date] = {}
    for number, metric, day, value in snapshots:
        definition, post = metrics[metric], posts[number]
        if definition.platform is post.platform and definition.describes(post.kind):
            post_values = values[number]
            post_values[definition.metric] = (
                post_values[definition.metric] + value if definition.metric in post_values else value
            )
            read_on[number] = max(read_on.get(number, day), day)
    return values, read_on
