"""Estimates the usual exposure of and response to each format, and the effects of posting and of correlated days."""

import numpy as np

from sophia.analytics.drivers.units import Units
from sophia.analytics.figures.statistics import Floats

# The prior that formats do not differ weighs as much as this many posts.
_DOUBT_POSTS = 0.5


def format_factors(units: Units, votes: Floats) -> tuple[Floats, Floats]:
    """Return the (exposure, response) factors around 1 of each format, in shape (rows, formats), for each row of `votes`.

    Both come from the model ln x = level + format with one level for each client and window, so a change of all posts of
    a window has no effect. Exposure is a mean of logarithms over posts, so that a viral post counts once.
    """
    rows = votes.shape[0]
    if units.formats == 1:
        return np.ones((rows, 1)), np.ones((rows, 1))
    with_exposure = units.used * (units.exposure > 0)
    logs = np.log(np.where(with_exposure > 0, units.exposure, 1.0))
    counts, log_exposure, exposure, engagements = (
        _by_format(units, column)
        for column in (
            with_exposure,
            logs * with_exposure,
            units.exposure * with_exposure,
            units.engagements * with_exposure,
        )
    )
    reacted = engagements > 0
    response = np.log(np.where(reacted, engagements, 1.0) / np.where(reacted, exposure, 1.0))
    mean_log = log_exposure / np.maximum(counts, 1.0)
    return _fit(counts, mean_log, votes), _fit(counts * reacted, response, votes)


def _by_format(units: Units, column: Floats) -> Floats:
    """Return the sums of a column by (window and client, format)."""
    sums = [(column * (units.format_of == name)).sum(axis=2) for name in range(units.formats)]
    return np.stack(sums, axis=2).reshape(-1, units.formats)


def _fit(weights: Floats, logs: Floats, votes: Floats) -> Floats:
    """Return exp of the formats' effects by weighted least squares with one free level for each row of `logs`."""
    total = weights.sum(axis=1, keepdims=True)
    share = weights / np.where(total > 0, total, 1.0)
    level = (share * logs).sum(axis=1, keepdims=True)
    # Without each row's level these normal equations contain the formats alone.
    squares = weights[:, :, None] * (np.eye(weights.shape[1]) - share[:, None, :])
    sides = weights * (logs - level)
    both = np.concatenate([votes, votes], axis=1)
    remaining = np.einsum("rl,lfg->rfg", both, squares) + _DOUBT_POSTS * np.eye(weights.shape[1])
    effects = np.linalg.solve(remaining, (both @ sides)[:, :, None])[:, :, 0]
    factors: Floats = np.exp(effects)
    return factors


# The prior correlation of neighbouring days, and its standard deviation.
_PRIOR, _PRIOR_SD = 0.1, 0.15
# With a higher correlation a window would hold the information of less than two days.
_MOST = 0.8


