"""What the API answers of reports, and the shapes that they share with briefs. A figure without a value says why it has none."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, model_validator

from sophia.analytics.measures.figures import FigureUnit, Window
from sophia.analytics.measures.goals import GoalKind, Standing
from sophia.analytics.measures.posting_times import Slot
from sophia.analytics.measures.responses import Effect, GroupResponse
from sophia.analytics.measures.scores import Verdict
from sophia.analytics.measures.summaries import Aggregate
from sophia.analytics.report import Report
from sophia.analytics.schemas.asking import FIRST_DAY, LAST_DAY, DaysAsked, Moment
from sophia.errors import InvalidInputError
from sophia.meta.catalogue import Level, ObjectKind, Platform


def plain_number(value: Any) -> Any:
    """Percentages and counts need no exactness beyond that of a JSON number."""
    return float(value) if isinstance(value, Decimal) else value


Value = int | FiniteFloat | Decimal
Amount = Annotated[int | FiniteFloat, BeforeValidator(plain_number)]
Ends = tuple[FiniteFloat, FiniteFloat]


class WindowQuery(DaysAsked):
    """The days that are asked for, both or none given; without them the newest closed week."""

    @model_validator(mode="after")
    def both_days(self) -> Self:
        if (self.start_date is None) != (self.end_date is None):
            raise ValueError("give both start_date and end_date, or none")
        return self

    @property
    def window(self) -> Window | None:
        return None if self.start_date is None or self.end_date is None else window_of(self.start_date, self.end_date)


class ReportQuery(WindowQuery):
    """The days of a report or a brief, and the moment as of which it is made."""

    as_of: Moment | None = Field(default=None, description="As it was at this moment, to the digit.")


def days_asked(asked: DaysAsked) -> Window | None:
    """The days that were asked for, as far back and forward as there are any where one end is left out."""
    if asked.start_date is None and asked.end_date is None:
        return None
    return window_of(asked.start_date or FIRST_DAY, asked.end_date or LAST_DAY)


def window_of(first: date, last: date) -> Window:
    """The window of two days, both included. Raises InvalidInputError when they are reversed."""
    if last < first:
        raise InvalidInputError(f"The last day, {last}, is before the first, {first}.")
    return Window(first, date.fromordinal(last.toordinal() + 1))


class Told(BaseModel):
    """What is answered."""

    model_config = ConfigDict(from_attributes=True)


class WindowAnswer(Told):
    """Days of Meta's reporting zone, `end` excluded."""

    start: date
    end: date


class IntervalAnswer(Told):
    low: FiniteFloat
    high: FiniteFloat


class CoverageAnswer(Told):
    days_with_data: int
    days: int


class FigureAnswer(Told):
    """One number: a value or the reason why there is none, with its sample, interval, bounds, doubt and coverage.

    Money is exact, and so a text: "19.90".
    """

    value: Value | None
    unit: FigureUnit
    n: int | None
    interval: IntervalAnswer | None
    at_least: Value | None
    at_most: Value | None
    reason: str | None
    doubt: str | None
    coverage: CoverageAnswer | None
    currency: str | None


class ChangeAnswer(Told):
    before: FigureAnswer
    after: FigureAnswer
    absolute: FigureAnswer
    percent: FigureAnswer


class WeekPointAnswer(Told):
    week: WindowAnswer
    figure: FigureAnswer
    is_closed: bool


class TrendAnswer(Told):
    """The newest weeks, oldest first; `falling` and `rising` count the weeks in a row up to the newest closed one."""

    points: list[WeekPointAnswer]
    from_previous: ChangeAnswer
    from_last_year: ChangeAnswer
    falling: int
    rising: int


class SummaryLineAnswer(Told):
    metric: str
    level: Level
    aggregate: Aggregate
    change: ChangeAnswer


class PartAnswer(Told):
    """A part of a change: what it alone would have changed, in percent."""

    log: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None
    percent: FiniteFloat
    percent_interval: Ends | None
    verdict: Literal["up", "down", "cannot tell"]


class DriversAnswer(Told):
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


class AnomalyDetailsAnswer(Told):
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


class AnomalyAnswer(Told):
    account_id: int
    platform: Platform
    metric: str
    anomaly: AnomalyDetailsAnswer


class BenchmarkAnswer(Told):
    industry: str
    platform: Platform
    metric: str
    denominator: str
    statistic: str
    value_percent: Amount
    data_year: int
    sample_size: int | None
    source: str
    provenance: str
    is_own: bool = Field(description="Brought by somebody here; the others came with Sophia.")


class ComparisonAnswer(Told):
    benchmark: BenchmarkAnswer | None
    own: FigureAnswer
    points: FigureAnswer
    percent: FigureAnswer
    is_old: bool
    same_industry: bool


class QuantilesAnswer(Told):
    n: int
    lower: FigureAnswer
    middle: FigureAnswer
    upper: FigureAnswer


class PeersAnswer(Told):
    platform: Platform
    kpi: str
    own: FigureAnswer
    portfolio: QuantilesAnswer


class ResponseAnswer(Told):
    factor: FigureAnswer
    effect: Effect


class SlotAnswer(Told):
    """An hour of the week in the client's zone; Monday is 0."""

    weekday: int
    hour: int


class PostingTimeAnswer(SlotAnswer, ResponseAnswer):
    pass


class TopPostAnswer(Told):
    post_id: int
    account_id: int
    platform: Platform
    kind: ObjectKind
    platform_post_id: str
    published_at: datetime
    title: str | None
    permalink: str | None
    pillar: str | None
    engagements: Amount
    reach: Amount | None
    rate_by_reach: FigureAnswer


class MissingDaysAnswer(Told):
    account_id: int
    platform: Platform
    metric: str
    coverage: CoverageAnswer
    first: date
    last: date


class GoalAnswer(Told):
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


class NoteAnswer(Told):
    """What somebody knows of a day; without a client it concerns the whole portfolio."""

    id: int
    client_id: int | None
    day: date
    text: str
    author: str
    written_at: datetime


class DecisionStageAnswer(Told):
    """How well one stage predicts, by the outcomes due in the 180 days until the end of the window; and in a sentence."""

    stage: str
    posts: int
    skill: FigureAnswer
    shrunk_skill: FigureAnswer
    verdict: Verdict
    text: str


class ReferenceAnswer(Told):
    """Where in this document the value of a place stands, and how it is written."""

    path: str
    form: str


class SentenceAnswer(Told):
    """A sentence; every figure in it stands in this document, at the path of its reference."""

    text: str
    template: str
    references: dict[str, ReferenceAnswer]


class ReportedClientAnswer(Told):
    id: int
    name: str
    industry: str | None
    zone: str
    accounts: dict[int, Platform]


class SentimentAnswer(Told):
    """Comments by tone. The shares are those of the scored ones and add up to 100.0; what has no tone is counted by reason."""

    comments: int
    scored: int
    not_scored: dict[str, int]
    positive: FigureAnswer
    neutral: FigureAnswer
    negative: FigureAnswer
    shares: dict[str, FiniteFloat]


class CommentsAnswer(Told):
    """What people wrote in the window under any post of the client."""

    whole: SentimentAnswer
    platforms: dict[str, SentimentAnswer]
    verdict: str


class ReportAnswer(Told):
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


class BenchmarkSummary(Told):
    """What others reach: as it was published, and in the portfolio."""

    published: list[ComparisonAnswer]
    portfolio: list[PeersAnswer]
