"""The page of audiences shows what the API returns."""

from datetime import date

import pytest
from tests.conftest import NOW, Filling
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.analytics.audience.matching import AgeRange, TargetAudience
from sophia.analytics.audience.queries import AudienceKind, client_audience
from sophia.analytics.audience.store import put_target_audience
from sophia.display.formatting import value_of

DAY = date(2026, 11, 20)
CELLS = {
    "age=25-34": 600,
    "age=18-24": 300,
    "age=65+": 100,
    "gender=F": 700,
    "gender=M": 200,
    "gender=U": 100,
    "country=DE": 800,
    "country=CA": 100,
    **{f"city=Town {number}, Saxony": 50 - number for number in range(12)},
}


@pytest.fixture
def account(agencies: Agencies, filling: Filling) -> int:
    """The account of Hats, with followers of which Meta reported age, gender, country and city."""
    with agencies.database.read() as session:
        (audience,) = client_audience(session, agencies.hats, "followers").accounts
    fetch = filling.fetch(audience.account_id)
    for breakdown, people in CELLS.items():
        metric = filling.metric("instagram", "account", "follower_demographics", "lifetime", breakdown)
        filling.readings(audience.account_id, filling.series(audience.account_id, metric), {DAY: people}, fetch)
    target = TargetAudience(name="Young Germans", ages=AgeRange(18, 34), genders=("F",), countries=("DE",))
    with agencies.database.write() as session:
        put_target_audience(session, agencies.hats, target, NOW)
    return audience.account_id


def test_parts_are_those_of_the_api(agencies: Agencies, account: int) -> None:
    page = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}/audience").page
    with agencies.database.read() as session:
        (audience,) = client_audience(session, agencies.hats, "followers").accounts
    (panel,) = page.accounts
    tables = {table.name: table for table in (panel.ages.table, *panel.dimensions)}
    for dimension in audience.dimensions:
        rows = tables[f"{dimension.dimension}-{account}"].rows
        assert len(rows) == min(len(dimension.parts), 10)
        for row, part in zip(rows, dimension.parts, strict=False):
            assert row[2].sort == part.people
            assert row[1].value.text == ("–" if part.percent is None else value_of(part.percent).text)
    assert [row[0].value.text for row in tables[f"gender-{account}"].rows] == ["Women", "Men", "Gender not stated"]
    assert tables[f"country-{account}"].rows[0][0].value.text == "Germany"
    assert tables[f"city-{account}"].footnote.endswith("The 10 largest of 12.")
    assert page.lead.endswith("on Instagram: aged 25–34 (60.0 %), women (77.8 %), in Germany (88.9 %).")
    assert panel.note == "As of 20 Nov · 2,100 followers"


def test_matches_are_those_of_the_api(agencies: Agencies, account: int) -> None:
    page = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}/audience").page
    with agencies.database.read() as session:
        (audience,) = client_audience(session, agencies.hats, "followers").accounts
    assert audience.account_id == account
    (match,) = audience.fits
    (row,) = page.matches.rows
    figures = (match.overall, match.age, match.gender, match.country, match.place)
    assert [cell.value for cell in row[2:]] == [value_of(figure) for figure in figures]
    assert row[0].value.text == "Young Germans"


@pytest.mark.parametrize("kind", ["engaged", "reached"])
def test_an_audience_without_numbers_says_why(agencies: Agencies, kind: AudienceKind) -> None:
    page = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}/audience?audience={kind}").page
    with agencies.database.read() as session:
        (audience,) = client_audience(session, agencies.hats, kind).accounts
    (panel,) = page.accounts
    assert (panel.reason, panel.ages, panel.dimensions) == (audience.reason, None, ())
    assert page.lead.startswith("Meta has not reported")


def test_the_page_of_another_client_is_not_found(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.VIEWER, agencies.shoes)
    for path in ("audience", "timing", "decisions", "goals"):
        assert browser.get(f"/clients/{agencies.shoes}/{path}").status == 200
        assert browser.get(f"/clients/{agencies.hats}/{path}").status == 404