def day_correlation(changes: Floats) -> float:
    """Return the correlation of neighbouring days, one number between 0 and 0.8 for all clients.

    `changes` has shape (clients, days): each day's change on the log scale from the same day of the other window, not
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
        return _PRIOR
    correlations = (residuals[:, 1:] * residuals[:, :-1]).sum(axis=1)[moved] / squares[moved] + 1 / count[moved]
    information = np.maximum(1 - 3.5 / count[moved], 0.0)
    # A correlation of L days has the standard deviation 1 / √L.
    precision = (information**2 * count[moved]).sum() + _PRIOR_SD**-2
    estimate = float(((information * correlations * count[moved]).sum() + _PRIOR * _PRIOR_SD**-2) / precision)
    return min(max(estimate, 0.0), _MOST)


def correlated_variance(correlation: float, count: Floats) -> Floats:
    """Return the factor by which the variance of a sum of `count` days exceeds the one estimated from their scatter.

    Correlated days make the sum scatter more, and make days of one window similar, so that their scatter looks smaller.
    """
    longest = int(count.max(initial=1.0))
    lags = np.arange(1, max(longest, 2))[:, None]
    more = 1 + 2 * (np.maximum(1 - lags / np.maximum(count, 1), 0.0) * correlation**lags).sum(axis=0)
    factor: Floats = np.where(count > 1, more * (count - 1) / np.maximum(count - more, 0.5), 1.0)
    return factor


# The prior exponent with which exposure grows with the number of posts, and its standard deviation.
_EXPONENT, _EXPONENT_SD = 0.5, 0.5
# Degrees of freedom of the prior: its draws are nearly normal.
_PRIOR_FREEDOM = 40.0
# The degrees of freedom that a straight line uses.
_LINE_FREEDOM = 2
# Residuals beyond this many standard deviations weigh less (Huber).
_HUBER = 1.345
# With so many draws a quantile is accurate to a hundredth.
_SIZES = 10_000
# Limits the effect of leaving out a client on which the line depends.
_LEAST_LEFT = 0.25


def posting_of_days(posts: Floats, exposure: Floats, random: np.random.Generator, draws: int) -> Floats:
    """Return the change of exposure that the number of posts explains, in shape (1 + draws, clients): exponent × ln posts.

    `posts` has shape (window, client), `exposure` (clients,). The exponent is the slope of ln exposure on ln posts across
    clients, with Huber weights, shrunk towards one half. NaN where posts are unknown or zero.
    """
    more = np.log(posts[1] / posts[0])
    usable = np.isfinite(more) & np.isfinite(exposure)
    slope, error, freedom = _slope(more[usable], exposure[usable])
    student_draws = np.append(0.0, _even_student_draws(freedom, random, draws))[:, None]
    posting: Floats = np.where(np.isfinite(more), (slope + error * student_draws) * more, np.nan)
    return posting


def _even_student_draws(freedom: float, random: np.random.Generator, draws: int) -> Floats:
    """Return Student's t in even steps of its probability, in random order.

    All clients share one exponent: with few plain draws all intervals at once would be too narrow or too wide.
    """
    places = 2 * (np.arange(draws) + 1) / (draws + 1) - 1
    sizes = np.quantile(np.abs(random.standard_t(freedom, _SIZES)), np.abs(places))
    return random.permutation(np.sign(places) * sizes)


def _slope(across: Floats, along: Floats) -> tuple[float, float, float]:
    """Return the slope, its standard error, and the degrees of freedom of the error.

    A client with a smaller weight counts less in the scatter and in its degrees of freedom too.
    """
    slope, error, freedom = _EXPONENT, _EXPONENT_SD, _PRIOR_FREEDOM
    if len(across) <= _LINE_FREEDOM:
        return slope, error, freedom
    weights = np.ones_like(across)
    for _ in range(5):
        x = across - np.average(across, weights=weights)
        y = along - np.average(along, weights=weights)
        freedom = max(float(weights.sum()) - _LINE_FREEDOM, 1.0)
        variance = max(float((weights * (y - slope * x) ** 2).sum()) / freedom, 1e-6)
        precision = float((weights * x * x).sum()) / variance + _EXPONENT_SD**-2
        slope = (float((weights * x * y).sum()) / variance + _EXPONENT * _EXPONENT_SD**-2) / precision
        residuals = y - slope * x
        error = max(precision**-0.5, _error_by_leaving_out(x, residuals, weights / variance, precision))
        weights = np.minimum(1.0, _HUBER * variance**0.5 / np.maximum(np.abs(residuals), 1e-12))
    return slope, error, freedom


def _error_by_leaving_out(x: Floats, residuals: Floats, weights: Floats, precision: float) -> float:
    """Return the slope's error from its shifts when each client is left out (the jackknife in closed form).

    A line that depends on one client with many more posts predicts little about the others.
    """
    pull = weights * x / precision
    remaining = np.maximum(1.0 - pull * x - weights / weights.sum(), _LEAST_LEFT)
    moved = float(((pull * residuals / remaining) ** 2).sum())
    estimate = 1.0 / (_EXPONENT_SD * precision) ** 2
    return float((moved + estimate) ** 0.5)
