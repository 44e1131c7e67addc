"""How good predictions were: proper scores, skill against a baseline, calibration, and what may be said of them.

Quantile scores after Gneiting and Raftery (2007), weighted interval score after Bracher et al. (2021).
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from sophia.analytics.figures.figures import Figure, FigureUnit, Interval, missing
from sophia.analytics.figures.statistics import median, student_95, wilson

INTERVAL_ALPHA = 0.2  # the interval from q10 to q90 leaves out two in ten
ENOUGH = 10
ROUNDS = 2000
NO_SCORES = "There is no prediction yet whose outcome and baseline are known."
PERFECT_BASELINE = "The baseline was never wrong, so nothing can be better."


class Quantiles(NamedTuple):
    """A predicted distribution in three numbers, in ascending order."""

    q10: float
    q50: float
    q90: float


class Verdict(StrEnum):
    """What a comparison with the baseline allows to be said."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell yet"


def pinball(actual: float, predicted: float, level: float) -> float:
    """The loss of a predicted quantile; 0 is best. The weighted interval score is a third of twice those of its three."""
    return max(level * (actual - predicted), (level - 1) * (actual - predicted))


def interval_score(actual: float, low: float, high: float) -> float:
    """The width, and a fine for what falls outside; 0 is best."""
    return (high - low) + (2 / INTERVAL_ALPHA) * (max(low - actual, 0.0) + max(actual - high, 0.0))


def weighted_interval_score(actual: float, predicted: Quantiles) -> float:
    """Median and interval in one number, in the unit of the metric; for a bare point it is the absolute error."""
    outer = INTERVAL_ALPHA / 2 * interval_score(actual, predicted.q10, predicted.q90)
    return (abs(actual - predicted.q50) / 2 + outer) / 1.5


def log_error(actual: float, predicted: float) -> float:
    """ln((actual + 1) / (predicted + 1)): twice and half are errors of one size (I4). For values that are not negative."""
    return math.log((actual + 1) / (predicted + 1))


def closeness(actual: float, predicted: float) -> float:
    """How near one prediction came: 1 for a hit, ½ for twice as well as for half (I4)."""
    return math.exp(-abs(log_error(actual, predicted)))


def typical_factor(errors: Sequence[float]) -> float | None:
    """The factor by which predictions are usually off, from their log errors; 1 is best, None of nothing."""
    middle = median([abs(error) for error in errors])
    return None if middle is None else math.exp(middle)


def brier(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """The mean squared error of probabilities; None of nothing."""
    if not probabilities:
        return None
    return math.fsum((p - o) ** 2 for p, o in zip(probabilities, outcomes, strict=True)) / len(probabilities)


def brier_skill(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """Against always saying how often it happens; None where it happened always or never."""
    score = brier(probabilities, outcomes)
    if score is None:
        return None
    often = sum(outcomes) / len(outcomes)
    return None if often in (0, 1) else 1 - score / (often * (1 - often))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Predictions of similar probability: how likely they said it was, and how often it came about (with Wilson's bar)."""

    low: float
    high: float
    n: int
    predicted: float
    observed: float
    interval: Interval


def reliability(probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 5) -> tuple[ReliabilityBin, ...]:
    """Bins of equal width from 0 to 1, without those that are empty; 1 belongs to the last."""
    members: dict[int, list[tuple[float, bool]]] = {}
    for p, o in zip(probabilities, outcomes, strict=True):
        members.setdefault(min(int(p * bins), bins - 1), []).append((p, o))
    reliability_bins = []
    for index, cases in sorted(members.items()):
        n, hits = len(cases), sum(o for _, o in cases)
        interval = wilson(hits, n) or Interval(0.0, 1.0)
        predicted = math.fsum(p for p, _ in cases) / n
        reliability_bins.append(ReliabilityBin(index / bins, (index + 1) / bins, n, predicted, hits / n, interval))
    return tuple(reliability_bins)


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """The correlation of ranks, equal values sharing theirs; None for fewer than three pairs, or for equal values only."""
    if len(first) != len(second):
        raise ValueError("ranks are compared in pairs")
    if len(first) < 3:  # noqa: PLR2004
        return None
    a, b = _ranks(first), _ranks(second)
    middle = (len(a) + 1) / 2
    both = math.fsum((x - middle) * (y - middle) for x, y in zip(a, b, strict=True))
    spread = math.fsum((x - middle) ** 2 for x in a) * math.fsum((y - middle) ** 2 for y in b)
    return both / math.sqrt(spread) if spread > 0 else None


def _ranks(values: Sequence[float]) -> list[float]:
    places: dict[float, list[int]] = {}
    for index, value in enumerate(sorted(values), start=1):
        places.setdefault(value, []).append(index)
    return [math.fsum(places[value]) / len(places[value]) for value in values]


def skill(scores: Sequence[float], baseline: Sequence[float]) -> float | None:
    """1 − mean(score) / mean(score of the baseline): 0 is no better than history, 1 is perfect."""
    if len(scores) != len(baseline):
        raise ValueError("skill is the comparison of pairs")
    whole = math.fsum(baseline)
    return 1 - math.fsum(scores) / whole if whole > 0 else None


def paired_skill(
    scores: Sequence[float], baseline: Sequence[float], groups: Sequence[Hashable], seed: int = 0
) -> Figure:
    """Skill with its interval; `n` counts groups, such as posts: what belongs to one is drawn together.

    The bootstrap takes its percentiles as far out as Student's t for so few groups demands (Hesterberg 2015): plain
    ones are too narrow. The seed makes the interval the same every time.
    """
    sums: dict[Hashable, list[tuple[float, float]]] = {}
    for score, base, group in zip(scores, baseline, groups, strict=True):
        sums.setdefault(group, []).append((score, base))
    value = skill(scores, baseline)
    if value is None:
        return missing(FigureUnit.RATIO, PERFECT_BASELINE if scores else NO_SCORES, n=len(sums))
    if len(sums) < 2:  # noqa: PLR2004
        return Figure(value=value, unit=FigureUnit.RATIO, n=len(sums))
    pairs = sorted((math.fsum(s for s, _ in one), math.fsum(b for _, b in one)) for one in sums.values())
    table = np.array(pairs)
    n = len(pairs)
    drawn = np.random.default_rng(seed).integers(0, n, size=(ROUNDS, n))
    tops, bottoms = table[:, 0][drawn].sum(axis=1), table[:, 1][drawn].sum(axis=1)
    found = 1 - tops[bottoms > 0] / bottoms[bottoms > 0]
    tail = NormalDist().cdf(-math.sqrt(n / (n - 1)) * student_95(n - 1))
    low, high = np.quantile(found, [tail, 1 - tail])
    return Figure(value=value, unit=FigureUnit.RATIO, n=n, interval=Interval(float(low), float(high)))


def verdict(figure: Figure) -> Verdict:
    """Better or worse only with enough cases and an interval that leaves 0 out."""
    if figure.interval is None or figure.n is None or figure.n < ENOUGH:
        return Verdict.CANNOT_TELL
    if figure.interval.low > 0:
        return Verdict.BETTER
    return Verdict.WORSE if figure.interval.high < 0 else Verdict.CANNOT_TELL
