"""Campaigns as they are stored: whose they are, and on whose calendar they run."""

from datetime import date

import pytest
from tests.conftest import NOW, Filling

from sophia.analytics.models import Campaign
from sophia.analytics.queries import list_campaigns


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
