"""Campaigns as they are stored: whose they are, and on whose calendar they run."""

from datetime import date

import pytest
from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling

from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.campaigns.queries import list_campaigns
from sophia.portfolio.models import Post


@pytest.mark.parametrize(
    ("zone", "statuses"), [("Pacific/Kiritimati", ["active", "ended"]), ("UTC", ["planned", "active"])]
)
def test_campaigns_run_on_their_own_clients_calendar(filling: Filling, zone: str, statuses: list[str]) -> None:
    """G13, G14: at noon of the 22nd in UTC it is the 23rd on Kiritimati; what other clients' clocks show is no matter."""
    filling.client("First", timezone="America/Toronto")
    client = filling.client("Hats", timezone=zone)
    filling.client("Last", timezone="America/Toronto")
    for day, name in ((date(2026, 11, 23), "next"), (date(2026, 11, 22), "now")):
        row = {"name": name, "slug": name, "start_date": day, "end_date": day, "created_at": NOW}
        filling.add(Campaign(client_id=client, **row))
    with filling.database.read() as session:
        assert [campaign.status for campaign in list_campaigns(session, client, NOW)] == statuses


def test_each_counter_has_its_own_last_day(filling: Filling) -> None:
    """A2: posts that were last read on different days all count, each with its newest value."""
    client = filling.client("Hats")
    account = filling.account(client, "instagram")
    metric = filling.metric("instagram", "post", "likes", "lifetime")
    campaign = filling.add(
        Campaign(client_id=client, name="Sale", slug="sale", start_date=date(2026, 11, 1), created_at=NOW)
    )
    for place, values in enumerate(({YESTERDAY - 2 * ONE_DAY: 5, YESTERDAY - ONE_DAY: 7}, {YESTERDAY: 10})):
        draft = filling.draft(client)
        with filling.database.write() as session:
            session.add(CampaignMembership(campaign_id=campaign, draft_id=draft))
        details = {"kind": "feed", "platform_post_id": f"p{place}", "published_at": NOW, "first_seen_at": NOW}
        post = filling.add(Post(account_id=account, draft_id=draft, **details))
        filling.readings(account, filling.series(account, metric, post), values, filling.fetch(account))
    with filling.database.read() as session:
        (found,) = list_campaigns(session, client, NOW)
    assert found.totals.metrics["likes"].value == 17
