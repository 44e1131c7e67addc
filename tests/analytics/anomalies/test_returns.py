"""The return to the usual level after a campaign ends the rise: it is found in time, and it is no fall."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from sophia.analytics.anomalies.detection import detect_anomalies
from sophia.analytics.anomalies.detector import returned_days
from sophia.analytics.anomalies.records import Anomaly, SeriesDays

MONDAY = date(2026, 1, 5)
FIRST_DAY = 90
WEEK = (1.0, 1.05, 1.1, 1.05, 1.0, 0.8, 0.5)


def counts(seed: int, length: int, factor: float) -> list[float]:
    """Return 150 days of counts; from FIRST_DAY on, `length` days are higher by a factor."""
    random = np.random.default_rng(seed)
    means = [200.0 * WEEK[day % 7] * math.exp(random.normal(0, 0.1)) for day in range(150)]
    means = [mean * (factor if 0 <= day - FIRST_DAY < length else 1.0) for day, mean in enumerate(means)]
    return [float(random.poisson(mean)) for mean in means]


def anomalies(values: list[float]) -> tuple[Anomaly, ...]:
    return detect_anomalies(
        [SeriesDays("a", "count", MONDAY, tuple(values))],
        last_day=MONDAY + timedelta(days=len(values) - 1),
        provisional_days=0,
    ).anomalies


def day_of(day: date | None) -> int:
    assert day is not None
    return (day - MONDAY).days


@pytest.mark.parametrize("factor", [1.6, 0.6])
@pytest.mark.parametrize("length", [10, 15, 20, 25])
@pytest.mark.parametrize("seed", range(3))
def test_the_return_is_an_end(seed: int, length: int, factor: float) -> None:
    """One anomaly for days above or below the usual level, with their last day, and none for the return."""
    values = counts(seed, length, factor)
    end = FIRST_DAY + length
    [anomaly] = anomalies(values)
    assert anomaly.score is not None
    assert (anomaly.score > 0) == (factor > 1)
    assert abs(day_of(anomaly.since) - FIRST_DAY) <= 1
    assert abs(day_of(anomaly.until) - (end - 1)) <= 2
    [noticed] = anomalies(values[: end + 5])
    assert noticed.until == anomaly.until
    short = anomaly.kind in ("spike", "drop")
    assert short == ((day_of(anomaly.until) - day_of(anomaly.since)) < 14)


@pytest.mark.parametrize("seed", range(4))
def test_a_fall_below_the_old_level_is_found(seed: int) -> None:
    """Twelve days at 160 percent and then 50 percent of the usual level: the rise ends, and a fall begins."""
    values = [round(value * (0.5 if day >= FIRST_DAY + 12 else 1.0)) for day, value in enumerate(counts(seed, 12, 1.6))]
    kinds = [(anomaly.kind, day_of(anomaly.since)) for anomaly in anomalies([float(value) for value in values])]
    falls = [since for kind, since in kinds if kind == "fall"]
    assert len(falls) == 1, kinds
    assert abs(falls[0] - FIRST_DAY - 12) <= 2, kinds


@pytest.mark.parametrize(
    ("scores", "without_step", "days"),
    [
        ([0.1, -0.3, 0.2], [3.0, 2.5, 3.2], 0),
        # One day alone is no return.
        ([0.1, -0.3, -6.0], [3.0, 2.5, 0.0], 0),
        ([0.1, -3.0, -2.5], [3.0, 0.2, -0.4], 2),
        ([-2.0, -2.2, -1.8], [0.3, 0.0, -0.1], 3),
        # A missing day says nothing.
        ([0.1, -3.0, math.nan, -2.5], [3.0, 0.2, math.nan, -0.4], 3),
        ([-3.0], [0.1], 0),
    ],
)
def test_days_of_a_return(scores: list[float], without_step: list[float], days: int) -> None:
    """Several days that fit the old level better than the new one are a return."""
    assert returned_days(np.array(scores), np.array(without_step)) == days
