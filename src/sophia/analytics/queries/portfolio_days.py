"""A few metrics of many accounts, day by day, as plain numbers: what drivers and anomalies are computed from."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import Integer, select, true, type_coerce
from sqlalchemy.orm import Session

from sophia.analytics.measures.figures import ONE_DAY, Window
from sophia.analytics.models import EngagementMetric, MetricSeries
from sophia.analytics.queries.post_values import published_at
from sophia.analytics.queries.readings import CURRENT, value_at
from sophia.analytics.queries.windows import Meaning
from sophia.database import among, day_number
from sophia.meta.catalogue import Level, Period
from sophia.meta.reporting_zone import day_start

Days = dict[date, int | float]


def account_days(
    session: Session,
    accounts: Collection[int],
    means: Mapping[int, Meaning],
    metrics: Collection[str],
    window: Window,
    *,
    as_of: datetime | None = None,
) -> dict[tuple[int, str], Days]:
    """{(account, canonical metric): {day: value}} without breakdowns; two queries, however many accounts there are."""
    mine = {
        number: meaning.metric
        for number, meaning in means.items()
        if meaning.level is Level.ACCOUNT
        and meaning.period == Period.DAY.value
        and meaning.metric in metrics
        and meaning.describes(None)
    }
    series = {
        number: (account, mine[metric])
        for number, account, metric in session.execute(
            select(MetricSeries.id, MetricSeries.account_id, MetricSeries.metric_id).where(
                among(MetricSeries.account_id, accounts),
                among(MetricSeries.metric_id, list(mine)),
                MetricSeries.post_id.is_(None),
            )
        )
    }
    value, fetch = CURRENT if as_of is None else value_at(as_of)
    rows = session.execute(
        select(EngagementMetric.series_id, type_coerce(EngagementMetric.metric_date, Integer), value).where(
            among(EngagementMetric.series_id, list(series)),
            EngagementMetric.metric_date.between(window.start, window.end - ONE_DAY),
            true() if as_of is None else fetch.is_not(None),
        )
    )
    # Of many rows, making each day anew takes longer than reading it.
    calendar = {day_number(day): day for day in (window.start + index * ONE_DAY for index in range(window.days))}
    found: dict[tuple[int, str], Days] = defaultdict(dict)
    for number, on, amount in rows:
        known, day = found[series[number]], calendar[on]
        known[day] = known[day] + amount if day in known else amount
    return found


def posts_a_day(
    session: Session, accounts: Collection[int], window: Window, *, as_of: datetime | None = None
) -> dict[int, dict[date, int]]:
    """{account: {reporting day: posts published}}, days without any left out; one query."""
    days = [window.start + index * ONE_DAY for index in range(window.days)]
    # A zone's rules are followed once a day and not once a post.
    ends = [day_start(day + ONE_DAY) for day in days]
    found: dict[int, dict[date, int]] = defaultdict(dict)
    for account, moment in published_at(session, accounts, window, as_of):
        counts, day = found[account], days[bisect_right(ends, moment)]
        counts[day] = counts.get(day, 0) + 1
    return found
