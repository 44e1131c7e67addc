"""Portfolios of `benchmarks.worlds`, the second generator, as the split into drivers takes them."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from tests.demo.planted import PlantedParts

from benchmarks.driver_portfolios import HISTORY_DAYS, Portfolio
from benchmarks.worlds import KINDS, Posts, World, parts_between, portfolio, window_starts
from sophia.analytics.annotations.holidays import public_holidays
from sophia.analytics.drivers.series import ClientDays, Periods, PublishedPost

SCENARIOS = (
    "calm",
    "exponents",
    "holidays",
    "boosts",
    "viral",
    "posting_change",
    "platform_shock",
    "format_shock",
    "people_shift",
    "everything",
    "null",
)
# The age at which posts are compared: seven days.
AGE = 6


def world_portfolios(
    scenario: str, clients: int, seed: int, length: int, weeks: int = 4, *, organic: bool = True
) -> Iterator[Portfolio]:
    """Some pairs of neighbouring periods of one world, far apart; with the views and interactions that Meta calls organic."""
    world = portfolio(scenario, clients=clients, seed=seed, days=420, platform=("facebook", "instagram")[seed % 2])
    starts = [start for start in window_starts(world, length) if start - length >= HISTORY_DAYS]
    for start in starts[:: max(len(starts) // weeks, 1)][:weeks]:
        yield _portfolio(world, start, length, organic=organic)


def _portfolio(world: World, start: int, length: int, *, organic: bool) -> Portfolio:
    first, end = start - length - HISTORY_DAYS, start + length
    truth = parts_between(world, start - length, start, length)
    parts = truth.four()
    return Portfolio(
        [_client(world, client, first, end, organic=organic) for client in range(len(world.observed.clients))],
        Periods(HISTORY_DAYS, HISTORY_DAYS + length, length),
        [PlantedParts(*(float(value) for value in _in_order(row))) for row in parts],
    )


def _in_order(row: np.ndarray) -> tuple[float, ...]:
    platform, posting, distribution, people = row
    return platform, distribution, posting, people


def _client(world: World, client: int, first: int, end: int, *, organic: bool) -> ClientDays:
    seen, posts = world.observed, world.observed.posts
    views = seen.views - (seen.paid_views if organic else 0.0)
    reacted = seen.interactions - (seen.paid_interactions if organic else 0.0)
    mine = np.flatnonzero((posts.client == client) & (posts.day >= first - 28) & (posts.day < end) & posts.listed)
    covered = np.flatnonzero(~seen.posts_covered[client, first:end])
    # A run of days without a list: what is known is on one side of it; the newest complete days count.
    listed = (int(covered.max()) + 1 if len(covered) else 0, end - first)
    kinds = KINDS[seen.platform]
    return ClientDays(
        client,
        _column(views[client, first:end]),
        _column(reacted[client, first:end]),
        tuple(
            PublishedPost(
                int(posts.day[post]) - first,
                kinds[posts.kind[post]],
                *_values(posts, int(post), int(posts.day[post]) + AGE + 1 < end, organic=organic),
            )
            for post in mine
        ),
        listed if listed[0] < listed[1] else None,
        frozenset(_special(world, client, first, end)),
    )


def _values(posts: Posts, post: int, is_old: bool, *, organic: bool) -> tuple[float | None, float | None]:
    views, reacted = (
        float(column[post, AGE] - (paid[post, AGE] if organic else 0.0))
        for column, paid in ((posts.views, posts.paid_views), (posts.interactions, posts.paid_interactions))
    )
    if not is_old or not np.isfinite(views + reacted):
        return None, None
    return max(views, 0.0), max(reacted, 0.0)


def _column(values: np.ndarray) -> tuple[float | None, ...]:
    return tuple(float(max(value, 0.0)) if np.isfinite(value) else None for value in values)


def _special(world: World, client: int, first: int, end: int) -> Iterator[int]:
    seen = world.observed
    days = [seen.first_date + timedelta(days=day) for day in range(first, end)]
    holidays = public_holidays(seen.clients[client].country, days[0], days[-1])
    for index, day in enumerate(days):
        running = any(c.client == client and c.start_day <= first + index < c.end_day for c in seen.campaigns)
        if running or day in holidays:
            yield index
