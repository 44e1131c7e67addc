"""What a world consists of: clients, posts, what a collector can observe, and what really happened.

All arrays have one row per client. A client is one account on one platform. Days count from 0, the Monday `first_date`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Generator = np.random.Generator

DAYS_OF_AGE = 35
KINDS: Mapping[str, tuple[str, ...]] = {
    "facebook": ("photo", "video", "reel", "link"),
    "instagram": ("image", "carousel", "reel"),
}


@dataclass(frozen=True, slots=True)
class Client:
    """The public facts about a client: ISO code of its country, and its niche, such as "florist"."""

    country: str
    niche: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that the agency has entered: `client`, and days from `start_day` to before `end_day`."""

    client: int
    start_day: int
    end_day: int


@dataclass(frozen=True, slots=True)
class Posts:
    """All posts, ordered by client and time: arrays [post], and cumulative counts [post, age].

    `views[:, a]` and `interactions[:, a]` hold what a post gathered within 24·(a+1) hours, paid and organic together, for
    a = 0 … 34; NaN where that age lies after the last day. The `paid_` arrays hold the part from advertisements.
    `kind` is an index into `KINDS[platform]`. `listed` is False for posts on days on which the list of posts failed: a
    collector does not know them.
    """

    client: Ints
    day: Ints
    hour: Ints
    kind: Ints
    boosted: Bools
    listed: Bools
    views: Floats
    interactions: Floats
    paid_views: Floats
    paid_interactions: Floats


@dataclass(frozen=True, slots=True)
class Observed:
    """What a collector can store. Arrays [client, day]; NaN is a day without a value.

    `views` and `interactions` are those of the day on all posts, old and new, and on the profile, paid and organic
    together. `reach` counts unique people of the day and must not be summed. `posts_covered` is True on days whose posts
    were listed: elsewhere the number of posts is unknown, not 0.
    """

    platform: str
    first_date: date
    clients: tuple[Client, ...]
    followers: Floats
    reach: Floats
    views: Floats
    interactions: Floats
    paid_views: Floats
    paid_interactions: Floats
    posts_covered: Bools
    posts: Posts
    campaigns: tuple[Campaign, ...]

    @property
    def days(self) -> int:
        return int(self.views.shape[1])


@dataclass(frozen=True, slots=True)
class Counterfactuals:
    """Daily organic counts [client, day] with and without single causes. `true_` are counts, all others expectations.

    `scheduled_`: only the schedule of posts acts (number, kind, hour, weekday, age, through the client's own saturation).
    `mixed_interactions`: the actual views with unchanged interactions per view of each kind.
    Arrays with `_by_source` are [client, source, day]; the sources are the kinds of posts, and last the profile.
    `platform_by_source` is the logarithm of what the platform does to the exposure of a source.
    """

    true_views: Floats
    true_interactions: Floats
    true_paid_views: Floats
    true_paid_interactions: Floats
    views: Floats
    interactions: Floats
    scheduled_views: Floats
    scheduled_interactions: Floats
    mixed_interactions: Floats
    platform_by_source: Floats
    views_without_platform_by_source: Floats
    mixed_interactions_without_platform_by_source: Floats
    views_without_calendar: Floats
    interactions_without_calendar_response: Floats
    views_without_luck: Floats
    interactions_without_response_luck: Floats


@dataclass(frozen=True, slots=True)
class Mechanism:
    """What no collector sees, for the analysis of failures: arrays [client], and [client, day] for logarithms.

    `exponent` is the local elasticity of a week's exposure to the number of posts, at the client's usual number.
    """

    form: tuple[str, ...]
    exponent: Floats
    sensitivity: Floats
    platform: Floats
    people: Floats
    distribution: Floats
    calendar_exposure: Floats
    calendar_response: Floats


@dataclass(frozen=True, slots=True)
class World:
    """An invented portfolio: what can be observed, and the truth."""

    scenario: str
    seed: int
    observed: Observed
    truth: Counterfactuals
    mechanism: Mechanism


def days_of(first_date: date, days: int) -> list[date]:
    """List the dates of a world."""
    return [date.fromordinal(first_date.toordinal() + day) for day in range(days)]


def ornstein_uhlenbeck(random: Generator, shape: tuple[int, int], spread: float, memory_days: float) -> Floats:
    """Draw [row, day] of a stationary process with mean 0, the standard deviation `spread` and a memory in days."""
    keep = float(np.exp(-1 / memory_days))
    values = np.empty(shape)
    values[:, 0] = random.normal(0, 1, shape[0])
    noise = random.normal(0, np.sqrt(1 - keep**2), shape)
    for day in range(1, shape[1]):
        values[:, day] = keep * values[:, day - 1] + noise[:, day]
    return spread * values


def as_floats(values: Any) -> Floats:
    """Turn numbers into an array of floats."""
    return np.asarray(values, dtype=np.float64)
