"""Whether campaigns are found once and end in time, and how many alarms come from portfolios of another generator.

`python -m benchmarks.anomaly_campaigns [series, default 80] [portfolios, default 6]`. Campaigns of 10, 20 and 35 days are
planted in quiet series of `anomaly_series`. The portfolios are those of `benchmarks.worlds`, which shares no code with the
detector: each alarm after the 60th day counts, also those of posts that went viral.
"""

import sys
from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.anomalies import FIRST
from benchmarks.anomaly_series import Floats, invent
from benchmarks.machine import machine, table
from benchmarks.worlds import Observed, portfolio
from sophia.analytics.anomalies.detection import detect_anomalies
from sophia.analytics.anomalies.records import Anomaly, Measured, SeriesDays

DAYS, CLIENTS, QUIET, YOUNG, CLOSED_WITHIN = 260, 8, 60, 56, 5


def series_of(name: str, values: Floats, posts: Iterable[float] = (), measured: Measured = "count") -> SeriesDays:
    numbers = tuple(None if np.isnan(value) else float(value) for value in values)
    return SeriesDays(name, measured, FIRST, numbers, tuple(float(count) for count in posts))


def alarms(series: Sequence[SeriesDays]) -> list[Anomaly]:
    """Return all anomalies except gaps, judged in groups that are too small for a portfolio event."""
    groups = (series[start : start + 4] for start in range(0, len(series), 4))
    return [
        anomaly
        for group in groups
        for anomaly in detect_anomalies(group, provisional_days=0).anomalies
        if anomaly.kind != "gap"
    ]


def campaign_row(length: int, count: int) -> list[str]:
    """Plant one campaign of this length in each series; return how many were found, twice, late, and followed by a fall."""
    series, first_days = [], {}
    for number in range(count):
        random = np.random.default_rng((5, 7, number))
        quiet = invent(random, DAYS, np.ones(DAYS), quiet=DAYS)
        first = int(random.integers(120, 150))
        values = quiet.values.copy()
        values[first : first + length] = np.round(values[first : first + length] * random.uniform(1.45, 1.8))
        first_days[f"{number:04d}"] = first
        series.append(series_of(f"{number:04d}", values, quiet.posts))
    rises: dict[str, list[Anomaly]] = {}
    falls = 0
    for anomaly in alarms(series):
        day = (anomaly.noticed - FIRST).days - first_days[anomaly.series]
        if (anomaly.score or 0) > 0 and 0 <= day < length:
            rises.setdefault(anomaly.series, []).append(anomaly)
        falls += (anomaly.score or 0) < 0 and length <= day < length + 28
    last = {name: first + length - 1 for name, first in first_days.items()}
    late = sum(
        any(rise.until is None or (rise.until - FIRST).days > last[name] + CLOSED_WITHIN for rise in found)
        for name, found in rises.items()
    )
    twice = sum(len(found) > 1 for found in rises.values())
    return [f"{length}", f"{len(rises)} of {count}", f"{twice}", f"{late}", f"{falls}"]


def world_series(observed: Observed, seed: int) -> dict[str, list[SeriesDays]]:
    """Return the series of each client: interactions with and without posts, net growth, and interactions thinned to 1.5."""
    random = np.random.default_rng(seed)
    series: dict[str, list[SeriesDays]] = {}
    for client, values in enumerate(observed.interactions):
        own = (observed.posts.client == client) & observed.posts.listed & (observed.posts.day >= 0)
        posts = np.bincount(observed.posts.day[own], minlength=observed.days)[: observed.days]
        share = min(1.0, 1.5 / float(np.nanmean(values)))
        thinned = random.binomial(np.nan_to_num(values).astype(int), share)
        sparse = np.where(np.isnan(values), np.nan, thinned)
        growth = np.diff(observed.followers[client], prepend=np.nan)
        for title, own_series in {
            "interactions": series_of(f"{seed}-{client}", values, posts),
            "interactions without posts": series_of(f"{seed}-{client}", values),
            "net growth": series_of(f"{seed}-{client}", growth, measured="signed"),
            "sparse": series_of(f"{seed}-{client}", sparse, posts),
            "sparse without posts": series_of(f"{seed}-{client}", sparse),
        }.items():
            series.setdefault(title, []).append(own_series)
    return series


def world_rows(scenario: str, count: int) -> list[list[str]]:
    """Return the alarms per series-year after the 60th day, and on the first 56 days."""
    series: dict[str, list[SeriesDays]] = {}
    for seed in range(1, count + 1):
        world = portfolio(scenario, clients=CLIENTS, seed=seed, days=DAYS + 40, platform="instagram")
        for title, own_series in world_series(world.observed, seed).items():
            series.setdefault(title, []).extend(own_series)
    rows = []
    for title, of_title in series.items():
        later = sum((anomaly.noticed - FIRST).days >= QUIET for anomaly in alarms(of_title))
        young = [SeriesDays(one.series, one.measured, FIRST, one.values[:YOUNG], one.posts[:YOUNG]) for one in of_title]
        years = len(of_title) * (DAYS + 40 - QUIET) / 365
        early = len(alarms(young)) / (len(young) * YOUNG / 365)
        rows.append([scenario, title, f"{later / years:.2f}", f"{early:.2f}"])
    return rows


def main(arguments: Sequence[str]) -> None:
    series, portfolios = (
        int(arguments[place]) if len(arguments) > place else usual for place, usual in ((0, 80), (1, 6))
    )
    print(machine())
    columns = ["days", "found", "found twice", "open after 5 days", "falls within four weeks"]
    table("Campaigns", columns, [campaign_row(length, series) for length in (10, 20, 35)])
    rows = [row for scenario in ("null", "calm") for row in world_rows(scenario, portfolios)]
    table("Other portfolios", ["scenario", "series", "alarms per series-year", "on the first 8 weeks"], rows)


if __name__ == "__main__":
    main(sys.argv[1:])
