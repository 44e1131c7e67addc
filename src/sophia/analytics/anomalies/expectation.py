"""Predicts the next day of each series from its own past, with one regression per series."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.figures.statistics import Floats, count_scores, student_scores

Bools = NDArray[np.bool_]

PAST_DAYS = 84
HELD_OUT_DAYS = 7
WINDOW = PAST_DAYS + HELD_OUT_DAYS
STEPS = 2
POST_LAGS = 3

_HALF_LIFE_DAYS = 42.0
# Standard deviations of the ridge, on the log scale: level, a weekday, growth in four weeks, a post, a step.
_LEVEL, _WEEKDAY, _GROWTH, _POST, _STEP = 30.0, 0.3, 0.05, 0.5, 1.5
# Larger residuals lose weight with their square (Farrington-flexible surveillance of counts, 2012).
_FAR = 2.58
_ROUNDS = 3
# Prior dispersion, and its weight in days.
_DISPERSION, _DISPERSION_DAYS = 0.03, 10.0
_LEAST_DISPERSION = 0.003
_MAD_TO_SD = 1.4826
# Neighbouring days are correlated, so the coefficients are less certain than with independent days.
_CORRELATION_FACTOR = 1.0


@dataclass(frozen=True, slots=True)
class Past:
    """The days before the day to judge, oldest first, as arrays (series, days).

    `values` are counts, or for other series numbers whose usual scatter is that of logarithms; NaN where missing.
    `weights` are 0 for days that learning must ignore. `posts` describes the posts published on each day. `counts` tells
    which series are counts.
    """

    values: Floats
    weights: Floats
    posts: Floats
    steps: NDArray[np.int_]  # (series, STEPS): the index at which the level changed; 0 without one
    counts: Bools  # (series,)


@dataclass(frozen=True, slots=True)
class Expectation:
    """The prediction for each series.

    `middle` is the log of the mean for counts, `variance` the relative variance beyond Poisson's with `freedom` degrees,
    `step` the shift of the middle by the latest step.
    """

    middle: Floats
    variance: Floats
    freedom: Floats
    step: Floats

    def without_step(self, rows: NDArray[np.intp]) -> "Expectation":
        """Return the prediction for these series if their latest step had not happened."""
        step = self.step[rows]
        return Expectation(self.middle[rows] - step, self.variance[rows], self.freedom[rows], 0.0 * step)


def expect(past: Past, weekday: int, posts_today: Floats) -> Expectation:
    """Fit every series and predict the day after its past; `weekday` is that day's, Monday 0.

    Counts: quasi-likelihood with a log link and the variance mean + dispersion · mean². Others: least squares. Both
    robust and have a ridge, so that a series of two weeks has a prediction too, with a wide variance.
    """
    design, today = _design(past, weekday, posts_today)
    count = past.counts[:, None]
    observed = np.isfinite(past.values) & (past.weights > 0)
    weights = np.where(observed, past.weights, 0.0)
    values = np.where(observed, past.values, 0.0)
    ridge = np.diag(_ridge())
    target = np.where(count, np.log(np.maximum(values, 0.0) + 0.5), values)
    information = weights / _DISPERSION
    dispersion = np.full(len(values), _DISPERSION)
    for round_ in range(_ROUNDS + 1):
        weighted = design * information[:, :, None]
        normal = weighted.transpose(0, 2, 1) @ design + ridge
        coefficients = np.linalg.solve(normal, (weighted * target[:, :, None]).sum(axis=1)[:, :, None])
        linear = (design @ coefficients)[:, :, 0]
        linear = np.where(count, np.clip(linear, -7.0, 25.0), linear)
        means = np.where(count, np.exp(np.where(count, linear, 0.0)), 1.0)
        residuals = np.where(count, (values - means) / means, values - linear)
        noise = np.where(count, 1.0 / means, 0.0)
        if round_ == 0:
            # Logarithms of small counts are skewed: their residuals do not show yet which days are far off.
            dispersion = np.maximum(dispersion, _first_dispersion(residuals, noise, weights))
        robustness = np.minimum(1.0, (_FAR**2 * (noise + dispersion[:, None])) / np.maximum(residuals**2, 1e-12))
        dispersion = _dispersion(residuals, noise, weights * robustness, dispersion)
        information = weights * robustness / (noise + dispersion[:, None])
        target = linear + residuals
    inverse = np.linalg.inv(normal)
    uncertainty = np.einsum("sp,spq,sq->s", today, inverse, today) * _CORRELATION_FACTOR
    middle = (today * coefficients[:, :, 0]).sum(axis=1)
    return Expectation(
        np.where(past.counts, np.clip(middle, -7.0, 25.0), middle),
        dispersion + uncertainty,
        weights.sum(axis=1) + _DISPERSION_DAYS,
        today[:, -1] * coefficients[:, -1, 0],
    )


def scores(values: Floats, counts: Bools, expected: Expectation) -> Floats:
    """Return each series' z: the distance from the prediction in standard deviations of a normal variable."""
    floats = np.full(values.shape, np.nan)
    has_value = np.isfinite(values)
    for kind in (True, False):
        rows = np.flatnonzero(has_value & (counts == kind))
        if len(rows):
            middle, variance, freedom = expected.middle[rows], expected.variance[rows], expected.freedom[rows]
            if kind:
                raw = count_scores(values[rows], np.exp(middle), variance)
            else:
                raw = (values[rows] - middle) / np.sqrt(variance)
            floats[rows] = student_scores(raw, freedom)
    return floats


