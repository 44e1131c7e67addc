"""What the API answers of reports, and the shapes that they share with briefs. A figure without a value says why it has none."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from sophia.analytics.annotations.schemas import NoteAnswer
from sophia.analytics.anomalies.schemas import AnomalyAnswer
from sophia.analytics.benchmarks.schemas import ComparisonAnswer, PeersAnswer
from sophia.analytics.comments.schemas import ToneAnswer
from sophia.analytics.decisions.scores import Verdict
from sophia.analytics.drivers.schemas import DriversAnswer
from sophia.analytics.figures.figures import Change, Coverage, DateRange, Figure
from sophia.analytics.figures.schemas import Quantity, ResponseModel
from sophia.analytics.figures.sentences import Sentence
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.kpis.schemas import SummaryLineAnswer, TrendAnswer
from sophia.analytics.posting_times.schemas import PostingTimeAnswer, ResponseAnswer, SlotAnswer, posting_time_answers
from sophia.analytics.readings.run_schemas import AccountStatus
from sophia.analytics.reports.brief_schemas import MovementAnswer
from sophia.analytics.reports.records import Report
from sophia.meta.catalogue import ObjectKind, Platform


class TopPostAnswer(ResponseModel):
    post_id: int
    account_id: int
    platform: Platform
    kind: ObjectKind
    platform_post_id: str
    published_at: datetime
    title: str | None
    permalink: str | None
    pillar: str | None
    engagements: Quantity
    reach: Quantity | None
    rate_by_reach: Figure


class MissingDaysAnswer(ResponseModel):
    account_id: int
    platform: Platform
    metric: str
    coverage: Coverage
    first: date
    last: date


class DecisionStageAnswer(ResponseModel):
    """How well one stage predicts, by the outcomes due in the 180 days until the end of the window; and in a sentence."""

    stage: str
    posts: int
    skill: Figure
    shrunk_skill: Figure
    verdict: Verdict
    text: str


class ReportedClientAnswer(ResponseModel):
    id: int
    name: str
    industry: str | None
    zone: str
    accounts: dict[int, Platform]


class CommentsAnswer(ResponseModel):
    """What people wrote in the window under any post of the client."""

    whole: ToneAnswer
    platforms: dict[str, ToneAnswer]
    verdict: str


class ReportAnswer(ResponseModel):
    """The computed answer for one client and window, as everything was known at `as_of`."""

    client: ReportedClientAnswer
    window: DateRange
    before: DateRange
    as_of: datetime
    is_closed: bool
    coverage: Coverage
    kpis: dict[str, Figure]
    changes: dict[str, Change]
    trends: dict[str, TrendAnswer]
    algo_dependent_summary: list[SummaryLineAnswer]
    algo_independent_summary: list[SummaryLineAnswer]
    unclassified: list[str]
    drivers: dict[str, DriversAnswer]
    anomalies: list[AnomalyAnswer]
    benchmarks: list[ComparisonAnswer]
    peers: list[PeersAnswer]
    posting_times: list[PostingTimeAnswer] = Field(description="The hours in which anything was published.")
    best_times: list[SlotAnswer]
    formats: dict[str, ResponseAnswer]
    pillars: dict[str, ResponseAnswer]
    top_posts: list[TopPostAnswer]
    missing_days: list[MissingDaysAnswer]
    goals: list[ReportedGoal]
    annotations: list[NoteAnswer]
    decisions: list[DecisionStageAnswer]
    comments: CommentsAnswer
    commentary: list[Sentence]


def report_answer(report: Report) -> ReportAnswer:
    """The report as JSON says it."""
    fields: dict[str, Any] = {name: getattr(report, name) for name in ReportAnswer.model_fields}
    fields["drivers"] = dict(report.drivers)
    scored = ("stage", "posts", "skill", "shrunk_skill", "verdict")
    fields["decisions"] = [
        {name: getattr(decision.score, name) for name in scored} | {"text": decision.text}
        for decision in report.decisions
    ]
    fields["posting_times"] = posting_time_answers(report.posting_times)
    return ReportAnswer.model_validate(fields)


class BenchmarkSummary(ResponseModel):
    """What others reach: as it was published, and in the portfolio."""

    published: list[ComparisonAnswer]
    portfolio: list[PeersAnswer]


class ClientStateAnswer(ResponseModel):
    client_id: int
    name: str
    accounts: int
    status: Literal["ok", "stale", "no_data", "needs_reconnect", "no_accounts"]
    latest_metric_date: date | None
    last_success_at: datetime | None
    stale: bool
    readings: int
    action_needed: str | None


class DetailedKpis(ResponseModel):
    """What every client had in the newest closed week, and for how many clients each KPI rose or fell.

    The KPIs are those of the brief; GET /{client_id}/kpis has all of one client.
    """

    week: DateRange
    computed_at: datetime
    kpis: dict[int, dict[str, Figure]] = Field(description="By client.")
    movements: dict[str, MovementAnswer]


class PortfolioAnswer(ResponseModel):
    """All active clients that the key may see. What is null has its reason in `reasons`."""

    client_count: int
    total_metrics: int
    latest_metric_date: date | None
    detailed_kpis: DetailedKpis | None
    commentary: str | None
    reasons: dict[str, str]
    clients: list[ClientStateAnswer]


class AccountFreshness(ResponseModel):
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


class FreshnessAnswer(ResponseModel):
    latest_metric_date: date | None
    last_success_at: datetime | None
    stale: bool
    accounts: list[AccountFreshness]
    gaps: int = Field(description="Gaps of the last 90 days; GET /gaps lists them.")
    unclassified_metrics: list[str]
    weeks_checked_at: datetime | None = Field(
        description="When the week kept for the trends was last found right; null while trends are computed on the spot."
    )
    judged_through: date | None = Field(
        description="The last day judged for good; before the window's end, anomalies are computed on the spot."
    )


class ClientSummaryAnswer(ResponseModel):
    """What is known of one client in the newest closed week; GET /{client_id}/report says it in full."""

    client_id: int
    window: DateRange
    kpis: dict[str, Figure]
    trends: dict[str, TrendAnswer]
    anomalies: list[AnomalyAnswer]
    commentary: str
    benchmark: BenchmarkSummary
    freshness: FreshnessAnswer
