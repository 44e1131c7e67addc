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
        mine, told = cases.get(stage, []), made.count(stage)
        if mine or told:
            score = score_stage(stage, mine)
            found.append(
                StageQuality(
                    stage=stage,
                    decisions=told,
                    waiting=judged.waiting.get(stage, 0),
                    too_late=judged.too_late.get(stage, 0),
                    score=score,
                    text=guidance(score),
                )
            )
    return tuple(found)


def advise(qualities: Sequence[StageQuality]) -> tuple[Advice, ...]:
    """What the evidence carries first, then what cannot be told yet; never a number without its sample (I5)."""
    found: list[Advice] = []
    for one in qualities:
        carried = one.score.verdict is not Verdict.CANNOT_TELL
        found.append(Advice(one.stage, one.text, carried))
        width = _ranges(one.score)
        if width is not None:
            found.append(Advice(one.stage, width, is_carried=True))
    return tuple(sorted(found, key=lambda one: not one.is_carried))


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
