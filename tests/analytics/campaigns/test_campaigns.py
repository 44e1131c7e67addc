"""Campaigns: totals of their own posts and sales, people bounded, status from dates."""

from datetime import date
from decimal import Decimal
from random import Random

import pytest
from tests.analytics.invented import numbers, page_post, post

from sophia.analytics.campaigns.totals import (
    CampaignFacts,
    CampaignStatus,
    campaign_events,
    campaign_status,
    campaign_totals,
)
from sophia.analytics.conversions.commerce import revenue_by_currency
from sophia.analytics.figures.facts import ConversionFact, Money

FEBRUARY = CampaignFacts(1, date(2026, 2, 1), date(2026, 2, 28), frozenset({1, 2, 3}))
POSTS = (
    post(10, numbers(1000, 50), draft_id=1),
    post(11, numbers(600, 14), draft_id=2),
    page_post(12, {"likes": 6, "comments": 0, "shares": 0, "reach": 400}, draft_id=2),
    post(13, numbers(9999, 999), draft_id=8),
    post(14, numbers(9999, 999)),
)
SALES = tuple(
    ConversionFact(
        event_id=i, event_type=kind, day=date(2026, 3, 1), draft_id=draft, revenue=Money(Decimal(paid), "CAD")
    )
    for i, (kind, draft, paid) in enumerate((("conversion", 1, "30"), ("refund", 1, "10"), ("conversion", 8, "500")))
)


def test_totals() -> None:
    """A2, A5: reach 1,000, 600 and 400 are at least 1,000 and at most 2,000 people; likes are added; others are left aside."""
    found = campaign_totals(FEBRUARY, POSTS, SALES)
    assert (found.drafts, found.posts, found.metrics["likes"].value) == (3, 3, 70)
    reach = found.metrics["reach"]
    assert (reach.value, reach.at_least, reach.at_most) == (None, 1000, 2000)
    assert found.engagement_rate_by_reach.value == pytest.approx(100 * 70 / 2000)
    assert found.conversions.value == 1
    (revenue,) = revenue_by_currency(campaign_events(FEBRUARY, SALES))
    assert (revenue.value, revenue.currency) == (Decimal("20.00"), "CAD")


def test_order_and_repetition_change_nothing() -> None:
    """A2, G14: seven snapshots of one post are one post."""
    again = Random(1).sample([*POSTS, *POSTS], 2 * len(POSTS))
    assert campaign_totals(FEBRUARY, again, SALES * 2) == campaign_totals(FEBRUARY, POSTS, SALES)
    assert campaign_events(FEBRUARY, SALES * 2) == campaign_events(FEBRUARY, SALES)


def test_an_empty_campaign() -> None:
    """A12: no posts have no rate, and no revenue is none of 0."""
    found = campaign_totals(FEBRUARY, (), ())
    assert (found.posts, found.metrics, found.conversions.value) == (0, {}, 0)
    assert found.engagement_rate_by_reach.value is None
    assert revenue_by_currency(campaign_events(FEBRUARY, ())) == ()


@pytest.mark.parametrize(
    ("today", "status"),
    [
        (date(2026, 1, 31), CampaignStatus.PLANNED),
        (date(2026, 2, 1), CampaignStatus.ACTIVE),
        (date(2026, 2, 28), CampaignStatus.ACTIVE),
        (date(2026, 3, 1), CampaignStatus.ENDED),
    ],
)
def test_status_comes_from_the_dates(today: date, status: CampaignStatus) -> None:
    """G13, G14: the last day belongs to the campaign, and then it is over."""
    assert campaign_status(FEBRUARY, today) is status
    assert (
        campaign_status(CampaignFacts(1, date(2026, 2, 1), None, frozenset()), date(2030, 1, 1))
        is CampaignStatus.ACTIVE
    )
