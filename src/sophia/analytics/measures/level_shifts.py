"""When several days in a row, none of them unusual by itself, are together: the level has changed."""

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.measures.weighted_medians import Floats

SHORTEST, LONGEST = 3, 7
# After so many days a new level is the usual one.
USUAL_AFTER_DAYS = 28
_LAGS = np.arange(1, LONGEST)
# One spike among usual days must not make a shift.
_CLIP = 4.0
# What is believed of the correlation of neighbouring days, with the strength of how many days.
_USUAL_CORRELATION, _CORRELATION_DAYS = 0.2, 20.0


def runs(scores: Floats, correlation: Floats) -> tuple[Floats, NDArray[np.int_]]:
    """For each row the most telling of its last 3 to 7 days, as z, and the number of columns that it covers.

    `scores` are z, NaN where there is none, the newest last. z is Σz / √(m + what correlated days repeat), 0 where
    signs disagree.
    """
    best, columns = np.zeros(len(scores)), np.full(len(scores), SHORTEST)
    known = np.isfinite(scores)
    clipped = np.where(known, np.clip(scores, -_CLIP, _CLIP), 0.0)
    for length in range(SHORTEST, min(LONGEST, scores.shape[1]) + 1):
        part, there = clipped[:, -length:], known[:, -length:]
        days = there.sum(axis=1)
        total = part.sum(axis=1)
        agree = (np.where(there, np.sign(part), np.sign(total)[:, None]) == np.sign(total)[:, None]).all(axis=1)
        tells = np.where(
            agree & (days >= SHORTEST) & there[:, 0],
            total / np.sqrt(np.maximum(_repeated(days, correlation), 1.0)),
            0.0,
        )
        better = np.abs(tells) > np.abs(best)
        best, columns = np.where(better, tells, best), np.where(better, length, columns)
    return best, columns


def correlations(scores: Floats, odd: NDArray[np.bool_]) -> Floats:
    """Of neighbouring days' z, row by row, drawn towards a usual value."""
    usable = np.where(odd | ~np.isfinite(scores), 0.0, np.clip(np.nan_to_num(scores), -_CLIP, _CLIP))
    both = (usable[:, 1:] != 0) & (usable[:, :-1] != 0)
    products = (usable[:, 1:] * usable[:, :-1] * both).sum(axis=1)
    squares = ((usable[:, 1:] ** 2 + usable[:, :-1] ** 2) / 2 * both).sum(axis=1)
    found: Floats = (products + _USUAL_CORRELATION * _CORRELATION_DAYS) / (squares + _CORRELATION_DAYS)
    return np.minimum(np.maximum(found, 0.0), 0.8)


def _repeated(days: NDArray[np.int_], correlation: Floats) -> Floats:
    """The variance of a sum of so many correlated z."""
    pairs = np.maximum(days[:, None] - _LAGS, 0)
    found: Floats = days + 2.0 * (pairs * correlation[:, None] ** _LAGS).sum(axis=1)
    return found
