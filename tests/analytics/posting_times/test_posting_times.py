"""Hours, formats and pillars: every post counts, reach is divided out, and small groups claim nothing."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from tests.analytics.invented import GRAM, numbers, page_post, post

from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.posting_times.format_effects import format_effects, pillar_effects
from sophia.analytics.posting_times.group_effects import (
    NO_POSTS_IN_GROUP,
    NO_SPREAD,
    TOO_FEW_POSTS,
    Effect,
    WeekHour,
    best_times,
    group_effects,
    log_engagement_rates,
    posting_times,
    published_hours,
)
from sophia.meta.catalogue.terms import ObjectKind

TORONTO = ZoneInfo("America/Toronto")
MONDAY_EVENING = datetime(2026, 6, 1, 20, 30, tzinfo=TORONTO)


def invented(random: Random, rates: Sequence[float], each: int) -> list[PostFacts]:
    """`each` posts in each of several hours of a Monday evening, one rate of engagement an hour, one post a week."""
    found = []
    for hour, rate in enumerate(rates):
        for week in range(each):
            reach = round(random.lognormvariate(7, 1))
            likes = round(reach * rate * random.lognormvariate(0, 0.3))
            at = MONDAY_EVENING + timedelta(weeks=week, hours=hour - 2)
            found.append(post(1000 * hour + week, numbers(reach, likes), published_at=at))
    return found


def test_hours_are_the_clients() -> None:
    """G11: 20:30 in Toronto is no 01 of UTC; all 168 hours are named, with n."""
    times = posting_times(invented(Random(1), (0.05, 0.05, 0.05, 0.05), 10), TORONTO)
    assert len(times) == 168
    assert {slot: one.factor.n for slot, one in times.items() if one.factor.n} == {
        WeekHour(0, h): 10 for h in range(18, 22)
    }
    assert times[WeekHour(3, 3)].factor.reason == NO_POSTS_IN_GROUP


def test_better_hours_are_found() -> None:
    """G11: an hour with three times the response is seen, with an interval; hours that are alike are not told apart."""
    times = posting_times(invented(Random(2), (0.03, 0.03, 0.09, 0.03, 0.03), 12), TORONTO)
    assert best_times(times) == (WeekHour(0, 20),)
    found = times[WeekHour(0, 20)]
    assert found.factor.interval is not None
    assert found.factor.value is not None
    assert 1 < found.factor.interval.low < found.factor.value < found.factor.interval.high
    assert best_times(posting_times(invented(Random(3), (0.05,) * 5, 12), TORONTO)) == ()


def test_luck_is_seldom_called_better() -> None:
    """G11: of forty portfolios without any best hour, few are given one; without shrinkage it would be most of them."""
    told = sum(bool(best_times(posting_times(invented(Random(i), (0.05,) * 8, 6), TORONTO))) for i in range(40))
    assert told <= 6


def mixed(random: Random, best: float = 1.0) -> list[PostFacts]:
    """120 posts in six hours. Reels get three times the response, and most reels come at 20:00, `best` times as good."""
    invented_posts = []
    for number in range(120):
        hour = number % 6
        is_reel = random.random() < (0.8 if hour == 2 else 0.1)
        reach = round(random.lognormvariate(7, 1))
        rate = 0.03 * (3 if is_reel else 1) * (best if hour == 2 else 1)
        likes = round(reach * rate * random.lognormvariate(0, 0.3))
        at = MONDAY_EVENING + timedelta(weeks=number // 6, hours=hour - 2)
        kind = ObjectKind.REEL if is_reel else ObjectKind.FEED
        invented_posts.append(post(number, numbers(reach, likes), published_at=at, kind=kind))
    return invented_posts


def test_a_format_is_no_best_hour() -> None:
    """G11: the hour of the reels is no better hour; an hour that is better with every format is."""
    named = [best_times(posting_times(mixed(Random(seed)), TORONTO)) for seed in range(40)]
    assert sum(WeekHour(0, 20) in best for best in named) <= 3
    assert sum(bool(best) for best in named) <= 6
    better = [best_times(posting_times(mixed(Random(seed), 2.0), TORONTO)) for seed in range(40)]
    assert sum(WeekHour(0, 20) in best for best in better) >= 36


def test_posts_without_engagement_count() -> None:
    """G11: 10 % and 0 % are not 10 %."""
    good, bad = post(1, numbers(1000, 100)), post(2, numbers(1000, 0))
    found = log_engagement_rates([good, bad, post(3, {"reach": 5}), post(4, numbers(0))])
    assert set(found) == {1, 2}
    assert (found[1], -found[2]) == pytest.approx((math.log(101) / 2,) * 2)


def test_accounts_are_compared_with_themselves() -> None:
    """A3: an account with a low rate does not make its hours bad ones."""
    mine = [page_post(i, {"likes": 1, "comments": 0, "shares": 0, "reach": 1000}) for i in (1, 2)]
    theirs = [post(i, numbers(1000, 200)) for i in (3, 4)]
    assert log_engagement_rates([*mine, *theirs]) == pytest.approx(dict.fromkeys((1, 2, 3, 4), 0.0))


def test_too_little_is_no_answer() -> None:
    """G11: fewer than twenty posts, or every post in an hour of its own, allow no comparison."""
    few = posting_times(invented(Random(4), (0.05,), 19), TORONTO)
    assert few[WeekHour(0, 18)].factor.reason == TOO_FEW_POSTS
    spread = {index: [0.1 * index] for index in range(30)}
    assert {one.factor.reason for one in group_effects(spread).values()} == {NO_SPREAD}
    assert best_times(posting_times([], UTC)) == ()
    alone = group_effects({"often": [0.0, 0.1] * 10, "once": [9.0]})
    assert (alone["once"].factor.n, alone["once"].effect) == (1, Effect.NOT_ENOUGH_EVIDENCE)
    alike = group_effects({"a": [0.0] * 15, "b": [1.0] * 15})
    assert alike["a"].effect is Effect.WORSE


def test_formats_and_pillars() -> None:
    """The same method; what has no pillar is in none."""
    random = Random(5)
    posts = []
    for i in range(40):
        kind, rate = ((ObjectKind.REEL, 0.10), (ObjectKind.FEED, 0.03))[i % 2]
        likes = round(1000 * rate * random.lognormvariate(0, 0.3))
        posts.append(post(i, numbers(1000, likes), kind=kind, pillar="tips" if i % 2 else None))
    found = format_effects(posts)
    assert {name: one.effect for name, one in found.items()} == {
        "instagram feed": Effect.WORSE,
        "instagram reel": Effect.BETTER,
    }
    assert list(pillar_effects(posts)) == ["tips"]
    assert format_effects([]) == {}
    story = post(99, {"reach": 10, "shares": 1}, kind=ObjectKind.STORY, account_id=GRAM)
    assert format_effects([*posts, story])["instagram story"].factor.reason == NO_POSTS_IN_GROUP


def test_reach_is_beside_the_rate() -> None:
    """A5, G11: the mean reach of the posts of an hour, not the sum of their people."""
    posts = [
        post(i, numbers(500 + 1000 * (i % 2), 50), published_at=MONDAY_EVENING + timedelta(weeks=i)) for i in range(24)
    ]
    (hour,) = published_hours(posting_times(posts, TORONTO), [*posts, *posts], TORONTO)
    assert (hour.weekday, hour.hour, hour.reach.value, hour.reach.n) == (0, 20, 1000, 24)


def test_order_and_repetition_change_nothing() -> None:
    posts = invented(Random(6), (0.03, 0.06), 15)
    again = Random(7).sample([*posts, *posts], 2 * len(posts))
    assert posting_times(again, TORONTO) == posting_times(posts, TORONTO)
    assert format_effects(again) == format_effects(posts)


def test_more_reach_alone_is_no_response() -> None:
    """The platform's part is divided out: ten times the people and ten times the likes are the same response."""
    posts = invented(Random(8), (0.05, 0.05), 15)
    pushed = [
        replace(one, values={name: 10 * value for name, value in one.values.items()}) if one.post_id >= 1000 else one
        for one in posts
    ]
    plain, more = (posting_times(given, TORONTO)[WeekHour(0, 19)].factor.value for given in (posts, pushed))
    assert plain == pytest.approx(more, rel=0.02)
