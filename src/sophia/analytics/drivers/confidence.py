"""Decides which statements about a portfolio are certain enough to be made, with one false discovery rate for all of them."""

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.figures.statistics import Floats, normal_tail, student_95, student_scores

# At most this share of the statements about a portfolio is wrong by chance (Benjamini and Hochberg, J. R. Stat. Soc. B 57,
# 1995).
FALSE_SHARE = 0.05
# The tails of an interval are at least as heavy as those of Student's t with these degrees of freedom.
_FREEDOM = 8


def chances(logs: Floats, lows: Floats, highs: Floats) -> Floats:
    """Return how likely chance alone brings estimates this far from zero, from their 95 % intervals; 1 without an interval."""
    with np.errstate(invalid="ignore", divide="ignore"):
        half_width = np.where(logs > 0, logs - lows, highs - logs)
        scores = student_scores(student_95(_FREEDOM) * logs / half_width, np.full_like(logs, float(_FREEDOM)))
    return np.where(np.isfinite(scores), 2.0 * normal_tail(np.abs(np.nan_to_num(scores))), 1.0)


def discoveries(chances_by_statement: Floats, weights: Floats) -> NDArray[np.bool_]:
    """Return which statements chance does not explain, judged together.

    A statement of weight 2 needs half the evidence of one of weight 1 (Genovese, Roeder and Wasserman, Biometrika 93, 2006);
    the rate stays, because weights are divided by their mean.
    """
    count = len(chances_by_statement)
    if not count:
        return np.zeros(0, dtype=bool)
    weighted = chances_by_statement * weights.mean() / weights
    ordered = np.sort(weighted)
    below = np.flatnonzero(ordered <= FALSE_SHARE * (np.arange(count) + 1) / count)
    if not len(below):
        return np.zeros(count, dtype=bool)
    discovered: NDArray[np.bool_] = weighted <= ordered[below[-1]]
    return discovered
