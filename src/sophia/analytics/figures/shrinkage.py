"""Shrinks group means towards their centre, with intervals that include every uncertainty."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from sophia.analytics.figures.figures import Interval
from sophia.analytics.figures.statistics import Z_95, Floats, student_scores

# The number of sizes of differences between groups that are tried, from 0 to many times the scatter within groups.
_GRID = 100
_UNLIKELY = 1e-4
_HALVINGS = 14


@dataclass(frozen=True, slots=True)
class ShrunkMeans:
    """Group means shrunk towards `centre`, the mean of all observations, in the order of the groups.

    `intervals` are those of each group's mean minus `centre`.
    """

    centre: float
    between_variance: float
    means: tuple[float, ...]
    intervals: tuple[Interval, ...]


def shrunk_means(means: Sequence[float], sizes: Sequence[int], within_variance: float) -> ShrunkMeans:
    """Shrink means by normal empirical Bayes, with the variance between groups of DerSimonian and Laird (1986).

    `within_variance` is that of single observations, estimated from all groups. Raises ValueError without groups, and
    if every group has a single observation.
    """
    if not means or len(means) != len(sizes) or min(sizes) < 1 or sum(sizes) == len(sizes) or within_variance <= 0:
        raise ValueError("empirical Bayes needs groups with observations, and a variance within them")
    noise = [within_variance / size for size in sizes]
    weights = [1 / variance for variance in noise]
    total_weight = math.fsum(weights)
    centre = math.fsum(w * m for w, m in zip(weights, means, strict=True)) / total_weight
    between = moment_variance(means, noise, centre, len(means) - 1)
    shrunk = tuple(
        centre + between / (between + variance) * (m - centre) for m, variance in zip(means, noise, strict=True)
    )
    lows, highs = _differences(np.array(means) - centre, np.array(sizes, float), within_variance)
    return ShrunkMeans(
        centre=centre,
        between_variance=between,
        means=shrunk,
        intervals=tuple(
            Interval(min(float(low), mean - centre), max(float(high), mean - centre))
            for mean, low, high in zip(shrunk, lows, highs, strict=True)
        ),
    )


def moment_variance(means: Sequence[float], noise: Sequence[float], centre: float, freedom: int) -> float:
    """Return the variance of the true means by the method of moments; 0 if they scatter no more than their `noise`.

    `freedom` is the number of means, minus one if the centre was computed from them.
    """
    weights = [1 / variance for variance in noise]
    total_weight = math.fsum(weights)
    q = math.fsum(w * (m - centre) ** 2 for w, m in zip(weights, means, strict=True))
    c = total_weight - (math.fsum(w * w for w in weights) / total_weight if freedom < len(means) else 0.0)
    return max(0.0, (q - freedom) / c) if c > 0 else 0.0


def _differences(means: Floats, sizes: Floats, within_variance: float) -> tuple[Floats, Floats]:
    """Return the 95 % posterior interval of every group's true mean minus that of all observations.

    r is the standard deviation of groups divided by that of observations. With flat priors on the centre and the scatter,
    each difference follows Student's t for a given r. These are mixed by the likelihood of r; the prior of r = tan(a) has
    the density sin(a), which is flat on the variance where groups differ little (Morris 1983).
    """
    freedom = float(sizes.sum()) - 1
    angles = (np.arange(_GRID) + 0.5) / _GRID * (np.pi / 2)
    ratios = np.tan(angles)[:, None] ** 2
    spreads = ratios + 1 / sizes
    total_weight = (1 / spreads).sum(axis=1)
    centres = (means / spreads).sum(axis=1) / total_weight
    squares = within_variance * (sizes.sum() - len(sizes)) + ((means - centres[:, None]) ** 2 / spreads).sum(axis=1)
    logs = -(np.log(spreads).sum(axis=1) + np.log(total_weight) + freedom * np.log(squares)) / 2 + np.log(
        np.sin(angles)
    )
    likely = np.exp(logs - logs.max())
    kept = likely > _UNLIKELY
    own_share = (ratios / spreads)[kept]
    expected = own_share * means + (1 - own_share) * centres[kept, None]
    shares = sizes / sizes.sum()
    # The mean of all observations consists of the same groups, so their errors partly cancel.
    own_variance = own_share / sizes
    difference_variance = own_variance * (1 - 2 * shares) + (own_variance * shares**2).sum(axis=1, keepdims=True)
    shrinkage = (1 - own_share) - ((1 - own_share) * shares).sum(axis=1, keepdims=True)
    variances = (squares[kept] / freedom)[:, None] * (difference_variance + shrinkage**2 / total_weight[kept, None])
    middles = expected - (expected * shares).sum(axis=1, keepdims=True)
    return mixed_range(middles, np.sqrt(np.maximum(variances, 0.0)), likely[kept], freedom)


def mixed_range(middles: Floats, scales: Floats, likely: Floats, freedom: float) -> tuple[Floats, Floats]:
    """Return the middle 95 % of mixtures of Student's t by bisection; a column is a mixture, `likely` weighs its rows."""
    weights = likely / likely.sum()
    positive_scales = np.maximum(scales, 1e-12)
    z_values, chances = _normal_table()
    # A mixture's quantile lies between those of its parts, which follow from the inverse of `student_scores`.
    reach = math.sqrt(freedom * math.expm1((Z_95 * (8 * freedom + 3) / (8 * freedom + 1)) ** 2 / freedom))
    ends_of_range = []
    for share, ends in ((0.025, middles - reach * positive_scales), (0.975, middles + reach * positive_scales)):
        low, high = ends.min(axis=0), ends.max(axis=0)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            scores = student_scores((middle - middles) / positive_scales, np.full_like(positive_scales, freedom))
            below = weights @ np.interp(scores, z_values, chances) < share
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        ends_of_range.append((low + high) / 2)
    return ends_of_range[0], ends_of_range[1]


@cache
def _normal_table() -> tuple[Floats, Floats]:
    z_values = np.linspace(-8.0, 8.0, 3201)
    return z_values, np.array([NormalDist().cdf(float(z)) for z in z_values])
