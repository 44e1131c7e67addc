"""When clients publish: habits, changes of the habit, pauses, campaigns, and reactions to the platform."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.worlds.clients import Traits
from benchmarks.worlds.records import Bools, Campaign, Floats, Generator, Ints
from benchmarks.worlds.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class Schedule:
    """Posts ordered by client and time: arrays [post]. `crowd` is the number of posts within 3.5 days, itself included."""

    client: Ints
    day: Ints
    hour: Ints
    kind: Ints
    boosted: Bools
    crowd: Floats


def draw_campaigns(random: Generator, clients: int, days: int, scenario: Scenario) -> tuple[Campaign, ...]:
    """Draw campaigns of 7 to 21 days."""
    campaigns = []
    for client in range(clients):
        for start in np.sort(random.integers(14, days, random.poisson(scenario.campaigns * days / 365))):
            end = min(int(start) + int(random.integers(7, 22)), days)
            campaigns.append(Campaign(client, int(start), end))
    return tuple(campaigns)


def _intensity(random: Generator, days: int, scenario: Scenario, reaction: Floats) -> Floats:
    """Draw the logarithm of a client's number of posts relative to its habit, for each day."""
    level = np.zeros(days)
    for start in random.integers(21, days, random.poisson(scenario.posting_changes * days / 365)):
        change = random.choice((-1, 1)) * random.uniform(0.3, 1.0)
        level[start:] += change
        if random.random() < 0.5:
            level[start + int(random.integers(14, 70)) :] -= change
    return np.asarray(np.clip(level, -1.6, 1.4) + reaction, dtype=np.float64)


def _paused(random: Generator, days: int, scenario: Scenario) -> Bools:
    paused = np.zeros(days, dtype=np.bool_)
    for start in random.integers(21, days, random.poisson(scenario.pauses * days / 365)):
        paused[start : start + int(random.integers(10, 45))] = True
    return paused


def _kind_shares(random: Generator, traits: Traits, days: int, scenario: Scenario) -> Floats:
    """Draw the shares [day, kind] of the kinds; a change of the habit can change them."""
    shares = np.tile(traits.kind_shares, (days, 1))
    for start in random.integers(21, days, random.poisson(0.7 * scenario.posting_changes * days / 365)):
        shares[start:] = 0.4 * shares[start:] + 0.6 * random.dirichlet(np.full(len(traits.kind_shares), 0.8))
    return shares


def _regular_days(traits: Traits, days: int) -> Ints:
    """Lay the same number of posts on the same weekdays of each week."""
    number = max(round(traits.posts_per_week), 1)
    weekdays = np.resize(np.argsort(-traits.weekday_posting), number)
    return np.sort(np.add.outer(np.arange(0, days - 6, 7), weekdays).ravel())


def _posts_of(
    random: Generator, traits: Traits, first_date: date, per_day: Floats, shares: Floats, scenario: Scenario
) -> tuple[Ints, Ints, Ints]:
    """Draw day, hour and kind of a client's posts."""
    days = len(per_day)
    if scenario.regular_schedule:
        day = _regular_days(traits, days)
        weekly = len(day) // max(len(np.unique(day // 7)), 1)
        hour = np.resize(random.choice(24, weekly, p=traits.hours), len(day))
        kind = np.resize(random.choice(len(traits.kind_shares), weekly, p=traits.kind_shares), len(day))
        return day, hour.astype(np.int64), kind.astype(np.int64)
    weekday = (first_date.weekday() + np.arange(days)) % 7
    expected = per_day * 7 * traits.weekday_posting[weekday]
    # Agencies plan: the number of posts of a week varies less than a Poisson count.
    of_weeks = np.repeat(random.lognormal(0, 0.2, days // 7 + 1), 7)[:days]
    planned = np.floor(np.cumsum(expected * of_weeks) + random.random())
    counts = np.diff(planned, prepend=0).astype(np.int64)
    day = np.repeat(np.arange(days), counts)
    hour = random.choice(24, len(day), p=traits.hours)
    edges = np.cumsum(shares[day], axis=1)
    kind = (random.random(len(day))[:, None] > edges).sum(axis=1).clip(0, shares.shape[1] - 1)
    order = np.lexsort((hour, day))
    return day[order], hour[order].astype(np.int64), kind[order].astype(np.int64)


def _crowd(day: Ints, hour: Ints) -> Floats:
    """Count the posts within 3.5 days before and after each post: they compete for the same followers."""
    time = np.sort(day + hour / 24)
    moment = day + hour / 24
    return np.asarray(
        np.searchsorted(time, moment + 3.5, "right") - np.searchsorted(time, moment - 3.5, "left"), dtype=np.float64
    )


def draw_schedule(
    random: Generator,
    traits: list[Traits],
    first_date: date,
    platform: Floats,
    campaigns: tuple[Campaign, ...],
    calendar: Floats,
    scenario: Scenario,
) -> Schedule:
    """Draw all posts. In a third of the clients the platform's level of two weeks ago changes the number of posts."""
    days = platform.shape[1]
    columns: list[tuple[Ints, ...]] = []
    crowds = []
    for client, client_traits in enumerate(traits):
        reacts = scenario.platform_shocks > 0 and random.random() < 0.3
        reaction = -0.5 * np.concatenate([np.zeros(14), platform[client, :-14]]) if reacts else np.zeros(days)
        level = _intensity(random, days, scenario, reaction) + random.normal(0, 0.5) * calendar[client]
        for campaign in campaigns:
            if campaign.client == client:
                level[campaign.start_day : campaign.end_day] += random.uniform(0.3, 0.9)
        per_day = client_traits.posts_per_week / 7 * np.exp(level) * ~_paused(random, days, scenario)
        shares = _kind_shares(random, client_traits, days, scenario)
        day, hour, kind = _posts_of(random, client_traits, first_date, per_day, shares, scenario)
        columns.append((np.full(len(day), client), day, hour, kind))
        crowds.append(_crowd(day, hour))
    client_of, day_of, hour_of, kind_of = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    boosted = random.random(len(day_of)) < scenario.boost_share
    return Schedule(client_of, day_of, hour_of, kind_of, boosted, np.concatenate(crowds))
