"""Reads what the counters of posts were around an age, with the moment and the subject of each answer."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, Select, literal, select, type_coerce, union_all
from sqlalchemy.orm import Session

from sophia.analytics.figures.ages import WIDEST_BRACKET, SeriesReading
from sophia.analytics.readings.models import EngagementMetric, Fetch, MetricRevision, MetricSeries
from sophia.database.columns import BigId, MetricValue
from sophia.database.statements import among, utc_day
from sophia.meta.reporting_zone import ONE_DAY
from sophia.portfolio.models import Post

# The reporting zone is seven hours behind UTC in summer, eight in winter.
LATEST_MIDNIGHT, EARLIEST_MIDNIGHT = timedelta(hours=8), timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class MetricReading:
    """A stored value of one metric of a post."""

    metric_id: int
    reading: SeriesReading


def readings_at_ages(
    session: Session,
    posts_by_age: Mapping[timedelta, Collection[int]],
    metrics: Collection[int],
    as_of: datetime | None = None,
) -> dict[timedelta, dict[int, list[MetricReading]]]:
    """Return {age: {post: values of these metrics around the age}}, replaced values included, with two queries.

    The values are of the reporting day on which the post reached the age, and of as many days around it as a close
    reading may be away. With `as_of`, answers that were stored later are left out.
    """
    ages = [age for age, posts in posts_by_age.items() if posts]
    readings: dict[timedelta, dict[int, list[MetricReading]]] = {age: defaultdict(list) for age in ages}
    if not ages:
        return readings
    queries = [
        _values(table, index, age, posts_by_age[age], metrics)
        for index, age in enumerate(ages)
        for table in (EngagementMetric, MetricRevision)
    ]
    rows = session.execute(union_all(*queries)).all()
    fetches = _fetches(session, {row[5] for row in rows}, as_of)
    for index, post_id, series, metric, value, fetch_id in rows:
        if post_id is not None and fetch_id in fetches:
            subject, read_at = fetches[fetch_id]
            reading = MetricReading(metric, SeriesReading(series, subject, read_at, value))
            readings[ages[index]][post_id].append(reading)
    return readings


def _values(
    table: type[EngagementMetric | MetricRevision],
    index: int,
    age: timedelta,
    posts: Collection[int],
    metrics: Collection[int],
) -> Select[int, int | None, int, int, int | float, int]:
    """Return the query of the values around one age; `index` tells the ages of a union apart."""
    near_days = int(WIDEST_BRACKET * age / ONE_DAY) + 1
    day = type_coerce(table.metric_date, Integer)
    first = utc_day(Post.published_at, round((age - LATEST_MIDNIGHT).total_seconds())) - near_days
    last = utc_day(Post.published_at, round((age - EARLIEST_MIDNIGHT).total_seconds())) + near_days
    return (
        select(
            literal(index).label("age"),
            MetricSeries.post_id,
            MetricSeries.id,
            MetricSeries.metric_id,
            type_coerce(table.metric_value, MetricValue).label("value"),
            type_coerce(table.fetch_id, BigId).label("fetch_id"),
        )
        .join(table, table.series_id == MetricSeries.id)
        .join(Post, Post.id == MetricSeries.post_id)
        .where(
            among(MetricSeries.post_id, list(posts)),
            among(MetricSeries.metric_id, list(metrics)),
            day.between(first, last),
        )
    )


def _fetches(session: Session, numbers: Iterable[int], as_of: datetime | None) -> dict[int, tuple[str, datetime]]:
    """Return {fetch: its subject and the moment of its answer} of those that were stored by then."""
    rows = session.execute(
        select(Fetch.id, Fetch.subject, Fetch.fetched_at, Fetch.stored_at).where(among(Fetch.id, set(numbers)))
    )
    return {
        number: (subject, fetched_at)
        for number, subject, fetched_at, stored_at in rows
        if as_of is None or stored_at <= as_of
    }
