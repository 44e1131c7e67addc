"""Estimates the parts of every client's change on the log scale, and draws them many times for their intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.drivers.exponents import exponent_draws
from sophia.analytics.drivers.history import (
    WEEK,
    Changes,
    common_changes,
    current_posting,
    earlier_changes,
    schedule_difference,
    weekly_end,
    without_common,
)
from sophia.analytics.drivers.noise import Noise, correlated_variance, day_correlation, noise_of
from sophia.analytics.drivers.series import Panel
from sophia.analytics.figures.statistics import Floats, others_medians, spread

# No client dominates the centre: it weighs at most as much as this many median clients.
_LARGEST_WEIGHT = 3.0
# With fewer ordinary days in a period a client says nothing about the platform.
_ENOUGH_ORDINARY = 3
# A client with fewer earlier changes also contributes its current change to the exponents.
_ENOUGH_EARLIER = 4
# The exponent and the index of the mean age with which the estimation begins.
_FIRST_EXPONENT, _FIRST_AGE = 0.5, 1
# The standard deviation of clients' sensitivities to the platform, around 1.
_SENSITIVITY_SD = 0.3
_SENSITIVITIES = 0.4, 1.6
# The variance of a median of n is about so many n-ths of that of one value.
_MEDIAN_VARIANCE = 1.6
# Schedules that differ by this share of their potential have no post in common in effect.
_UNLIKE = 0.2
_TO_SD = 1.4826
# Clients whose days are exactly equal have no variance.
_LEAST_VARIANCE = 1e-9
# About half of the scatter of posts about what their format usually gets is no luck, but their hour, weekday and subject.
_POSTING_SHARE = 0.55
# Its tails are heavier than normal: Student's t with these degrees of freedom.
_POSTING_FREEDOM = 5
# The power of the number of posts is an approximation, which is worse for a larger change.
_FORM_SD = 0.3


@dataclass(frozen=True, slots=True)
class PartDraws:
    """The parts on the log scale in shape (rows, clients); the first row is the estimate, the others are draws.

    NaN where an input is missing. `comparable` tells which clients the centre uses, `ordinary` is each client's change of
    exposure on ordinary days without its posting.
    """

    platform: Floats
    distribution: Floats
    posting: Floats
    people: Floats
    whole: Floats
    comparable: NDArray[np.bool_]
    ordinary: Floats


@dataclass(frozen=True, slots=True)
class _Observed:
    """The changes between the two periods in shape (clients,): of exposure, of it on ordinary days, and of the response."""

    exposure: Floats
    ordinary: Floats
    response: Floats
    exposure_variance: Floats
    response_variance: Floats
    days: Floats


@dataclass(frozen=True, slots=True)
class _Posting:
    """Rows, first the mean of the draws: the exposure that posting explains, the response that formats explain, and the
    error of the former that all clients share. In shape (clients,): the exponents and the variance of a weekly change.
    `age` is the index of the likeliest mean age.
    """

    explained: Floats
    mixed: Floats
    shared: Floats
    exponents: Floats
    weekly_variance: Floats
    age: int


def part_draws(panel: Panel, *, seed: int, draws: int) -> PartDraws:
    """Estimate and draw all parts of all clients. The same panel and seed give the same result."""
    random = np.random.default_rng(seed)
    # On the log scale a missing or zero input is NaN or infinite, which marks it.
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = _observe(panel)
        end = weekly_end(panel.periods)
        weekly, earlier = earlier_changes(panel, WEEK, end), earlier_changes(panel, panel.periods.days, end)
        posting = _posting(panel, observed, weekly, random, draws)
        exposure_noise, response_noise = _noises(observed, earlier, posting, panel.periods.days)
        ordinary = observed.ordinary - posting.explained[0]
        comparable = np.isfinite(ordinary)
        unexplained = _unexplained(weekly, posting.exponents, posting.age)
        sensitivity = _sensitivities(unexplained, posting.weekly_variance, random, draws)
        rows = (ordinary - posting.shared) / sensitivity[0]
        platform = sensitivity * _centre_draws(rows, comparable, exposure_noise, random, draws)
        misfit = _misfit(panel, posting.age, random, draws)
        errors = [_errors(noise, random, draws) for noise in (exposure_noise, response_noise)]
        # The errors of exposure contain the misfit, because earlier changes have it too.
        rest = observed.exposure - np.nan_to_num(posting.explained) - errors[0]
        people = observed.response - np.nan_to_num(posting.mixed) - errors[1]
        whole = observed.exposure + observed.response - errors[0] - errors[1]
        distribution = rest - np.nan_to_num(platform)
        posting_rows = posting.explained + misfit + posting.mixed
    return PartDraws(platform, distribution, posting_rows, people, whole, comparable, ordinary)


def _noises(observed: _Observed, earlier: Changes, posting: _Posting, length: int) -> tuple[Noise, Noise]:
    """Return the noise of the changes of exposure and of the response."""
    exposure = _unexplained(earlier, posting.exponents, posting.age)
    response = earlier.response - np.nan_to_num(earlier.mix[posting.age])
    return (
        noise_of(observed.exposure_variance, observed.days, without_common(exposure), length),
        noise_of(observed.response_variance, observed.days, without_common(response), length),
    )


def _observe(panel: Panel) -> _Observed:
    """Compute the changes between the periods from the days that have readings in both."""
    before, after = panel.periods.of(0), panel.periods.of(1)
    used = panel.used
    ordinary = used & ~panel.special[:, before] & ~panel.special[:, after]
    sums = [
        [np.where(used, values[:, days], 0.0).sum(axis=1) for values in (panel.exposure, panel.engagements)]
        for days in (before, after)
    ]
    exposure = np.log(sums[1][0] / sums[0][0])
    response = np.log(sums[1][1] / sums[1][0]) - np.log(sums[0][1] / sums[0][0])
    # The mean of logarithms, so that one viral day does not decide about the platform.
    ordinary &= (panel.exposure[:, before] > 0) & (panel.exposure[:, after] > 0)
    changes = np.where(ordinary, np.log(panel.exposure[:, after] / panel.exposure[:, before]), 0.0)
    enough = (ordinary.sum(axis=1) >= np.minimum(_ENOUGH_ORDINARY, used.shape[1])) & np.isfinite(exposure)
    on_ordinary_days = np.where(enough, changes.sum(axis=1) / np.maximum(ordinary.sum(axis=1), 1), np.nan)
    shares = [
        [
            np.where(used, values[:, days], 0.0) / total[:, None]
            for values, total in zip((panel.exposure, panel.engagements), totals, strict=True)
        ]
        for days, totals in zip((before, after), sums, strict=True)
    ]
    moved = shares[1][0] - shares[0][0]
    responded = shares[1][1] - shares[0][1] - moved
    days = used.sum(axis=1).astype(float)
    variances = [_daily_variance(column, used, days) for column in (moved, responded)]
    # Counts scatter at least as much as independent reactions do, even if the days look steady.
    least = 1.0 / sums[0][1] + 1.0 / sums[1][1]
    return _Observed(
        _finite(exposure),
        _finite(on_ordinary_days),
        _finite(response),
        variances[0],
        np.maximum(variances[1], least),
        days,
    )


def _finite(changes: Floats) -> Floats:
    return np.where(np.isfinite(changes), changes, np.nan)


def _daily_variance(influence: Floats, used: NDArray[np.bool_], days: Floats) -> Floats:
    """Return the variance of a change by the influence of each pair of days on it, corrected for correlated days."""
    correlation = day_correlation(np.where(used, influence, np.nan))
    squares = (influence**2).sum(axis=1) * days / np.maximum(days - 1, 1)
    variance: Floats = np.where(days > 1, squares * correlated_variance(correlation, days), np.nan)
    return variance


# -- posting -----------------------------------------------------------------------------------------------------------


def _posting(panel: Panel, observed: _Observed, weekly: Changes, random: np.random.Generator, draws: int) -> _Posting:
    """Estimate exponents from earlier weeks, and draw what the posts of both periods explain."""
    change, mix = current_posting(panel)
    history = _unexplained(weekly, np.full(len(observed.days), _FIRST_EXPONENT), _FIRST_AGE)
    residuals = without_common(history)
    variance = noise_of(observed.exposure_variance, observed.days, residuals, WEEK).variance
    few = np.isfinite(residuals).sum(axis=1) < _ENOUGH_EARLIER
    now, now_variance = _current_change(observed, change[_FIRST_AGE], variance, few)
    exponents = exponent_draws(
        np.concatenate([weekly.posting, change[:, :, None]], axis=2),
        np.concatenate([weekly.exposure - common_changes(history), now], axis=1),
        np.concatenate([np.broadcast_to(variance[:, None], residuals.shape), now_variance], axis=1),
        random,
        draws,
    )
    changes = change[exponents.ages]
    form = 1.0 + _FORM_SD * np.abs(changes) / (1.0 + np.abs(changes)) * random.standard_normal(changes.shape)
    shared = np.nan_to_num(exponents.centres[:, None] * changes)
    return _Posting(
        _with_mean(exponents.values * form * changes),
        _with_mean(mix[exponents.ages]),
        _with_mean(shared - shared.mean(axis=0)),
        exponents.values.mean(axis=0),
        variance,
        int(np.bincount(exponents.ages).argmax()),
    )


def _current_change(
    observed: _Observed, change: Floats, variance: Floats, few: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return the change between the periods of clients with `few` earlier changes, and its variance, in shape (clients, 1).

    It may contain a cause of its own, so it scatters as much as the clients do.
    """
    rest = (observed.ordinary - np.nan_to_num(_FIRST_EXPONENT * change))[:, None]
    residual = without_common(rest)
    scatter = float(np.nanmedian(np.abs(residual))) * _TO_SD if np.isfinite(residual).any() else 0.0
    now = np.where(few, observed.ordinary - common_changes(rest), np.nan)[:, None]
    return now, (variance + scatter**2)[:, None]