def _design(past: Past, weekday: int, posts_today: Floats) -> tuple[Floats, Floats]:
    """Return the columns of every past day, and those of the day to judge."""
    series, length = past.values.shape
    design = np.zeros((series, length + 1, 1 + 7 + 1 + POST_LAGS + STEPS))
    ages = np.arange(length, -1, -1)
    design[:, :, 0] = 1.0
    design[:, np.arange(length + 1), 1 + (weekday - ages) % 7] = 1.0
    design[:, :, 8] = -ages / 28.0
    posts = np.concatenate([past.posts, posts_today[:, None]], axis=1)
    for lag in range(POST_LAGS):
        design[:, lag:, 9 + lag] = posts[:, : length + 1 - lag]
    places = np.arange(length + 1)
    for step in range(STEPS):
        begun = past.steps[:, step, None]
        design[:, :, 9 + POST_LAGS + step] = (begun > 0) & (places >= begun)
    return design[:, :-1], design[:, -1]


def _ridge() -> Floats:
    spreads = np.array([_LEVEL, *[_WEEKDAY] * 7, _GROWTH, *[_POST] * POST_LAGS, *[_STEP] * STEPS])
    ridge: Floats = spreads**-2
    return ridge


def decay(length: int) -> Floats:
    """Return the weights of past days, oldest first, by their half-life."""
    weights: Floats = 0.5 ** (np.arange(length, 0, -1) / _HALF_LIFE_DAYS)
    return weights


def _first_dispersion(residuals: Floats, noise: Floats, weights: Floats) -> Floats:
    """Return the dispersion from the median size of residuals, which no spike affects."""
    is_weighted = weights > 0
    count = is_weighted.sum(axis=1)
    # numpy's median with missing values uses masked arrays, which would take a third of the time of a fit.
    sizes = np.sort(np.where(is_weighted, np.abs(residuals), np.inf), axis=1)
    middle = np.stack([np.maximum(count - 1, 0) // 2, np.minimum(count // 2, sizes.shape[1] - 1)], axis=1)
    median = np.where(count > 0, np.take_along_axis(sizes, middle, axis=1).mean(axis=1), 0.0)
    poisson = np.where(is_weighted, noise, 0.0).sum(axis=1) / np.maximum(count, 1)
    floats: Floats = np.maximum((_MAD_TO_SD * median) ** 2 - poisson, _LEAST_DISPERSION)
    return floats


def _dispersion(residuals: Floats, noise: Floats, weights: Floats, before: Floats) -> Floats:
    """Return the dispersion from squared residuals beyond Poisson's, weighted by their information and shrunk to the prior."""
    scale = before[:, None]
    day_weights = weights * (scale / (noise + scale)) ** 2
    days = day_weights.sum(axis=1)
    # The fit follows part of the noise: about one coefficient for every twelve days.
    freedom_factor = weights.sum(axis=1)
    freedom_factor = freedom_factor / np.maximum(freedom_factor - np.minimum(6.0, freedom_factor / 3), 1e-9)
    excess = (day_weights * (residuals**2 * freedom_factor[:, None] - noise)).sum(axis=1)
    floats: Floats = (excess + _DISPERSION_DAYS * _DISPERSION) / (days + _DISPERSION_DAYS)
    return np.maximum(floats, _LEAST_DISPERSION)
