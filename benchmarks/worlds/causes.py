"""What changes over time besides the posts: the platform, the interest of people, the audience, a client's own luck."""

from dataclasses import dataclass

import numpy as np

from benchmarks.worlds.clients import Traits
from benchmarks.worlds.publishing import Schedule
from benchmarks.worlds.records import Campaign, Floats, Generator, as_floats, ornstein_uhlenbeck
from benchmarks.worlds.scenarios import Scenario

# The first 42 days and the last 7 are cut off. Changes begin so that a week or more before and after them stays.
FIRST_CHANGE, LAST_CHANGE = 63, 21


@dataclass(frozen=True, slots=True)
class PlatformCause:
    """The algorithm: effects on the logarithm of exposure, [client, day] for all posts and [client, kind, day]."""

    common: Floats
    formats: Floats


@dataclass(frozen=True, slots=True)
class Audience:
    """Followers [client, day], and two logarithms [client, day]: effect of the audience on exposure, other distribution."""

    followers: Floats
    exposure: Floats
    distribution: Floats


def _step(random: Generator, days: int, size: float) -> Floats:
    """Draw a change of the level: at once, over two to six weeks, or for one to three weeks only."""
    start = int(random.integers(FIRST_CHANGE, max(days - LAST_CHANGE, FIRST_CHANGE + 1)))
    day = np.arange(days)
    form = random.integers(3)
    if form == 0:
        return as_floats(size * (day >= start))
    if form == 1:
        return as_floats(size * np.clip((day - start) / random.uniform(14, 42), 0, 1))
    return as_floats(size * ((day >= start) & (day < start + random.integers(7, 22))))


def draw_platform(random: Generator, traits: list[Traits], kinds: int, days: int, scenario: Scenario) -> PlatformCause:
    """Draw the common factor with the clients' sensitivities, and changes that hit one kind of post only."""
    common = ornstein_uhlenbeck(random, (1, days), scenario.platform_drift, 45)[0]
    for _ in range(_events(random, scenario.platform_shocks, days)):
        common += _step(random, days, random.choice((-1, 1)) * random.uniform(0.12, 0.5))
    formats = np.zeros((kinds, days))
    for _ in range(_events(random, scenario.format_shocks, days)):
        size = random.choice((-1, 1)) * random.uniform(0.3, 0.9)
        formats[random.integers(kinds)] += _step(random, days, size)
    sensitivity = np.array([client.sensitivity for client in traits])
    of_formats = np.array([client.format_sensitivity for client in traits])
    return PlatformCause(sensitivity[:, None] * common, of_formats[:, None, None] * formats)


def _events(random: Generator, per_year: float, days: int) -> int:
    """Draw a number of events, at least one where they may happen at all."""
    return max(int(random.poisson(per_year * days / 365)), 1) if per_year else 0


def draw_people(
    random: Generator, clients: int, days: int, campaigns: tuple[Campaign, ...], scenario: Scenario
) -> Floats:
    """Draw the logarithm of interactions per view: drifting interest, lasting shifts, better posts of campaigns."""
    interest = ornstein_uhlenbeck(random, (clients, days), scenario.people_drift, 40)
    for client in range(clients):
        for _ in range(random.poisson(scenario.people_shifts * days / 365)):
            interest[client] += _step(random, days, random.choice((-1, 1)) * random.uniform(0.15, 0.6))
    for campaign in campaigns:
        interest[campaign.client, campaign.start_day : campaign.end_day] += random.normal(0.12, 0.1)
    return interest


def draw_luck(random: Generator, traits: list[Traits], schedule: Schedule, scenario: Scenario) -> tuple[Floats, Floats]:
    """Draw the luck of each post: factors on its exposure and on its interactions per view; a few posts go viral.

    The tails are those of a t distribution with 4 degrees of freedom, and of a Pareto distribution for viral posts.
    """
    number = len(schedule.day)
    spread = np.array([client.luck for client in traits])[schedule.client]
    luck = np.exp(np.clip(spread * random.standard_t(4, number) / np.sqrt(2), -2.5, 2.5) - spread**2 / 2)
    viral = random.random(number) < scenario.viral_chance
    luck = np.where(viral, luck * np.minimum(4 * (1 + random.pareto(1.3, number)), 80), luck)
    response = np.exp(random.normal(0, 0.3, number) - 0.15 * np.log(luck))
    return luck, response


def draw_audience(
    random: Generator, traits: list[Traits], schedule: Schedule, luck: Floats, days: int, scenario: Scenario
) -> Audience:
    """Draw followers and distribution. A viral post brings followers, and exposure to the posts of the next ten days."""
    clients = len(traits)
    growth = random.normal(0.5, 1, clients)[:, None] * scenario.growth_spread
    growth = growth + random.normal(0, 0.3 * scenario.growth_spread, (clients, days))
    distribution = ornstein_uhlenbeck(random, (clients, days), scenario.distribution_drift, 12)
    for post in np.flatnonzero(luck > 6):
        client, day = schedule.client[post], schedule.day[post]
        growth[client, day : day + 4] += 0.004 * np.log(luck[post]) * random.uniform(0, 1)
        later = np.arange(day + 1, min(day + 22, days))
        distribution[client, later] += 0.12 * np.log(luck[post]) * np.exp(-(later - day) / 10)
    start = np.array([client.followers for client in traits])
    exponent = np.array([client.follower_exponent for client in traits])
    total = np.cumsum(growth, axis=1)
    followers = np.round(start[:, None] * np.exp(total))
    return Audience(followers, exponent[:, None] * total, distribution)
