"""The report of one client and window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from sophia.analytics.annotations.queries import AnnotationRecord
from sophia.analytics.anomalies.records import SeriesAnomaly
from sophia.analytics.benchmarks.client_comparison import PeerComparison
from sophia.analytics.benchmarks.comparison import Comparison
from sophia.analytics.comments.sentiment import CommentOverview
from sophia.analytics.decisions.scores import Verdict
from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.figures.figures import Change, Coverage, Figure
from sophia.analytics.figures.schemas import Quantity
from sophia.analytics.figures.sentences import Sentence
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.kpis.format_averages import FormatAverage
from sophia.analytics.kpis.summaries import SummaryLine
from sophia.analytics.kpis.trends import Trend
from sophia.analytics.posting_times.group_effects import GroupEffect, HourEffect, WeekHour
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.reporting_zone import DateRange


@dataclass(frozen=True, slots=True)
class ReportedClient:
    """The client of a report. `zone` is the IANA name of the client's own zone."""

    id: int
    name: str
    industry: str | None
    zone: str
    accounts: Mapping[int, Platform]


@dataclass(frozen=True, slots=True)
class TopPost:
    """A post of the window with its values at the end of the window, or first read on the day `first_read_on`."""

    post_id: int
    account_id: int
    platform: Platform
    kind: ObjectKind
    platform_post_id: str
    published_at: datetime
    title: str | None
    permalink: str | None
    pillar: str | None
    engagements: Annotated[Quantity, Field(description="Reactions or likes, comments, shares and saves of the post.")]
    reach: Quantity | None
    rate_by_reach: Figure
    first_read_on: date | None


@dataclass(frozen=True, slots=True)
class MissingDays:
    """Days that are over on which an account has no reading of a metric that its platform has."""

    account_id: int
    platform: Platform
    metric: str
    coverage: Coverage
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionStage:
    """How well one stage predicts, by the outcomes due in the 180 days until the end of the window, and in a sentence."""

    stage: str
    posts: int
    skill: Figure
    shrunk_skill: Figure
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of one client and window, as of the time `as_of`.

    `before` is the period with which the window is compared: as many earlier days as are over, on the same weekdays if
    the window is shorter than four weeks. Trends end with the last complete week in the window or before it, those at seven
    days of age a week earlier. Posting
    times, formats and pillars use the posts of 90 days with their newest values. Annotations are those of both periods.
    """

    client: ReportedClient
    window: DateRange
    before: DateRange
    as_of: datetime
    is_closed: bool
    complete_at: Annotated[datetime, Field(description="When the last day of the window ends in Meta's Pacific time.")]
    coverage: Coverage
    kpis: Annotated[
        Mapping[str, Figure],
        Field(
            description="`engagements` is the engagement on posts published in the window. Account interactions, of posts of "
            "any age, are `total_interactions` in `algo_independent_summary`."
        ),
    ]
    changes: Annotated[
        Mapping[str, Change],
        Field(
            description="KPIs of posts are compared at equal ages (`age_hours`), and rates of several platforms with the mix of "
            "platforms of the previous period (`mix`)."
        ),
    ]
    platform_changes: Annotated[
        Mapping[str, Mapping[str, Change]],
        Field(description="By platform, of a client with several: the rates that `kpis` mix, at the age of `changes`."),
    ]
    trends: Mapping[str, Trend]
    algo_dependent_summary: tuple[SummaryLine, ...]
    algo_independent_summary: tuple[SummaryLine, ...]
    unclassified: tuple[str, ...]
    drivers: Mapping[str, DriverSplit]
    anomalies: tuple[SeriesAnomaly, ...]
    benchmarks: tuple[Comparison, ...]
    peers: tuple[PeerComparison, ...]
    posting_times: Annotated[tuple[HourEffect, ...], Field(description="The hours with posts.")]
    best_times: tuple[WeekHour, ...]
    formats: Mapping[str, GroupEffect]
    format_averages: Annotated[
        Mapping[str, FormatAverage], Field(description="By format, of the posts published in the window.")
    ]
    pillars: Mapping[str, GroupEffect]
    top_posts: tuple[TopPost, ...]
    missing_days: tuple[MissingDays, ...]
    goals: tuple[ReportedGoal, ...]
    annotations: tuple[AnnotationRecord, ...]
    decisions: tuple[DecisionStage, ...]
    comments: CommentOverview
    commentary: tuple[Sentence, ...] = ()
