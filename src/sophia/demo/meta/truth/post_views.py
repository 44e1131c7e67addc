"""How many of an account's views each of its posts gets, so that posts never have more views than their account."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import exp

import numpy as np
from numpy.typing import NDArray

from sophia.demo.meta.truth.media_figures import FEW_VIEWS
from sophia.demo.meta.truth.media_figures import rates_per_view as media_rates
from sophia.demo.meta.truth.post_figures import STORY_RATES
from sophia.demo.meta.truth.post_figures import rates_per_view as post_rates
from sophia.demo.meta.world.noise import seed_of, unit
from sophia.demo.meta.world.objects import Media, PageStory, Post
from sophia.demo.meta.world.pacific import day_start, pacific_day

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# After so many days all but one in 10,000 of a post's views have arrived.
LIFE_DAYS = 75
_FAST_SHARE, _SLOW_HOURS, _STORY_HOURS = 0.82, 240.0, 4.0
# Older posts, the profile and reshares weigh so many times as much as the posts of an average day.
_OTHER_VIEWS = 1.5
_LEAST_OTHER_WEIGHT = 0.5
# The column of reach among the counters. Of a day it is the largest of all posts, the other counters are sums.
REACH = 1


@dataclass(frozen=True, slots=True)
class SharingPost:
    """A post, story or medium that gets a part of its account's views.

    `fast_hours`: the time in which most of its views arrive. `rates`: what each of its counters gains per view.
    `fixed_views`: its views in the end, where they are no part of the account's.
    """

    id: str
    created_at: datetime
    weight: float
    fast_hours: float
    rates: tuple[float, ...]
    fixed_views: float | None = None

    @property
    def first_day(self) -> int:
        return pacific_day(self.created_at).toordinal()

    def arrived(self, moment: datetime) -> float:
        """Return the share of the views that have arrived by `moment` where attention stays equal."""
        hours = max(0.0, (moment - self.created_at).total_seconds() / 3600.0)
        fast, slow = 1.0 - exp(-hours / self.fast_hours), 1.0 - exp(-hours / _SLOW_HOURS)
        return _FAST_SHARE * fast + (1.0 - _FAST_SHARE) * slow

    def daily_weights(self, midnights: Floats) -> Floats:
        """Return its weight on each day between neighbouring `midnights` (seconds since 1970)."""
        hours = np.maximum(0.0, midnights - self.created_at.timestamp()) / 3600.0
        fast, slow = 1.0 - np.exp(-hours / self.fast_hours), 1.0 - np.exp(-hours / _SLOW_HOURS)
        weights: Floats = self.weight * np.diff(_FAST_SHARE * fast + (1.0 - _FAST_SHARE) * slow)
        return weights


def sharing_post(world_seed: int, post: Post | Media | PageStory) -> SharingPost:
    """Return how a post shares in the views of its account."""
    if isinstance(post, PageStory):
        return SharingPost(post.id, post.created_at, post.size, _STORY_HOURS, STORY_RATES)
    seed = seed_of(world_seed, "post" if isinstance(post, Post) else "medium", post.id)
    hours = 9.0 + 12.0 * unit(seed, 11)
    if isinstance(post, Post):
        return SharingPost(post.id, post.created_at, post.size, hours, post_rates(seed, post))
    fixed_views = FEW_VIEWS if post.few_viewers else None
    hours = _STORY_HOURS if post.is_story else hours
    return SharingPost(post.id, post.created_at, post.size, hours, media_rates(seed, post), fixed_views)


@dataclass(frozen=True, slots=True)
class _Life:
    """A post with its views at the midnight that opens each day of its life, and at the last one."""

    post: SharingPost
    first_day: int
    views: list[float]

    def views_at(self, moment: datetime) -> float:
        hour, day, start, end = _hour_in_day(moment)
        index = day - self.first_day
        if hour <= self.post.created_at or index < 0:
            return 0.0
        if index >= LIFE_DAYS:
            return self.views[-1]
        before = self.post.arrived(start)
        passed = (self.post.arrived(hour) - before) / (self.post.arrived(end) - before)
        return self.views[index] + passed * (self.views[index + 1] - self.views[index])

    def counters_at(self, moment: datetime) -> list[int]:
        views = self.views_at(moment)
        return [int(rate * views) for rate in self.post.rates]


@lru_cache(maxsize=1024)
def _hour_in_day(moment: datetime) -> tuple[datetime, int, datetime, datetime]:
    """Return the whole hour, since lifetime counters move once an hour, and the number, start and end of its Pacific
    day.
    """
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = pacific_day(hour)
    return hour, day.toordinal(), day_start(day), day_start(day + timedelta(days=1))


def _midnights(first_day: int, count: int) -> Floats:
    return np.array([day_start(date.fromordinal(first_day + offset)).timestamp() for offset in range(count)])


class PostViews:
    """The views of one account's posts, and what all posts together gained on each Pacific day.

    On a day a post gets the share weight / (weights of all posts + other weight) of the account's views. The other
    weight is never less than the weights of all posts, so that posts get at most half of the account's views. A post
    that `add` brings later takes nothing from the others.
    """

    def __init__(
        self, account_views: Callable[[date], float], posts: Sequence[SharingPost], counter_count: int
    ) -> None:
        self._account_views = account_views
        self._counter_count = counter_count
        self._lives: dict[str, _Life] = {}
        self._gains: tuple[int, Integers] | None = None
        self._first_day = min((post.first_day for post in posts), default=1)
        last_day = max((post.first_day for post in posts), default=1)
        self._weights = np.zeros(last_day - self._first_day + LIFE_DAYS)
        midnights = _midnights(self._first_day, len(self._weights) + 1)
        daily_weights = []
        for post in posts:
            start = post.first_day - self._first_day
            daily_weights.append(post.daily_weights(midnights[start : start + LIFE_DAYS + 1]))
            if post.fixed_views is None:
                self._weights[start : start + LIFE_DAYS] += daily_weights[-1]
        mean_weight = sum(post.weight for post in posts) / (last_day - self._first_day + 1)
        self._other_weight = max(_LEAST_OTHER_WEIGHT, _OTHER_VIEWS * mean_weight)
        account = np.array(
            [account_views(date.fromordinal(self._first_day + day)) for day in range(len(self._weights))]
        )
        views_per_weight = account / self._all_weights(self._weights)
        for post, weights in zip(posts, daily_weights, strict=True):
            start = post.first_day - self._first_day
            self._begin(post, weights, views_per_weight[start : start + LIFE_DAYS])

    def __contains__(self, post_id: str) -> bool:
        return post_id in self._lives

    def _all_weights(self, weights_of_posts: Floats) -> Floats:
        total: Floats = weights_of_posts + np.maximum(self._other_weight, weights_of_posts)
        return total

    def _begin(self, post: SharingPost, weights: Floats, views_per_weight: Floats) -> None:
        """Add up the views that the post gets on each day of its life."""
        if post.fixed_views is not None:
            views_per_weight = np.full(LIFE_DAYS, post.fixed_views / post.weight)
        views = [0.0, *np.cumsum(weights * views_per_weight).tolist()]
        self._lives[post.id] = _Life(post, post.first_day, views)

    def add(self, post: SharingPost) -> None:
        """Add a post that was published after the others had got their views."""
        weights = post.daily_weights(_midnights(post.first_day, LIFE_DAYS + 1))
        days = post.first_day + np.arange(LIFE_DAYS)
        of_others = np.zeros(LIFE_DAYS)
        is_planned = (days >= self._first_day) & (days < self._first_day + len(self._weights))
        of_others[is_planned] = self._weights[days[is_planned] - self._first_day]
        account = np.array([self._account_views(date.fromordinal(int(day))) for day in days])
        self._begin(post, weights, account / self._all_weights(of_others + weights))
        self._gains = None

    def views(self, post_id: str, moment: datetime) -> float:
        """Return the views of a post at the last whole hour before `moment`. KeyError for an unknown post."""
        return self._lives[post_id].views_at(moment)

    def counters(self, post_id: str, moment: datetime) -> list[int]:
        """Return all counters of a post at the last whole hour before `moment`. KeyError for an unknown post."""
        return self._lives[post_id].counters_at(moment)

    def gains(self, day: date, now: datetime) -> list[int]:
        """Return what all posts gained on `day` up to `now` in each counter; for reach, the most that one post gained."""
        if self._gains is None:
            self._gains = self._count_gains()
        first_day, gains = self._gains
        row = day.toordinal() - first_day
        if not 0 <= row < len(gains):
            return [0] * self._counter_count
        if day_start(day + timedelta(days=1)) <= now:
            return gains[row].tolist()  # type: ignore[no-any-return]
        counters = [
            np.subtract(life.counters_at(now), life.counters_at(day_start(day))).tolist()
            for life in self._lives.values()
            if 0 <= day.toordinal() - life.first_day < LIFE_DAYS
        ]
        columns = enumerate(zip(*counters, strict=True))
        return [max(values) if column == REACH else sum(values) for column, values in columns] or [
            0
        ] * self._counter_count

    def _count_gains(self) -> tuple[int, Integers]:
        """Return the first day, and per day and counter what all posts gained."""
        first_day = min((life.first_day for life in self._lives.values()), default=1)
        last_day = max((life.first_day for life in self._lives.values()), default=1)
        gains = np.zeros((last_day - first_day + LIFE_DAYS, self._counter_count), np.int64)
        for life in self._lives.values():
            start = life.first_day - first_day
            counts = np.outer(life.views, life.post.rates).astype(np.int64)
            gained = np.diff(counts, axis=0)
            rows = gains[start : start + LIFE_DAYS]
            reach = np.maximum(rows[:, REACH], gained[:, REACH])
            rows += gained
            rows[:, REACH] = reach
        return first_day, gains
