"""What small samples allow to be said: intervals, quantiles, and percentages that add up to 100."""

import math
from collections.abc import Mapping, Sequence
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.figures.figures import Interval

Z_95 = 1.959963984540054
# A result of few is drawn to the usual one as if so many more had gone as usual.
KAPPA = 10.0


def wilson(successes: int, trials: int) -> Interval | None:
    """Wilson's interval of 95 % for a share, as fractions; None without trials. Raises ValueError for impossible counts."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    if trials == 0:
        return None
    z = Z_95
    centre = (successes + z * z / 2) / (trials + z * z)
    width = z / (trials + z * z) * math.sqrt(successes * (trials - successes) / trials + z * z / 4)
    # At the edges the formula gives 0 and 1 but for rounding.
    return Interval(0.0 if successes == 0 else centre - width, 1.0 if successes == trials else centre + width)


def wilson_percent(successes: int, trials: int) -> Interval | None:
    """Wilson's interval in percent."""
    interval = wilson(successes, trials)
    return None if interval is None else Interval(100 * interval.low, 100 * interval.high)


def shrunk_share(successes: float, trials: float, usual: float) -> float:
    """A share drawn towards the usual one: as if KAPPA more trials had gone as trials usually do (beta-binomial)."""
    return (successes + KAPPA * usual) / (trials + KAPPA)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The quantile by linear interpolation between order statistics (type 7); None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def median(values: Sequence[float]) -> float | None:
    return quantile(values, 0.5)


def percentages(counts: Mapping[str, float]) -> dict[str, float]:
    """The share of each count in percent, to one decimal, by largest remainders: together exactly 100.0 (H10).

    Empty when the counts add up to nothing. Raises ValueError for a count below 0.
    """
    if any(count < 0 or not math.isfinite(count) for count in counts.values()):
        raise ValueError("percentages are made of counts that are not below 0")
    total = math.fsum(counts.values())
    if total == 0:
        return {}
    exact = {name: 1000 * (count / total) for name, count in counts.items()}
    tenths = {name: math.floor(value) for name, value in exact.items()}
    # Ties go by size and then by name, so that the order in which counts come does not matter.
    by_remainder = sorted(exact, key=lambda name: (tenths[name] - exact[name], -counts[name], name))
    for name in by_remainder[: 1000 - sum(tenths.values())]:
        tenths[name] += 1
    return {name: value / 10 for name, value in tenths.items()}


def student_95(freedom: int) -> float:
    """The 97.5 % point of Student's t by Cornish and Fisher's expansion; within 1 % from four degrees of freedom on."""
    z = Z_95
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


Floats = NDArray[np.float64]


def again(rows: Floats) -> Floats:
    """Behind the estimate and half of the draws, the same draws again."""
    return np.concatenate([rows, rows[1:]])


def twice(draws: Floats) -> Floats:
    """A row of ones for the estimate, then the draws, then the same draws again."""
    return again(np.concatenate([np.ones((1, draws.shape[1])), draws]))


def student(freedom: Floats, random: np.random.Generator, half: int) -> Floats:
    """Factors that turn normal draws into Student's t, in shape (rows, as many as `freedom`)."""
    return twice(np.sqrt(freedom / random.chisquare(freedom, size=(half, len(freedom)))))


def spread(draws: Floats, clients: int, random: np.random.Generator, half: int) -> Floats:
    """Draws that were made by weighing `clients` at random, corrected for how few they are.

    n exponential weights give a mean the variance s² / (n + 1), where s² knows n - 1 degrees of freedom.
    """
    if clients < 2:  # noqa: PLR2004  # one client has no scatter
        return draws
    wider = student(np.array([clients - 1.0]), random, half)[: len(draws)]
    floats: Floats = draws[0] + (draws - draws[0]) * wider * np.sqrt((clients + 1) / (clients - 1))
    return floats


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
    for index in np.flatnonzero(counts < _MANY):
        scores[index] = _between(float(upper[index]), float(lower[index]) if counts[index] >= 1 else -_FARTHEST)
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
    floats: Floats = np.clip(scores, -_FARTHEST, _FARTHEST)
    return floats


def _g(x: Floats) -> Floats:
    """(1 - x² + 2 x ln x) / (1 - x)², and its series where that is nought over nought."""
    near = np.abs(x - 1.0) < 1e-3  # noqa: PLR2004
    safe = np.where(near, 2.0, np.maximum(x, 1e-12))
    floats: Floats = np.where(near, -(x - 1.0) / 3.0, (1.0 - safe**2 + 2.0 * safe * np.log(safe)) / (1.0 - safe) ** 2)
    return floats


def student_scores(values: Floats, freedom: Floats) -> Floats:
    """Z of Student's t variables (Wallace, Ann. Math. Stat. 30, 1959, good to a percent beyond two degrees of freedom)."""
    shrunk = (8 * freedom + 1) / (8 * freedom + 3)
    floats: Floats = np.sign(values) * np.sqrt(freedom * np.log1p(values**2 / freedom)) * shrunk
    return floats


def others_medians(values: Floats, weights: Floats) -> Floats:
    """For each element the weighted median of all other elements, under each row of weights.

    `values` has shape (n,), or (rows, n) where every row has its own; `weights` (rows, n), none negative; the result has
    the shape of `weights`. A value's place
    is the middle of its weight, and between two places the median is interpolated: so it turns its sign with the
    values, does not depend on their order, and with equal weights is the usual median. NaN where the others weigh
    nothing.
    """
    rows, count = weights.shape
    line = np.arange(rows)[:, None]
    order = np.broadcast_to(np.argsort(values, axis=-1, kind="stable"), weights.shape)
    ordered, heavy = np.broadcast_to(values, weights.shape)[line, order], weights[line, order]
    total = heavy.sum(axis=1, keepdims=True)
    safe = np.where(total > 0, total, 1.0)
    places = (np.cumsum(heavy, axis=1) - heavy / 2) / safe
    share = heavy / safe
    rank = np.arange(count)
    # Without element r, places above it move down by its weight, and the middle by half of it.
    middle = (1.0 - share) / 2
    above = _first_above(places, middle)
    above = np.where(above < rank, above, np.maximum(_first_above(places, middle + share), rank + 1))
    below = np.where(above - 1 == rank, rank - 1, above - 1)
    low, high = np.clip(below, 0, count - 1), np.clip(above, 0, count - 1)
    low, high = np.where(below < 0, high, low), np.where(above >= count, low, high)
    from_place = places[line, low] - share * (low > rank)
    to_place = places[line, high] - share * (high > rank)
    width = to_place - from_place
    part = np.where(width > 0, (middle - from_place) / np.where(width > 0, width, 1.0), 0.5)
    medians = ordered[line, low] + np.clip(part, 0.0, 1.0) * (ordered[line, high] - ordered[line, low])
    medians = np.where((share < 1.0) & (total > 0) & (count > 1), medians, np.nan)
    result = np.empty_like(medians)
    result[line, order] = medians
    return result


def _first_above(places: Floats, targets: Floats) -> NDArray[np.intp]:
    """For each target the first place of its row that lies beyond it; as many as there are when none does."""
    rows, count = places.shape
    # All rows in one search: each is lifted clear of the one before, for places lie between 0 and 1.
    lift = 2.0 * np.arange(rows)[:, None]
    positions = np.searchsorted((places + lift).ravel(), (targets + lift).ravel(), side="right").reshape(rows, count)
    first: NDArray[np.intp] = positions - count * np.arange(rows)[:, None]
    return first