def _with_mean(draws: Floats) -> Floats:
    """Return the draws below their mean."""
    rows: Floats = np.concatenate([draws.mean(axis=0, keepdims=True), draws])
    return rows


def _misfit(panel: Panel, age: int, random: np.random.Generator, draws: int) -> Floats:
    """Return rows of what single posts, unlike their format, add to the posting part; the first row is 0.

    The fewer posts a period has, the more it matters which they are; equal schedules have no such difference.
    """
    before, after = (np.nan_to_num(panel.potential[age, :, panel.periods.of(side)]).sum(axis=1) for side in (0, 1))
    shared = np.minimum(schedule_difference(panel)[age] / _UNLIKE, 1.0)
    scale = _POSTING_SHARE * panel.scatter * shared * np.sqrt(1.0 / (before + 0.5) + 1.0 / (after + 0.5))
    return np.concatenate([np.zeros((1, len(scale))), scale * random.standard_t(_POSTING_FREEDOM, (draws, len(scale)))])


def _unexplained(changes: Changes, exponents: Floats, age: int) -> Floats:
    """Return earlier changes of exposure without what posting explains; unknown posts explain nothing."""
    rest: Floats = changes.exposure - np.nan_to_num(exponents[:, None] * changes.posting[age])
    return rest


# -- the portfolio -----------------------------------------------------------------------------------------------------


