"""What the number of posts did to the exposure of days: the exponent is learnt from the whole portfolio."""

import numpy as np

from sophia.analytics.measures.weighted_medians import Floats

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
    known = np.isfinite(more) & np.isfinite(exposed)
    slope, error, freedom = _slope(more[known], exposed[known])
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
