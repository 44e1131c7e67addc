"""Statistics for small samples: intervals, quantiles, scores, and percentages that add up to 100."""

import math
from collections.abc import Mapping, Sequence
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.figures.figures import Interval

Z_95 = 1.959963984540054
# A share is shrunk as if so many more trials had gone as usual.
KAPPA = 10.0


def wilson(successes: int, trials: int) -> Interval | None:
    """Return Wilson's 95 % interval for a share, as fractions, or None without trials.

    Raises ValueError for impossible counts.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    if trials == 0:
        return None
    z = Z_95
    centre = (successes + z * z / 2) / (trials + z * z)
    width = z / (trials + z * z) * math.sqrt(successes * (trials - successes) / trials + z * z / 4)
    # At the ends the formula gives 0 and 1, except for rounding.
    return Interval(0.0 if successes == 0 else centre - width, 1.0 if successes == trials else centre + width)


def wilson_percent(successes: int, trials: int) -> Interval | None:
    """Return Wilson's interval in percent."""
    interval = wilson(successes, trials)
    return None if interval is None else Interval(100 * interval.low, 100 * interval.high)


def shrunk_share(successes: float, trials: float, usual: float) -> float:
    """Return a share shrunk towards the usual one, as if KAPPA more trials had gone as usual (beta-binomial)."""
    return (successes + KAPPA * usual) / (trials + KAPPA)


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the quantile by linear interpolation between order statistics (type 7), or None without values."""
    return float(np.quantile(values, share)) if values else None


def median(values: Sequence[float]) -> float | None:
    return quantile(values, 0.5)


def percentages(counts: Mapping[str, float]) -> dict[str, float]:
    """Return each count's share in percent to one decimal, by largest remainders, so that they add up to 100.0 (H10).

    Empty when all counts are 0. Raises ValueError for a count below 0.
    """
    if any(count < 0 or not math.isfinite(count) for count in counts.values()):
        raise ValueError("percentages need counts that are not below 0")
    total = math.fsum(counts.values())
    if total == 0:
        return {}
    exact = {name: 1000 * (count / total) for name, count in counts.items()}
    tenths = {name: math.floor(value) for name, value in exact.items()}
    # Ties are decided by size and then by name, so that the order of the counts has no effect.
    by_remainder = sorted(exact, key=lambda name: (tenths[name] - exact[name], -counts[name], name))
    for name in by_remainder[: 1000 - sum(tenths.values())]:
        tenths[name] += 1
    return {name: value / 10 for name, value in tenths.items()}


def student_95(freedom: int) -> float:
    """Return the 97.5 % point of Student's t by Cornish and Fisher's expansion, within 1 % from four degrees of freedom on."""
    z = Z_95
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


Floats = NDArray[np.float64]


def repeat_draws(rows: Floats) -> Floats:
    """Append the draws (all rows but the first, which is the estimate) a second time."""
    return np.concatenate([rows, rows[1:]])


def paired_draws(draws: Floats) -> Floats:
    """Return a row of ones for the estimate, then the draws, then the same draws a second time."""
    return repeat_draws(np.concatenate([np.ones((1, draws.shape[1])), draws]))


def student(freedom: Floats, random: np.random.Generator, half: int) -> Floats:
    """Return factors that turn normal draws into Student's t, in shape (rows, len(freedom))."""
    return paired_draws(np.sqrt(freedom / random.chisquare(freedom, size=(half, len(freedom)))))


def spread(draws: Floats, clients: int, random: np.random.Generator, half: int) -> Floats:
    """Correct draws that were made by random weights of clients for a small number of clients.

    With n exponential weights the mean has the variance s² / (n + 1), and s² has n - 1 degrees of freedom.
    """
    if clients < 2:  # noqa: PLR2004  # one client has no scatter
        return draws
    wider = student(np.array([clients - 1.0]), random, half)[: len(draws)]
    floats: Floats = draws[0] + (draws - draws[0]) * wider * np.sqrt((clients + 1) / (clients - 1))
    return floats


_STANDARD = NormalDist()
# Beyond this z a tail is smaller than the smallest float.
_FARTHEST = 37.0
# For larger counts half of a single probability no longer matters.
_MANY = 2000.0


def count_scores(counts: Floats, means: Floats, dispersions: Floats) -> Floats:
    """Return z of the mid-p tail of negative binomial variables with variance mean + dispersion · mean², by element.

    The probability of the value itself counts half, so that zeros are not unusual where zeros are usual. Tails use Peizer and Pratt's normal approximation (J. Am. Stat. Assoc. 63, 1968), good to a percent of z.
    """
    upper, lower = _tail_scores(counts, means, dispersions), _tail_scores(counts - 1.0, means, dispersions)
    scores = (upper + lower) / 2
    for index in np.flatnonzero(counts < _MANY):
        scores[index] = _mid_score(float(upper[index]), float(lower[index]) if counts[index] >= 1 else -_FARTHEST)
    return scores


