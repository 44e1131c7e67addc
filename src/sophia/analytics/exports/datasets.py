"""What can be exported: the rows and columns of the views for analysts, by client, days and moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Float,
    Select,
    Text,
    case,
    column,
    literal_column,
    select,
    table,
)
from sqlalchemy.types import TypeEngine

from sophia.analytics.conversions.counted import counted_conversions
from sophia.analytics.conversions.event_types import CONVERSION, REFUND
from sophia.analytics.exports.names import ColumnKind, DatasetName
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.analytics.readings.queries import CURRENT, value_at
from sophia.database.columns import MetricValue, MoneyAmount, UtcDateTime
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import DateRange, day_start
from sophia.portfolio.models import Account, Client, Post

TYPES: Mapping[ColumnKind, TypeEngine[Any]] = {
    ColumnKind.TEXT: Text(),
    ColumnKind.INTEGER: BigInteger(),
    ColumnKind.NUMBER: MetricValue(),
    ColumnKind.MONEY: MoneyAmount(),
    ColumnKind.DAY: Date(),
    ColumnKind.MOMENT: UtcDateTime(timezone=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFilter:
    """Which rows to export; None means all. `window` selects days of the column that dates a row."""

    client_id: int | None = None
    window: DateRange | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A view, its columns in their order, the column that dates its rows, and the columns that order them."""

    view: str
    columns: Mapping[str, ColumnKind]
    dated_by: str
    ordered_by: tuple[str, ...]


def _columns(text: str) -> dict[str, ColumnKind]:
    """Return {name: kind} of `name` or `name:kind`, separated by spaces; text is the default."""
    pairs = (part.partition(":") for part in text.split())
    return {name: ColumnKind(kind or "text") for name, _, kind in pairs}


DATASETS: Mapping[DatasetName, Dataset] = {
    DatasetName.READINGS: Dataset(
        view="readings_flat",
        columns=_columns(
            "client client_id:integer platform account account_id:integer level platform_post_id post_kind "
            "published_at:moment content_draft_id:integer metric_name canonical breakdown period unit counting "
            "classification metric_date:day metric_value:number"
        ),
        dated_by="metric_date",
        ordered_by=("series", "metric_date"),
    ),
    DatasetName.POSTS: Dataset(
        view="posts_flat",
        columns=_columns(
            "client client_id:integer platform account account_id:integer post_id:integer platform_post_id kind "
            "published_at:moment permalink text content_draft_id:integer content_pillar gone_at:moment views:number "
            "reach:number likes:number comments:number shares:number saved:number link_clicks:number read_on:day "
            "engagements:number"
        ),
        dated_by="published_at",
        ordered_by=("post_id",),
    ),
    DatasetName.KPIS: Dataset(
        view="kpis_weekly_flat",
        columns=_columns(
            "client client_id:integer account account_id:integer platform week_start:day week_end:day kpi value:number "
            "unit currency n:integer interval_low:number interval_high:number at_least:number at_most:number reason doubt "
            "computed_at:moment"
        ),
        dated_by="week_start",
        ordered_by=("client_id", "account_id", "week_start", "kpi"),
    ),
    DatasetName.CAMPAIGNS: Dataset(
        view="campaigns_flat",
        columns=_columns(
            "client client_id:integer campaign_id:integer campaign slug content_pillar start_date:day end_date:day "
            "content_draft_id:integer post_id:integer"
        ),
        dated_by="start_date",
        ordered_by=("campaign_id", "content_draft_id", "post_id"),
    ),
    DatasetName.CONVERSIONS: Dataset(
        view="conversions_flat",
        columns=_columns(
            "client client_id:integer conversion_id:integer event_type event_date:day source revenue_amount:money currency "
            "net_revenue:money content_draft_id:integer utm_source utm_campaign recorded_at:moment"
        ),
        dated_by="event_date",
        ordered_by=("conversion_id",),
    ),
    DatasetName.ANOMALIES: Dataset(
        view="anomalies_flat",
        columns=_columns(
            "client client_id:integer platform account account_id:integer anomaly_id:integer metric kind since:day "
            "until:day worst_day:day value:number expected:number low:number high:number score:number "
            "portfolio_event_since:day changed_at:moment"
        ),
        dated_by="since",
        ordered_by=("anomaly_id",),
    ),
}


