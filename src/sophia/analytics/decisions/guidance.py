"""How good the decisions of each stage are, and what may be said of it in a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sophia.analytics.decisions.cases import Decision, Judged
from sophia.analytics.decisions.predictions import STAGES, Case, chances, comparable
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StageScore:
    """How well one stage predicts. Being right (`skill`, `typical_factor`) and doing well (`success`) stand apart (I4).

    `skill` compares log errors with those of the account's history, over all metrics; `skill_by_metric` compares
    interval scores in the metric's own unit. `shrunk_skill` is drawn towards 0, as if ten more posts had shown none.
    `ranking` says whether what was predicted to do better did.
    """

    stage: str
    posts: int
    left_out: int
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
    reliability: tuple[ReliabilityBin, ...]


def score_stages(cases: Sequence[Case]) -> tuple[StageScore, ...]:
    """The scores of the stages that predicted anything, in the order of the work."""
    by_stage = {stage: [case for case in cases if case.stage == stage] for stage in STAGES}
    return tuple(score_stage(stage, mine) for stage, mine in by_stage.items() if mine)


def score_stage(stage: str, cases: Sequence[Case]) -> StageScore:
    """The score of one stage. Without a case that can be compared every figure has its reason, and nothing is 0 (I4)."""
    rows = comparable(cases)
    probabilities, happened = chances(cases)
    posts = [case.post_id for case, *_ in rows]
    errors = [log_error(actual, spread.q50) for _, spread, actual, _ in rows]
    usual = [abs(log_error(actual, baseline)) for _, _, actual, baseline in rows]
    overall = paired_skill([abs(error) for error in errors], usual, posts)
    inside = sum(spread.q10 <= actual <= spread.q90 for _, spread, actual, _ in rows if spread.q10 < spread.q90)
    ranges = sum(spread.q10 < spread.q90 for _, spread, _, _ in rows)
    above = sum(actual > baseline for _, _, actual, baseline in rows)
    rank = spearman(
        [spread.q50 / (1 + base) for _, spread, _, base in rows], [y / (1 + base) for _, _, y, base in rows]
    )
    return StageScore(
        stage=stage,
        posts=len(set(posts)),
        left_out=len(set(cases)) - len(rows) - len(probabilities),
        skill=overall,
        shrunk_skill=_shrunk(overall),
        verdict=verdict(overall),
        skill_by_metric=_by_metric(cases),
        typical_factor=_figure(typical_factor(errors), FigureUnit.FACTOR, len(rows), NO_SCORES),
        coverage=percent(inside, ranges, n=ranges, interval=wilson_percent(inside, ranges), of_zero=NO_SCORES),
        ranking=_figure(rank, FigureUnit.RATIO, len(rows), NO_SCORES),
        success=percent(above, len(rows), n=len(rows), interval=wilson_percent(above, len(rows)), of_zero=NO_SCORES),
        brier=_figure(brier(probabilities, happened), FigureUnit.RATIO, len(happened), NO_CHANCES),
        brier_skill=_figure(brier_skill(probabilities, happened), FigureUnit.RATIO, len(happened), NO_CHANCES),
        reliability=reliability(probabilities, happened),
    )


def _figure(value: float | None, unit: FigureUnit, n: int, reason: str) -> Figure:
    return missing(unit, reason, n=n) if value is None else figure(value, unit, n=n)


def _shrunk(found: Figure) -> Figure:
    if found.value is None or found.n is None:
        return found
    return figure(shrunk_share(float(found.value) * found.n, found.n, 0.0), FigureUnit.RATIO, n=found.n)


def _by_metric(cases: Sequence[Case]) -> dict[str, Figure]:
    found = {}
    rows = comparable(cases)
    for metric in sorted({case.metric for case, *_ in rows}):
        mine = [row for row in rows if row[0].metric == metric]
        found[metric] = paired_skill(
            [weighted_interval_score(actual, spread) for _, spread, actual, _ in mine],
            [abs(actual - baseline) for _, _, actual, baseline in mine],
            [case.post_id for case, *_ in mine],
        )
    return found


def guidance(score: StageScore) -> str:
    """One sentence for whoever writes the next draft; nothing is claimed that the sample does not carry (I5)."""
    found = score.skill
    if score.posts >= ENOUGH and found.reason is not None:
        return f"{score.stage.capitalize()}: cannot tell yet. {found.reason}"
    if found.value is None or found.interval is None or score.posts < ENOUGH:
        return (
            f"{score.stage.capitalize()}: cannot tell yet. {_posts(score.posts)} can be compared with what history would "
            f"have predicted; {ENOUGH} are needed."
        )
    span = f"95 % interval {_signed(found.interval.low)} to {_signed(found.interval.high)}, {_posts(score.posts)}"
    if score.verdict is Verdict.CANNOT_TELL:
        return f"{score.stage.capitalize()}: cannot tell yet whether predictions are better than history ({span})."
    word = "closer" if score.verdict is Verdict.BETTER else "further off"
    size = abs(100 * float(found.value))
    return f"{score.stage.capitalize()}: predictions are {size:.0f} % {word} than the account's own history ({span})."


def _signed(value: float) -> str:
    return f"{100 * value:+.0f} %".replace("-", "−")


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{count} posts"


# Where a distribution is predicted, so many of a hundred outcomes should lie between q10 and q90.
EXPECTED_COVERAGE = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageQuality:
    """A stage in a window: its score, what is said of it, and how many decisions and predictions there were.

    `decisions` were made in the window. `waiting` predictions have no outcome yet, `too_late` were made when the post
    was out already; neither is counted against anybody.
    """

    stage: str
    decisions: int
    waiting: int
    too_late: int
    score: StageScore
    text: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence for the next brief. `is_carried`: the sample is large enough to claim it; else it says what is lacking."""

    stage: str
    text: str
    is_carried: bool


