"""Measures the forecasts of `analytics/forecasts`: `python -m benchmarks.forecasts [--seed 7] [--statsforecast]`.

From many weeks of many series, each method forecasts the next 12 weeks with the weeks before only. Score: the weighted
interval score of the 80 % interval and the middle (Bracher and others 2021), divided by the mean size of the series in the
last year. Baselines: the last week repeated, which is the seasonal naive forecast of days by weekday; and the same week of
last year. Both have conformal intervals of their own past errors.
"""

import argparse
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from itertools import pairwise

import numpy as np

from benchmarks.forecast_series import Floats, WeeklySeries, from_packages, from_processes, from_worlds
from sophia.analytics.forecasts.intervals import COVERAGE
from sophia.analytics.forecasts.weekly import chance_of_total, fit, outlook

HORIZONS = 12
FIRST_WEEKS, STEP, LONGEST = 13, 7, 260
TOTAL_WEEKS = (4, 8, 13)
# Targets of goals, relative to the mean of the last 13 weeks.
TARGETS = (0.7, 0.85, 0.95, 1.05, 1.2, 1.5)

# Returns low, middle and high [3, horizon] from the weeks up to now, or None where it cannot forecast.
Forecaster = Callable[[Floats, bool], Floats | None]


def ours(values: Floats, is_level: bool) -> Floats | None:
    fitted = fit(values, HORIZONS, is_level=is_level)
    result = None if fitted is None else outlook(fitted)
    return None if result is None else np.stack([result.low, result.middle, result.high])


