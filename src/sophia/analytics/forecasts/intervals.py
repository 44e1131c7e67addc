"""Intervals and chances from the errors of past forecasts at the same horizons (conformal prediction)."""

import math
from dataclasses import dataclass

import numpy as np

from sophia.analytics.forecasts.points import FIRST_ORIGIN, Floats

# The interval of a forecast holds with this probability.
COVERAGE = 0.8
FEWEST_ERRORS = 3
# Variances grow with the horizon as horizon^growth; without evidence as in most series.
_GROWTHS = np.linspace(-0.4, 2.4, 29)
USUAL_GROWTH, _GROWTH_SPREAD = 0.35, 0.5
# Few errors understate their spread.
_SMALL_SAMPLE = 2.0
# The width of the kernel that smooths past errors, in units of their spread.
_KERNEL = 0.5


@dataclass(frozen=True, slots=True)
class Spread:
    """Past errors: their `scale` [horizon], all errors in units of it, and the number of origins."""

    scale: Floats
    errors: Floats
    origins: int


def past_errors(logs: Floats, forecasts: Floats) -> Floats:
    """Return the errors [origin, horizon] of all forecasts whose week has come; NaN elsewhere."""
    weeks, horizons = forecasts.shape
    errors = np.full((weeks, horizons), np.nan)
    for step in range(min(horizons, weeks - 1)):
        reached = weeks - 1 - step
        errors[:reached, step] = logs[step + 1 :] - forecasts[:reached, step]
    errors[: FIRST_ORIGIN + 1] = np.nan
    return errors


def spread_of(errors: Floats) -> Spread | None:
    """Fit the growth of errors with the horizon, and pool them; None with fewer than three errors of one week ahead."""
    horizons = np.arange(1, errors.shape[1] + 1, dtype=np.float64)
    counts = (~np.isnan(errors)).sum(axis=0)
    used = counts >= FEWEST_ERRORS
    if not used[0]:
        return None
    sizes = np.nansum(np.abs(errors[:, used]), axis=0) / counts[used]
    squares = np.log(sizes**2 + 1e-12)
    # Errors of overlapping horizons repeat each other.
    weights = np.maximum(counts[used] / horizons[used], 0.5)
    losses, bases = [], []
    for growth in _GROWTHS:
        rest = squares - growth * np.log(horizons[used])
        base = float((weights * rest).sum() / weights.sum())
        bases.append(base)
        losses.append((weights * (rest - base) ** 2).sum() + ((growth - USUAL_GROWTH) / _GROWTH_SPREAD) ** 2)
    best = int(np.argmin(losses))
    scale = np.exp((bases[best] + _GROWTHS[best] * np.log(horizons)) / 2)
    return Spread(scale, (errors / scale)[~np.isnan(errors)], int(counts[0]))


def bounds(spread: Spread) -> tuple[Floats, Floats]:
    """Return how far the interval reaches below and above the forecast, [horizon]: halfway between symmetric and not."""
    tail = (1 - COVERAGE) / 2
    both = float(np.quantile(np.abs(spread.errors), COVERAGE))
    low, high = (float(bound) for bound in np.quantile(spread.errors, [tail, 1 - tail]))
    wider = (1 + _SMALL_SAMPLE / spread.origins) * spread.scale
    return (low - both) / 2 * wider, (high + both) / 2 * wider


def chance_above(needed: float, errors: Floats, weeks: float) -> float:
    """Return the probability that an error is at least `needed`, from past errors smoothed with a normal kernel.

    The kernel keeps the variance of the errors. Errors of forecasts over several `weeks` overlap, so fewer of them are
    independent, and their spread is understated.
    """
    independent = max(len(errors) / max(weeks, 1.0), 1.0)
    mean, spread = float(errors.mean()), float(errors.std()) + 1e-9
    wider = 1 + 1 / independent
    narrowed = math.sqrt(1 - _KERNEL**2)
    width = _KERNEL * spread * wider * math.sqrt(2)
    chances = [0.5 * math.erfc((needed - mean - narrowed * wider * (error - mean)) / width) for error in errors]
    return math.fsum(chances) / len(chances)
