"""What a collector gets to see of the counts: daily values, posts by age, gaps."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.worlds.clients import Traits
from benchmarks.worlds.exposure import DailySums
from benchmarks.worlds.publishing import Schedule
from benchmarks.worlds.records import DAYS_OF_AGE, Bools, Campaign, Floats, Generator, Ints, Observed, Posts, as_floats


@dataclass(frozen=True, slots=True)
class Counts:
    """Drawn counts: of posts [post, day of life, part of the day], of profiles [client, day], paid [post, day of life]."""

    views: Ints
    interactions: Ints
    profile_views: Ints
    profile_interactions: Ints
    paid: tuple[Ints, Ints]


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """Complete daily counts [client, day], without gaps."""

    views: Floats
    interactions: Floats
    paid_views: Floats
    paid_interactions: Floats


def daily_counts(counts: Counts, sums: DailySums) -> DailyCounts:
    """Add the counts up to organic and paid days."""
    return DailyCounts(
        views=sums.add(as_floats(counts.views.sum(axis=2))) + counts.profile_views,
        interactions=sums.add(as_floats(counts.interactions.sum(axis=2))) + counts.profile_interactions,
        paid_views=sums.add(as_floats(counts.paid[0])),
        paid_interactions=sums.add(as_floats(counts.paid[1])),
    )


def _gaps(random: Generator, clients: int, days: int, starts_per_day: float, longest: int) -> Bools:
    """Draw the days without an answer: runs of one to `longest` days."""
    missing = np.zeros((clients, days), dtype=np.bool_)
    for client, day in np.argwhere(random.random((clients, days)) < starts_per_day):
        missing[client, day : day + random.integers(1, longest + 1)] = True
    return missing


def _by_age(daily: Ints) -> Floats:
    """Return cumulative counts [post, age] at 24, 48 … hours from counts [post, day of life, part of the day]."""
    until_hour = daily[:, :, 0].cumsum(axis=1)
    after_hour = daily[:, :, 1].cumsum(axis=1)
    return as_floats(until_hour[:, 1:] + after_hour[:, :-1])[:, :DAYS_OF_AGE]


def _posts(schedule: Schedule, counts: Counts, covered: Bools) -> Posts:
    paid_views, paid_interactions = (_by_age(_paid_parts(values)) for values in counts.paid)
    return Posts(
        client=schedule.client,
        day=schedule.day,
        hour=schedule.hour,
        kind=schedule.kind,
        boosted=schedule.boosted,
        listed=covered[schedule.client, schedule.day],
        views=_by_age(counts.views) + paid_views,
        interactions=_by_age(counts.interactions) + paid_interactions,
        paid_views=paid_views,
        paid_interactions=paid_interactions,
    )


def _paid_parts(daily: Ints) -> Ints:
    """Let advertisements run in the hours after the hour of publishing."""
    return np.stack([np.zeros_like(daily), daily], axis=2)


def _reach(random: Generator, traits: list[Traits], views: Floats, followers: Floats) -> Floats:
    """Return unique people of each day: views at a frequency, limited by the people who can be reached at all."""
    frequency = random.uniform(1.1, 1.6, len(traits))[:, None]
    population = 4 * followers + np.array([30 * client.exposure for client in traits])[:, None]
    people = population * -np.expm1(-views / frequency / population)
    return as_floats(np.minimum(np.round(people * random.lognormal(0, 0.02, views.shape)), views))


def observe(
    random: Generator,
    traits: list[Traits],
    schedule: Schedule,
    counts: Counts,
    daily: DailyCounts,
    followers: Floats,
    campaigns: tuple[Campaign, ...],
    frame: tuple[str, date, float],
) -> Observed:
    """Make gaps, and return what is left. `frame`: platform, first date, starts of gaps per day."""
    platform, first_date, gaps = frame
    clients, days = daily.views.shape
    missing = _gaps(random, clients, days, gaps, 4)
    covered = ~_gaps(random, clients, days, gaps, 9)
    reach = _reach(random, traits, daily.views + daily.paid_views, followers)

    def stored(values: Floats) -> Floats:
        return np.where(missing, np.nan, values)

    return Observed(
        platform=platform,
        first_date=first_date,
        clients=tuple(client.public for client in traits),
        followers=stored(followers),
        reach=stored(reach),
        views=stored(daily.views + daily.paid_views),
        interactions=stored(daily.interactions + daily.paid_interactions),
        paid_views=stored(daily.paid_views),
        paid_interactions=stored(daily.paid_interactions),
        posts_covered=covered,
        posts=_posts(schedule, counts, covered),
        campaigns=campaigns,
    )