def naive(season: int) -> Forecaster:
    """Return the forecast that repeats the value of `season` weeks before, with conformal intervals of its own errors."""

    def forecast(values: Floats, is_level: bool) -> Floats | None:
        offset = 0.0 if is_level else 0.5
        logs = np.log(_carried(values) + offset)
        steps = np.arange(1, HORIZONS + 1)
        back = season * -(-steps // season)
        if len(logs) < back.max() + 4:
            return None
        bounds = np.empty((3, HORIZONS))
        for step, gap in zip(steps, back, strict=True):
            errors = np.sort(np.abs(logs[gap:] - logs[:-gap]))
            reach = errors[min(int(np.ceil((len(errors) + 1) * COVERAGE)), len(errors)) - 1]
            point = logs[len(logs) - 1 + step - gap]
            bounds[:, step - 1] = point - reach, point, point + reach
        return np.maximum(np.exp(bounds) - offset, 0.0)

    return forecast


def _carried(values: Floats) -> Floats:
    """Replace unknown weeks by the week before."""
    carried = values[np.flatnonzero(~np.isnan(values))[0] :].copy()
    for week in range(1, len(carried)):
        if np.isnan(carried[week]):
            carried[week] = carried[week - 1]
    return carried


def from_statsforecast(model: str) -> Forecaster:
    """Return a model of statsforecast with its own 80 % interval."""
    models = import_module("statsforecast.models")

    def forecast(values: Floats, is_level: bool) -> Floats | None:
        offset = 0.0 if is_level else 0.5
        logs = np.log(_carried(values) + offset)
        answer = getattr(models, model)(season_length=1).forecast(y=logs, h=HORIZONS, level=[80])
        bounds = np.stack([answer["lo-80"], answer["mean"], answer["hi-80"]])
        return np.asarray(np.maximum(np.exp(bounds) - offset, 0.0), dtype=np.float64)

    return forecast


def interval_score(actual: Floats, low: Floats, middle: Floats, high: Floats) -> Floats:
    """Return the weighted interval score of one central interval and the middle."""
    alpha = 1 - COVERAGE
    width = high - low
    outside = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
    return np.asarray((0.5 * np.abs(actual - middle) + alpha / 2 * (width + 2 / alpha * outside)) / 1.5)


def scores(series: WeeklySeries, method: Forecaster) -> Mapping[tuple[int, int], tuple[float, bool]]:
    """Return {(origin, step): (score, whether the interval holds the week)} of one series."""
    values = series.values[-LONGEST:]
    result: dict[tuple[int, int], tuple[float, bool]] = {}
    for origin in range(FIRST_WEEKS - 1, len(values) - HORIZONS, STEP):
        past, future = values[: origin + 1], values[origin + 1 : origin + 1 + HORIZONS]
        size = float(np.nanmean(np.abs(past[-52:]))) if np.isfinite(past[-52:]).any() else 0.0
        bounds = method(past, series.is_level) if size > 0 else None
        if bounds is None:
            continue
        points = interval_score(future, *bounds) / size
        inside = (bounds[0] <= future) & (future <= bounds[2])
        result |= {
            (origin, step): (float(points[step]), bool(inside[step]))
            for step in range(HORIZONS)
            if np.isfinite(future[step])
        }
    return result


def compare(all_series: Iterable[WeeklySeries], methods: Mapping[str, Forecaster]) -> None:
    """Print for each suite the gain over each other method, where both forecast, and the coverage by horizon."""
    ours_by_suite: dict[str, list[tuple[int, float, bool]]] = defaultdict(list)
    pairs: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for series in all_series:
        counts[series.suite] += 1
        own = scores(series, ours)
        ours_by_suite[series.suite] += [(step, *score) for (_, step), score in own.items()]
        for name, method in methods.items():
            other = scores(series, method)
            both = sorted(own.keys() & other.keys())
            pairs[series.suite, name] += [(own[key][0], other[key][0]) for key in both]
    for suite, rows in ours_by_suite.items():
        step, _, inside = (np.array(column) for column in zip(*rows, strict=True))
        near, far = inside[step < 4].mean(), inside[step >= 4].mean()
        print(f"\n{suite}: {counts[suite]} series, {len(rows)} forecasts")
        print(
            f"  80 % intervals hold {100 * inside.mean():.1f} % (weeks 1-4 {100 * near:.1f} %, 5-12 {100 * far:.1f} %)"
        )
        for name in methods:
            first, second = np.array(pairs[suite, name]).T
            print(
                f"  WIS {100 * (1 - first.mean() / second.mean()):+.1f} % better than {name} ({len(first)} forecasts)"
            )


def judge_chances(all_series: Iterable[WeeklySeries]) -> None:
    """Print how often totals reached their targets, by the chance that was stated, and the Brier skill."""
    stated, reached = [], []
    for series in all_series:
        values = series.values[-LONGEST:]
        for origin in range(25, len(values) - max(TOTAL_WEEKS), 2 * STEP):
            past = values[: origin + 1]
            for weeks in TOTAL_WEEKS:
                future = values[origin + 1 : origin + 1 + weeks]
                fitted = fit(past, weeks)
                if fitted is None or np.isnan(future).any():
                    continue
                for target in TARGETS:
                    needed = target * weeks * float(np.nanmean(past[-13:]))
                    chance = chance_of_total(fitted, np.ones(weeks), needed)
                    if chance is not None:
                        stated.append(chance)
                        reached.append(float(future.sum() >= needed))
    chances, outcome = np.array(stated), np.array(reached)
    base = outcome.mean()
    skill = 1 - np.mean((chances - outcome) ** 2) / (base * (1 - base))
    print(f"\nchances of totals over {TOTAL_WEEKS} weeks: {len(chances)} statements, Brier skill {skill:.2f}")
    for low, high in pairwise((0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)):
        rows = (chances >= low) & (chances < high)
        print(
            f"  stated {100 * chances[rows].mean():3.0f} %: reached {100 * outcome[rows].mean():3.0f} % of {rows.sum()}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--statsforecast", action="store_true")
    arguments = parser.parse_args()
    methods = {"the last week": naive(1), "the same week of last year": naive(52)}
    if arguments.statsforecast:
        warnings.simplefilter("ignore")
        methods |= {f"statsforecast {name}": from_statsforecast(name) for name in ("AutoETS", "AutoTheta")}
    series = [*from_worlds(arguments.seed), *from_processes(arguments.seed)]
    try:
        series += from_packages()
    except ImportError as error:
        print(f"Real series are not measured: {error}. Install the dependency group `forecasts`.")
    compare(series, methods)
    judge_chances(candidate for candidate in series if not candidate.is_level)


if __name__ == "__main__":
    main()
