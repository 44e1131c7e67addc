"""Several simple forecasts of a weekly series, and their combination by how well each of them did so far.

All functions take logarithms [week], with NaN for unknown weeks, and return [origin, horizon]: what was forecast with the
weeks up to and including `origin` for the week `origin + 1 + horizon`. No forecast uses a later week than its origin.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WEEKS_OF_A_YEAR = 52
# Weights are learned separately for the first three weeks and for later ones.
NEAR_HORIZONS = 3
# Each week counts 3 % less for the weights than the next.
WEIGHT_DECAY = 0.97
# A forecast that erred 1 % more than the best, over n weeks, loses 0.5 n % of its weight, for at most 25 weeks.
SHARPNESS, MOST_LEARNED, FAR_WEEKS_PER_WEEK = 0.5, 25.0, 3.0
# No forecast gets less than a tenth of an equal share.
EQUAL_SHARE = 0.1
FIRST_ORIGIN = 3
# A year ago needs so many weeks before it, to compare with.
FEWEST_WEEKS_BEFORE = 2
MOST_HORIZONS = 26

_LEVELS = (0.04, 0.1, 0.2, 0.4, 0.8)
_TRENDS = ((0.2, 0.1, 0.9), (0.5, 0.3, 0.9))
# (share of last year's change, weeks around it that are averaged, index of the forecast without season)
_SEASONS = ((0.5, 2, 1), (1.0, 2, 1), (1.0, 0, 1), (0.5, 2, 3), (1.0, 0, 3))
# For levels such as followers the newest value is the level; forecasts differ in their slope.
_SLOPES = ((0.0, 0.9), (0.02, 1.0), (0.05, 1.0), (0.15, 1.0), (0.15, 0.98), (0.4, 0.98), (0.4, 0.9))


def flat(logs: Floats, gain: float, horizons: int) -> Floats:
    """Return exponential smoothing: the same level for all horizons. Early weeks count as in a mean."""
    level, count = np.nan, 0
    levels = np.full(len(logs), np.nan)
    for week, value in enumerate(logs):
        if not np.isnan(value):
            count += 1
            level = value if count == 1 else level + max(gain, 1 / count) * (value - level)
        levels[week] = level
    return np.repeat(levels[:, None], horizons, axis=1)


def trending(
    logs: Floats, gain: float, slope_gain: float, damping: float, horizons: int, *, learns_early: bool = False
) -> Floats:
    """Return Holt's method with a damped trend (Gardner and McKenzie 1985).

    With `learns_early` the first slopes count as in a mean; a series with much noise should not.
    """
    level, slope, count = np.nan, 0.0, 0
    steps = np.cumsum(damping ** np.arange(1, horizons + 1))
    forecasts = np.full((len(logs), horizons), np.nan)
    for week, value in enumerate(logs):
        if np.isnan(level):
            level = value
        else:
            expected, slope = level + damping * slope, damping * slope
            error = 0.0 if np.isnan(value) else value - expected
            count += not np.isnan(value)
            rate = max(slope_gain, 1 / max(count, 1)) if learns_early and slope_gain else slope_gain
            level, slope = expected + gain * error, slope + gain * rate * error
        forecasts[week] = level + slope * steps
    return forecasts


def season(logs: Floats, around: int, horizons: int) -> Floats:
    """Return the change from the weeks before an origin to each horizon as it was a year, or two years, ago; 0 without.

    `around` weeks before and after the week of last year are averaged with it. Horizons are at most MOST_HORIZONS, so
    that these weeks are over at the origin.
    """
    weeks = len(logs)
    bases, later = _moving_mean(logs, 3, 0), _moving_mean(logs, around, around)
    origins = np.arange(weeks)[:, None]
    steps = np.arange(1, horizons + 1)[None, :]
    years = []
    for back in (WEEKS_OF_A_YEAR, 2 * WEEKS_OF_A_YEAR):
        then = origins - back
        change = later[np.maximum(then + steps, 0)] - bases[np.maximum(then, 0)]
        years.append(np.where(then >= FEWEST_WEEKS_BEFORE, change, np.nan))
    present = np.maximum((~np.isnan(years)).sum(axis=0), 1)
    return np.asarray(np.nansum(years, axis=0) / present, dtype=np.float64)


def _moving_mean(logs: Floats, before: int, after: int) -> Floats:
    """Return the mean of each week with the weeks before and after it, without unknown ones; NaN where all are unknown."""
    known = np.concatenate([[0], np.cumsum(~np.isnan(logs))])
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(logs))])
    week = np.arange(len(logs))
    first, end = np.maximum(week - before, 0), np.minimum(week + after + 1, len(logs))
    count = (known[end] - known[first]).astype(np.float64)
    return np.where(count > 0, (sums[end] - sums[first]) / np.maximum(count, 1), np.nan)


def candidates(logs: Floats, horizons: int, *, is_level: bool) -> Floats:
    """Return the forecasts [method, origin, horizon] to combine. The season takes part after a year and a few weeks."""
    if is_level:
        return np.stack([trending(logs, 1.0, gain, damping, horizons, learns_early=True) for gain, damping in _SLOPES])
    plain = [flat(logs, gain, horizons) for gain in _LEVELS]
    plain += [trending(logs, *setting, horizons) for setting in _TRENDS]
    if len(logs) <= WEEKS_OF_A_YEAR + FIRST_ORIGIN:
        return np.stack(plain)
    changes = {around: season(logs, around, horizons) for around in {around for _, around, _ in _SEASONS}}
    return np.stack([*plain, *(plain[base] + share * changes[around] for share, around, base in _SEASONS)])


def combine(logs: Floats, methods: Floats) -> Floats:
    """Average the methods [method, origin, horizon], weighted by their absolute errors up to each origin."""
    number, weeks, horizons = methods.shape
    near, far = _sampled_horizons(horizons)
    combined = np.full((weeks, horizons), np.nan)
    for steps, span, pace in (
        (near, slice(0, NEAR_HORIZONS), 1.0),
        (far, slice(NEAR_HORIZONS, horizons), FAR_WEEKS_PER_WEEK),
    ):
        error, count = np.zeros(number), 0.0
        for origin in range(weeks):
            sums, share = _errors(logs, methods, origin, steps)
            # A week without a value teaches nothing and lets nothing fade.
            if share:
                error, count = WEIGHT_DECAY * error + sums, WEIGHT_DECAY * count + share
            combined[origin, span] = _weights(error, count, pace) @ methods[:, origin, span]
    return combined


def _sampled_horizons(horizons: int) -> tuple[Sequence[int], Sequence[int]]:
    """Return the horizons whose errors count for the weights: all near ones, every second of the others."""
    return range(min(NEAR_HORIZONS, horizons)), range(NEAR_HORIZONS, horizons, 2)


def _errors(logs: Floats, methods: Floats, week: int, steps: Sequence[int]) -> tuple[Floats, float]:
    """Return the errors [method] of the forecasts for this week, and their number, both divided by that of the horizons."""
    reached = [step for step in steps if week - 1 - step >= FIRST_ORIGIN]
    if not reached or np.isnan(logs[week]):
        return np.zeros(len(methods)), 0.0
    origins = np.array([week - 1 - step for step in reached])
    errors = np.abs(methods[:, origins, np.array(reached)] - logs[week])
    usable = ~np.isnan(errors).any(axis=0)
    return errors[:, usable].sum(axis=1) / len(steps), float(usable.sum()) / len(steps)


def _weights(error: Floats, count: float, pace: float) -> Floats:
    equal = np.full(len(error), 1 / len(error))
    if count <= 0.5:  # noqa: PLR2004 - less than half a week of errors
        return equal
    mean = error / count
    excess = mean / (mean.min() + 1e-9) - 1
    weights = np.exp(-SHARPNESS * min(count / pace, MOST_LEARNED) * excess)
    return np.asarray((1 - EQUAL_SHARE) * weights / weights.sum() + EQUAL_SHARE * equal, dtype=np.float64)
