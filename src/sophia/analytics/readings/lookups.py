"""What the writer looks up before it writes: ids of metrics, series and stored values."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.readings.models import StoredMetric
from sophia.database.columns import from_decimal
from sophia.database.statements import select_among
from sophia.meta.catalogue.terms import Platform

MetricKey = tuple[str, str, str, str]  # level, name, period, breakdown
Placed = tuple[int | None, int, int, int | float]  # post, metric, day number, value
Stored = dict[tuple[int, int], tuple[int | float, int]]  # value and fetch, by series and day number


def load_metrics(session: Session, platform: Platform) -> dict[MetricKey, int]:
    columns = (StoredMetric.level, StoredMetric.metric_name, StoredMetric.period, StoredMetric.breakdown)
    rows = session.execute(select(*columns, StoredMetric.id).where(StoredMetric.platform == platform.value))
    return {(level, name, period, breakdown): number for level, name, period, breakdown, number in rows}


def load_post_readings(session: Session, placed: Collection[Placed], day: int) -> Sequence[tuple[Any, ...]]:
    """Return (post, metric, series, value, fetch); value and fetch are None without a reading that day."""
    metrics = ", ".join(str(metric) for metric in {metric for _, metric, _, _ in placed})
    sql = (  # the text contains only our own numbers
        "SELECT s.post_id, s.metric_id, s.id, e.metric_value, e.fetch_id FROM metric_series s"  # noqa: S608
        f" LEFT JOIN engagement_metrics e ON e.series_id = s.id AND e.metric_date = {day:d}"
        f" WHERE s.post_id {{among}} AND s.metric_id IN ({metrics})"
    )
    return select_among(session, sql, {post for post, _, _, _ in placed if post is not None})


def load_values(session: Session, keys: Collection[tuple[int, int]]) -> Stored:
    """Return the stored values of these (series, day number), and of days between them."""
    if not keys:
        return {}
    days = [day for _, day in keys]
    sql = (
        "SELECT series_id, metric_date, metric_value, fetch_id FROM engagement_metrics"
        " WHERE series_id {among} AND metric_date BETWEEN {p} AND {p}"
    )
    rows = select_among(session, sql, {series for series, _ in keys}, min(days), max(days))
    return {(series, day): (from_decimal(value), fetch) for series, day, value, fetch in rows}
