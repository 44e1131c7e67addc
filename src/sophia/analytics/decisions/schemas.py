"""Decisions as they are told, and what is answered about them: outcomes, quality by stage, and guidance."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat, model_validator

from sophia.analytics.decisions.guidance import StageScore
from sophia.analytics.decisions.predictions import validate_confidence, validate_prediction
from sophia.analytics.decisions.queries import WeekScore
from sophia.analytics.decisions.scores import NO_SCORES, Verdict
from sophia.analytics.decisions.scoring import DecisionQuality
from sophia.analytics.figures.documents import figure_of
from sophia.analytics.figures.figures import DateRange, Figure, Interval
from sophia.analytics.figures.requests import (
    UNKEEPABLE,
    BodyId,
    Cursor,
    DateRangeQuery,
    Id,
    Moment,
    RequestModel,
    expect_plain,
    plain_number,
    visible,
)
from sophia.analytics.figures.schemas import ResponseModel
from sophia.errors import InvalidInputError

Stage = Literal["research", "angle", "persona", "format", "voice", "gate", "approval", "performance"]
Age = Literal["24h", "7d", "28d"]
MOST_EVIDENCE_BYTES = 16_000
MOST_ALTERNATIVES = 50
ONE_POST = "One post says nothing of how far chance goes."
NO_SKILL = {"skill": None, "interval": None, "shrunk_skill": None, "verdict": Verdict.CANNOT_TELL}


def keepable(text: str) -> str:
    if UNKEEPABLE.search(text):
        raise ValueError("holds a character that cannot be kept")
    return visible(text)


def as_list(given: Any) -> Any:
    """A dictionary of alternatives, as older programs send and stored them, as a list of texts (I1)."""
    if isinstance(given, dict):
        return [name if told is None else f"{name}: {_text(told)}" for name, told in given.items()]
    return given


def _text(told: Any) -> str:
    return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


Text = Annotated[str, AfterValidator(keepable), Field(min_length=1, max_length=4_000)]
LongText = Annotated[str, AfterValidator(keepable), Field(min_length=1, max_length=16_000)]
Alternatives = Annotated[list[Text], BeforeValidator(as_list), Field(max_length=MOST_ALTERNATIVES)]


class NewDecision(RequestModel):
    """What was decided for a draft at one stage. What is too long is refused, never cut."""

    stage: Stage
    decision: Text
    draft_id: BodyId | None = None
    rationale: LongText | None = None
    alternatives_considered: Alternatives | None = Field(
        default=None, description="Texts; a dictionary is taken as `name: reason` each."
    )
    evidence: dict[str, Any] | None = Field(default=None, description="At most 16 kB as JSON.")
    predicted: dict[str, Any] | None = Field(
        default=None,
        description="By canonical metric of a post, or a rate in percent: a number, q10, q50 and q90, or at_least and "
        "probability; approved and approved_without_edits by a probability.",
    )
    predicted_age: Age = Field(default="7d", description="How old the post is then.")
    confidence: Annotated[float, Field(strict=True)] | None = Field(
        default=None, description="From 0 to 1: that the first metric predicted comes to what history would predict."
    )
    decided_at: Moment | None = Field(default=None, description="Now, if left out; never in the future.")

    @model_validator(mode="after")
    def evidence_fits(self) -> Self:
        expect_plain(self.evidence)
        try:
            size = len(json.dumps(self.evidence, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode())
        except (ValueError, RecursionError) as error:
            raise ValueError("evidence holds something that JSON cannot") from error
        if size > MOST_EVIDENCE_BYTES:
            raise ValueError(f"evidence has {size:,} bytes; {MOST_EVIDENCE_BYTES:,} are allowed")
        return self

    @model_validator(mode="after")
    def can_be_judged(self) -> Self:
        try:
            validate_prediction(self.predicted or {})
            validate_confidence(self.confidence)
        except InvalidInputError as error:
            raise ValueError(str(error)) from error
        return self


class DecisionsQuery(DateRangeQuery):
    """Which decisions are wanted, a page at a time."""

    stage: Stage | None = None
    draft_id: Id | None = None
    limit: Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=200)] = 50
    cursor: Cursor | None = None


class RecordedAnswer(ResponseModel):
    id: int
    status: Literal["recorded", "duplicate"]


class EarlierOutcomeAnswer(ResponseModel):
    """What an outcome was until its readings were restated."""

    value: FiniteFloat
    read_at: datetime
    measured_at: datetime
    replaced_at: datetime


class OutcomeAnswer(ResponseModel):
    """What a post had at an age, by the newest reading until then, which Meta was asked for at `read_at`."""

    value: FiniteFloat
    read_at: datetime
    reading_day: date
    measured_at: datetime
    earlier: list[EarlierOutcomeAnswer]


class DecidedPostAnswer(ResponseModel):
    post_id: int
    account_id: int
    platform_post_id: str
    published_at: datetime
    outcomes: dict[Age, dict[str, OutcomeAnswer]] = Field(description="By age and metric; rates are percent.")


class DecisionAnswer(ResponseModel):
    """A decision, and what the posts of its draft came to."""

    id: int
    client_id: int
    draft_id: int | None
    stage: Stage
    decision: str
    rationale: str | None
    alternatives_considered: Annotated[list[str], BeforeValidator(as_list)] | None
    evidence: dict[str, Any] | None
    predicted: dict[str, Any] | None
    predicted_age: Age
    confidence: FiniteFloat | None
    decided_at: datetime
    recorded_at: datetime
    posts: list[DecidedPostAnswer]


class ReliabilityAnswer(ResponseModel):
    """Probabilities from `low` to `high`: how likely they said it was, and how often it came about."""

    low: FiniteFloat
    high: FiniteFloat
    n: int
    predicted: FiniteFloat
    observed: FiniteFloat
    interval: Interval


class StageQualityAnswer(ResponseModel):
    """How well one stage predicts. `skill` is 1 − its error by that of the account's own history; 0 is no better.

    Being right stands apart from doing well: `success` is how often posts did better than history.
    """

    stage: Stage
    decisions: int
    posts: int = Field(description="Posts that the score rests on.")
    waiting: int = Field(description="Predictions without an outcome yet.")
    too_late: int = Field(description="Predictions that were made when the post was out.")
    left_out: int = Field(description="Predictions that are due and cannot be compared.")
    verdict: Verdict
    text: str
    skill: Figure
    shrunk_skill: Figure
    skill_by_metric: dict[str, Figure]
    typical_factor: Figure
    coverage: Figure
    ranking: Figure
    success: Figure
    brier: Figure
    brier_skill: Figure
    calibration: list[ReliabilityAnswer]


class WeekScoreAnswer(ResponseModel):
    """A closed week, `period_end` excluded. A skill is shown with its sample, its interval and what is left of it when it
    is drawn towards 0; without one, `reason` says why.
    """

    stage: Stage
    period_start: date
    period_end: date
    sample_size: int
    skill: FiniteFloat | None
    interval: Interval | None
    shrunk_skill: FiniteFloat | None
    verdict: Verdict
    reason: str | None
    computed_at: datetime


class DecisionQualityAnswer(ResponseModel):
    """By stage, of predictions whose outcome was due in the window."""

    client_id: int
    window: DateRange
    stages: list[StageQualityAnswer]
    weeks: list[WeekScoreAnswer]


class AdviceAnswer(ResponseModel):
    """A sentence with its sample; `is_carried` is false where it says that nobody can tell yet."""

    stage: Stage
    text: str
    is_carried: bool


class DecisionContextAnswer(ResponseModel):
    """What the next brief can use, what the evidence carries first."""

    client_id: int
    window: DateRange
    guidance: list[AdviceAnswer]
    text: str = Field(description="All sentences that the evidence carries, or that there is none.")


NOTHING_CARRIED = "The decisions so far do not carry any advice yet."


def stage_answers(decision_quality: DecisionQuality) -> list[StageQualityAnswer]:
    names = StageScore.__dataclass_fields__
    answers = []
    for stage in decision_quality.stages:
        fields = {name: getattr(stage.score, name) for name in names}
        told = {name: getattr(stage, name) for name in ("decisions", "waiting", "too_late", "text")}
        answers.append(
            StageQualityAnswer.model_validate(fields | told | {"calibration": list(stage.score.reliability)})
        )
    return answers


def quality_answer(client_id: int, decision_quality: DecisionQuality, weeks: list[WeekScore]) -> DecisionQualityAnswer:
    """The quality of a window, with the weekly scores that were kept, as JSON says it."""
    kept = [
        {name: getattr(week, name) for name in ("stage", "period_start", "period_end", "sample_size", "computed_at")}
        | _told_skill(week.details)
        for week in weeks
    ]
    return DecisionQualityAnswer.model_validate(
        {
            "client_id": client_id,
            "window": decision_quality.window,
            "stages": stage_answers(decision_quality),
            "weeks": kept,
        }
    )


def _told_skill(details: Mapping[str, Any]) -> dict[str, Any]:
    """A week's skill with all that must stand beside it; none without an interval, as of a single post (I5)."""
    kept = details.get("figures", {}).get("skill")
    if kept is None:
        return {**NO_SKILL, "reason": NO_SCORES}
    found, shrunk = figure_of(kept), figure_of(details["figures"]["shrunk_skill"])
    if found.value is None or found.interval is None:
        return {**NO_SKILL, "reason": found.reason or ONE_POST}
    verdict = Verdict(details["verdict"])
    return {
        "skill": found.value, "interval": found.interval, "shrunk_skill": shrunk.value, "verdict": verdict, "reason": None
    }  # fmt: skip


def context_answer(client_id: int, decision_quality: DecisionQuality) -> DecisionContextAnswer:
    """The guidance for the next brief, as JSON says it."""
    carried = " ".join(one.text for one in decision_quality.advice if one.is_carried)
    return DecisionContextAnswer.model_validate(
        {
            "client_id": client_id,
            "window": decision_quality.window,
            "guidance": list(decision_quality.advice),
            "text": carried or NOTHING_CARRIED,
        }
    )
