"""Scores predictions: proper scores, skill against a baseline, calibration, and a verdict.

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
from sophia.analytics.figures.statistics import Floats, median, student_95, wilson

INTERVAL_ALPHA = 0.2  # two in ten outcomes are outside the interval from q10 to q90
ENOUGH = 10
ROUNDS = 2000
NO_SCORES = "There is no prediction yet whose outcome and baseline are known."
PERFECT_BASELINE = "The baseline was never wrong, so no prediction can be better."


class Quantiles(NamedTuple):
    """A predicted distribution: three numbers in ascending order."""

    q10: float
    q50: float
    q90: float


class Verdict(StrEnum):
    """Whether predictions are better or worse than the baseline."""

    BETTER = "better"
    WORSE = "worse"
    NOT_ENOUGH_EVIDENCE = "not enough evidence"


def interval_score(actual: float, low: float, high: float) -> float:
    """Return the width of the interval plus a penalty for an outcome outside it; 0 is best."""
    return (high - low) + (2 / INTERVAL_ALPHA) * (max(low - actual, 0.0) + max(actual - high, 0.0))


def weighted_interval_score(actual: float, predicted: Quantiles) -> float:
    """Return one score of median and interval in the unit of the metric; for a point it is the absolute error."""
    outer = INTERVAL_ALPHA / 2 * interval_score(actual, predicted.q10, predicted.q90)
    return (abs(actual - predicted.q50) / 2 + outer) / 1.5


def log_error(actual: float, predicted: float) -> float:
    """Return ln((actual + 1) / (predicted + 1)): twice and half are errors of equal size (I4). Values must not be negative."""
    return math.log((actual + 1) / (predicted + 1))


def typical_factor(errors: Sequence[float]) -> float | None:
    """Return the median factor by which predictions are off, from their log errors; 1 is best. None without errors."""
    median_error = median([abs(error) for error in errors])
    return None if median_error is None else math.exp(median_error)


def brier(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """Return the mean squared error of probabilities; None without probabilities."""
    if not probabilities:
        return None
    return math.fsum((p - o) ** 2 for p, o in zip(probabilities, outcomes, strict=True)) / len(probabilities)


def brier_skill(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """Return the skill against always predicting the observed frequency; None if that is 0 or 1."""
    score = brier(probabilities, outcomes)
    if score is None:
        return None
    frequency = sum(outcomes) / len(outcomes)
    return None if frequency in (0, 1) else 1 - score / (frequency * (1 - frequency))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The predictions with probabilities from `low` to `high`: their mean, and the observed share with Wilson's interval."""

    low: float
    high: float
    n: int
    predicted: float
    observed: float
    interval: Interval


def reliability(probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 5) -> tuple[ReliabilityBin, ...]:
    """Return the bins of equal width from 0 to 1 that are not empty; 1 belongs to the last bin."""
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
    """Return the correlation of ranks; None for fewer than three pairs, or if all values are equal."""
    if len(first) != len(second):
        raise ValueError("ranks are compared in pairs")
    if len(first) < 3:  # noqa: PLR2004
        return None
    a, b = _centred_ranks(first), _centred_ranks(second)
    spread = float(np.sum(a**2) * np.sum(b**2))
    return float(np.sum(a * b)) / math.sqrt(spread) if spread > 0 else None


def _centred_ranks(values: Sequence[float]) -> Floats:
    """Return ranks less their mean; equal values share the mean of their ranks."""
    _, index, counts = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2 - (len(values) + 1) / 2)[index]
    return ranks


def skill(scores: Sequence[float], baseline: Sequence[float]) -> float | None:
    """Return 1 − mean(score) / mean(score of the baseline): 0 is no better than history, 1 is perfect."""
    if len(scores) != len(baseline):
        raise ValueError("skill compares scores in pairs")
    baseline_sum = math.fsum(baseline)
    return 1 - math.fsum(scores) / baseline_sum if baseline_sum > 0 else None


def paired_skill(
    scores: Sequence[float], baseline: Sequence[float], groups: Sequence[Hashable], seed: int = 0
) -> Figure:
    """Return the skill with its interval. `n` counts groups, such as posts; the bootstrap draws whole groups.

    The bootstrap widens its percentiles as Student's t demands for few groups (Hesterberg 2015), because plain percentiles
    are too narrow. The seed makes the interval the same every time.
    """
    sums: dict[Hashable, list[tuple[float, float]]] = {}
    for score, base, group in zip(scores, baseline, groups, strict=True):
        sums.setdefault(group, []).append((score, base))
    value = skill(scores, baseline)
    if value is None:
        return missing(FigureUnit.RATIO, PERFECT_BASELINE if scores else NO_SCORES, n=len(sums))
    if len(sums) < 2:  # noqa: PLR2004
        return Figure(value=value, unit=FigureUnit.RATIO, n=len(sums))
    pairs = sorted((math.fsum(s for s, _ in group), math.fsum(b for _, b in group)) for group in sums.values())
    table = np.array(pairs)
    n = len(pairs)
    drawn = np.random.default_rng(seed).integers(0, n, size=(ROUNDS, n))
    tops, bottoms = table[:, 0][drawn].sum(axis=1), table[:, 1][drawn].sum(axis=1)
    skills = 1 - tops[bottoms > 0] / bottoms[bottoms > 0]
    tail = NormalDist().cdf(-math.sqrt(n / (n - 1)) * student_95(n - 1))
    low, high = np.quantile(skills, [tail, 1 - tail])
    return Figure(value=value, unit=FigureUnit.RATIO, n=n, interval=Interval(float(low), float(high)))


def verdict(figure: Figure) -> Verdict:
    """Return better or worse only with enough cases and an interval that excludes 0."""
    if figure.interval is None or figure.n is None or figure.n < ENOUGH:
        return Verdict.NOT_ENOUGH_EVIDENCE
    if figure.interval.low > 0:
        return Verdict.BETTER
    return Verdict.WORSE if figure.interval.high < 0 else Verdict.NOT_ENOUGH_EVIDENCE
