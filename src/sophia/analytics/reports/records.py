"""What a report says of one client and window, and what a brief says of all clients."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sophia.analytics.annotations.queries import Note
from sophia.analytics.anomalies.records import SeriesAnomaly
from sophia.analytics.benchmarks.client_comparison import Peers
from sophia.analytics.benchmarks.comparison import Comparison
from sophia.analytics.comments.sentiment import CommentOverview
from sophia.analytics.decisions.guidance import StageQuality
from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.figures.figures import Change, Coverage, Figure, Number
from sophia.analytics.figures.sentences import Sentence
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.kpis.summaries import SummaryLine
from sophia.analytics.kpis.trends import Trend
from sophia.analytics.posting_times.responses import GroupResponse, Slot
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.reporting_zone import DateRange


@dataclass(frozen=True, slots=True)
class ReportedClient:
    """Whom a report is about. `zone` is the IANA name of the client's own zone."""

    id: int
    name: str
    industry: str | None
    zone: str
    accounts: Mapping[int, Platform]


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
class Report:
    """The computed answer for one client and window, as everything was known at `as_of`.

    `before` is what the window is compared with: as many days before it as are over, of the same weekdays where the
    window is shorter than four weeks.
    Trends end with the newest week that ended in the window or before it. Posting times, formats and pillars rest on
    the posts of 90 days, with the newest numbers known; `decisions` on those whose outcome was due in 180 days.
    Annotations are those of both windows.
    """

    client: ReportedClient
    window: DateRange
    before: DateRange
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
