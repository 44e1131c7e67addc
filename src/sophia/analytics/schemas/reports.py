"""What the API answers of reports, and the shapes that they share with briefs. A figure without a value says why it has none."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field, FiniteFloat

from sophia.analytics.measures.goals import GoalKind, Standing
from sophia.analytics.measures.posting_times import Slot
from sophia.analytics.measures.responses import Effect, GroupResponse
from sophia.analytics.measures.scores import Verdict
from sophia.analytics.measures.summaries import Aggregate
from sophia.analytics.report import Report
from sophia.analytics.schemas.comments import ToneAnswer
from sophia.analytics.schemas.figures import (
    Answering,
    ChangeAnswer,
    CoverageAnswer,
    Ends,
    FigureAnswer,
    Quantity,
    WindowAnswer,
)
from sophia.meta.catalogue import Level, ObjectKind, Platform


class WeekPointAnswer(Answering):
    week: WindowAnswer
    figure: FigureAnswer
    is_closed: bool


class TrendAnswer(Answering):
    """The newest weeks, oldest first; `falling` and `rising` count the weeks in a row up to the newest closed one."""

    points: list[WeekPointAnswer]
    from_previous: ChangeAnswer
    from_last_year: ChangeAnswer
    falling: int
    rising: int


class SummaryLineAnswer(Answering):
    metric: str
    level: Level
    aggregate: Aggregate
    figure: FigureAnswer = Field(description="Of the whole window; `change` compares the days that both windows have.")
    change: ChangeAnswer


class PartAnswer(Answering):
    """A part of a change: what it alone would have changed, in percent."""

    log: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None
    percent: FiniteFloat
    percent_interval: Ends | None
    verdict: Literal["up", "down", "cannot tell"]


class DriversAnswer(Answering):
    """Who decided the change of engagement on one platform."""

    whole: PartAnswer | None
    platform: PartAnswer | None
    distribution: PartAnswer | None
    posting: PartAnswer | None
    people: PartAnswer | None
    main_driver: Literal["platform", "distribution", "posting", "people"] | None
    others: int
    others_alike: int
    units: tuple[int, int]
    reasons: dict[str, str]


class AnomalyDetailsAnswer(Answering):
    kind: Literal["spike", "drop", "outage", "rise", "fall", "gap"]
    since: date
    noticed: date
    until: date | None
    worst: date | None
    value: FiniteFloat | None
    score: FiniteFloat | None
    expected: FiniteFloat | None
    low: FiniteFloat | None
    high: FiniteFloat | None
    provisional: bool


class AnomalyAnswer(Answering):
    account_id: int
    platform: Platform
    metric: str
    anomaly: AnomalyDetailsAnswer


class BenchmarkAnswer(Answering):
    industry: str
    platform: Platform
    metric: str
    denominator: str
    statistic: str
    value_percent: Quantity
    data_year: int
    sample_size: int | None
    source: str
    provenance: str
    is_own: bool = Field(description="Brought by somebody here; the others came with Sophia.")


class ComparisonAnswer(Answering):
    benchmark: BenchmarkAnswer | None
    own: FigureAnswer
    points: FigureAnswer
    percent: FigureAnswer
    is_old: bool
    same_industry: bool


class QuantilesAnswer(Answering):
    n: int
    lower: FigureAnswer
    middle: FigureAnswer
    upper: FigureAnswer


class PeersAnswer(Answering):
    platform: Platform
    kpi: str
    own: FigureAnswer
    portfolio: QuantilesAnswer


class ResponseAnswer(Answering):
    factor: FigureAnswer
    effect: Effect


class SlotAnswer(Answering):
    """An hour of the week in the client's zone; Monday is 0."""

    weekday: int
    hour: int


class PostingTimeAnswer(SlotAnswer, ResponseAnswer):
    pass


class TopPostAnswer(Answering):
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
    rate_by_reach: FigureAnswer


class MissingDaysAnswer(Answering):
    account_id: int
    platform: Platform
    metric: str
    coverage: CoverageAnswer
    first: date
    last: date


class GoalAnswer(Answering):
    """A goal and how it stands; its days' end is excluded. `base` is where a level stood at their start."""

    name: str
    kpi: str
    kind: GoalKind
    target: FiniteFloat
    at_most: bool
    window: WindowAnswer
    base: int | None
    current: FigureAnswer
    done: FigureAnswer
    pace: FigureAnswer
    projected: FigureAnswer
    standing: Standing


class NoteAnswer(Answering):
    """What somebody knows of a day; without a client it concerns the whole portfolio, and every client's report shows it."""

    id: int
    client_id: int | None
    day: date
    text: str
    author: str | None = Field(
        description="Null where it concerns the whole portfolio and the key does not see all clients."
    )
    written_at: datetime


class DecisionStageAnswer(Answering):
    """How well one stage predicts, by the outcomes due in the 180 days until the end of the window; and in a sentence."""

    stage: str
    posts: int
    skill: FigureAnswer
    shrunk_skill: FigureAnswer
    verdict: Verdict
    text: str


class ReferenceAnswer(Answering):
    """Where in this document the value of a place stands, and how it is written."""

    path: str
    form: str


class SentenceAnswer(Answering):
    """A sentence; every figure in it stands in this document, at the path of its reference."""

    text: str
    template: str
    references: dict[str, ReferenceAnswer]


class ReportedClientAnswer(Answering):
    id: int
    name: str
    industry: str | None
    zone: str
    accounts: dict[int, Platform]


class CommentsAnswer(Answering):
    """What people wrote in the window under any post of the client."""

    whole: ToneAnswer
    platforms: dict[str, ToneAnswer]
    verdict: str


class ReportAnswer(Answering):
    """The computed answer for one client and window, as everything was known at `as_of`."""

    client: ReportedClientAnswer
    window: WindowAnswer
    before: WindowAnswer
    as_of: datetime
    is_closed: bool
    coverage: CoverageAnswer
    kpis: dict[str, FigureAnswer]
    changes: dict[str, ChangeAnswer]
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
    goals: list[GoalAnswer]
    annotations: list[NoteAnswer]
    decisions: list[DecisionStageAnswer]
    comments: CommentsAnswer
    commentary: list[SentenceAnswer]


def posting_time_answers(times: Mapping[Slot, GroupResponse]) -> list[PostingTimeAnswer]:
    """The hours in which anything was published, in order."""
    return [
        PostingTimeAnswer(
            weekday=slot.weekday, hour=slot.hour, **ResponseAnswer.model_validate(found).model_dump(round_trip=True)
        )
        for slot, found in times.items()
        if found.factor.n
    ]


def report_answer(report: Report) -> ReportAnswer:
    """The report as JSON says it."""
    fields: dict[str, Any] = {name: getattr(report, name) for name in ReportAnswer.model_fields}
    fields["drivers"] = dict(report.drivers)
    scored = ("stage", "posts", "skill", "shrunk_skill", "verdict")
    fields["decisions"] = [
        {name: getattr(one.score, name) for name in scored} | {"text": one.text} for one in report.decisions
    ]
    fields["posting_times"] = posting_time_answers(report.posting_times)
    return ReportAnswer.model_validate(fields)


class BenchmarkSummary(Answering):
    """What others reach: as it was published, and in the portfolio."""

    published: list[ComparisonAnswer]
    portfolio: list[PeersAnswer]
