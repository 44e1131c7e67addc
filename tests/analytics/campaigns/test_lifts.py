"""The lift of a stored campaign through the API: the other clients as its control, and the reasons for no estimate."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from tests.conftest import NOW, Api, Filling, QueryCounter

from sophia.analytics.campaigns.lifts import AUTOMATIC, OVERLAPS, TOO_LONG, TOO_SHORT, campaign_lift
from sophia.analytics.campaigns.models import Campaign
from sophia.meta.reporting_zone import reporting_day

LENGTH = 14
TODAY = reporting_day(NOW)
FIRST = TODAY - timedelta(days=LENGTH)
HISTORY = [FIRST - timedelta(days=age) for age in range(182, 0, -1)]
DAYS = [*HISTORY, *(FIRST + timedelta(days=index) for index in range(LENGTH))]


@pytest.fixture
def hats(filling: Filling) -> int:
    """Return a client with twice its engagements in the last 14 days, among nine others."""
    random = np.random.default_rng(8)
    common = np.cumsum(random.normal(0, 0.02, len(DAYS)))
    ids = [filling.client(name) for name in ("Hats", *(f"Other {number}" for number in range(9)))]
    for client_id in ids:
        means = np.exp(5 + common) * (np.where(np.arange(len(DAYS)) >= 182, 2.0, 1.0) if client_id == ids[0] else 1.0)
        values = dict(zip(DAYS, random.poisson(means).astype(float).tolist(), strict=True))
        filling.daily(filling.account(client_id), "page_post_engagements", values)
    return ids[0]


def campaign(filling: Filling, client_id: int, first: date, last: date | None, **values: Any) -> int:
    row = {"name": "Autumn", "slug": f"autumn-{first}-{last}", "created_at": NOW} | values
    return filling.add(Campaign(client_id=client_id, start_date=first, end_date=last, **row))


def test_a_lift_has_its_interval_and_placebos(api: Api, filling: Filling, hats: int) -> None:
    number = campaign(filling, hats, FIRST, None)
    answer = api.get(f"/{hats}/campaigns/{number}/lift").json()
    assert (answer["start"], answer["end"], answer["reason"]) == (FIRST.isoformat(), TODAY.isoformat(), None)
    (part,) = answer["platforms"]
    assert (part["platform"], part["verdict"], part["others"], part["weeks"]) == ("facebook", "lift", 9, 12)
    assert part["low_percent"] <= 100 <= part["high_percent"]
    assert part["percent"] == pytest.approx(100, abs=12)
    assert part["text"].startswith("Facebook: +")
    assert "Other" not in str(answer)


def test_reasons_for_no_estimate(filling: Filling, hats: int) -> None:
    cases = (
        (campaign(filling, hats, FIRST, None, grouping_key="tips-2026"), AUTOMATIC),
        (campaign(filling, hats, TODAY - timedelta(days=400), TODAY - timedelta(days=200)), TOO_LONG),
        (campaign(filling, hats, TODAY - timedelta(days=2), None), TOO_SHORT),
        (campaign(filling, hats, TODAY + timedelta(days=2), None), TOO_SHORT),
        (campaign(filling, hats, FIRST, TODAY), OVERLAPS),
    )
    with filling.database.read() as session:
        for number, reason in cases:
            lift = campaign_lift(session, hats, number, NOW)
            assert (lift.reason, lift.platforms) == (reason, ())


def test_a_campaign_of_another_client_is_unknown(api: Api, filling: Filling, hats: int) -> None:
    other = campaign(filling, filling.client("Shoes"), FIRST, None)
    assert api.get(f"/{hats}/campaigns/{other}/lift").status_code == 404


def test_a_constant_number_of_queries(filling: Filling, hats: int) -> None:
    number = campaign(filling, hats, FIRST, None)
    with filling.database.read() as session, QueryCounter(filling.database) as queries:
        campaign_lift(session, hats, number, NOW)
    assert queries.count <= 8
