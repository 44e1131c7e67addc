"""Small portfolios with a known cause of change, for the tests of drivers."""

from dataclasses import replace

import numpy as np

from sophia.analytics.drivers.drivers import DRIVERS, DriverSplit, Part
from sophia.analytics.drivers.series import ClientDays, Periods, PublishedPost

HISTORY, LENGTH = 84, 7
TOTAL = HISTORY + 2 * LENGTH
PERIODS = Periods(HISTORY, HISTORY + LENGTH, LENGTH)
AFTER = HISTORY + LENGTH


def portfolio(
    seed: int,
    clients: int = 12,
    *,
    platform: float = 0.0,
    noise: float = 0.15,
    exponents: tuple[float, float] = (0.5, 0.0),
    busier: float = 1.0,
) -> list[ClientDays]:
    """Return clients whose days follow their posts of the day by exponents with this (mean, standard deviation).

    In the last week `platform` is added to ln exposure, and a third of the clients publishes `busier` times as much.
    """
    return [
        _client(np.random.default_rng((seed, client)), client, platform, noise, exponents, busier)
        for client in range(clients)
    ]


def _client(
    random: np.random.Generator,
    client: int,
    platform: float,
    noise: float,
    exponents: tuple[float, float],
    busier: float,
) -> ClientDays:
    usual = int(random.integers(2, 5))
    exponent = random.normal(*exponents)
    factors = np.ones(TOTAL)
    factors[AFTER:] = busier if client % 3 == 0 else 1.0
    counts = 1 + random.poisson(usual * factors)
    after = np.arange(TOTAL) >= AFTER
    log = exponent * np.log(counts / (usual + 1)) + platform * after + random.normal(0, noise, TOTAL)
    exposure = np.round(random.lognormal(8, 0.5) * np.exp(log)) + 1
    engagements = random.poisson(0.05 * exposure) + 1
    posts = tuple(PublishedPost(day, "photo") for day, count in enumerate(counts) for _ in range(count))
    return ClientDays(client, tuple(exposure.tolist()), tuple(map(float, engagements.tolist())), posts, (0, TOTAL))


def scaled(client: ClientDays, exposure: float, engagements: float, first: int = AFTER) -> ClientDays:
    """Return the client with its days from `first` on multiplied."""
    return replace(
        client,
        exposure=(*client.exposure[:first], *(None if x is None else x * exposure for x in client.exposure[first:])),
        engagements=(
            *client.engagements[:first],
            *(None if x is None else x * engagements for x in client.engagements[first:]),
        ),
    )


def logs(split: DriverSplit) -> dict[str, float]:
    """Return {driver: its logarithm} of the parts that could be computed."""
    return {driver: part.log for driver in DRIVERS if (part := split.part(driver)) is not None}


def present(part: Part | None) -> Part:
    """Return the part, which must exist."""
    assert part is not None
    return part


def holds(part: Part | None, truth: float) -> bool:
    """Return whether the part's interval contains the truth."""
    existing = present(part)
    assert existing.low is not None
    assert existing.high is not None
    return existing.low - 1e-9 <= truth <= existing.high + 1e-9