def _sensitivities(changes: Floats, variance: Floats, random: np.random.Generator, draws: int) -> Floats:
    """Return rows of each client's sensitivity to what moves all clients, around 1, from its earlier weeks."""
    common = np.broadcast_to(common_changes(changes), changes.shape)
    scatter = np.where(variance > 0, variance, 1.0)[:, None]
    known = np.isfinite(changes) & (common != 0.0) & (variance > 0)[:, None]
    shared = np.where(known, common, 0.0)
    # The median of n clients has an error of its own, which would look like a movement.
    error = np.where(known, scatter, 0.0) * _MEDIAN_VARIANCE / np.maximum(known.sum(axis=0), 1)
    squares = np.maximum(shared**2 - error, 0.0) / scatter
    products = np.where(squares > 0, shared * (np.where(known, changes, 0.0) - shared) / scatter, 0.0)
    precision = squares.sum(axis=1) + _SENSITIVITY_SD**-2
    mean = np.clip(1.0 + products.sum(axis=1) / precision, *_SENSITIVITIES)
    rows = mean + random.standard_normal((draws, len(mean))) / np.sqrt(precision)
    return np.concatenate([mean[None], rows])


def _centre_draws(
    ordinary: Floats, comparable: NDArray[np.bool_], noise: Noise, random: np.random.Generator, draws: int
) -> Floats:
    """Return rows of the weighted median of the other clients' changes, drawn by clients."""
    weights = np.zeros(len(comparable))
    if comparable.any():
        variance = np.nan_to_num(noise.variance[comparable])
        weights[comparable] = 1.0 / (variance + np.median(variance) + _LEAST_VARIANCE)
        weights = np.minimum(weights, _LARGEST_WEIGHT * np.median(weights[comparable]))
    vote_draws = np.concatenate([np.ones((1, len(weights))), random.standard_exponential((draws, len(weights)))])
    centre = _centre(ordinary[0], weights, vote_draws)
    widened = spread(centre, int(comparable.sum()) - 1, random, draws)
    # Adds the error of the posting part that all clients share; the errors of single clients are in their scatter.
    rows: Floats = widened + _centre(ordinary, weights, np.ones_like(vote_draws)) - centre[0]
    return rows


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


def _errors(noise: Noise, random: np.random.Generator, draws: int) -> Floats:
    """Return rows of Student's t errors with the variance of a change; the first row is 0."""
    variance = np.nan_to_num(noise.variance)
    freedom = np.where(np.isfinite(noise.freedom), np.maximum(noise.freedom, 1.0), 1.0)
    errors = np.sqrt(variance) * random.standard_t(freedom, size=(draws, len(variance)))
    return np.concatenate([np.zeros((1, len(variance))), errors])
