"""Estimates the exponent with which each client's exposure follows its posts, by a hierarchical model of the portfolio.

The change of a client's exposure is exponent x change of its posts' potential + noise. Exponents differ between clients
with a standard deviation of their own; a client with few changes borrows from the portfolio. The mean age at which posts
gather their views is unknown too. Mean age, centre and scatter of exponents are integrated over a grid of values.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.drivers.series import MEAN_AGES
from sophia.analytics.figures.statistics import Floats

_CENTRES = np.linspace(-0.1, 1.3, 29)
_SCATTERS = np.array([0.12, 0.18, 0.25, 0.35, 0.5, 0.7])
# Priors: exponents around one half; a scatter around 0.3.
_CENTRE, _CENTRE_SD = 0.5, 0.35
_SCATTER, _SCATTER_LOG_SD = 0.3, 0.5
# Weekly changes share a week with their neighbours, so they hold less information than as many independent ones.
_INFORMATION = 0.6
# Beyond this many standard deviations from the client's line, a change is cut.
_CUT = 3.5
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Exponents:
    """Draws from the posterior: the index of the mean age and the portfolio's centre in shape (draws,), and the clients'
    exponents in shape (draws, clients).
    """

    ages: NDArray[np.intp]
    centres: Floats
    values: Floats


def exponent_draws(
    posting: Floats, exposure: Floats, variance: Floats, random: np.random.Generator, draws: int
) -> Exponents:
    """Draw exponents from changes of potential (mean age, client, pair) and of exposure (client, pair), NaN where unknown.

    `variance` is that of one change of exposure, in the shape of `exposure`.
    """
    known = np.isfinite(exposure) & np.isfinite(posting).all(axis=0) & (variance > 0)
    x = np.where(known, posting, 0.0)
    weights = np.where(known, _INFORMATION / np.where(known, variance, 1.0), 0.0)
    y = _cut(np.where(known, exposure, 0.0), x.mean(axis=0), weights, np.where(known, variance, 0.0))
    squares = (weights * x * x).sum(axis=2)
    products = (weights * x * y).sum(axis=2)
    logs = _log_posterior(squares, products)
    chances = np.exp(logs - logs.max()).ravel()
    picks = random.choice(chances.size, size=draws, p=chances / chances.sum())
    ages, scatters, centres = np.unravel_index(picks, logs.shape)
    prior = _SCATTERS[scatters][:, None] ** -2
    precision = prior + squares[ages]
    means = (prior * _CENTRES[centres][:, None] + products[ages]) / precision
    values: Floats = means + random.standard_normal(means.shape) / np.sqrt(precision)
    return Exponents(ages, _CENTRES[centres], values)


def _cut(exposure: Floats, posting: Floats, weights: Floats, variance: Floats) -> Floats:
    """Return changes of exposure that lie at most a few standard deviations from the client's own line."""
    slopes = np.full(len(exposure), _CENTRE)
    limit = _CUT * np.sqrt(variance)
    cut = exposure
    for _ in range(_ROUNDS):
        middle = slopes[:, None] * posting
        cut = middle + np.clip(exposure - middle, -limit, limit)
        prior = _SCATTER**-2
        slopes = (prior * _CENTRE + (weights * posting * cut).sum(axis=1)) / (
            prior + (weights * posting**2).sum(axis=1)
        )
    return cut


def _log_posterior(squares: Floats, products: Floats) -> Floats:
    """Return ln of the posterior of (mean age, scatter, centre) up to a constant, with the clients' exponents integrated out."""
    scatter = _SCATTERS[None, :, None] ** 2
    logs = np.zeros((len(MEAN_AGES), len(_SCATTERS), len(_CENTRES)))
    for client in range(squares.shape[1]):
        square, product = squares[:, client][:, None, None], products[:, client][:, None, None]
        residual = product - _CENTRES * square
        shrink = 1.0 + scatter * square
        logs += (
            _CENTRES * product - _CENTRES**2 * square / 2 + scatter * residual**2 / (2 * shrink) - np.log(shrink) / 2
        )
    logs -= (np.log(_SCATTERS / _SCATTER)[None, :, None] / _SCATTER_LOG_SD) ** 2 / 2
    return logs - ((_CENTRES - _CENTRE) / _CENTRE_SD) ** 2 / 2
