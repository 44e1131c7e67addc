"""What is stored equals what the simulated Meta knows, value by value."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.demo.expected import Expected, expected_counts, expected_readings

from sophia.demo.meta.world.objects import Media, Post
from sophia.meta.catalogue.lookup import find, stored_breakdown, stored_name
from sophia.meta.catalogue.questions import questions
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform, Source
from sophia.meta.reporting_zone import reporting_day

from .conftest import AppState, HouseMaker, Key

KINDS = {
    Platform.FACEBOOK: (ObjectKind.PAGE, ObjectKind.POST, ObjectKind.VIDEO, ObjectKind.REEL, ObjectKind.STORY),
    Platform.INSTAGRAM: (ObjectKind.ACCOUNT, ObjectKind.FEED, ObjectKind.CAROUSEL, ObjectKind.REEL, ObjectKind.STORY),
}
FIELDS = {"shares": "shares_count", "comments": "comments_count", "reactions": "reactions_count"}
POST_BREAKDOWNS = ("is_from_ads", "is_from_followers")


def asked(platform: Platform, version: str, day: date) -> set[tuple[Level, str, str, str]]:
    """What a complete collection asks: (level, metric, period, breakdown's dimension)."""
    found = set()
    for kind in KINDS[platform]:
        for source in (Source.INSIGHTS, Source.VIDEO_INSIGHTS):
            if source is Source.VIDEO_INSIGHTS and kind is not ObjectKind.REEL:
                continue
            for question in questions(platform, kind, source, version, day):
                # Splitting a post's views by ads and followers would cost a walk along all posts each.
                if kind.level is Level.POST and question.breakdown in POST_BREAKDOWNS:
                    continue
                for name in question.names:
                    found.add((kind.level, name, question.period.value, question.breakdown or ""))
    return found


def as_stored(expected: Expected, today: date) -> Key:
    """The key under which Sophia keeps a number of the simulated Meta."""
    platform = Platform(expected.platform)
    level = Level.ACCOUNT if expected.post_id is None else Level.POST
    metric = find(platform, level, expected.metric)
    name, breakdown = expected.metric, stored_breakdown(expected.breakdown)
    if metric is not None and expected.dict_key is not None:
        name, breakdown = stored_name(metric, expected.dict_key)
    return (expected.account_id, expected.post_id, name, expected.period, breakdown, expected.day or today)


def truth_of(house: AppState, external_id: str, since: date, version: str = "v22.0") -> dict[Key, int | float]:
    """Everything that should be stored of an account after a first collection."""
    today = reporting_day(house.now)
    number = int(version[1:3])
    told = expected_readings(house.world, house.truth, external_id, since, today, house.now, number)
    platform = Platform(
        next(iter(house.rows("SELECT platform FROM accounts WHERE external_id = :i", i=external_id)))[0]
    )
    wanted = asked(platform, version, today)
    found = {}
    for item in told:
        level = Level.ACCOUNT if item.post_id is None else Level.POST
        dimension = ",".join(name for name, _ in item.breakdown)
        if (level, item.metric, item.period, dimension) in wanted and means_something(house, item):
            found[as_stored(item, today)] = item.value
    for item in expected_counts(house.world, house.truth, external_id, house.now):
        if item.post_id is None or item.metric in FIELDS:
            period = "day" if item.post_id is None else "lifetime"
            name = FIELDS.get(item.metric, item.metric)
            found[external_id, item.post_id, name, period, "", today] = item.value
    return found


def means_something(house: AppState, item: Expected) -> bool:
    """Whether the catalogue has the metric for this kind of post.

    Meta answers video metrics of photos with 0, but nobody watched a photo for 0 ms; video_insights is asked of reels;
    and whether albums have facebook_views nobody has seen.
    """
    post = house.world.node(item.post_id) if item.post_id else None
    if isinstance(post, Post):
        kind = {"video": ObjectKind.VIDEO, "reel": ObjectKind.REEL}.get(post.kind, ObjectKind.POST)
    elif isinstance(post, Media) and post.media_type == "CAROUSEL_ALBUM":
        kind = ObjectKind.CAROUSEL
    else:
        return True
    metric = find(Platform(item.platform), Level.POST, item.metric)
    return metric is not None and kind in metric.kinds


def spans_of(house: AppState, external_id: str) -> Iterator[tuple[Key, int]]:
    """Instagram's totals over closed weeks and the last 28 days, by breakdown."""
    today = reporting_day(house.now)
    account = house.world.account(external_id)
    for key in house.stored(external_id):
        _, post, name, period, breakdown, day = key
        question_days = {"week": 7, "days_28": 28}.get(period)
        if post is not None or not breakdown or question_days is None:
            continue
        days = [day - timedelta(days=offset) for offset in range(question_days)]
        dimension, value = breakdown.split("=")
        parts = house.truth.instagram_window_parts(account, name, days, (dimension,), house.now)  # type: ignore[arg-type]
        lowered = {part[0].lower(): number for part, number in parts.items()}
        assert day < today
        yield key, lowered[value]


def fills(key: Key) -> bool:
    """Whether a stored zero may stand for a key that an answered dictionary, or a post, left out."""
    metric_name = key[2]
    return (
        metric_name == "shares_count"
        or any(
            part in metric_name
            for part in ("_by_type", "_by_action_type", "reactions_total", "by_reaction", "social_actions")
        )
        or metric_name.startswith("page_fan_adds_by_paid")
    )


ON_SQLITE = [("sqlite", version) for version in ("v22.0", "v26.0")]
ON_POSTGRESQL = [("postgresql", "v26.0")]
BY_HAND = [
    pytest.param(*case, marks=pytest.mark.campaign)
    for case in (("sqlite", "v23.0"), ("sqlite", "v24.0"), ("sqlite", "v25.0"), ("postgresql", "v22.0"))
]


@pytest.mark.parametrize(("database", "version"), [*ON_SQLITE, *ON_POSTGRESQL, *BY_HAND], indirect=["database"])
def test_store_equals_truth(make_house: HouseMaker, version: str) -> None:
    """A1, A2, A9, A12, A17, B1, B2, B4: every value and day that Meta knows is stored as it is, and nothing else is."""
    house = make_house(businesses=2, posts_per_account=15)
    outcomes = house.collect(version=version)
    assert {outcome.status for outcome in outcomes} == {"ok"}, [outcome.problems for outcome in outcomes]
    expect_truth(house, version)


def expect_truth(house: AppState, version: str = "v22.0") -> None:
    today = reporting_day(house.now)
    for external_id in house.account_ids:
        platform_days = 90 if external_id in {page.id for page in house.world.pages} else 89
        wanted = truth_of(house, external_id, today - timedelta(days=platform_days), version)
        wanted.update(spans_of(house, external_id))
        stored = house.stored(external_id)
        missing = {key: value for key, value in wanted.items() if key not in stored}
        wrong = {key: (stored[key], value) for key, value in wanted.items() if stored.get(key, value) != value}
        invented = {
            key: value for key, value in stored.items() if key not in wanted and not (value == 0 and fills(key))
        }
        assert not missing, (len(missing), list(missing.items())[:8])
        assert not wrong, (len(wrong), list(wrong.items())[:8])
        assert not invented, (len(invented), list(invented.items())[:8])
        assert len(stored) > 1000


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("month", [3, 11])
def test_the_clock_jumps_over_daylight_saving(make_house: HouseMaker, month: int) -> None:
    """A9, B12: days of 23 and 25 hours, and a run on either side of them, are like all others."""
    house = make_house(
        now=datetime(2026, month, 7 if month == 3 else 1, 7, 30, tzinfo=UTC), posts_per_account=5, days=40
    )
    house.collect()
    for _ in range(2):
        house.now += timedelta(days=1)
        outcomes = house.collect()
    assert {outcome.status for outcome in outcomes} == {"ok"}
    yesterday = reporting_day(house.now) - timedelta(days=1)
    for external_id in house.account_ids:
        wanted = truth_of(house, external_id, yesterday - timedelta(days=20))
        days = {
            key
            for key in wanted
            if key[1] is None and key[3] == "day" and key[5] <= yesterday and "count" not in key[2]
        }
        stored = house.stored(external_id)
        assert len(days) > 100
        assert {key: stored.get(key) for key in days} == {key: wanted[key] for key in days}
