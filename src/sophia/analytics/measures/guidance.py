"""How good the decisions of each stage are, and what may be said of it in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from sophia.analytics.measures.decisions import STAGES, Case, chances, comparable
from sophia.analytics.measures.estimation import shrunk_share, wilson_percent
from sophia.analytics.measures.figures import Figure, FigureUnit, figure, missing, percent
from sophia.analytics.measures.scores import (
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
