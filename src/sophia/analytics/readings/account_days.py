"""A few metrics of many accounts, day by day, as plain numbers: the input of drivers and anomalies."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import String, cast, func, select, true
from sqlalchemy.orm import Session

from sophia.analytics.readings.metric_definitions import MetricDefinition
from sophia.analytics.readings.models import EngagementMetric, Fetch, MetricSeries, StoredMetric
from sophia.analytics.readings.posts import published_at
from sophia.analytics.readings.queries import CURRENT, value_at
from sophia.database.columns import day_number
from sophia.database.statements import among, collected
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, Period, Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start
from sophia.portfolio.models import Post

DailyValues = dict[date, float]
# Far more fetches than all workers together commit while one transaction of a collection is open; counting them takes
# a millisecond.
RECENT_FETCHES = 20_000
# The breakdown of views that no advertisement brought.
ORGANIC = "is_from_ads=0"
_NUMBER = re.compile(r"\d+")


def account_days(
    session: Session,
    accounts: Collection[int],
    means: Mapping[int, MetricDefinition],
    metrics: Collection[str],
    window: DateRange,
    *,
    as_of: datetime | None = None,
) -> dict[tuple[int, str], DailyValues]:
    """Return {(account, canonical metric): {day: value}} without breakdowns, in one query."""
    metric_names = {
        number: meaning.metric
        for number, meaning in means.items()
        if meaning.level is Level.ACCOUNT
        and meaning.period == Period.DAY.value
        and meaning.metric in metrics
        and meaning.describes(None)
    }
    return _days_of(session, accounts, metric_names, window, as_of)


def organic_views(
    session: Session, accounts: Collection[int], window: DateRange, as_of: datetime | None = None
) -> dict[int, DailyValues]:
    """Return {account: {day: views that no advertisement brought}} of the accounts that have them, in two queries.

    Only Facebook separates views by `is_from_ads`.
    """
    names = reads(Platform.FACEBOOK, Level.ACCOUNT, "views")
    found = session.scalars(
        select(StoredMetric.id).where(
            StoredMetric.platform == Platform.FACEBOOK.value,
            StoredMetric.level == Level.ACCOUNT.value,
            StoredMetric.metric_name.in_(names),
            StoredMetric.period == Period.DAY.value,
            StoredMetric.breakdown == ORGANIC,
        )
    )
    metric_names = dict.fromkeys(found, "views")
    if not metric_names:
        return {}
    return {account: days for (account, _), days in _days_of(session, accounts, metric_names, window, as_of).items()}


def _days_of(
    session: Session,
    accounts: Collection[int],
    metric_names: Mapping[int, str],
    window: DateRange,
    as_of: datetime | None,
) -> dict[tuple[int, str], DailyValues]:
    """Return {(account, name): {day: value}} of these stored metrics, the sum of those with one name."""
    value, fetch = CURRENT if as_of is None else value_at(as_of)
    # One row per series: a portfolio has too many readings to fetch a row for each.
    rows = session.execute(
        select(
            MetricSeries.account_id,
            MetricSeries.metric_id,
            cast(collected(EngagementMetric.metric_date), String),
            collected(value),
        )
        .join(EngagementMetric, EngagementMetric.series_id == MetricSeries.id)
        .where(
            among(MetricSeries.account_id, accounts),
            among(MetricSeries.metric_id, list(metric_names)),
            MetricSeries.post_id.is_(None),
            EngagementMetric.metric_date.between(window.start, window.end - ONE_DAY),
            true() if as_of is None else fetch.is_not(None),
        )
        .group_by(MetricSeries.id)
    )
    # Creating a date for each of many rows takes longer than reading it.
    calendar = {day_number(day): day for day in (window.start + index * ONE_DAY for index in range(window.days))}
    # Nearly all series have the same days, so each text is parsed once.
    parsed_days: dict[str, list[date]] = {}
    values_by_series: dict[tuple[int, str], DailyValues] = {}
    for account, metric, on, amounts in rows:
        if on not in parsed_days:
            parsed_days[on] = [calendar[int(number)] for number in _NUMBER.findall(on)]
        days = dict(zip(parsed_days[on], amounts, strict=True))
        values = values_by_series.setdefault((account, metric_names[metric]), days)
        if values is not days:
            values |= {day: values.get(day, 0.0) + amount for day, amount in days.items()}
    return values_by_series


def posts_a_day(
    session: Session, accounts: Collection[int], window: DateRange, *, as_of: datetime | None = None
) -> dict[int, dict[date, int]]:
    """Return {account: {reporting day: posts published}} without days that have none, in one query."""
    days = [window.start + index * ONE_DAY for index in range(window.days)]
    # Convert time zones once per day and not once per post.
    ends = [day_start(day + ONE_DAY) for day in days]
    counts_by_account: dict[int, dict[date, int]] = defaultdict(dict)
    for account, moment in published_at(session, accounts, window, as_of):
        counts, day = counts_by_account[account], days[bisect_right(ends, moment)]
        counts[day] = counts.get(day, 0) + 1
    return counts_by_account


def store_version(session: Session) -> tuple[object, ...]:
    """Return values that change as soon as this transaction sees a newly stored answer or post; one query.

    The greatest id alone is not enough: on PostgreSQL the transaction that began first may commit last, and its fetch
    then has a smaller id than one that was visible before. Such a fetch changes the number of recent fetches.
    """
    newest = select(func.max(Fetch.id)).scalar_subquery()
    recent = select(func.count()).where(Fetch.id > newest - RECENT_FETCHES).scalar_subquery()
    newest_post = select(func.max(Post.id)).scalar_subquery()
    newest_moment = select(func.max(Fetch.stored_at)).scalar_subquery()
    return tuple(session.execute(select(newest, recent, newest_moment, newest_post)).one())
