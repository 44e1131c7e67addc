"""Invents portfolios with known causes of a change, day by day: the first generator of `benchmarks.drivers`.

Exposure follows the posts of the week by an exponent that differs between clients; noise lasts from day to day.
"""

from dataclasses import dataclass

import numpy as np
from tests.demo.planted import PlantedParts

from sophia.analytics.drivers.series import ClientDays, Periods, PublishedPost

HISTORY_DAYS = 84
EXPONENT_SD = 0.15
FORMATS = ("photo", "reel", "status", "video")


@dataclass(frozen=True)
class Portfolio:
    """Clients with the true parts of their changes between two periods."""

    clients: list[ClientDays]
    periods: Periods
    truths: list[PlantedParts]


def planted(random: np.random.Generator, clients: int) -> tuple[float, np.ndarray, np.ndarray]:
    """The platform's change; distribution, which moves for some; people, who change for some."""
    platform = float(random.normal(0.0, 0.15))
    distribution = random.normal(0.0, 0.05, clients) + (random.random(clients) < 0.15) * random.normal(0, 0.3, clients)
    people = random.normal(0.0, 0.03, clients) + (random.random(clients) < 0.2) * random.normal(0, 0.3, clients)
    return platform, distribution, people


def invented(random: np.random.Generator, clients: int = 20, length: int = 7, *, null: bool = False) -> Portfolio:
    """Weekly season, noise that lasts, engagements that scatter more than Poisson, exponents of their own."""
    platform, distribution, people = planted(random, clients)
    if null:
        platform, distribution, people = 0.0, 0 * distribution, 0 * people
    usual = random.uniform(0.2, 0.8)
    exponents = np.clip(random.normal(usual, EXPONENT_SD, clients), 0.0, 1.2)
    portfolio, truths = [], []
    for client in range(clients):
        change = 1.0 if null else float(random.choice([1.0, 1.0, 1.0, 0.5, 2.0]))
        days, posting = _client(
            random, client, length, exponents[client], change, (platform + distribution[client], people[client]), null
        )
        portfolio.append(days)
        truths.append(PlantedParts(platform, float(distribution[client]), posting, float(people[client])))
    return Portfolio(portfolio, Periods(HISTORY_DAYS, HISTORY_DAYS + length, length), truths)


def _client(
    random: np.random.Generator,
    client: int,
    length: int,
    exponent: float,
    change: float,
    moved: tuple[float, float],
    null: bool,
) -> tuple[ClientDays, float]:
    total = HISTORY_DAYS + 2 * length
    level, week = random.lognormal(7, 1), np.exp(random.normal(0, 0.2, 7))
    usual = random.uniform(3, 12)
    starts = np.arange(0, total, 7)
    factors = np.where(starts >= total - length, change, 1.0)
    counts = 1 + (np.full(len(starts), round(usual)) if null else random.poisson(usual * factors))
    noise = np.zeros(total)
    noise[0] = random.normal(0, 0.2)
    for day in range(1, total):
        noise[day] = 0.3 * noise[day - 1] + random.normal(0, 0.19)
    log = np.zeros(total)
    posts = []
    for start, count in zip(starts, counts, strict=True):
        log[start : start + 7] = exponent * np.log(count / (1 + usual))
        posts += [
            PublishedPost(int(day), FORMATS[int(random.integers(4))])
            for day in random.integers(start, start + 7, count)
        ]
    after = np.arange(total) >= total - length
    exposure = level * week[np.arange(total) % 7] * np.exp(noise + log + after * moved[0])
    rate = 0.04 * np.exp(after * moved[1] + random.normal(0, 0.1, total))
    engagements = random.poisson(exposure * rate)
    lost = random.random(total) < 0.02
    return ClientDays(
        client,
        tuple(None if gone else float(round(x)) for x, gone in zip(exposure, lost, strict=True)),
        tuple(float(e) for e in engagements),
        tuple(posts),
        (0, total),
    ), float(np.log(np.exp(log[-length:]).sum() / np.exp(log[-2 * length : -length]).sum()))
