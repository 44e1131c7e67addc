"""The picker: presets, comparisons and the address that keeps them."""

import re
from datetime import UTC, date, datetime
from html import unescape

import pytest
from tests.analytics.reports.conftest import WEEK, Agency, each_day
from tests.conftest import NOW, Filling
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.reports.gathering import make_report
from sophia.dashboard.layout.windows import preset_windows
from sophia.meta.reporting_zone import DateRange


def presets(moment: datetime) -> dict[str, str]:
    return {name: f"{window.start} {window.end}" for name, window in preset_windows(moment)}


@pytest.mark.parametrize(
    ("moment", "this_month", "last_month", "this_quarter", "last_quarter"),
    [
        # Noon in UTC is the same day in Meta's zone.
        ("2028-02-29", "2028-02-01 2028-03-01", "2028-01-01 2028-02-01", "2028-01-01 2028-04-01", "2027-10-01 2028-01-01"),
        ("2026-03-31", "2026-03-01 2026-04-01", "2026-02-01 2026-03-01", "2026-01-01 2026-04-01", "2025-10-01 2026-01-01"),
        ("2026-12-31", "2026-12-01 2027-01-01", "2026-11-01 2026-12-01", "2026-10-01 2027-01-01", "2026-07-01 2026-10-01"),
    ],
)  # fmt: skip
def test_presets_at_the_ends_of_months(
    moment: str, this_month: str, last_month: str, this_quarter: str, last_quarter: str
) -> None:
    offered = presets(datetime.fromisoformat(f"{moment}T20:00:00+00:00"))
    assert offered["This month"] == this_month
    assert offered["Last month"] == last_month
    assert offered["This quarter"] == this_quarter
    assert offered["Last quarter"] == last_quarter


def test_a_new_month_begins_at_midnight_in_metas_zone() -> None:
    assert presets(datetime(2026, 12, 1, 7, 59, tzinfo=UTC))["This month"] == "2026-11-01 2026-12-01"
    assert presets(datetime(2026, 12, 1, 8, 0, tzinfo=UTC))["This month"] == "2026-12-01 2027-01-01"


def test_a_year_on_year_comparison_is_named_and_kept_in_every_link(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    query = "start_date=2026-11-09&end_date=2026-11-15&compare=year"
    for path in ("/portfolio", f"/clients/{agencies.hats}", f"/clients/{agencies.hats}/report"):
        answer = browser.get(f"{path}?{query}")
        assert answer.status == 200
        assert "vs 10–16 Nov 2025" in answer.text
        pages = [unescape(link) for link in re.findall(r'href="([^"#]*/clients/\d+[^"#]*)"', answer.text)]
        assert pages
        assert all("compare=year" in link for link in pages)
        assert '<input type="hidden" name="compare" value="year">' in answer.text
    assert browser.get("/portfolio?compare=decade").status == 422


def test_year_on_year_compares_with_the_readings_of_then(filling: Filling, agencies: Agencies) -> None:
    agency = Agency(filling)
    client, account = agency.client("Caps")
    then = DateRange(date(2025, 11, 10), date(2025, 11, 17))
    agency.days(account, "views", each_day(then, 200) | each_day(WEEK, 300))
    query = "start_date=2026-11-09&end_date=2026-11-15&compare=year"
    answer = agencies.browser(UserRole.OPERATOR).get(f"/clients/{client}?{query}")
    card = next(card for card in answer.page.cards if card.label == "Views")
    assert card.change is not None
    assert (card.value.text, card.change.text, card.change.since) == ("2,100", "50.0 %", "1,400")
    report = make_report(agencies.database, client, None, NOW, comparison=Comparison.YEAR)
    assert report.changes["views"].percent.value == 50


def test_filters_of_posts_keep_the_window(agencies: Agencies) -> None:
    query = "start_date=2026-11-02&end_date=2026-11-15"
    answer = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}/posts?{query}")
    assert [link.href for link in answer.page.formats] == [f"?{query}", f"?{query}&format=feed"]
    filtered = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}/posts?{query}&format=feed")
    links = [unescape(link) for link in re.findall(r'href="(\?[^"]*)"', filtered.text)]
    assert any("format=feed" in link and "start_date=2026-10-01" in link for link in links)
