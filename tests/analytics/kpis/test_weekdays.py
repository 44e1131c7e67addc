"""The weekday of publishing changes what a week has at its end, but not what it has at seven days of age."""

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sophia.analytics.figures.ages import CounterReading, value_at_age
from sophia.analytics.figures.facts import AgedPosts, ClientWindow, PostFacts
from sophia.analytics.figures.figures import Number
from sophia.analytics.figures.schedule import REFRESH_SCHEDULE
from sophia.analytics.kpis.kpis import compute_kpis
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.reporting_zone import DateRange, day_start

WEEK = DateRange(date(2026, 10, 5), date(2026, 10, 12))
SEVEN_DAYS, HOUR = timedelta(days=7), timedelta(hours=1)
POSTS, SHUFFLES = 12, 20


@dataclass(frozen=True)
class Growth:
    """A post that gains reach quickly at first and slowly later, and reactions faster than reach."""

    reach: float
    rate: float
    reach_hours: float
    hour: int

    def at(self, age: timedelta) -> dict[str, Number]:
        hours = max(age / HOUR, 0.0)
        seen = 0.7 * (1 - math.exp(-hours / self.reach_hours)) + 0.3 * math.log1p(hours / 24) / math.log1p(28)
        reacted = 1 - math.exp(-1.6 * hours / self.reach_hours)
        likes = round(self.reach * self.rate * reacted)
        return {"reach": round(self.reach * seen), "likes": likes, "comments": 0, "shares": 0, "saved": 0}


def reading_ages(phase: timedelta) -> list[timedelta]:
    """The ages at which the refresh schedule reads a post, from the first run after its publication on."""
    ages, age = [], phase
    for interval in REFRESH_SCHEDULE[:4]:
        assert interval.age is not None
        while age <= min(interval.age, timedelta(days=12)):
            ages.append(age)
            age += interval.every
    return ages


def measured(growths: list[Growth], weekdays: np.ndarray, phases: np.ndarray) -> ClientWindow:
    """The week of these posts, published on these weekdays and read on schedule."""
    at_end, at_age = [], []
    for number, (growth, weekday) in enumerate(zip(growths, weekdays.tolist(), strict=True)):
        published = day_start(WEEK.start + timedelta(days=weekday)) + growth.hour * HOUR
        ages = reading_ages(timedelta(minutes=float(phases[number])))
        left = day_start(WEEK.end) - published
        post = PostFacts(
            post_id=number,
            account_id=1,
            platform=Platform.INSTAGRAM,
            kind=ObjectKind.FEED,
            published_at=published,
            read_at=published + left,
            values=growth.at(max(age for age in ages if age <= left)),
        )
        names = post.values
        readings = {name: [CounterReading(published + age, growth.at(age)[name]) for age in ages] for name in names}
        aged = {
            name: value_at_age(readings[name], published, SEVEN_DAYS, datetime.max.replace(tzinfo=UTC))
            for name in names
        }
        values = {name: value.value for name, value in aged.items() if value.value is not None}
        at_end.append(post)
        at_age.append(replace(post, values=values))
    return ClientWindow(
        window=WEEK,
        today=WEEK.end + timedelta(days=30),
        accounts={1: Platform.INSTAGRAM},
        posts=tuple(at_end),
        at_ages={SEVEN_DAYS: AgedPosts(tuple(at_age), frozenset())},
    )


def spread(values: list[float]) -> float:
    return max(values) / min(values) - 1


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_weekdays_do_not_change_the_rate_at_seven_days(seed: int) -> None:
    """A2, G10: twelve posts, twenty orders of their weekdays: under 2 % at seven days, much more at the week's end."""
    rng = np.random.default_rng(seed)
    growths = [
        Growth(
            reach=float(rng.lognormal(8, 0.8)),
            rate=float(rng.uniform(0.01, 0.08)),
            reach_hours=float(rng.uniform(15, 60)),
            hour=int(rng.integers(7, 20)),
        )
        for _ in range(POSTS)
    ]
    weekdays, phases = rng.integers(0, 7, POSTS), rng.uniform(1, 59, POSTS)
    found: dict[str, list[float]] = {}
    for _ in range(SHUFFLES):
        kpis = compute_kpis(measured(growths, rng.permutation(weekdays), rng.permutation(phases)))
        for name in ("engagement_rate_at_7_days", "engagements_at_7_days", "engagement_rate_by_reach", "engagements"):
            value = kpis[name].value
            assert value is not None
            found.setdefault(name, []).append(float(value))
    assert spread(found["engagement_rate_at_7_days"]) < 0.02
    assert spread(found["engagements_at_7_days"]) < 0.02
    assert spread(found["engagement_rate_by_reach"]) > max(0.04, 5 * spread(found["engagement_rate_at_7_days"]))
    assert spread(found["engagements"]) > 0.1
