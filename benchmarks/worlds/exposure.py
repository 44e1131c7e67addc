"""Views and interactions of each post on each day of its life, with and without single causes."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from benchmarks.worlds.causes import Audience, PlatformCause
from benchmarks.worlds.clients import Traits
from benchmarks.worlds.publishing import Schedule
from benchmarks.worlds.records import DAYS_OF_AGE, Floats, Generator, Ints, as_floats

LIFE = DAYS_OF_AGE + 1
# Interactions per view fall with the age of a post, by this logarithm per day.
RESPONSE_BY_AGE = -0.03
# People who look at a profile hardly interact.
PROFILE_RESPONSE = 0.15


@dataclass(frozen=True, slots=True)
class Causes:
    """Everything that acts on the posts: logarithms [client, day] unless a field has its own shape; luck is [post]."""

    platform: PlatformCause
    audience: Audience
    calendar_exposure: Floats
    calendar_response: Floats
    people: Floats
    luck: Floats
    response_luck: Floats


@dataclass(frozen=True, slots=True)
class Life:
    """Where and how posts gather: [post, day of life, part of the day before and after the hour of publishing].

    `day` [post, day of life] is the day in the world, `inside` whether it lies before the end.
    """

    day: Ints
    inside: npt.NDArray[np.bool_]
    share: Floats
    scheduled: Floats
    kind_rate: Floats


@dataclass(frozen=True, slots=True)
class DailySums:
    """Adds up posts to [client, day]."""

    clients: int
    days: int
    client: Ints
    life: Life
    cells: Ints = field(init=False)

    def __post_init__(self) -> None:
        cells = self.client[:, None] * self.days + np.minimum(self.life.day, self.days - 1)
        object.__setattr__(self, "cells", cells[self.life.inside])

    def add(self, values: Floats) -> Floats:
        """Add values [post, day of life] up to [client, day]."""
        sums = np.bincount(self.cells, values[self.life.inside], self.clients * self.days)
        return as_floats(sums).reshape(self.clients, self.days)


def _log_normal_share(hours: Floats, scale: Floats, spread: Floats) -> Floats:
    """Return the share that posts have gathered after some hours: a log-normal distribution function."""
    standard = np.log(np.maximum(hours, 1e-6) / scale) / spread
    # Abramowitz and Stegun 26.2.17, error below 1e-7.
    t = 1 / (1 + 0.2316419 * np.abs(standard))
    tail = (
        np.exp(-(standard**2) / 2)
        / np.sqrt(2 * np.pi)
        * t
        * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    )
    return as_floats(np.where(standard > 0, 1 - tail, tail))


def lives_of(traits: list[Traits], schedule: Schedule, first_weekday: int, days: int) -> Life:
    """Lay out the lives of all posts as the schedule alone determines them."""
    number = len(schedule.day)
    scale = np.array([client.age_scale_hours for client in traits])[schedule.client, schedule.kind]
    spread = np.array([client.age_spread for client in traits])[schedule.client]
    ends = 24.0 * np.arange(1, LIFE + 1)[None, :] - schedule.hour[:, None]
    starts = np.maximum(ends - 24, 0)
    same_hour = np.where(np.arange(LIFE)[None, :] == 0, 0, starts + schedule.hour[:, None])
    at_end, at_start, at_hour = (
        _log_normal_share(hours, scale[:, None], spread[:, None]) * (hours > 0)
        for hours in map(as_floats, (ends, starts, same_hour))
    )
    share = np.stack([np.maximum(at_hour - at_start, 0), at_end - np.maximum(at_hour, at_start)], axis=2)
    per_post = np.empty(number)
    for client, client_traits in enumerate(traits):
        rows = schedule.client == client
        per_post[rows] = client_traits.exposure * client_traits.saturation.per_post(schedule.crowd[rows])
        per_post[rows] *= client_traits.kind_exposure[schedule.kind[rows]]
        per_post[rows] *= client_traits.hour_exposure[schedule.hour[rows]]
    day = schedule.day[:, None] + np.arange(LIFE)[None, :]
    weekday = np.array([client.weekday_exposure for client in traits])[
        schedule.client[:, None], (first_weekday + day) % 7
    ]
    rate = np.array([client.interaction_rate * client.kind_response for client in traits])
    kind_rate = rate[schedule.client, schedule.kind][:, None] * np.exp(RESPONSE_BY_AGE * np.arange(LIFE))[None, :]
    return Life(day, day < days, share, per_post[:, None] * weekday * share.sum(axis=2), kind_rate)


def profile_views(traits: list[Traits], first_weekday: int, days: int) -> Floats:
    """Return the views [client, day] that need no post."""
    weekday = (first_weekday + np.arange(days)) % 7
    return np.array([client.profile_views * client.weekday_exposure[weekday] for client in traits])


def profile_rate(traits: list[Traits]) -> Floats:
    """Return the interactions per view of the profile, [client, 1]."""
    return np.array([[PROFILE_RESPONSE * client.interaction_rate] for client in traits])


def paid_counts(random: Generator, schedule: Schedule, life: Life) -> tuple[Ints, Ints]:
    """Draw paid views and interactions [post, day of life]: three to seven days from the day after publishing."""
    number = len(schedule.day)
    typical = life.scheduled.sum(axis=1) * schedule.boosted
    length = random.integers(3, 8, number)
    age = np.arange(LIFE)[None, :]
    running = (age >= 1) & (age <= length[:, None])
    daily = typical * random.lognormal(-0.3, 0.7, number) / length * 2
    views = random.poisson(daily[:, None] * running * random.lognormal(0, 0.2, (number, LIFE)))
    rate = life.kind_rate * random.lognormal(-1.0, 0.6, number)[:, None]
    return views, random.binomial(views, np.minimum(rate, 0.5))
