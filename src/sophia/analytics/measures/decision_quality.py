"""What can be said of each stage's decisions in a window, and the few sentences that the next brief can use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sophia.analytics.measures.decision_cases import Decision, Judged
from sophia.analytics.measures.decisions import STAGES, Case
from sophia.analytics.measures.figures import Window
from sophia.analytics.measures.guidance import StageScore, guidance, score_stage
from sophia.analytics.measures.scores import ENOUGH, Verdict

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
    decisions: Sequence[Decision], judged: Judged, window: Window, day_of: Callable[[datetime], date]
) -> tuple[StageQuality, ...]:
    """The stages at which anything was decided or predicted, in the order of the work.

    Predictions belong to the day on which their outcome was due, decisions to that on which they were made.
    """
    cases: dict[str, list[Case]] = {}
    for case in judged.within(window, day_of):
        cases.setdefault(case.stage, []).append(case)
    made = [one.stage for one in decisions if day_of(one.decided_at) in window]
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
    found: list[Advice] = []
    for one in qualities:
        chances = _chances(one.score)
        if one.score.posts or chances is None:
            found.append(Advice(one.stage, one.text, one.score.verdict is not Verdict.CANNOT_TELL))
        width = _ranges(one.score)
        if width is not None:
            found.append(Advice(one.stage, width, is_carried=True))
        if chances is not None and (chances.is_carried or not one.score.posts):
            found.append(chances)
    return tuple(sorted(found, key=lambda one: not one.is_carried))


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
