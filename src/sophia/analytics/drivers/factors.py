"""How much a format is shown, and how people react to it, compared with a client's other posts of the same window."""

import numpy as np

from sophia.analytics.drivers.units import Units
from sophia.analytics.figures.statistics import Floats

# Posts that speak for "a format is like any other" before the portfolio's own posts are heard.
_DOUBT_POSTS = 0.5


def format_factors(units: Units, votes: Floats) -> tuple[Floats, Floats]:
    """(shown, reacted): factors around 1 for each format, in shape (rows, formats), for each row of clients' `votes`.

    Both come from a model with one level for each client and window, ln x = level + format: what multiplies all posts
    of a window leaves them as they are. Shown is a mean of logarithms over posts, so that a viral post counts once.
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
    """Sums of a column by (window and client, format)."""
    sums = [(column * (units.format_of == name)).sum(axis=2) for name in range(units.formats)]
    return np.stack(sums, axis=2).reshape(-1, units.formats)


def _fit(weights: Floats, logs: Floats, votes: Floats) -> Floats:
    """Weighted least squares with one free level for each line of `logs`; exp of the formats' effects."""
    total = weights.sum(axis=1, keepdims=True)
    share = weights / np.where(total > 0, total, 1.0)
    level = (share * logs).sum(axis=1, keepdims=True)
    # Taking each line's level out leaves these normal equations in the formats alone.
    squares = weights[:, :, None] * (np.eye(weights.shape[1]) - share[:, None, :])
    sides = weights * (logs - level)
    both = np.concatenate([votes, votes], axis=1)
    left = np.einsum("rl,lfg->rfg", both, squares) + _DOUBT_POSTS * np.eye(weights.shape[1])
    effects = np.linalg.solve(left, (both @ sides)[:, :, None])[:, :, 0]
    factors: Floats = np.exp(effects)
    return factors


# What is believed of the correlation of neighbouring days before the portfolio is heard, and the doubt of it.
_BELIEF, _DOUBT = 0.1, 0.15
# Beyond this a window would hold less than two days' worth of news.
_MOST = 0.8


def lasting_chance(changes: Floats) -> float:
    """The correlation of neighbouring days, one for all clients, between 0 and 0.8.

    `changes` has shape (clients, days): each day's change from the day at its place in the other window on the log
    scale, not finite where there is none. What belongs to a client is taken out first, and that turns the correlation
    of L days down, to about r - (1 + 3.5 r) / L where it is r.
    """
    is_finite = np.isfinite(changes)
    count = is_finite.sum(axis=1)
    enough = count > 2  # noqa: PLR2004  # of two days the rests are opposite, whatever they were
    is_finite, count = is_finite[enough], count[enough]
    kept = np.where(is_finite, changes[enough], 0.0)
    rest = np.where(is_finite, kept - (kept.sum(axis=1) / np.maximum(count, 1))[:, None], 0.0)
    squares = (rest**2).sum(axis=1)
    moved = squares > 0
    if not moved.any():
        return _BELIEF
    correlations = (rest[:, 1:] * rest[:, :-1]).sum(axis=1)[moved] / squares[moved] + 1 / count[moved]
    information = np.maximum(1 - 3.5 / count[moved], 0.0)
    # A correlation of L days scatters by 1 / √L.
    sure = (information**2 * count[moved]).sum() + _DOUBT**-2
    believed = float(((information * correlations * count[moved]).sum() + _BELIEF * _DOUBT**-2) / sure)
    return min(max(believed, 0.0), _MOST)


def lasting_variance(correlation: float, count: Floats) -> Floats:
    """By how much the variance of a sum of `count` days exceeds what their own scatter says, as a factor.

    Chance that lasts makes the sum scatter more, and days of one window alike, so that they show less of it.
    """
    longest = int(count.max(initial=1.0))
    apart = np.arange(1, max(longest, 2))[:, None]
    more = 1 + 2 * (np.maximum(1 - apart / np.maximum(count, 1), 0.0) * correlation**apart).sum(axis=0)
    factor: Floats = np.where(count > 1, more * (count - 1) / np.maximum(count - more, 0.5), 1.0)
    return factor


