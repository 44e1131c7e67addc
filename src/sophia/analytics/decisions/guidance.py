"""Scores the predictions of each stage, and writes guidance that the sample supports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from sophia.analytics.decisions.cases import Decision, JudgedPredictions
from sophia.analytics.decisions.predictions import STAGES, Case, Stage, chances, comparable
from sophia.analytics.decisions.scores import (
    ENOUGH,
    NO_SCORES,
    ReliabilityBin,
    Verdict,
    brier,
    brier_skill,
    log_error,
    paired_skill,
    reliability,
    spearman,
    typical_factor,
    verdict,
    weighted_interval_score,
)
from sophia.analytics.figures.figures import Figure, FigureUnit, figure, missing, percent
from sophia.analytics.figures.statistics import shrunk_share, wilson_percent
from sophia.meta.reporting_zone import DateRange

NO_CHANCES = "No probability was predicted whose outcome is known."
# If a distribution is predicted, so many of a hundred outcomes should lie between q10 and q90.
EXPECTED_COVERAGE = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageScore:
    """The quality of one stage's predictions. `skill` is 1 − their error / the error of the account's history.

    `skill` uses log errors over all metrics; `skill_by_metric` uses interval scores in the unit of the metric.
    `shrunk_skill` is drawn towards 0 as if ten more posts had shown no skill. `ranking` is the rank correlation of
    predictions and outcomes. `success`, how often posts did better than history, is independent of the skill (I4).
    """

    stage: Stage
    posts: Annotated[int, Field(description="Posts in the sample of the score.")]
    left_out: Annotated[int, Field(description="Predictions that are due and cannot be compared.")]
    skill: Figure
    shrunk_skill: Figure
    verdict: Verdict
    skill_by_metric: dict[str, Figure]
    typical_factor: Figure
    coverage: Figure
    ranking: Figure
    success: Figure
    brier: Figure
    brier_skill: Figure
    calibration: tuple[ReliabilityBin, ...]


def score_stages(cases: Sequence[Case]) -> tuple[StageScore, ...]:
    """Return the scores of the stages that have predictions, in the order of the stages."""
    by_stage = {stage: [case for case in cases if case.stage == stage] for stage in STAGES}
    return tuple(score_stage(stage, stage_cases) for stage, stage_cases in by_stage.items() if stage_cases)


def score_stage(stage: Stage, cases: Sequence[Case]) -> StageScore:
    """Return the score of one stage. Without a comparable case every figure has its reason, and none is 0 (I4)."""
    rows = comparable(cases)
    probabilities, happened = chances(cases)
    posts = [case.post_id for case, *_ in rows]
    errors = [log_error(actual, spread.q50) for _, spread, actual, _ in rows]
    baseline_errors = [abs(log_error(actual, baseline)) for _, _, actual, baseline in rows]
    skill = paired_skill([abs(error) for error in errors], baseline_errors, posts)
    inside = sum(spread.q10 <= actual <= spread.q90 for _, spread, actual, _ in rows if spread.q10 < spread.q90)
    ranges = sum(spread.q10 < spread.q90 for _, spread, _, _ in rows)
    above = sum(actual > baseline for _, _, actual, baseline in rows)
    rank = spearman(
        [spread.q50 / (1 + baseline) for _, spread, _, baseline in rows],
        [actual / (1 + baseline) for _, _, actual, baseline in rows],
    )
    return StageScore(
        stage=stage,
        posts=len(set(posts)),
        left_out=len(set(cases)) - len(rows) - len(probabilities),
        skill=skill,
        shrunk_skill=_shrunk(skill),
        verdict=verdict(skill),
        skill_by_metric=_skill_by_metric(cases),
        typical_factor=_figure(typical_factor(errors), FigureUnit.FACTOR, len(rows), NO_SCORES),
        coverage=percent(inside, ranges, n=ranges, interval=wilson_percent(inside, ranges), of_zero=NO_SCORES),
        ranking=_figure(rank, FigureUnit.RATIO, len(rows), NO_SCORES),
        success=percent(above, len(rows), n=len(rows), interval=wilson_percent(above, len(rows)), of_zero=NO_SCORES),
        brier=_figure(brier(probabilities, happened), FigureUnit.RATIO, len(happened), NO_CHANCES),
        brier_skill=_figure(brier_skill(probabilities, happened), FigureUnit.RATIO, len(happened), NO_CHANCES),
        calibration=reliability(probabilities, happened),
    )


def _figure(value: float | None, unit: FigureUnit, n: int, reason: str) -> Figure:
    return missing(unit, reason, n=n) if value is None else figure(value, unit, n=n)


def _shrunk(skill: Figure) -> Figure:
    if skill.value is None or skill.n is None:
        return skill
    return figure(shrunk_share(float(skill.value) * skill.n, skill.n, 0.0), FigureUnit.RATIO, n=skill.n)


def _skill_by_metric(cases: Sequence[Case]) -> dict[str, Figure]:
    skills = {}
    rows = comparable(cases)
    for metric in sorted({case.metric for case, *_ in rows}):
        of_metric = [row for row in rows if row[0].metric == metric]
        skills[metric] = paired_skill(
            [weighted_interval_score(actual, spread) for _, spread, actual, _ in of_metric],
            [abs(actual - baseline) for _, _, actual, baseline in of_metric],
            [case.post_id for case, *_ in of_metric],
        )
    return skills


def skill_sentence(score: StageScore) -> str:
    """Return one sentence about the skill for the next brief; it claims nothing that the sample does not support (I5)."""
    skill, stage = score.skill, score.stage.capitalize()
    if score.posts >= ENOUGH and skill.reason is not None:
        return f"{stage}: not enough evidence. {skill.reason}"
    if skill.value is None or skill.interval is None or score.posts < ENOUGH:
        return (
            f"{stage}: not enough evidence. {_posts(score.posts)} can be compared with the account's own history; "
            f"{ENOUGH} are needed."
        )
    sample = f"95 % interval {_signed(skill.interval.low)} to {_signed(skill.interval.high)}, {_posts(score.posts)}"
    if score.verdict is Verdict.NOT_ENOUGH_EVIDENCE:
        return f"{stage}: not enough evidence whether predictions are better than the account's own history ({sample})."
    word = "closer" if score.verdict is Verdict.BETTER else "further off"
    return f"{stage}: predictions are {abs(100 * float(skill.value)):.0f} % {word} than the account's own history ({sample})."


def _signed(value: float) -> str:
    return f"{100 * value:+.0f} %".replace("-", "−")


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{count} posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageQuality(StageScore):
    """The score of a stage in a window, a sentence about it, and the numbers of its decisions and predictions."""

    decisions: Annotated[int, Field(description="Decisions made in the window.")]
    waiting: Annotated[int, Field(description="Predictions without an outcome yet.")]
    too_late: Annotated[int, Field(description="Predictions that were made after the post was published.")]
    text: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence with its sample for the next brief; `is_carried` is false if there is not enough evidence."""

    stage: Stage
    text: str
    is_carried: bool


