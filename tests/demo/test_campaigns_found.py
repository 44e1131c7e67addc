"""Each planted campaign of the demo is found once in a series, closed within five days of its end, and is followed by no fall."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from sophia.analytics.anomalies.detection import detect_anomalies
from sophia.analytics.anomalies.records import Anomaly, SeriesDays
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.pacific import days_between, pacific_day
from sophia.demo.meta.world.world import World, build_world

CLOSED_WITHIN = timedelta(days=5)


def account_series(world: World, truth: Truth, days: Sequence[date], platform: str, metric: str) -> list[SeriesDays]:
    """Return the served daily values of every business's account; `series` is the number of the business."""
    series = []
    for business in world.businesses:
        if platform == "facebook":
            posts = Counter(pacific_day(post.created_at) for post in world.posts(business.page.id))
            values = [truth.page_day(business.page, metric, day, world.built_at) for day in days]
        else:
            posts = Counter(pacific_day(medium.created_at) for medium in world.media(business.instagram.id))
            values = [truth.instagram_day(business.instagram, metric, day, world.built_at) for day in days]
        numbers = tuple(float(value) for value in values if isinstance(value, int | float))
        assert len(numbers) == len(days)
        counts = tuple(float(posts[day]) for day in days)
        series.append(SeriesDays(f"{business.number}", "count", days[0], numbers, counts))
    return series


def of_campaign(anomalies: Sequence[Anomaly], first_day: date, number: int) -> list[Anomaly]:
    """Return what is found in the series of a business from a day on."""
    return [
        anomaly
        for anomaly in anomalies
        if int(anomaly.series) == number and anomaly.event_since is None and anomaly.noticed >= first_day
    ]


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
@pytest.mark.parametrize("seed", [7, pytest.param(8, marks=pytest.mark.campaign)])
def test_a_campaign_is_found_once_and_ends(world: World, seed: int, platform: str) -> None:
    """The served numbers of views and interactions, twelve clients together, five days after the end of each campaign."""
    now: datetime = world.built_at
    planted = build_world(seed, 12, 100, 90, now=now)
    truth, today = Truth(planted), pacific_day(now)
    metrics = (
        ("page_media_view", "page_post_engagements") if platform == "facebook" else ("views", "total_interactions")
    )
    days = days_between(today - timedelta(days=90), today - timedelta(days=1))
    found: Counter[str] = Counter()
    for metric in metrics:
        series = account_series(planted, truth, days, platform, metric)
        for campaign in planted.campaigns:
            moment = campaign.last_day + CLOSED_WITHIN
            for last_day in (moment, min(moment + timedelta(days=9), days[-1])):
                result = detect_anomalies(series, last_day=last_day, provisional_days=0)
                near = of_campaign(result.anomalies, campaign.first_day, campaign.business_number)
                assert len(near) <= 1, (campaign.name, metric, near)
                for anomaly in near:
                    assert anomaly.kind in ("spike", "rise")
                    assert anomaly.until is not None
                    assert abs(anomaly.until - campaign.last_day) <= timedelta(days=3)
            found[campaign.name] += len(near)
    assert set(found) == {campaign.name for campaign in planted.campaigns}
    assert all(count >= 1 for count in found.values()), found
