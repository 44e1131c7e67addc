"""Exponents of posting: each client's own, borrowed from the portfolio where its history says little."""

import numpy as np
import pytest

from sophia.analytics.drivers.exponents import exponent_draws
from sophia.analytics.drivers.series import MEAN_AGES
from sophia.analytics.figures.statistics import Floats

DRAWS = 400
TAILS = (0.025, 0.975)


def drawn(posting: Floats, exposure: Floats, noise: float, seed: int = 0) -> Floats:
    """Draw exponents when every mean age gives the same change of potential."""
    changes = np.broadcast_to(posting, (len(MEAN_AGES), *posting.shape))
    variance = np.full(exposure.shape, noise**2)
    return exponent_draws(changes, exposure, variance, np.random.default_rng(seed), DRAWS).values


@pytest.mark.parametrize("clients", [6, 12, 20, 50])
@pytest.mark.parametrize("spread", [0.05, 0.15, 0.3])
def test_intervals_hold_each_clients_exponent(clients: int, spread: float) -> None:
    """However much clients differ, at least nine of ten intervals hold a client's own exponent."""
    held = []
    for seed in range(max(240 // clients, 8)):
        random = np.random.default_rng((clients, seed))
        exponents = random.normal(random.uniform(0.2, 0.8), spread, clients)
        posting = random.normal(0, 0.4, (clients, 12))
        exposure = exponents[:, None] * posting + random.normal(0, 0.25, (clients, 12))
        low, high = np.quantile(drawn(posting, exposure, 0.25, seed), TAILS, axis=0)
        held.append((low <= exponents) & (exponents <= high))
    assert np.mean(held) >= 0.9


def test_a_client_with_history_has_its_own_exponent() -> None:
    """Eleven clients follow their posts by 0.5, and the twelfth hardly: with a year of changes it is not drawn to theirs."""
    random = np.random.default_rng(3)
    posting = random.normal(0, 0.5, (12, 50))
    exposure = np.r_[[0.5] * 11, [0.05]][:, None] * posting + random.normal(0, 0.1, (12, 50))
    means = drawn(posting, exposure, 0.1).mean(axis=0)
    assert means[-1] == pytest.approx(0.05, abs=0.07)
    assert means[:-1] == pytest.approx(np.full(11, 0.5), abs=0.1)


def test_without_changes_the_prior_remains() -> None:
    """Unknown changes say nothing: around one half, and wide."""
    unknown = np.full((3, 12), np.nan)
    values = drawn(unknown, unknown, 0.2)
    assert values.mean() == pytest.approx(0.5, abs=0.1)
    assert values.std() > 0.3


def test_one_wild_change_does_not_decide() -> None:
    """A viral week with one post more is no exponent of 10."""
    random = np.random.default_rng(4)
    posting = random.normal(0, 0.3, (12, 12))
    exposure = 0.5 * posting + random.normal(0, 0.1, (12, 12))
    posting[0, 0], exposure[0, 0] = 0.3, 3.0
    assert drawn(posting, exposure, 0.1).mean(axis=0)[0] < 0.9


def test_the_mean_age_of_views_is_learnt() -> None:
    """If exposure follows the second of the mean ages, draws use it."""
    random = np.random.default_rng(5)
    posting = random.normal(0, 0.5, (len(MEAN_AGES), 20, 12))
    exposure = 0.6 * posting[1] + random.normal(0, 0.1, (20, 12))
    ages = exponent_draws(posting, exposure, np.full((20, 12), 0.01), random, DRAWS).ages
    assert np.mean(ages == 1) > 0.95
