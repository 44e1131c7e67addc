"""Days on which a client is not as usual, and what a failed listing of posts does to the drivers of a report."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete
from tests.analytics.reports.conftest import EARLIER, LISTED, LONG_AGO, MONDAY, WEEK, Agency, each_day, furnish
from tests.conftest import NOW, ONE_DAY

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.campaigns.models import Campaign
from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.analytics.readings.run_models import CollectionRun
from sophia.analytics.reports.gathering import make_report
from sophia.analytics.reports.special_days import special_days
from sophia.meta.reporting_zone import DateRange


def test_holidays_campaigns_and_annotations(agency: Agency) -> None:
    """Those of the client alone; automatic campaigns and notes about the whole portfolio mark no day."""
    filling = agency.filling
    here, _ = agency.client("Here", timezone="America/Vancouver")
    there, _ = agency.client("There", timezone="UTC")
    rows = {"client_id": there, "created_at": NOW - timedelta(days=9)}
    campaign = {"start_date": MONDAY, "end_date": MONDAY + ONE_DAY}
    filling.add(Campaign(**rows, name="Sale", slug="sale", **campaign))
    filling.add(
        Campaign(
            **rows,
            name="Tips",
            slug="tips",
            grouping_key="2026-11 tips",
            start_date=MONDAY - 9 * ONE_DAY,
            end_date=MONDAY,
        )
    )
    for client, day in ((there, 3), (None, 5)):
        filling.add(Annotation(client_id=client, day=MONDAY + day * ONE_DAY, text="Fair", author="Ada", written_at=NOW))
    with filling.database.read() as session:
        clients = measured_clients(session)
        found = special_days(session, clients, DateRange(EARLIER.start, WEEK.end))
        earlier = special_days(session, clients, DateRange(EARLIER.start, WEEK.end), NOW - timedelta(days=10))
    assert date(2026, 11, 11) in found[here]  # Remembrance Day
    assert found[there] == {MONDAY, MONDAY + ONE_DAY, MONDAY + 3 * ONE_DAY}
    assert there not in earlier


def split(agency: Agency, client: int) -> DriverSplit:
    return make_report(agency.filling.database, client, WEEK, NOW).drivers["instagram"]


def test_a_failed_post_walk_changes_no_part(agency: Agency) -> None:
    """L30, A12: without a complete list of posts the posting part is unknown, and the other parts are what they were."""
    client, account = furnish(agency)
    before = split(agency, client)
    assert before.posting is not None
    with agency.filling.database.write() as session:
        session.execute(
            delete(CollectionRun).where(CollectionRun.account_id == account, CollectionRun.trigger == "manual")
        )
    agency.filling.run(account, **LISTED, families={"media": {"ended": "failed"}}, status="partial")
    after = split(agency, client)
    assert after.posting is None
    assert after.inseparable == ("posting",)
    assert after.main_driver is None
    for name in ("whole", "platform", "people"):
        assert getattr(after, name).log == pytest.approx(getattr(before, name).log)


def test_two_clients_cannot_tell(agency: Agency) -> None:
    """L30: with one other client the report says once that the algorithm cannot be separated from the distribution."""
    client, _ = furnish(agency, 2)
    report = make_report(agency.filling.database, client, WEEK, NOW)
    (text,) = [sentence.text for sentence in report.commentary if sentence.text.startswith("On Instagram: ")]
    assert text.count("cannot be separated: there is 1 other client to compare with, and 5 are needed") == 1
    assert "other clients (" not in text
    assert report.drivers["instagram"].main_driver is None


def test_views_from_advertisements_are_left_out(agency: Agency) -> None:
    """A boost doubles the views of a Page and brings few reactions: organic engagement is what it was."""
    filling = agency.filling
    client, account = agency.client("Hats", "facebook")
    filling.run(account, **LISTED)
    for name, before, after, breakdown in (
        ("page_media_view", 1000.0, 2000.0, ""),
        ("page_media_view", 1000.0, 1000.0, "is_from_ads=0"),
        ("page_post_engagements", 100.0, 130.0, ""),
    ):
        series = filling.series(account, filling.metric("facebook", "account", name, breakdown=breakdown))
        days = each_day(EARLIER, before) | each_day(WEEK, after)
        filling.readings(account, series, days, filling.fetch(account, LONG_AGO))
    report = make_report(filling.database, client, WEEK, NOW)
    found = report.drivers["facebook"]
    assert found.is_organic
    assert found.whole is not None
    assert found.people is not None
    assert [found.whole.percent, found.people.percent] == pytest.approx([0, 0])
    assert any(
        sentence.text.startswith("On Facebook: Organic account interactions did not change.")
        for sentence in report.commentary
    )
    assert report.changes["views"].percent.value == 100.0
