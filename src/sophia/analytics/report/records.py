"""What a report says of one client and window, and what a brief says of all clients."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sophia.analytics.measures.anomaly_records import Anomaly
from sophia.analytics.measures.benchmarks import Comparison, PortfolioQuantiles
from sophia.analytics.measures.decision_quality import StageQuality
from sophia.analytics.measures.drivers import DriverSplit
from sophia.analytics.measures.figures import Change, Coverage, Figure, Number, Window
from sophia.analytics.measures.goals import GoalKind, Standing
from sophia.analytics.measures.posting_times import Slot
from sophia.analytics.measures.responses import GroupResponse
from sophia.analytics.measures.sentiment import CommentOverview
from sophia.analytics.measures.summaries import SummaryLine
from sophia.analytics.measures.trends import Trend
from sophia.analytics.queries.told import Note
from sophia.analytics.report.sentences import Sentence
from sophia.meta.catalogue import ObjectKind, Platform


@dataclass(frozen=True, slots=True)
class ReportedClient:
    """Whom a report is about. `zone` is the IANA name of the client's own zone."""

    id: int
    name: str
    industry: str | None
    zone: str
    accounts: Mapping[int, Platform]


@dataclass(frozen=True, slots=True)
class SeriesAnomaly:
    """Something unusual in the daily values of one account; `metric` is canonical."""

    account_id: int
    platform: Platform
    metric: str
    anomaly: Anomaly


@dataclass(frozen=True, slots=True)
class Peers:
    """One KPI of the client's account on one platform, and the quarters of the portfolio's clients in the same week."""

    platform: Platform
    kpi: str
    own: Figure
    portfolio: PortfolioQuantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientComparison:
    """A client's KPIs of one window, by platform, against every benchmark that is like them."""

    client_id: int
    industry: str | None
    window: Window
    published: tuple[Comparison, ...]
    portfolio: tuple[Peers, ...]


@dataclass(frozen=True, slots=True)
class TopPost:
    """A post of the window with what it had by its end."""

    post_id: int
    account_id: int
    platform: Platform
    kind: ObjectKind
    platform_post_id: str
    published_at: datetime
    title: str | None
    permalink: str | None
    pillar: str | None
    engagements: Number
    reach: Number | None
    rate_by_reach: Figure


@dataclass(frozen=True, slots=True)
class MissingDays:
    """Ended days of the window on which an account has no reading of a metric that its platform has."""

    account_id: int
    platform: Platform
    metric: str
    coverage: Coverage
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedGoal:
    """A goal, and how it stands at the end of the report's window, or today.

    `current` is the KPI over the goal's days that are over; `base` where a level stood at their start. `done` is percent
    of the way, `pace` percent of what a straight way would have by now, `projected` where this pace leads.
    """

    name: str
    kpi: str
    kind: GoalKind
    target: float
    at_most: bool
    window: Window
    base: int | None
    current: Figure
    done: Figure
    pace: Figure
    projected: Figure
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The computed answer for one client and window, as everything was known at `as_of`.

    `before` is what the window is compared with: as many days before it as are over, of the same weekdays where the
    window is shorter than four weeks.
    Trends end with the newest week that ended in the window or before it. Posting times, formats and pillars rest on
    the posts of 90 days, with the newest numbers known; `decisions` on those whose outcome was due in 180 days.
    Annotations are those of both windows.
    """

    client: ReportedClient
    window: Window
    before: Window
    as_of: datetime
    is_closed: bool
    coverage: Coverage
    kpis: Mapping[str, Figure]
    changes: Mapping[str, Change]
    trends: Mapping[str, Trend]
    algo_dependent_summary: tuple[SummaryLine, ...]
    algo_independent_summary: tuple[SummaryLine, ...]
    unclassified: tuple[str, ...]
    drivers: Mapping[str, DriverSplit]
    anomalies: tuple[SeriesAnomaly, ...]
    benchmarks: tuple[Comparison, ...]
    peers: tuple[Peers, ...]
    posting_times: Mapping[Slot, GroupResponse]
    best_times: tuple[Slot, ...]
    formats: Mapping[str, GroupResponse]
    pillars: Mapping[str, GroupResponse]
    top_posts: tuple[TopPost, ...]
    missing_days: tuple[MissingDays, ...]
    goals: tuple[ReportedGoal, ...]
    annotations: tuple[Note, ...]
    decisions: tuple[StageQuality, ...]
    comments: CommentOverview
    commentary: tuple[Sentence, ...] = ()