def export_query(name: DatasetName, export_filter: ExportFilter) -> Select[*tuple[Any, ...]]:
    """Return the query of the rows, with the columns of the dataset, in a fixed order.

    Raises InvalidInputError for a past moment of a dataset that has only its newest state.
    """
    if name is DatasetName.READINGS:
        return _readings(export_filter)
    if name is DatasetName.CONVERSIONS:
        return _conversions(export_filter)
    if export_filter.as_of is not None:
        raise InvalidInputError(
            f"{name.value} can be exported as they are now only. --as-of works with readings and conversions."
        )
    dataset = DATASETS[name]
    view = table(dataset.view, *(column(key, _stored_type(name, kind)) for key, kind in dataset.columns.items()))
    query = select(view).order_by(*(view.c[key] for key in dataset.ordered_by))
    return _filtered(query, view.c.client_id, view.c[dataset.dated_by], dataset, export_filter)


def _stored_type(name: DatasetName, kind: ColumnKind) -> TypeEngine[Any]:
    # Anomalies and intervals are floats in PostgreSQL, and no decimals.
    is_float = kind is ColumnKind.NUMBER and name is DatasetName.ANOMALIES
    return Float() if is_float else TYPES[kind]


def _filtered(
    query: Select[*tuple[Any, ...]], client: Any, dated_by: Any, dataset: Dataset, export_filter: ExportFilter
) -> Select[*tuple[Any, ...]]:
    if export_filter.client_id is not None:
        query = query.where(client == export_filter.client_id)
    window = export_filter.window
    if window is None:
        return query
    is_moment = dataset.columns[dataset.dated_by] is ColumnKind.MOMENT
    start, end = (day_start(window.start), day_start(window.end)) if is_moment else (window.start, window.end)
    return query.where(dated_by >= start, dated_by < end)


def _readings(export_filter: ExportFilter) -> Select[*tuple[Any, ...]]:
    """Return the rows of `readings_flat`, from the tables: in the order of the index, and at a past moment if requested."""
    value, fetch = CURRENT if export_filter.as_of is None else value_at(export_filter.as_of)
    reading, series, metric = EngagementMetric, MetricSeries, StoredMetric
    query = (
        select(
            Client.name.label("client"),
            Client.id.label("client_id"),
            Account.platform,
            Account.name.label("account"),
            Account.id.label("account_id"),
            metric.level,
            Post.platform_post_id,
            Post.kind.label("post_kind"),
            Post.published_at,
            Post.draft_id.label("content_draft_id"),
            *(metric.metric_name, metric.canonical, metric.breakdown, metric.period),
            *(metric.unit, metric.counting, metric.classification),
            reading.metric_date,
            value.label("metric_value"),
        )
        .select_from(reading)
        .join(series, series.id == reading.series_id)
        .join(metric, metric.id == series.metric_id)
        .join(Account, Account.id == series.account_id)
        .join(Client, Client.id == Account.client_id)
        .outerjoin(Post, Post.id == series.post_id)
        .where(fetch.is_not(None))
        .order_by(reading.series_id, reading.metric_date)
    )
    dataset = DATASETS[DatasetName.READINGS]
    return _filtered(query, Client.id, reading.metric_date, dataset, export_filter)


def _conversions(export_filter: ExportFilter) -> Select[*tuple[Any, ...]]:
    """Return the rows of `conversions_flat`, at a past moment if requested."""
    event = counted_conversions(export_filter.as_of)
    signed = case(
        (event.c.event_type == CONVERSION, event.c.revenue_amount),
        (event.c.event_type == REFUND, -event.c.revenue_amount),
        else_=literal_column("NULL", MoneyAmount()),
    )
    query = (
        select(
            Client.name.label("client"),
            Client.id.label("client_id"),
            event.c.event_id.label("conversion_id"),
            *(event.c[name] for name in ("event_type", "event_date", "source", "revenue_amount", "currency")),
            signed.label("net_revenue"),
            *(event.c[name] for name in ("content_draft_id", "utm_source", "utm_campaign", "recorded_at")),
        )
        .join(Client, Client.id == event.c.client_id)
        .order_by(event.c.event_id)
    )
    dataset = DATASETS[DatasetName.CONVERSIONS]
    return _filtered(query, Client.id, event.c.event_date, dataset, export_filter)
