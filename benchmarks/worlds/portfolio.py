"""Invents a portfolio: draws clients, causes and posts, and lets them act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from benchmarks.worlds.calendars import calendar_effects
from benchmarks.worlds.causes import draw_audience, draw_luck, draw_people, draw_platform
from benchmarks.worlds.clients import Traits, draw_client
from benchmarks.worlds.exposure import Causes, DailySums, Life, lives_of, paid_counts, profile_rate, profile_views
from benchmarks.worlds.observing import Counts, daily_counts, observe
from benchmarks.worlds.publishing import Schedule, draw_campaigns, draw_schedule
from benchmarks.worlds.records import KINDS, Campaign, Counterfactuals, Floats, Generator, Mechanism, World
from benchmarks.worlds.scenarios import SCENARIOS, Scenario
from benchmarks.worlds.trimming import DAYS_AFTER, DAYS_BEFORE, trim

FIRST_MONDAY = date(2025, 1, 6)


@dataclass(frozen=True, slots=True)
class _Logs:
    """The causes at each post and day of its life, as logarithms [post, day of life]."""

    platform: Floats
    calendar: Floats
    other: Floats
    people: Floats
    calendar_response: Floats


def _logs_of_posts(schedule: Schedule, life: Life, causes: Causes, days: int) -> _Logs:
    day = np.minimum(life.day, days - 1)
    client = schedule.client[:, None]
    formats = causes.platform.formats[client, schedule.kind[:, None], day]
    return _Logs(
        platform=causes.platform.common[client, day] + formats,
        calendar=causes.calendar_exposure[client, day],
        other=causes.audience.exposure[client, day] + causes.audience.distribution[client, day],
        people=causes.people[client, day],
        calendar_response=causes.calendar_response[client, day],
    )


def _without(
    schedule: Schedule, life: Life, sums: DailySums, logs: _Logs, causes: Causes, base: tuple[Floats, Floats]
) -> Mapping[str, Floats]:
    """Compute the daily expectations with and without single causes. `base`: profile's views and interactions per view."""
    kind_of, (profile, rate) = schedule.kind, base
    common, audience = causes.platform.common, causes.audience
    others = audience.exposure + audience.distribution
    luck, response_luck = causes.luck[:, None], causes.response_luck[:, None]
    every = life.scheduled * luck * np.exp(logs.platform + logs.calendar + logs.other)
    no_platform = every * np.exp(-logs.platform)
    profile_full = profile * np.exp(common + causes.calendar_exposure + others)
    profile_no_platform = profile * np.exp(causes.calendar_exposure + others)
    answered = np.exp(logs.people + logs.calendar_response)
    profile_answered = profile_full * rate * np.exp(causes.people + causes.calendar_response)

    def by_source(of_posts: Floats, of_profile: Floats) -> Floats:
        kinds = range(causes.platform.formats.shape[1])
        return np.stack([*(sums.add(of_posts * (kind_of == kind)[:, None]) for kind in kinds), of_profile], axis=1)

    return {
        "views": sums.add(every) + profile_full,
        "interactions": sums.add(every * life.kind_rate * answered * response_luck) + profile_answered,
        "scheduled_views": sums.add(life.scheduled) + profile,
        "scheduled_interactions": sums.add(life.scheduled * life.kind_rate) + profile * rate,
        "mixed_interactions": sums.add(every * life.kind_rate) + profile_full * rate,
        "platform_by_source": np.concatenate([common[:, None] + causes.platform.formats, common[:, None]], axis=1),
        "views_without_platform_by_source": by_source(no_platform, profile_no_platform),
        "mixed_interactions_without_platform_by_source": by_source(
            no_platform * life.kind_rate, profile_no_platform * rate
        ),
        "views_without_calendar": sums.add(every * np.exp(-logs.calendar)) + profile * np.exp(common + others),
        "interactions_without_calendar_response": sums.add(every * life.kind_rate * np.exp(logs.people) * response_luck)
        + profile_full * rate * np.exp(causes.people),
        "views_without_luck": sums.add(every / luck) + profile_full,
        "interactions_without_response_luck": sums.add(every * life.kind_rate * answered) + profile_answered,
    }


