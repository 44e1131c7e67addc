"""One false discovery rate for all statements about a portfolio."""

import numpy as np
import pytest

from sophia.analytics.drivers.confidence import FALSE_SHARE, chances, discoveries


def test_by_chance_hardly_anything_is_found() -> None:
    """H12: of portfolios in which nothing happens at most one in twenty has any discovery."""
    random = np.random.default_rng(1)
    assert np.mean([discoveries(random.random(49), np.ones(49)).any() for _ in range(4000)]) == pytest.approx(
        FALSE_SHARE, abs=0.015
    )


def test_few_of_the_discoveries_are_false() -> None:
    random = np.random.default_rng(2)
    shares = []
    for _ in range(500):
        tried = np.concatenate([random.random(80), random.random(20) * 1e-4])
        found = discoveries(tried, np.ones(100))
        assert found[80:].all()
        shares.append(found[:80].sum() / found.sum())
    assert np.mean(shares) <= FALSE_SHARE


def test_an_important_statement_needs_less_evidence() -> None:
    """It weighs as much as all others together, and by chance still one portfolio in twenty has a discovery."""
    weights = np.append(np.ones(48), 48.0)
    tried = np.append(np.full(48, 0.9), 0.02)
    assert discoveries(tried, weights).tolist() == [False] * 48 + [True]
    assert not discoveries(tried, np.ones(49)).any()
    random = np.random.default_rng(3)
    found = [discoveries(random.random(49), weights).any() for _ in range(4000)]
    assert np.mean(found) == pytest.approx(FALSE_SHARE, abs=0.015)


def test_chances_of_intervals() -> None:
    """An end at zero has a chance of one in twenty; without an interval a part proves nothing."""
    logs, lows, highs = (
        np.array([[0.2, -0.2, 0.2, 0.2]]),
        np.array([[0.0, -0.4, np.nan, 0.15]]),
        np.array([[0.4, 0.0, np.nan, 0.25]]),
    )
    found = chances(logs, lows, highs)[0]
    assert found[:2] == pytest.approx([0.05, 0.05], abs=0.005)
    assert found[2] == 1.0
    assert found[3] < 1e-3
    assert chances(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))[0, 0] == 1.0


def test_nothing_is_discovered_among_nothing() -> None:
    assert not discoveries(np.array([]), np.array([])).any()