def stage_qualities(
    decisions: Sequence[Decision], judged: Judged, window: DateRange, day_of: Callable[[datetime], date]
) -> tuple[StageQuality, ...]:
    """The stages at which anything was decided or predicted, in the order of the work.

    Predictions belong to the day on which their outcome was due, decisions to that on which they were made.
    """
    cases: dict[str, list[Case]] = {}
    for case in judged.within(window, day_of):
        cases.setdefault(case.stage, []).append(case)
    made = [decision.stage for decision in decisions if day_of(decision.decided_at) in window]
    found = []
    for stage in STAGES:
        mine, count = cases.get(stage, []), made.count(stage)
        if mine or count:
            score = score_stage(stage, mine)
            chances = _chances(score)
            found.append(
                StageQuality(
                    stage=stage,
                    decisions=count,
                    waiting=judged.waiting.get(stage, 0),
                    too_late=judged.too_late.get(stage, 0),
                    score=score,
                    text=guidance(score) if score.posts or chances is None else chances.text,
                )
            )
    return tuple(found)


def advise(qualities: Sequence[StageQuality]) -> tuple[Advice, ...]:
    """What the evidence carries first, then what cannot be told yet; never a number without its sample (I5)."""
    advices: list[Advice] = []
    for quality in qualities:
        chances = _chances(quality.score)
        if quality.score.posts or chances is None:
            advices.append(Advice(quality.stage, quality.text, quality.score.verdict is not Verdict.CANNOT_TELL))
        width = _ranges(quality.score)
        if width is not None:
            advices.append(Advice(quality.stage, width, is_carried=True))
        if chances is not None and (chances.is_carried or not quality.score.posts):
            advices.append(chances)
    return tuple(sorted(advices, key=lambda one: not one.is_carried))


def _chances(score: StageScore) -> Advice | None:
    """Whether probabilities are too high or too low for certain; None where none was predicted that has an outcome."""
    stage, n = score.stage.capitalize(), score.brier.n or 0
    if score.brier.value is None:
        return None
    if n < ENOUGH:
        return Advice(
            score.stage, f"{stage}: cannot tell yet. {n} probabilities have an outcome; {ENOUGH} are needed.", False
        )
    off = [
        one
        for one in score.reliability
        if one.n >= ENOUGH and not one.interval.low <= one.predicted <= one.interval.high
    ]
    if not off:
        sample = f"Brier {score.brier.value:.2f}, {n} predictions"
        return Advice(
            score.stage, f"{stage}: cannot tell yet whether probabilities are too high or too low ({sample}).", False
        )
    worst = max(off, key=lambda one: abs(one.predicted - one.observed))
    word = "high" if worst.predicted > worst.observed else "low"
    span = f"95 % interval {100 * worst.interval.low:.0f} % to {100 * worst.interval.high:.0f} %, {worst.n} predictions"
    text = (
        f"{stage}: probabilities are too {word}. What was held to be {100 * worst.predicted:.0f} % likely came about in "
        f"{100 * worst.observed:.0f} % of the cases ({span})."
    )
    return Advice(score.stage, text, is_carried=True)


def _ranges(score: StageScore) -> str | None:
    """Whether ranges are too narrow or too wide for certain; None where nobody can tell."""
    held = score.coverage
    if held.value is None or held.interval is None or held.n is None or held.n < ENOUGH:
        return None
    if held.interval.low <= EXPECTED_COVERAGE <= held.interval.high:
        return None
    word = "too narrow" if held.interval.high < EXPECTED_COVERAGE else "too wide"
    return (
        f"{score.stage.capitalize()}: ranges are {word}. {held.value:.0f} % of the outcomes lay between q10 and q90 "
        f"where 80 % should (95 % interval {held.interval.low:.0f} % to {held.interval.high:.0f} %, {held.n} predictions)."
    )