def _draw_counts(
    random: Generator, schedule: Schedule, life: Life, logs: _Logs, causes: Causes, profile: tuple[Floats, Floats]
) -> Counts:
    """Draw what is counted: views and interactions of posts, in the two parts of each day, and of profiles."""
    level = causes.luck[:, None] * np.exp(logs.platform + logs.calendar + logs.other)
    total = life.share.sum(axis=2, keepdims=True)
    parts = life.share / np.where(total > 0, total, 1)
    views = random.poisson((life.scheduled * level * life.inside)[:, :, None] * parts)
    rate = life.kind_rate * np.exp(logs.people + logs.calendar_response) * causes.response_luck[:, None]
    interactions = random.binomial(views, np.minimum(rate, 0.6)[:, :, None])
    others = causes.audience.exposure + causes.audience.distribution
    visits = random.poisson(profile[0] * np.exp(causes.platform.common + causes.calendar_exposure + others))
    profile_rate_now = profile[1] * np.exp(causes.people + causes.calendar_response)
    return Counts(
        views=views,
        interactions=interactions,
        profile_views=visits,
        profile_interactions=random.binomial(visits, np.minimum(profile_rate_now, 0.6)),
        paid=paid_counts(random, schedule, life),
    )


def _draw_causes(
    random: Generator, traits: list[Traits], platform: str, days: int, first_date: date, scenario: Scenario
) -> tuple[Schedule, Causes, tuple[Campaign, ...]]:
    public = tuple(client.public for client in traits)
    campaigns = draw_campaigns(random, len(traits), days, scenario)
    algorithm = draw_platform(random, traits, len(KINDS[platform]), days, scenario)
    on_exposure, on_response = calendar_effects(random, public, first_date, days, scenario.holidays, scenario.season)
    people = draw_people(random, len(traits), days, campaigns, scenario)
    schedule = draw_schedule(random, traits, first_date, algorithm.common, campaigns, on_exposure, scenario)
    luck, response_luck = draw_luck(random, traits, schedule, scenario)
    audience = draw_audience(random, traits, schedule, luck, days, scenario)
    return schedule, Causes(algorithm, audience, on_exposure, on_response, people, luck, response_luck), campaigns


def _mechanism(traits: list[Traits], causes: Causes) -> Mechanism:
    return Mechanism(
        form=tuple(client.saturation.form for client in traits),
        exponent=np.array([client.saturation.exponent for client in traits]),
        sensitivity=np.array([client.sensitivity for client in traits]),
        platform=causes.platform.common,
        people=causes.people,
        distribution=causes.audience.distribution + causes.audience.exposure,
        calendar_exposure=causes.calendar_exposure,
        calendar_response=causes.calendar_response,
    )


def portfolio(
    scenario: str,
    clients: int,
    seed: int,
    *,
    days: int = 420,
    platform: str = "facebook",
    first_date: date = FIRST_MONDAY,
) -> World:
    """Invent a portfolio of clients on one platform. The same arguments return the same world.

    `scenario` is a name in `SCENARIOS`; `first_date` is a Monday. Raises KeyError for an unknown scenario or platform.
    """
    settings = SCENARIOS[scenario]
    random = np.random.default_rng(
        [seed, clients, days, sorted(KINDS).index(platform), list(SCENARIOS).index(scenario)]
    )
    traits = [draw_client(random, platform, settings) for _ in range(clients)]
    simulated, start = DAYS_BEFORE + days + DAYS_AFTER, first_date - timedelta(days=DAYS_BEFORE)
    schedule, causes, campaigns = _draw_causes(random, traits, platform, simulated, start, settings)
    life = lives_of(traits, schedule, start.weekday(), simulated)
    sums = DailySums(clients, simulated, schedule.client, life)
    logs = _logs_of_posts(schedule, life, causes, simulated)
    profile = profile_views(traits, start.weekday(), simulated), profile_rate(traits)
    counts = _draw_counts(random, schedule, life, logs, causes, profile)
    daily = daily_counts(counts, sums)
    followers = causes.audience.followers
    frame = (platform, start, settings.gaps)
    world = World(
        scenario=scenario,
        seed=seed,
        observed=observe(random, traits, schedule, counts, daily, followers, campaigns, frame),
        truth=Counterfactuals(
            true_views=daily.views,
            true_interactions=daily.interactions,
            true_paid_views=daily.paid_views,
            true_paid_interactions=daily.paid_interactions,
            **_without(schedule, life, sums, logs, causes, profile),
        ),
        mechanism=_mechanism(traits, causes),
    )
    return trim(world, days)
