"""The noise of a change: correlated days, history and what it says beside the days."""

import numpy as np
import pytest

from sophia.analytics.drivers.noise import correlated_variance, day_correlation, noise_of
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


def test_history_shows_what_days_hide() -> None:
    """Good weeks last: days look steady, the weeks do not, and the noise is that of the weeks."""
    random = np.random.default_rng(5)
    daily = np.full(40, 0.01)
    noise = noise_of(daily, np.full(40, 7.0), random.normal(0, 0.4, (40, 12)), 7)
    assert noise.variance == pytest.approx(np.full(40, 0.16), rel=0.35)
    assert noise.freedom.min() > 8


def test_steady_clients_keep_their_own_noise() -> None:
    """Of clients that truly differ none gets the scatter of another."""
    random = np.random.default_rng(6)
    sizes = np.repeat([0.05, 0.5], 20)
    noise = noise_of(np.full(40, np.nan), np.zeros(40), random.normal(0, 1, (40, 40)) * sizes[:, None], 7)
    assert noise.variance[:20] == pytest.approx(np.full(20, 0.05**2), rel=0.9)
    assert noise.variance[20:] == pytest.approx(np.full(20, 0.5**2), rel=0.9)


def test_one_viral_week_is_no_lasting_scatter() -> None:
    """A change many times the usual size is cut, so that it does not hide every later change."""
    changes = np.tile([0.1, -0.1], (6, 6))
    changes[0, 3] = 5.0
    noise = noise_of(np.full(6, np.nan), np.zeros(6), changes, 7)
    assert noise.variance[0] < 0.06


def test_nothing_is_known_without_days_and_history() -> None:
    noise = noise_of(np.full(3, np.nan), np.zeros(3), np.full((3, 12), np.nan), 7)
    assert np.isnan(noise.variance).all()
