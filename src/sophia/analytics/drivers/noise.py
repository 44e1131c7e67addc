"""Estimates how much a change between two periods scatters without any cause."""

from dataclasses import dataclass

import numpy as np

from sophia.analytics.drivers.history import WEEK
from sophia.analytics.figures.statistics import Floats

# The portfolio's scatter counts for at most this many degrees of freedom of one client.
_MOST_POOLED = 40.0
# The scatter of fewer clients does not predict that of another one.
_ENOUGH_TO_POOL = 5
# Changes beyond this many times the usual size are cut.
_CUT = 4.0
_TO_SD = 1.4826
# Neighbouring pairs share a period.
_INFORMATION = 0.7
_LEAST_PAIRS = 3
# The days of a period count for at most this many degrees of freedom beside its history.
_MOST_FROM_DAYS = 3.0
# Days show less scatter than periods, since good posts last for days: the usual quotient of variances, and its weight.
_USUAL_QUOTIENT, _USUAL_WEIGHT = 1.5, 4.0
_MOST_CORRELATED = 0.8
_PRIOR_CORRELATION, _PRIOR_SD = 0.1, 0.15


@dataclass(frozen=True, slots=True)
class Noise:
    """The variance of a change between the periods, and its degrees of freedom, in shape (clients,)."""

    variance: Floats
    freedom: Floats


def noise_of(daily: Floats, days: Floats, changes: Floats, length: int) -> Noise:
    """Return the noise of each client's change.

    `daily` is its variance by the scatter of the `days` days in both periods; `changes` are earlier changes (client, pair)
    without what the portfolio shares, NaN where unknown. Earlier changes show what lasts longer than a day. The client's
    own scatter is shrunk towards the portfolio's, as far as clients differ by chance only (empirical Bayes).
    """
    from_history, history_freedom = _from_history(changes, length)
    quotient = _quotient(daily, from_history, history_freedom)
    by_days = np.where(np.isfinite(daily) & (daily > 0), quotient * daily, np.nan)
    days_freedom = np.where(np.isfinite(by_days), np.clip(days - 1, 0.0, _MOST_FROM_DAYS), 0.0)
    # A client without history has nothing but its days.
    alone = (history_freedom == 0) & np.isfinite(by_days)
    days_freedom = np.where(alone, np.maximum(days - 1, 0.0), days_freedom)
    freedom = history_freedom + days_freedom
    total = history_freedom * np.nan_to_num(from_history) + days_freedom * np.nan_to_num(by_days)
    usable = freedom > 0
    own = np.where(usable, total / np.where(usable, freedom, 1.0), np.nan)
    scattered = usable & (total > 0)
    pooled, strength = _pool(np.log(own[scattered]), freedom[scattered])
    if strength == 0.0:
        return Noise(own, np.where(usable, np.maximum(freedom, 1.0), np.nan))
    variance = (strength * pooled + np.where(usable, freedom * np.nan_to_num(own), 0.0)) / (
        strength + np.where(usable, freedom, 0.0)
    )
    return Noise(variance, strength + np.where(usable, freedom, 0.0))


def _from_history(changes: Floats, length: int) -> tuple[Floats, Floats]:
    """Return the mean square of earlier changes, and its degrees of freedom."""
    known = np.isfinite(changes)
    count = known.sum(axis=1)
    sizes = np.where(known, np.abs(np.where(known, changes, 0.0)), np.nan)
    enough = count >= _LEAST_PAIRS
    if not enough.any():
        return np.full(len(changes), np.nan), np.zeros(len(changes))
    typical = np.full(len(changes), np.nan)
    typical[enough] = _TO_SD * np.nanmedian(sizes[enough], axis=1)
    limit = _CUT * np.maximum(typical, np.nanmedian(typical))
    cut = np.minimum(np.where(known, sizes, 0.0), np.where(enough, limit, 0.0)[:, None])
    squares = (np.where(known, cut, 0.0) ** 2).sum(axis=1) / np.maximum(count, 1)
    freedom = np.where(enough, np.maximum(_INFORMATION * count * min(1.0, WEEK / length), 1.0), 0.0)
    return np.where(enough, squares, np.nan), freedom


def _quotient(daily: Floats, from_history: Floats, history_freedom: Floats) -> float:
    """Return by how much earlier changes scatter more than the days say, shrunk towards the usual quotient."""
    both = np.isfinite(daily) & (daily > 0) & (history_freedom > 0) & (np.nan_to_num(from_history) > 0)
    logs = np.log(from_history[both] / daily[both])
    total = float(logs.sum()) + _USUAL_WEIGHT * float(np.log(_USUAL_QUOTIENT))
    return float(np.exp(total / (len(logs) + _USUAL_WEIGHT)))


def _pool(logs: Floats, freedom: Floats) -> tuple[float, float]:
    """Return the portfolio's variance and the degrees of freedom it counts for; 0 and 0 with few clients.

    ln s² of d degrees of freedom has the variance trigamma(d/2); any excess is the difference between clients.
    """
    if len(logs) < _ENOUGH_TO_POOL:
        return 0.0, 0.0
    excess = max(float(logs.var(ddof=1) - _trigamma(freedom / 2).mean()), 2.0 / _MOST_POOLED)
    strength = (1 + (1 + 2 * excess) ** 0.5) / excess  # twice the x with trigamma(x) = excess
    return float(np.exp((logs + 1 / freedom).mean() - 1 / strength)), strength


def _trigamma(x: Floats) -> Floats:
    return 1 / x + 1 / (2 * x**2) + 1 / (6 * x**3)


def day_correlation(changes: Floats) -> float:
    """Return the correlation of neighbouring days, one number between 0 and 0.8 for all clients.

    `changes` has shape (clients, days): each day's change on the log scale from the same day of the other period, not
    finite where there is none. Subtracting each client's mean reduces a correlation r of L days to about
    r - (1 + 3.5 r) / L.
    """
    is_finite = np.isfinite(changes)
    count = is_finite.sum(axis=1)
    enough = count > 2  # noqa: PLR2004  # the residuals of two days are always opposite
    is_finite, count = is_finite[enough], count[enough]
    kept = np.where(is_finite, changes[enough], 0.0)
    residuals = np.where(is_finite, kept - (kept.sum(axis=1) / np.maximum(count, 1))[:, None], 0.0)
    squares = (residuals**2).sum(axis=1)
    moved = squares > 0
    if not moved.any():
        return _PRIOR_CORRELATION
    correlations = (residuals[:, 1:] * residuals[:, :-1]).sum(axis=1)[moved] / squares[moved] + 1 / count[moved]
    information = np.maximum(1 - 3.5 / count[moved], 0.0)
    # A correlation of L days has the standard deviation 1 / √L.
    precision = (information**2 * count[moved]).sum() + _PRIOR_SD**-2
    estimate = float(
        ((information * correlations * count[moved]).sum() + _PRIOR_CORRELATION * _PRIOR_SD**-2) / precision
    )
    return min(max(estimate, 0.0), _MOST_CORRELATED)


def correlated_variance(correlation: float, count: Floats) -> Floats:
    """Return the factor by which the variance of a sum of `count` days exceeds the one estimated from their scatter.

    Correlated days make the sum scatter more, and make days of one period similar, so that their scatter looks smaller.
    """
    longest = int(count.max(initial=1.0))
    lags = np.arange(1, max(longest, 2))[:, None]
    more = 1 + 2 * (np.maximum(1 - lags / np.maximum(count, 1), 0.0) * correlation**lags).sum(axis=0)
    factor: Floats = np.where(count > 1, more * (count - 1) / np.maximum(count - more, 0.5), 1.0)
    return factor
