"""Readings of one client, newest first, page by page, as they are now or were at a moment."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from sophia.analytics.figures.cursors import read_cursor, row_number, write_cursor
from sophia.analytics.readings.models import (
    AccountTotal,
    EngagementMetric,
    Fetch,
    MetricRevision,
    MetricSeries,
    StoredMetric,
    reading_id,
)
from sophia.analytics.readings.permissions import account_ids
from sophia.database.columns import BigId, MetricValue
from sophia.database.statements import among
from sophia.meta.catalogue.canonical import MetricClass, Unit
from sophia.meta.catalogue.terms import Level, Period, Platform
from sophia.portfolio.models import Account, Post

Key = tuple[int, date]  # series, day: the key of a reading
Value = tuple[ColumnElement[int | float], ColumnElement[int]]
CURRENT: Value = (
    type_coerce(EngagementMetric.metric_value, MetricValue),
    type_coerce(EngagementMetric.fetch_id, BigId),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFilter:
    """Conditions on the readings of a client; both days are included. Empty means any."""

    start_date: date | None = None
    end_date: date | None = None
    metric_names: tuple[str, ...] = ()
    platform: str | None = None
    level: str | None = None
    account_id: int | None = None
    platform_post_id: str | None = None
    period: str | None = None
    canonical: str | None = None
    breakdown: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredReading:
    """The value of one series for one day. `created_at` is when Sophia first stored it, `updated_at` when it got its value."""

    id: int
    client_id: int
    account_id: int
    content_draft_id: int | None
    platform: Platform
    level: Level
    metric_name: str
    canonical: str | None
    breakdown: str
    metric_value: int | float
    metric_date: date
    is_algorithm_dependent: bool | None
    classification: MetricClass
    period: Period
    unit: Unit | None
    platform_post_id: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some readings, and the cursor of the next page; None on the last page."""

    readings: list[StoredReading]
    next_cursor: str | None


def read_page(
    session: Session, client_id: int, reading_filter: ReadingFilter, limit: int, cursor: str | None = None
) -> Page:
    """Return a page of readings: newest day first, then the newest series. This total order repeats and skips nothing
    (J6).

    Raises InvalidInputError for a cursor that no earlier page returned.
    """
    after = read_cursor(cursor, row_number, date.fromisoformat) if cursor is not None else None
    series = wanted_series(session, client_id, reading_filter)
    if series is None:
        return Page([], None)
    value, fetch = value_at(reading_filter.as_of) if reading_filter.as_of is not None else CURRENT
    rows = list(
        session.execute(
            select(EngagementMetric.series_id, EngagementMetric.metric_date, value, fetch)
            .select_from(MetricSeries)
            .join(EngagementMetric, EngagementMetric.series_id == MetricSeries.id)
            .where(*series, *_day_conditions(reading_filter, after), fetch.is_not(None))
            .order_by(EngagementMetric.metric_date.desc(), EngagementMetric.series_id.desc())
            .limit(limit + 1)
        )
    )
    page = [(number, day, amount, source) for number, day, amount, source in rows[:limit]]
    last = write_cursor(page[-1][0], page[-1][1]) if len(rows) > limit else None
    return Page(with_details(session, page), last)


def client_metric_names(session: Session, client_id: int) -> frozenset[str]:
    """Return the stored names of all metrics that the client's accounts have series of."""
    query = (
        select(StoredMetric.metric_name)
        .join(MetricSeries, MetricSeries.metric_id == StoredMetric.id)
        .where(among(MetricSeries.account_id, account_ids(session, client_id)))
        .distinct()
    )
    return frozenset(session.scalars(query))


def wanted_series(session: Session, client_id: int, reading_filter: ReadingFilter) -> list[ColumnElement[bool]] | None:
    """Return the conditions on `metric_series`, as ids so that its indexes serve; None if nothing matches."""
    accounts = account_ids(session, client_id)
    if reading_filter.account_id is not None:
        accounts = [number for number in accounts if number == reading_filter.account_id]
    conditions: list[ColumnElement[bool]] = [among(MetricSeries.account_id, accounts)]
    about_metric = _metric_conditions(reading_filter)
    if about_metric:
        metrics = list(session.scalars(select(StoredMetric.id).where(*about_metric)))
        conditions.append(among(MetricSeries.metric_id, metrics))
        if not metrics:
            return None
    if reading_filter.platform_post_id is not None:
        conditions_on_post = among(Post.account_id, accounts), Post.platform_post_id == reading_filter.platform_post_id
        posts = list(session.scalars(select(Post.id).where(*conditions_on_post)))
        conditions.append(among(MetricSeries.post_id, posts))
        if not posts:
            return None
    return conditions if accounts else None


def _metric_conditions(reading_filter: ReadingFilter) -> list[ColumnElement[bool]]:
    pairs = (
        (StoredMetric.platform, reading_filter.platform),
        (StoredMetric.level, reading_filter.level),
        (StoredMetric.period, reading_filter.period),
        (StoredMetric.canonical, reading_filter.canonical),
        (StoredMetric.breakdown, reading_filter.breakdown),
    )
    conditions = [column == value for column, value in pairs if value is not None]
    if reading_filter.metric_names:
        conditions.append(among(StoredMetric.metric_name, reading_filter.metric_names))
    return conditions


