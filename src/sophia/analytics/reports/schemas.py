"""Requests and responses of the endpoints for stored weeks and summaries; reports and briefs are returned as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from sophia.analytics.annotations.queries import AnnotationRecord
from sophia.analytics.anomalies.records import SeriesAnomaly
from sophia.analytics.benchmarks.client_comparison import PeerComparison
from sophia.analytics.benchmarks.comparison import Comparison
from sophia.analytics.figures.figures import Figure
from sophia.analytics.figures.requests import Id, RequestModel
from sophia.analytics.kpis.portfolio_week import PortfolioWeek
from sophia.analytics.kpis.queries import WeekSnapshot
from sophia.analytics.kpis.trends import MOST_WEEKS, Trend
from sophia.analytics.readings.account_states import ClientState
from sophia.analytics.readings.run_schemas import AccountStatus
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange


class WeeksQuery(RequestModel):
    """The number of complete weeks, and the account if not the whole client."""

    weeks: Annotated[int, Field(ge=1, le=MOST_WEEKS)] = 12
    account_id: Id | None = None


@dataclass(frozen=True, slots=True)
class ClientWeeks:
    """The stored complete weeks, oldest first, without weeks that were never computed, and the trend of every KPI."""

    client_id: int
    account_id: int | None
    weeks: tuple[WeekSnapshot, ...]
    trends: Mapping[str, Trend]
    annotations: Annotated[tuple[AnnotationRecord, ...], Field(description="Of the days of these weeks.")]


@dataclass(frozen=True, slots=True)
class BenchmarkSummary:
    """Published benchmarks, and the portfolio's quartiles."""

    published: tuple[Comparison, ...]
    portfolio: tuple[PeerComparison, ...]


@dataclass(frozen=True, slots=True)
class PortfolioSummary:
    """All active clients that the key may see. A null field has its reason in `reasons`."""

    client_count: int
    total_metrics: int
    latest_metric_date: date | None
    detailed_kpis: PortfolioWeek | None
    commentary: str | None
    reasons: Mapping[str, str]
    clients: tuple[ClientState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFreshness:
    """How recent the readings of an account are."""

    account_id: int
    platform: Platform
    name: str
    status: AccountStatus
    latest_metric_date: date | None
    asked_through: date | None
    last_success_at: datetime | None
    stale: bool
    readings: int
    action_needed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How recent and complete the readings of a client are."""

    latest_metric_date: date | None
    last_success_at: datetime | None
    stale: bool
    accounts: tuple[AccountFreshness, ...]
    gaps: Annotated[int, Field(description="Gaps of the last 90 days; GET /gaps lists them.")]
    unclassified_metrics: tuple[str, ...]
    weeks_checked_at: Annotated[
        datetime | None,
        Field(
            description="When the stored week of the trends was last confirmed; null if trends are computed on request."
        ),
    ]
    judged_through: Annotated[
        date | None,
        Field(
            description="The last final day of monitoring; if the window ends later, anomalies are computed on request."
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSummary:
    """One client in the last complete week; GET /{client_id}/report returns the whole report."""

    client_id: int
    window: DateRange
    kpis: Mapping[str, Figure]
    trends: Mapping[str, Trend]
    anomalies: tuple[SeriesAnomaly, ...]
    commentary: str
    benchmark: BenchmarkSummary
    freshness: Freshness
