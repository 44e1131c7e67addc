"""What the commands can change and pages can too: benchmarks, annotations, target audiences, conversions."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from tests.dashboard.conftest import Agencies, Answer, Browser, run

from sophia.access.users import UserRole
from sophia.analytics.annotations.queries import list_annotations
from sophia.analytics.audience.queries import list_target_audiences
from sophia.analytics.benchmarks.queries import list_benchmarks
from sophia.analytics.conversions.listing import find_conversion
from sophia.analytics.conversions.models import ConversionEvent

BENCHMARKS = (
    "industry,platform,metric,statistic,value_percent,data_year,source,provenance\n"
    "retail,facebook,engagement_rate_by_reach,median,2.5,2025,Own study,https://study.example\n"
)
SALES = "event_type,source,event_date,external_id,revenue_amount,currency\n"
SALE = "conversion,shop,2026-11-19,A-1,19.90,EUR\n"


def upload(browser: Browser, path: str, text: str | bytes, **fields: str) -> Answer:
    """Send a file as a browser does."""
    content = text.encode() if isinstance(text, str) else text
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="file.csv"\r\nContent-Type: text/csv\r\n\r\n'
    body = b"".join(parts) + head + content + b"\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x", "sec-fetch-site": "same-origin"}
    return run(browser._ask("POST", path, body, headers))


def own(agencies: Agencies) -> list[str]:
    with agencies.database.read() as session:
        return [
            f"{item.industry} {item.value_percent.normalize():f}" for item in list_benchmarks(session) if item.is_own
        ]


def test_benchmarks_are_imported_and_deleted(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    answer = upload(browser, "/settings/portfolio/benchmarks", BENCHMARKS, dry_run="true")
    assert (answer.status, answer.page.message) == (
        200,
        "Benchmarks: 1 would be added, 0 would be changed, 0 unchanged.",
    )
    assert own(agencies) == []
    answer = upload(
        browser, "/settings/portfolio/benchmarks", BENCHMARKS + "retail,myspace,x,median,1,2025,Own study,y\n"
    )
    assert answer.page.message == "Benchmarks: 1 added, 0 changed, 0 unchanged, 1 lines skipped."
    assert answer.page.problems[0].startswith("Line 3: ")
    assert own(agencies) == ["retail 2.5"]
    assert browser.post("/settings/portfolio/benchmarks/delete", {"source": "Own study"}).status == 303
    assert own(agencies) == []
    assert browser.post("/settings/portfolio/benchmarks/delete", {"source": "Own study"}).status == 422


@pytest.mark.parametrize("content", ["industry,platform\n", b"\xff\xfe\x00", ""])
def test_a_file_that_cannot_be_read_changes_nothing(agencies: Agencies, content: str | bytes) -> None:
    answer = upload(agencies.browser(UserRole.OPERATOR), "/settings/portfolio/benchmarks", content)
    assert (answer.status, answer.page.error != "") == (422, True)
    assert own(agencies) == []


def test_an_annotation_of_the_portfolio_is_added_and_deleted(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    form = {"day": "2026-11-20", "text": "Meta was down"}
    assert browser.post("/settings/portfolio/annotations", form).status == 303
    with agencies.database.read() as session:
        (annotation,) = [item for item in list_annotations(session, []) if item.text == "Meta was down"]
    assert (annotation.client_id, annotation.day.isoformat()) == (None, "2026-11-20")
    assert annotation.author is not None
    answer = browser.post("/settings/portfolio/annotations", {"day": "soon", "text": "Typed"})
    assert (answer.status, 'value="Typed"' in answer.text) == (422, True)
    assert browser.post("/settings/portfolio/annotations/delete", {"annotation_id": annotation.id}).status == 303
    with agencies.database.read() as session:
        assert annotation.id not in {item.id for item in list_annotations(session, [])}


def test_only_operators_change_the_portfolio(agencies: Agencies) -> None:
    for role in (UserRole.MANAGER, UserRole.VIEWER):
        browser = agencies.browser(role, agencies.hats)
        assert browser.get("/settings/portfolio").status == 403
        for path in ("annotations", "annotations/delete", "benchmarks", "benchmarks/delete"):
            assert browser.post(f"/settings/portfolio/{path}").status == 403


def test_a_target_audience_is_saved_replaced_and_deleted(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.MANAGER, agencies.hats), f"/clients/{agencies.hats}/audience/targets"
    form: dict[str, Any] = {"name": "Young families", "youngest": "25", "oldest": "44", "genders": ["F"]}
    assert browser.post(path, form | {"countries": "Germany, FR", "places": "Berlin\r\nParis"}).status == 303
    with agencies.database.read() as session:
        (target,) = [item for item in list_target_audiences(session, agencies.hats) if item.name == "Young families"]
    assert target.ages is not None
    assert (target.ages.youngest, target.ages.oldest, target.genders) == (25, 44, ("F",))
    assert (target.countries, target.places) == (("DE", "FR"), ("Berlin", "Paris"))
    assert browser.post(path, {"name": "Young families", "youngest": "55"}).status == 303
    page = browser.get(f"/clients/{agencies.hats}/audience").page
    (row,) = [row for row in page.targets.rows if row[0].value.text == "Young families"]
    assert [cell.value.text for cell in row[1:]] == ["55+", "any", "any", "any"]
    assert browser.post(f"{path}/delete", {"name": "Young families"}).status == 303
    assert "Young families" not in browser.get(f"/clients/{agencies.hats}/audience").text


@pytest.mark.parametrize(
    "change",
    [{"youngest": "old"}, {"youngest": "", "oldest": "40"}, {"youngest": "44", "oldest": "25"}, {"countries": "Atlantis"},
     {"youngest": ""}, {"name": "a/b"}],
)  # fmt: skip
def test_a_refused_target_audience_keeps_what_was_typed(agencies: Agencies, change: dict[str, str]) -> None:
    form = {"name": "Kept", "youngest": "25", "places": ""} | change
    answer = agencies.browser(UserRole.OPERATOR).post(f"/clients/{agencies.hats}/audience/targets", form)
    assert (answer.status, answer.page.error != "") == (422, True)
    assert f'value="{form["name"]}"' in answer.text


def test_a_viewer_sees_no_forms(agencies: Agencies) -> None:
    viewer = agencies.browser(UserRole.VIEWER, agencies.hats)
    assert "Save target audience" not in viewer.get(f"/clients/{agencies.hats}/audience").text
    for path in ("audience/targets", "audience/targets/delete", "conversions/import", "conversions/amend"):
        assert viewer.post(f"/clients/{agencies.hats}/{path}", {"name": "x"}).status == 403
    manager = agencies.browser(UserRole.MANAGER, agencies.shoes)
    assert manager.post(f"/clients/{agencies.hats}/audience/targets", {"name": "x", "youngest": "20"}).status == 404
    assert upload(manager, f"/clients/{agencies.hats}/conversions/import", SALES + SALE).status == 404


def sale_of(agencies: Agencies) -> int | None:
    with agencies.database.read() as session:
        query = select(ConversionEvent.id).filter_by(client_id=agencies.hats, external_id="A-1")
        return session.scalar(query)


def test_conversions_are_imported_and_amended(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/clients/{agencies.hats}/conversions"
    answer = upload(browser, f"{path}/import", SALES + SALE, dry_run="true")
    assert (answer.status, "1 events would be recorded" in answer.page.results[0]) == (200, True)
    assert sale_of(agencies) is None
    answer = upload(browser, f"{path}/import", SALES + SALE + "conversion,shop,never,A-2,1,EUR\n")
    assert answer.page.results[0] == "2 rows: 1 events recorded, 0 changed, 0 unchanged."
    assert [row[0].value.text for row in answer.page.bad.rows] == ["3"]
    sale = sale_of(agencies)
    assert sale is not None
    form = {"conversion_id": sale, "revenue_amount": "25.00", "reason": "Typing error"}
    assert browser.post(f"{path}/amend", form).status == 303
    with agencies.database.read() as session:
        assert find_conversion(session, agencies.hats, sale).version.revenue_amount == Decimal(25)
    answer = browser.post(f"{path}/amend", {"conversion_id": sale, "reason": "Typed reason"})
    assert (answer.status, 'value="Typed reason"' in answer.text) == (422, True)
    assert browser.post(f"{path}/amend", form | {"revenue_amount": "much"}).status == 422


@pytest.mark.parametrize(
    ("content", "fields"),
    [("nothing", {}), (SALES + SALE, {"columns": "no sign"}), (SALES + SALE, {"timezone": "Nowhere/Town"})],
)
def test_a_refused_import_says_why_and_keeps_the_options(
    agencies: Agencies, content: str, fields: dict[str, str]
) -> None:
    path = f"/clients/{agencies.hats}/conversions/import"
    answer = upload(agencies.browser(UserRole.OPERATOR), path, content, source="typed shop", **fields)
    assert (answer.status, answer.page.error != "") == (422, True)
    assert 'value="typed shop"' in answer.text
    assert sale_of(agencies) is None
