"""The pages in a real browser: at desktop and phone width, with and without JavaScript, under the rules of axe."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tests.dashboard.conftest import Site
from tests.dashboard.test_contract import PAGES

WIDTHS = (1280, 390)


def sign_in(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/portfolio")
    page.get_by_label("Name").fill(site.name)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/portfolio")


def addresses(site: Site) -> list[str]:
    return [site.agencies.address(path) for path in PAGES]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.campaign)])
def test_every_page_in_a_browser(browser: Browser, site: Site, width: int, scheme: Any) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request",
        lambda request: problems.append(request.url) if not request.url.startswith((site.url, "data:")) else None,
    )
    sign_in(page, site)
    for path in addresses(site):
        answer = page.goto(f"{site.url}{path}")
        assert answer is not None
        assert answer.status == 200
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        violations = Axe().run(page).response["violations"]
        assert [(item["id"], item["nodes"][0]["html"]) for item in violations] == [], path
    assert problems == []
    context.close()


def test_pages_work_without_javascript(browser: Browser, site: Site) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, site)
    page.get_by_role("link", name="Hats").first.click()
    assert "Hats" in page.inner_text("h1")
    page.get_by_text("vs 9–").or_(page.get_by_text("vs 2–")).first.click()
    page.get_by_role("link", name="Last month").click()
    assert "Hats" in page.inner_text("h1")
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    assert page.inner_text("h1") == "Sign in"


def test_tables_sort(browser: Browser, site: Site) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    sign_in(page, site)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_role("link", name="Sort by Views", exact=True).click()
    names = page.locator("table tbody tr td:first-child").all_inner_texts()
    # A click anywhere in the heading sorts too.
    page.locator("th", has_text="Views ↕").first.click(position={"x": 3, "y": 3})
    assert page.locator("table tbody tr td:first-child").all_inner_texts() == names[::-1]
    assert page.locator("th[aria-sort=ascending]").count() == 1
    assert requests == []


def test_tables_sort_by_the_address_without_javascript(browser: Browser, site: Site) -> None:
    page = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900}).new_page()
    sign_in(page, site)
    page.get_by_role("link", name="Sort by Client", exact=True).click()
    names = page.locator("table tbody tr td:first-child").all_inner_texts()
    assert names == sorted(names, reverse=True)
    page.get_by_role("link", name="Sort by Client", exact=True).click()
    assert page.locator("table tbody tr td:first-child").all_inner_texts() == sorted(names)
    assert page.locator("th[aria-sort=ascending]").count() == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_charts_show_the_values_of_a_day_under_the_pointer(browser: Browser, site: Site, width: int) -> None:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    sign_in(page, site)
    page.goto(f"{site.url}{site.agencies.address('/clients/{hats}')}")
    chart = page.locator("figure.chart svg:visible").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    newest = page.evaluate("document.querySelector('figure.chart tbody tr').textContent")
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 60)
    assert page.locator(".readout").inner_text().startswith("15 Nov · Instagram 500")
    assert "15 Nov" in newest
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    assert "15 Nov" not in page.locator(".readout").inner_text()
    page.mouse.move(0, 0)
    assert page.locator(".readout").count() == 0
    assert problems == []


def test_goals_are_set_and_deleted_on_a_phone(browser: Browser, site: Site) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 900}).new_page()
    sign_in(page, site)
    page.goto(f"{site.url}{site.agencies.address('/clients/{hats}/goals')}")
    # The form is open while there is no goal.
    page.get_by_label("Name").fill("A goal with a name that is much longer than a phone is wide, to be sure")
    page.get_by_label("KPI").select_option("views")
    page.get_by_label("Target; rates").fill("100000")
    for label, day in (("First day", "2026-11-09"), ("Last day", "2026-12-31")):
        page.locator("form[action$='/goals']").get_by_label(label).fill(day)
    page.get_by_role("button", name="Save goal").click()
    assert page.locator(".lead").inner_text().endswith("of 1 goal is reached or on pace.")
    page.evaluate("document.querySelectorAll('main details').forEach((details) => (details.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert Axe().run(page).response["violations"] == []
    page.locator("form[action$='/goals/delete'] button").click()
    assert page.locator(".lead").inner_text() == "This client has no goal yet."
