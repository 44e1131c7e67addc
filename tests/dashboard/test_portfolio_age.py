"""The portfolio says of when its figures are, unless they are current."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import update
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.analytics.readings.models import EngagementMetric
from sophia.analytics.readings.run_models import Lease
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.brief_cache import CachedBrief
from sophia.dashboard.portfolio.view import outdated


def test_during_a_collection_the_page_says_of_when_its_figures_are(agencies: Agencies) -> None:
    """G1: figures that differ from the store are dated."""
    browser = agencies.browser(UserRole.OPERATOR)
    current = browser.get("/portfolio").page
    assert current.outdated == ""
    with agencies.database.write() as session:
        session.add(Lease(name="account:1", holder="another process", expires_at=NOW + timedelta(minutes=5)))
        session.execute(update(EngagementMetric).values(metric_value=EngagementMetric.metric_value * 2))
    answer = browser.get("/portfolio")
    assert answer.page.clients == current.clients
    assert answer.page.outdated in answer.text
    assert answer.page.outdated.startswith("The figures are as of ")


def test_the_age_names_the_day_and_a_failure(agencies: Agencies) -> None:
    made_at, zone = datetime(2026, 11, 29, 5, 12, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    brief = make_brief(agencies.database, None, made_at)
    later = made_at + timedelta(days=1)
    waiting = CachedBrief(brief, is_current=False, has_failed=False)
    assert outdated(waiting, zone, made_at) == "The figures are as of 06:12."
    assert outdated(waiting, zone, made_at + timedelta(minutes=2)) == (
        "The figures are as of 06:12. Newer ones are being computed; reload the page to see them."
    )
    assert outdated(waiting, zone, later).startswith("The figures are as of Sun 29 Nov, 06:12.")
    failed = CachedBrief(brief, is_current=False, has_failed=True)
    assert "Renewing them failed" in outdated(failed, zone, later)
    assert outdated(CachedBrief(brief, is_current=True, has_failed=False), zone, later) == ""