def _mid_score(upper: float, lower: float) -> float:
    """Return z of the mean of the two tails, computed on the side where it is small."""
    if upper + lower > 0:
        return -_mid_score(-lower, -upper)
    tail = (erfc(-upper / sqrt(2)) + erfc(-lower / sqrt(2))) / 4
    return _STANDARD.inv_cdf(tail) if tail > 1e-300 else -_FARTHEST  # noqa: PLR2004  # about the smallest float


def _tail_scores(counts: Floats, means: Floats, dispersions: Floats) -> Floats:
    """Return z of P(X ≤ count). A negative binomial tail equals a binomial one of size + count trials."""
    size = 1.0 / np.clip(dispersions, 1e-7, 1.5)
    k = np.maximum(counts, 0.0)
    q = size / (size + means)
    p = 1.0 - q
    trials = size + k
    distance = k + 2 / 3 - (trials + 1 / 3) * p
    distance = distance + 0.02 * (q / (k + 1) - p / size + (q - 0.5) / (trials + 1))
    skewness = 1 + q * _g((k + 0.5) / (trials * p)) + p * _g((size - 0.5) / (trials * q))
    scores = distance * np.sqrt(np.maximum(skewness, 0.0) / ((trials + 1 / 6) * p * q))
    floats: Floats = np.clip(scores, -_FARTHEST, _FARTHEST)
    return floats


def _g(x: Floats) -> Floats:
    """Return (1 - x² + 2 x ln x) / (1 - x)², by its series near x = 1."""
    near = np.abs(x - 1.0) < 1e-3  # noqa: PLR2004
    safe = np.where(near, 2.0, np.maximum(x, 1e-12))
    floats: Floats = np.where(near, -(x - 1.0) / 3.0, (1.0 - safe**2 + 2.0 * safe * np.log(safe)) / (1.0 - safe) ** 2)
    return floats


def student_scores(values: Floats, freedom: Floats) -> Floats:
    """Return z of Student's t variables (Wallace, Ann. Math. Stat. 30, 1959, good to a percent beyond two degrees of freedom)."""
    shrunk = (8 * freedom + 1) / (8 * freedom + 3)
    floats: Floats = np.sign(values) * np.sqrt(freedom * np.log1p(values**2 / freedom)) * shrunk
    return floats


def normal_tail(scores: Floats) -> Floats:
    """Return the probability that a standard normal variable exceeds each score, by element."""
    tails: Floats = np.array([erfc(score / sqrt(2)) / 2 for score in scores.ravel()]).reshape(scores.shape)
    return tails


def others_medians(values: Floats, weights: Floats) -> Floats:
    """Return, for each element, the weighted median of all other elements, under each row of weights.

    `values` has shape (n,), or (rows, n) with values for each row; `weights` has shape (rows, n), none negative, and the
    result has the same shape. A value's position is the middle of its weight, and the median is interpolated between two
    positions: it reverses its sign with the values, does not depend on their order, and with equal weights is the usual
    median. NaN if all other weights are 0.
    """
    rows, count = weights.shape
    line = np.arange(rows)[:, None]
    order = np.broadcast_to(np.argsort(values, axis=-1, kind="stable"), weights.shape)
    ordered, ordered_weights = np.broadcast_to(values, weights.shape)[line, order], weights[line, order]
    total = ordered_weights.sum(axis=1, keepdims=True)
    safe = np.where(total > 0, total, 1.0)
    positions = (np.cumsum(ordered_weights, axis=1) - ordered_weights / 2) / safe
    share = ordered_weights / safe
    rank = np.arange(count)
    # Without element r, positions above it move down by its weight, and the middle by half of its weight.
    middle = (1.0 - share) / 2
    above = _first_above(positions, middle)
    above = np.where(above < rank, above, np.maximum(_first_above(positions, middle + share), rank + 1))
    below = np.where(above - 1 == rank, rank - 1, above - 1)
    low, high = np.clip(below, 0, count - 1), np.clip(above, 0, count - 1)
    low, high = np.where(below < 0, high, low), np.where(above >= count, low, high)
    lower_position = positions[line, low] - share * (low > rank)
    upper_position = positions[line, high] - share * (high > rank)
    width = upper_position - lower_position
    part = np.where(width > 0, (middle - lower_position) / np.where(width > 0, width, 1.0), 0.5)
    medians = ordered[line, low] + np.clip(part, 0.0, 1.0) * (ordered[line, high] - ordered[line, low])
    medians = np.where((share < 1.0) & (total > 0) & (count > 1), medians, np.nan)
    result = np.empty_like(medians)
    result[line, order] = medians
    return result


def _first_above(positions: Floats, targets: Floats) -> NDArray[np.intp]:
    """Return, for each target, the index of the first position of its row beyond it, or the number of positions."""
    rows, count = positions.shape
    # One search for all rows: positions lie between 0 and 1, so an offset of 2 separates the rows.
    offset = 2.0 * np.arange(rows)[:, None]
    indices = np.searchsorted((positions + offset).ravel(), (targets + offset).ravel(), side="right").reshape(
        rows, count
    )
    first: NDArray[np.intp] = indices - count * np.arange(rows)[:, None]
    return first
