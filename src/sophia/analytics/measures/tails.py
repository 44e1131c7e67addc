"""How unusual a value is, as the z of a normal variable: for counts that scatter more than Poisson's, and for few data."""

from math import erfc, sqrt
from statistics import NormalDist

import numpy as np

from sophia.analytics.measures.weighted_medians import Floats

_STANDARD = NormalDist()
# Beyond this a tail is smaller than a float can tell from nothing.
_FARTHEST = 37.0
# A larger count has so many neighbours that half of one probability no longer matters.
_MANY = 2000.0


def count_scores(counts: Floats, means: Floats, dispersions: Floats) -> Floats:
    """Z of the mid-p tail of negative binomial variables with variance mean + dispersion · mean², element by element.

    The probability of the value itself counts half, so that a run of zeros where zeros are usual is not unusual. Tails
    come from Peizer and Pratt's normal approximation (J. Am. Stat. Assoc. 63, 1968), good to a percent of z.
    """
    upper, lower = _tail_scores(counts, means, dispersions), _tail_scores(counts - 1.0, means, dispersions)
    scores = (upper + lower) / 2
    for place in np.flatnonzero(counts < _MANY):
        scores[place] = _between(float(upper[place]), float(lower[place]) if counts[place] >= 1 else -_FARTHEST)
    return scores


def _between(upper: float, lower: float) -> float:
    """Z of the mean of the two tails, reckoned on the side where it is small."""
    if upper + lower > 0:
        return -_between(-lower, -upper)
    tail = (erfc(-upper / sqrt(2)) + erfc(-lower / sqrt(2))) / 4
    return _STANDARD.inv_cdf(tail) if tail > 1e-300 else -_FARTHEST  # noqa: PLR2004  # the least that a float holds


def _tail_scores(counts: Floats, means: Floats, dispersions: Floats) -> Floats:
    """Z of P(X ≤ count). A negative binomial tail is a binomial one, of size + count trials."""
    size = 1.0 / np.clip(dispersions, 1e-7, 1.5)
    k = np.maximum(counts, 0.0)
    q = size / (size + means)
    p = 1.0 - q
    trials = size + k
    distance = k + 2 / 3 - (trials + 1 / 3) * p
    distance = distance + 0.02 * (q / (k + 1) - p / size + (q - 0.5) / (trials + 1))
    skewness = 1 + q * _g((k + 0.5) / (trials * p)) + p * _g((size - 0.5) / (trials * q))
    scores = distance * np.sqrt(np.maximum(skewness, 0.0) / ((trials + 1 / 6) * p * q))
    found: Floats = np.clip(scores, -_FARTHEST, _FARTHEST)
    return found


def _g(x: Floats) -> Floats:
    """(1 - x² + 2 x ln x) / (1 - x)², and its series where that is nought over nought."""
    near = np.abs(x - 1.0) < 1e-3  # noqa: PLR2004
    safe = np.where(near, 2.0, np.maximum(x, 1e-12))
    found: Floats = np.where(near, -(x - 1.0) / 3.0, (1.0 - safe**2 + 2.0 * safe * np.log(safe)) / (1.0 - safe) ** 2)
    return found


def student_scores(values: Floats, freedom: Floats) -> Floats:
    """Z of Student's t variables (Wallace, Ann. Math. Stat. 30, 1959, good to a percent beyond two degrees of freedom)."""
    shrunk = (8 * freedom + 1) / (8 * freedom + 3)
    found: Floats = np.sign(values) * np.sqrt(freedom * np.log1p(values**2 / freedom)) * shrunk
    return found
