"""Forecasts of a weekly series: the next weeks with intervals, and the chance that a total or a level reaches a target."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sophia.analytics.forecasts.intervals import USUAL_GROWTH, bounds, chance_above, past_errors, spread_of
from sophia.analytics.forecasts.points import FIRST_ORIGIN, Floats, candidates, combine

# Older weeks say little about the next ones.
MOST_WEEKS = 156
FEWEST_WEEKS = 10
# Without a value in the last weeks, nothing is known about the present.
LATEST_WEEKS = 4
# Totals of some weeks need so many past totals to learn from.
FEWEST_TOTALS = 6
# Errors of totals over one week are used for totals over at most eight.
MOST_EXTRAPOLATED = 8
# Never claim certainty from few past errors.
SMALLEST_CHANCE = 0.02


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next weeks [horizon] in the unit of the series: a middle that is as likely too high as too low, and 80 % intervals."""

    middle: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Fitted:
    """A series and all forecasts that could have been made of it: logarithms [week] and [origin, horizon]."""

    logs: Floats
    forecasts: Floats
    offset: float

    def values_of(self, logs: Floats) -> Floats:
        """Turn logarithms into values that are not below 0."""
        return np.maximum(np.exp(logs) - self.offset, 0.0)


def fit(values: Floats, horizons: int, *, is_level: bool = False) -> Fitted | None:
    """Forecast a series [week] from each of its weeks, for at most MOST_HORIZONS weeks. NaN is an unknown week.

    `is_level`: the values are a stock, such as followers, and not the amount of a week. Values are not below 0.
    None with fewer than ten known weeks, and without one in the last four.
    """
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < FEWEST_WEEKS or known[-1] < len(values) - LATEST_WEEKS:
        return None
    return _fit(values[max(known[0], len(values) - MOST_WEEKS) :].tobytes(), horizons, is_level)


@lru_cache(maxsize=256)
def _fit(content: bytes, horizons: int, is_level: bool) -> Fitted:
    """Forecast a series. It is cached, because reports compute the goals of the same weeks again and again."""
    values = np.frombuffer(content, dtype=np.float64)
    # Small counts need an offset for their logarithm; for levels it must not hide small changes.
    offset = 0.5 if is_level else max(0.5, 0.02 * float(np.nanmedian(values)))
    logs = np.log(np.maximum(values, 0.0) + offset)
    return Fitted(logs, combine(logs, candidates(logs, horizons, is_level=is_level)), offset)


def outlook(fitted: Fitted) -> Outlook | None:
    """Return the forecast from the last week, or None with too few past errors."""
    spread = spread_of(past_errors(fitted.logs, fitted.forecasts))
    if spread is None:
        return None
    now = fitted.forecasts[-1]
    low, high = bounds(spread)
    return Outlook(*(fitted.values_of(logs) for logs in (now, now + low, now + high)))


def chance_of_total(fitted: Fitted, shares: Floats, needed: float) -> float | None:
    """Return the probability that the next weeks bring at least `needed`; None without enough history.

    `shares` [horizon] are the parts of the weeks that count, 0 to 1. The errors are those of the same sum in the past, or
    of its first weeks where the history is short, widened as errors usually grow with the number of weeks.
    """
    horizons = len(shares)
    shortest = math.ceil(horizons / MOST_EXTRAPOLATED)
    for longest in range(horizons, shortest - 1, -1):
        errors = _errors_of_totals(fitted, shares[:longest])
        if len(errors) >= FEWEST_TOTALS:
            break
    else:
        return None
    errors = errors * (horizons / longest) ** (USUAL_GROWTH / 2)
    middle = float(fitted.values_of(fitted.forecasts[-1, :horizons]) @ shares)
    offset = fitted.offset * float(shares.sum())
    return _bounded(chance_above(float(np.log((max(needed, 0.0) + offset) / (middle + offset))), errors, longest))


def _errors_of_totals(fitted: Fitted, shares: Floats) -> Floats:
    """Return the logarithmic errors of all past forecasts of this sum, without those of unknown weeks."""
    actual, expected = fitted.values_of(fitted.logs), fitted.values_of(fitted.forecasts)
    offset, horizons = fitted.offset * float(shares.sum()), len(shares)
    origins = range(FIRST_ORIGIN + 1, len(actual) - horizons)
    real = np.array([actual[origin + 1 : origin + 1 + horizons] @ shares for origin in origins])
    forecast = np.array([expected[origin, :horizons] @ shares for origin in origins])
    errors = np.log((real + offset) / (forecast + offset))
    return np.asarray(errors[~np.isnan(errors)], dtype=np.float64)


def chance_of_level(fitted: Fitted, horizon: float, needed: float) -> float | None:
    """Return the probability that a level is at least `needed` after `horizon` weeks; None without enough history.

    Between whole weeks the chance is interpolated.
    """
    before, after = max(math.floor(horizon), 1), max(math.ceil(horizon), 1)
    errors = past_errors(fitted.logs, fitted.forecasts)
    chances = []
    for step in (before, after):
        of_step = errors[:, step - 1][~np.isnan(errors[:, step - 1])]
        if len(of_step) < FEWEST_TOTALS:
            return None
        distance = np.log(max(needed, 0.0) + fitted.offset) - fitted.forecasts[-1, step - 1]
        chances.append(chance_above(float(distance), of_step, step))
    share = min(max(horizon - before, 0.0), 1.0)
    return _bounded((1 - share) * chances[0] + share * chances[1])


def _bounded(chance: float) -> float:
    return min(max(chance, SMALLEST_CHANCE), 1 - SMALLEST_CHANCE)
