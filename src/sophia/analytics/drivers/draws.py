"""Estimates the changes of a portfolio on the log scale, and draws them many times for their intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.drivers.factors import correlated_variance, day_correlation, format_factors, posting_of_days
from sophia.analytics.drivers.units import Units
from sophia.analytics.figures.statistics import Floats, others_medians, paired_draws, repeat_draws, spread, student

# No client dominates the centre: it weighs at most as much as this many median clients.
_LARGEST_WEIGHT = 3.0
# The portfolio's scatter counts for at most this many degrees of freedom of one client.
_MOST_POOLED = 40.0
# The scatter of fewer clients does not predict that of another one.
_ENOUGH_TO_POOL = 5


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes on the log scale in shape (rows, clients); the first row is the estimate, the others are draws.

    NaN or infinite where an input is missing or zero. `centre` is the other clients' median of `exposure`.
    """

    exposure: Floats  # the change of exposure that posting does not explain: platform and distribution
    posting: Floats  # NaN where the number of posts is unknown
    people: Floats
    centre: Floats
    comparable: NDArray[np.bool_]  # (clients,): whether the client counts in the centre


def changes_of(units: Units, *, seed: int, draws: int) -> Changes:
    """Estimate and draw all parts of all clients.

    Draws of posts come in pairs that exchange the weights of the two windows, so that exchanging the windows reverses
    every sign, in the intervals too. Days have the same weights in both windows, so one of each pair suffices.
    """
    random = np.random.default_rng(seed)
    half, clients = max(draws // 2, 1), units.posts.shape[1]
    vote_draws = paired_draws(random.standard_exponential((half, clients)))
    # On the log scale a missing or zero input is NaN or infinite, which marks it.
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure_factor, response_factor = (
            np.exp(spread(np.log(factors), clients, random, half)) for factors in format_factors(units, vote_draws)
        )
        exposure, people = (
            _widened(drawn, units, correlation_factor, random, half)
            for drawn, correlation_factor in zip(
                _changes(units, exposure_factor, response_factor, random, half),
                _correlation_factors(units),
                strict=True,
            )
        )
        if units.paired:
            posting = posting_of_days(units.posts, exposure[0], random, half)
            explained = np.where(np.isfinite(posting), posting, 0.0)
        else:
            posting = _posting_of_posts(units, exposure_factor * response_factor)
            explained = np.zeros_like(posting)
        total_exposure, exposure = exposure[0], exposure - explained
        posting = np.where(np.isfinite(posting), posting, np.nan)
        comparable = np.isfinite(total_exposure) & np.isfinite(posting[0])
        client_weights = _client_weights(units.posts, comparable)
        others = _centre(exposure[0], client_weights, vote_draws[: half + 1])
        centre = spread(others if units.paired else repeat_draws(others), int(comparable.sum()) - 1, random, half)
        if units.paired:
            # Adds the uncertainty of the posting part, which was removed from every client.
            centre += _centre(total_exposure - explained, client_weights, np.ones_like(centre)) - centre[0]
        return Changes(exposure, posting, people, centre, comparable)


# -- one client's own units --------------------------------------------------------------------------------------------


def _changes(
    units: Units, exposure_factor: Floats, response: Floats, random: np.random.Generator, half: int
) -> tuple[Floats, Floats]:
    """Return the changes of exposure / potential and of engagements / exposure, with random weights of units.

    Weights have mean and variance 1; a day has the same weight in both windows. All clients share the draws, since each
    is compared with the centre, which is drawn by clients and not by units.
    """
    length = units.used.shape[2]
    first = random.standard_exponential((half, length))
    unweighted = np.ones((1, length))
    if units.paired:  # both halves of the draws would be equal
        weights = (np.concatenate([unweighted, first]),) * 2
    else:
        second = random.standard_exponential((half, length))
        weights = np.concatenate([unweighted, first, second]), np.concatenate([unweighted, second, first])
    rows = len(weights[0])
    before, after = (_side(units, side, weights[side], exposure_factor[:rows], response[:rows]) for side in (0, 1))
    return after[0] - before[0], after[1] - before[1]


def _side(units: Units, side: int, weights: Floats, exposure_factor: Floats, response: Floats) -> tuple[Floats, Floats]:
    """Return ln(exposure / potential) and ln(engagements / exposure) of one window, in shape (rows, clients).

    Exposure is weighted by the usual response to the post's format, and a post's potential is the usual exposure of its
    format; so a change of formats affects neither.
    """
    exposure = potential = np.zeros((weights.shape[0], units.posts.shape[1]))
    for name in range(units.formats):
        of_format = units.used[side] * (units.format_of[side] == name)
        exposure = exposure + weights @ (units.exposure[side] * of_format).T * response[:, [name]]
        potential = potential + weights @ of_format.T * (exposure_factor * response)[:, [name]]
    engagements = weights @ units.engagements[side].T
    return np.log(exposure / potential), np.log(engagements / exposure)


def _posting_of_posts(units: Units, potential: Floats) -> Floats:
    """Return the change of the posts' potential by their number and formats."""
    sums = [
        sum(
            (units.used[side] * (units.format_of[side] == name)).sum(axis=1) * potential[:, [name]]
            for name in range(units.formats)
        )
        for side in (0, 1)
    ]
    change: Floats = np.log(sums[1] / sums[0])
    return change


# -- the spread of draws -----------------------------------------------------------------------------------------------


def _correlation_factors(units: Units) -> tuple[Floats, Floats]:
    """Return how much more exposure, and engagements / exposure, scatter because neighbouring days are correlated."""
    if not units.paired:
        no_correlation = np.ones(units.posts.shape[1])
        return no_correlation, no_correlation
    exposure = np.where(units.used > 0, np.log(units.exposure), np.nan)
    response = np.log(units.engagements) - exposure
    total_exposure, response = (
        correlated_variance(day_correlation(logs[1] - logs[0]), units.count[0]) for logs in (exposure, response)
    )
    return total_exposure, response


def _widened(draws: Floats, units: Units, correlation_factor: Floats, random: np.random.Generator, half: int) -> Floats:
    """Rescale draws so that their variance is shrunk towards the portfolio's and corrected for few units.

    Few units estimate their own scatter badly: the draws become Student's t and borrow the scatter of all clients, as far
    as the clients' scatters differ only by chance (empirical Bayes on their logarithms).
    """
    first, second = units.count
    least = np.minimum(first, second)
    freedom = np.maximum(first - 1 if units.paired else first + second - 2, 1.0)
    size = 1 / first if units.paired else 1 / first + 1 / second
    # With n weights of variance 1 the mean has the variance s² / (n + 1), and s² is too small by (n - 1) / n.
    own = draws[1:].var(axis=0) * (least + 1) / np.maximum(least - 1, 1) / size
    usable = np.isfinite(own) & (own > 0) & (least > 1)
    pooled, strength = _pool(np.log(own[usable]), freedom[usable])
    smooth = (strength * pooled + freedom * own) / (strength + freedom)
    wider = np.sqrt(np.where(usable, correlation_factor * smooth * size / draws[1:].var(axis=0), 1.0))
    factors = student(freedom + strength, random, half)[: len(draws)]
    widened: Floats = draws[0] + (draws - draws[0]) * wider * factors
    return widened


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


# -- the portfolio -----------------------------------------------------------------------------------------------------


def _client_weights(posts: Floats, comparable: NDArray[np.bool_]) -> Floats:
    """Return each client's weight in the centre: the harmonic mean of its posts in both windows, limited above."""
    client_weights = np.where(comparable, 2.0 / (1.0 / posts).sum(axis=0), 0.0)
    if comparable.any():
        client_weights = np.minimum(client_weights, _LARGEST_WEIGHT * np.median(client_weights[comparable]))
    return client_weights


def _centre(exposure: Floats, client_weights: Floats, vote_draws: Floats) -> Floats:
    """Return the weighted median of the other clients' changes in the shape of `vote_draws`, drawn by clients."""
    weighted = np.flatnonzero(client_weights > 0)
    centre = np.full(vote_draws.shape, np.nan)
    if not len(weighted):
        return centre
    values, weights = exposure[..., weighted], client_weights[weighted] * vote_draws[:, weighted]
    centre[:, weighted] = others_medians(values, weights)
    if len(weighted) < len(client_weights):
        # A client without weight is compared with all that have one: an additional last element represents it and weighs 0.
        weights_with_zero = np.concatenate([weights, np.zeros((len(vote_draws), 1))], axis=1)
        values = np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)
        centre[:, client_weights <= 0] = others_medians(values, weights_with_zero)[:, [-1]]
    return centre