def _day_conditions(reading_filter: ReadingFilter, after: tuple[Any, ...] | None) -> list[ColumnElement[bool]]:
    """Return the conditions on the days, and on the readings behind `after` in the order of the pages."""
    reading = EngagementMetric
    conditions: list[ColumnElement[bool]] = []
    if reading_filter.start_date is not None:
        conditions.append(reading.metric_date >= reading_filter.start_date)
    if reading_filter.end_date is not None:
        conditions.append(reading.metric_date <= reading_filter.end_date)
    if after is not None:
        number, day = after
        # The first condition bounds the index; the second excludes the readings of that day on the page before.
        conditions.append(reading.metric_date <= day)
        conditions.append(or_(reading.metric_date < day, reading.series_id < number))
    return conditions


def value_at(moment: datetime) -> Value:
    """Return the value and the fetch of a reading at a moment: those of the last fetch stored until then, else NULL."""
    current = select(Fetch.stored_at).where(Fetch.id == EngagementMetric.fetch_id).correlate(EngagementMetric)
    earlier = (
        select(MetricRevision.metric_value, MetricRevision.fetch_id)
        .join(Fetch, Fetch.id == MetricRevision.fetch_id)
        .where(
            MetricRevision.series_id == EngagementMetric.series_id,
            MetricRevision.metric_date == EngagementMetric.metric_date,
            Fetch.stored_at <= moment,
        )
        .order_by(Fetch.stored_at.desc(), Fetch.id.desc())
        .limit(1)
        .correlate(EngagementMetric)
    )
    is_current = current.scalar_subquery() <= moment
    value = case(
        (is_current, EngagementMetric.metric_value),
        else_=earlier.with_only_columns(MetricRevision.metric_value).scalar_subquery(),
    )
    fetch = case(
        (is_current, EngagementMetric.fetch_id),
        else_=earlier.with_only_columns(MetricRevision.fetch_id).scalar_subquery(),
    )
    return type_coerce(value, MetricValue), type_coerce(fetch, BigId)


def with_details(session: Session, rows: Collection[tuple[int, date, int | float, int]]) -> list[StoredReading]:
    """Return the readings of one page with the data of their series and fetches, in three queries."""
    if not rows:
        return []
    first = first_fetches(session, [(series, day) for series, day, _, _ in rows])
    stored_at = moments(session, {fetch for _, _, _, fetch in rows} | set(first.values()))
    about = series_details(session, {series for series, _, _, _ in rows})
    return [
        StoredReading(
            **about[number],
            id=reading_id(number, day),
            metric_value=value,
            metric_date=day,
            created_at=stored_at[first.get((number, day), fetch)],
            updated_at=stored_at[fetch],
        )
        for number, day, value, fetch in rows
    ]


def series_details(session: Session, series: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return {series: values of the StoredReading fields that come from the series}."""
    rows = session.execute(
        select(
            MetricSeries.id,
            MetricSeries.account_id,
            StoredMetric,
            Account.client_id,
            Post.platform_post_id,
            Post.draft_id,
        )
        .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
        .join(Account, Account.id == MetricSeries.account_id)
        .outerjoin(Post, Post.id == MetricSeries.post_id)
        .where(among(MetricSeries.id, series))
    )
    return {
        number: {
            "client_id": client_id,
            "account_id": account_id,
            "content_draft_id": draft,
            "platform": Platform(metric.platform),
            "level": Level(metric.level),
            "metric_name": metric.metric_name,
            "canonical": metric.canonical,
            "breakdown": metric.breakdown,
            "is_algorithm_dependent": metric.is_algorithm_dependent,
            "classification": MetricClass(metric.classification),
            "period": Period(metric.period),
            "unit": None if metric.unit is None else Unit(metric.unit),
            "platform_post_id": post,
        }
        for number, account_id, metric, client_id, post, draft in rows
    }


def first_fetches(session: Session, keys: Collection[Key]) -> dict[Key, int]:
    """Return the fetch that first brought a reading, for those among `keys` that were revised."""
    days = [day for _, day in keys]
    revision = MetricRevision
    rows = session.execute(
        select(revision.series_id, revision.metric_date, func.min(revision.fetch_id))
        .where(
            among(revision.series_id, {series for series, _ in keys}),
            revision.metric_date.between(min(days), max(days)),
        )
        .group_by(revision.series_id, revision.metric_date)
    )
    return {(series, day): fetch for series, day, fetch in rows}


def moments(session: Session, fetches: Iterable[int]) -> dict[int, datetime]:
    """Return {fetch: the moment from which its readings were visible}."""
    rows = session.execute(select(Fetch.id, Fetch.stored_at).where(among(Fetch.id, set(fetches))))
    return dict(rows.all())


def newest_day(session: Session, client_id: int) -> date | None:
    """Return the newest day with a reading of the client, from the counted totals."""
    accounts = select(Account.id).where(Account.client_id == client_id)
    return session.scalar(
        select(func.max(AccountTotal.latest_metric_date)).where(AccountTotal.account_id.in_(accounts))
    )
