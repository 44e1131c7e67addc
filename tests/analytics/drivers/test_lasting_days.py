"""Chance that lasts into the next day: how much is found, and what it makes of a sum of days."""

import numpy as np
import pytest

from sophia.analytics.drivers.factors import correlated_variance, day_correlation
from sophia.analytics.figures.statistics import Floats


def lasting(seed: int, clients: int, days: int, correlation: float) -> Floats:
    """Days around 0, each with `correlation` to the one before, and of variance 1."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(clients, days))
    for day in range(1, days):
        noise[:, day] = correlation * noise[:, day - 1] + (1 - correlation**2) ** 0.5 * noise[:, day]
    return noise


@pytest.mark.parametrize("days", [7, 28])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_the_correlation_is_found(days: int, correlation: float) -> None:
    """A week says so little of one client that its own correlation comes out negative; of a portfolio it is found."""
    levels = np.random.default_rng(2).normal(size=(2000, 1))
    assert day_correlation(levels + lasting(1, 2000, days, correlation)) == pytest.approx(correlation, abs=0.06)


def test_little_is_told_from_few() -> None:
    """Six clients and a week move the belief a little, and one client hardly."""
    found = [[day_correlation(lasting(seed, clients, 7, 0.6)) for seed in range(200)] for clients in (1, 6, 200)]
    assert np.mean(found, axis=1) == pytest.approx([0.12, 0.21, 0.55], abs=0.06)


def test_what_is_missing_says_nothing() -> None:
    """Lost days take their pairs with them; without days, with two or with equal ones the belief stands."""
    changes = lasting(2, 3000, 14, 0.4)
    changes[np.random.default_rng(3).random(changes.shape) < 0.1] = np.nan
    assert day_correlation(changes) == pytest.approx(0.4, abs=0.1)
    belief = day_correlation(np.full((3, 7), np.nan))
    assert 0.0 < belief < 0.5
    for nothing in (np.ones((4, 7)), np.array([[1.0, 2.0]]), np.array([[1.0, np.inf, -np.inf, 2.0]])):
        assert day_correlation(nothing) == pytest.approx(belief)


@pytest.mark.parametrize("days", [7, 28])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_the_scatter_of_a_mean(days: int, correlation: float) -> None:
    """What a window's own scatter says of its mean, times the factor, is how much the mean really scatters."""
    noise = lasting(4, 20_000, days, correlation)
    own = noise.var(axis=1, ddof=1).mean() / days
    factor = correlated_variance(correlation, np.array([float(days)]))[0]
    assert own * factor == pytest.approx(noise.mean(axis=1).var(), rel=0.05)


def test_one_day_has_no_neighbours() -> None:
    assert correlated_variance(0.3, np.array([0.0, 1.0])).tolist() == [1.0, 1.0]
