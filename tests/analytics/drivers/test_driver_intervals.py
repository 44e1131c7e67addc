"""Intervals of drivers that hold the truth where little is known: days that hang together, formats of few clients."""

from math import log

import numpy as np
import pytest
from tests.analytics.drivers.test_drivers import known
from tests.analytics.drivers.test_lasting_days import lasting

from sophia.analytics.drivers.drivers import Part, split_drivers
from sophia.analytics.drivers.units import ClientWindows, DaysWindow, PostsWindow


def holds(part: Part | None, truth: float) -> bool:
    found = known(part)
    assert found.low is not None
    assert found.high is not None
    return found.low - 1e-9 <= truth <= found.high + 1e-9


@pytest.mark.parametrize("clients", [14, 60])
def test_days_that_hang_together(clients: int) -> None:
    """A good day is followed by another: a window knows less than its days seem to say, and the intervals know it."""
    distribution, people = [], []
    for seed in range(420 // clients):
        seen = np.round(np.exp(7 + 0.2 * lasting(seed, clients, 28, 0.4)))
        reacted = np.round(0.05 * seen * np.exp(0.1 * lasting(seed + 1000, clients, 28, 0.4))) + 1
        portfolio = [
            ClientWindows(
                client,
                *(
                    DaysWindow(tuple(seen[client, days].tolist()), tuple(reacted[client, days].tolist()), 7)
                    for days in (slice(14), slice(14, 28))
                ),
            )
            for client in range(clients)
        ]
        for split in split_drivers(portfolio, draws=200).values():
            distribution.append(holds(split.distribution, 0.0))
            people.append(holds(split.people, 0.0))
    assert np.mean(distribution) >= 0.9
    assert np.mean(people) >= 0.9


def test_formats_of_six_clients() -> None:
    """What a reel is worth beside a photo is known from six clients only, and posting is as doubtful as that."""
    held = []
    for seed in range(80):
        random = np.random.default_rng(seed)
        levels = random.lognormal(6, 0.5, 6)
        portfolio = [ClientWindows(client, *(_posts(random, levels[client]) for _ in (0, 1))) for client in range(6)]
        for split in split_drivers(portfolio, draws=200).values():
            client = portfolio[split.client_id]
            held.append(holds(split.posting, _potential(client.after) - _potential(client.before)))
    assert np.mean(held) >= 0.9


def _posts(random: np.random.Generator, level: float) -> PostsWindow:
    """Photos and reels; reels are shown twice as much, and people respond to them twice as much."""
    kinds = random.integers(0, 2, random.integers(6, 20))
    exposure = level * (1 + kinds) * np.exp(random.normal(0, 0.3, len(kinds)))
    names = tuple(("photo", "reel")[kind] for kind in kinds)
    reacted = random.poisson(0.05 * (1 + kinds) * exposure).astype(float)
    return PostsWindow(names, tuple(exposure.tolist()), tuple(reacted.tolist()))


def _potential(window: DaysWindow | PostsWindow) -> float:
    assert isinstance(window, PostsWindow)
    return log(sum(4.0 if name == "reel" else 1.0 for name in window.formats))