# What is believed of how a day's exposure follows the number of posts, before the portfolio is heard: exponent, doubt.
_EXPONENT, _EXPONENT_DOUBT = 0.5, 0.5
# What is believed beforehand is not estimated: draws as good as normal.
_CERTAIN = 40.0
# What a straight line takes of the observations.
_LINE = 2
# Residuals beyond this many standard deviations pull less (Huber).
_HUBER = 1.345
# Of so many a quantile is known to a hundredth.
_SIZES = 10_000
# However much the line leans on one client, its absence is felt at most four times as much as its presence.
_LEAST_LEFT = 0.25


def posting_of_days(posts: Floats, exposed: Floats, random: np.random.Generator, draws: int) -> Floats:
    """The change of exposure that the number of posts explains, in shape (1 + draws, clients): an exponent × ln posts.

    `posts` has shape (window, client), `exposed` (clients,). The exponent is the slope of ln exposure on ln posts across
    clients, with Huber weights, drawn towards one half. NaN where posts are not known or zero.
    """
    more = np.log(posts[1] / posts[0])
    usable = np.isfinite(more) & np.isfinite(exposed)
    slope, error, freedom = _slope(more[usable], exposed[usable])
    doubt = np.append(0.0, _even_doubt(freedom, random, draws))[:, None]
    posting: Floats = np.where(np.isfinite(more), (slope + error * doubt) * more, np.nan)
    return posting


def _even_doubt(freedom: float, random: np.random.Generator, draws: int) -> Floats:
    """Student's t in even steps of its probability, in random order.

    One exponent is everybody's: ends of intervals by few draws would be too near, or too far, for all clients at once.
    """
    places = 2 * (np.arange(draws) + 1) / (draws + 1) - 1
    sizes = np.quantile(np.abs(random.standard_t(freedom, _SIZES)), np.abs(places))
    return random.permutation(np.sign(places) * sizes)


def _slope(across: Floats, along: Floats) -> tuple[float, float, float]:
    """The slope, its standard error, and the degrees of freedom of that.

    Who is heard in part counts in part, in the scatter and in its degrees of freedom too.
    """
    slope, error, freedom = _EXPONENT, _EXPONENT_DOUBT, _CERTAIN
    if len(across) <= _LINE:
        return slope, error, freedom
    weights = np.ones_like(across)
    for _ in range(5):
        x = across - np.average(across, weights=weights)
        y = along - np.average(along, weights=weights)
        freedom = max(float(weights.sum()) - _LINE, 1.0)
        variance = max(float((weights * (y - slope * x) ** 2).sum()) / freedom, 1e-6)
        precision = float((weights * x * x).sum()) / variance + _EXPONENT_DOUBT**-2
        slope = (float((weights * x * y).sum()) / variance + _EXPONENT * _EXPONENT_DOUBT**-2) / precision
        rests = y - slope * x
        error = max(precision**-0.5, _error_by_leaving_out(x, rests, weights / variance, precision))
        weights = np.minimum(1.0, _HUBER * variance**0.5 / np.maximum(np.abs(rests), 1e-12))
    return slope, error, freedom


def _error_by_leaving_out(x: Floats, rests: Floats, weights: Floats, precision: float) -> float:
    """The slope's error by how far it moves when each client is left out (the jackknife in closed form).

    A line that leans on one client who posted much more says little of the others: their exponent may be another.
    """
    pull = weights * x / precision
    left = np.maximum(1.0 - pull * x - weights / weights.sum(), _LEAST_LEFT)
    moved = float(((pull * rests / left) ** 2).sum())
    believed = 1.0 / (_EXPONENT_DOUBT * precision) ** 2
    return float((moved + believed) ** 0.5)