def stage_qualities(
    decisions: Sequence[Decision], judged: JudgedPredictions, window: DateRange, day_of: Callable[[datetime], date]
) -> tuple[StageQuality, ...]:
    """Return the stages that have decisions or due predictions in the window, in the order of the stages.

    A prediction belongs to the day on which its outcome was due, a decision to the day on which it was made.
    """
    cases: dict[str, list[Case]] = {}
    for case in judged.within(window, day_of):
        cases.setdefault(case.stage, []).append(case)
    stages = [decision.stage for decision in decisions if day_of(decision.decided_at) in window]
    qualities = []
    for stage in STAGES:
        stage_cases, count = cases.get(stage, []), stages.count(stage)
        if stage_cases or count:
            score = score_stage(stage, stage_cases)
            advice = _probability_advice(score)
            qualities.append(
                StageQuality(
                    **{field.name: getattr(score, field.name) for field in fields(score)},
                    decisions=count,
                    waiting=judged.waiting[stage],
                    too_late=judged.too_late[stage],
                    text=skill_sentence(score) if score.posts or advice is None else advice.text,
                )
            )
    return tuple(qualities)


def advise(qualities: Sequence[StageQuality]) -> tuple[Advice, ...]:
    """Return advice, first what the evidence supports; each number comes with its sample (I5)."""
    advices: list[Advice] = []
    for quality in qualities:
        probability_advice = _probability_advice(quality)
        if quality.posts or probability_advice is None:
            is_carried = quality.verdict is not Verdict.NOT_ENOUGH_EVIDENCE
            advices.append(Advice(quality.stage, quality.text, is_carried))
        range_text = _range_sentence(quality)
        if range_text is not None:
            advices.append(Advice(quality.stage, range_text, is_carried=True))
        if probability_advice is not None and (probability_advice.is_carried or not quality.posts):
            advices.append(probability_advice)
    return tuple(sorted(advices, key=lambda advice: not advice.is_carried))


def _probability_advice(score: StageScore) -> Advice | None:
    """Return whether probabilities are too high or too low; None without a probability that has an outcome."""
    stage, n = score.stage.capitalize(), score.brier.n or 0
    if score.brier.value is None:
        return None
    if n < ENOUGH:
        text = f"{stage}: not enough evidence. {n} probabilities have an outcome; {ENOUGH} are needed."
        return Advice(score.stage, text, is_carried=False)
    wrong = [
        group
        for group in score.calibration
        if group.n >= ENOUGH and not group.interval.low <= group.predicted <= group.interval.high
    ]
    if not wrong:
        sample = f"Brier {score.brier.value:.2f}, {n} predictions"
        text = f"{stage}: not enough evidence whether probabilities are too high or too low ({sample})."
        return Advice(score.stage, text, is_carried=False)
    worst = max(wrong, key=lambda group: abs(group.predicted - group.observed))
    word = "high" if worst.predicted > worst.observed else "low"
    low, high = 100 * worst.interval.low, 100 * worst.interval.high
    text = (
        f"{stage}: probabilities are too {word}. Predictions of {100 * worst.predicted:.0f} % came true in "
        f"{100 * worst.observed:.0f} % of the cases (95 % interval {low:.0f} % to {high:.0f} %, {worst.n} predictions)."
    )
    return Advice(score.stage, text, is_carried=True)


def _range_sentence(score: StageScore) -> str | None:
    """Return a sentence if ranges are too narrow or too wide; None without enough evidence."""
    coverage = score.coverage
    if coverage.value is None or coverage.interval is None or coverage.n is None or coverage.n < ENOUGH:
        return None
    low, high = coverage.interval
    if low <= EXPECTED_COVERAGE <= high:
        return None
    word = "too narrow" if high < EXPECTED_COVERAGE else "too wide"
    return (
        f"{score.stage.capitalize()}: ranges are {word}. {coverage.value:.0f} % of the outcomes lay between q10 and q90 "
        f"instead of 80 % (95 % interval {low:.0f} % to {high:.0f} %, {coverage.n} predictions)."
    )
