"""An operator's first morning in a real browser: sign in, connect, collect, write, approve, queue, export, share, sign out."""

import csv
import io
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as RealBrowser
from playwright.sync_api import Page
from tests.conftest import PATIENCE_SECONDS
from tests.dashboard.test_connecting import agency, meta, served
from tests.portfolio.conftest import Agency

from sophia.access.sessions import create_first_sign_in_link

__all__ = ["agency", "meta", "served"]


def connect_and_collect(page: Page) -> None:
    page.get_by_role("link", name="Connect accounts").click()
    page.get_by_role("button", name="Log in with Facebook").click()
    page.get_by_role("heading", name="Continue as").wait_for()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Connect and collect").click()
    page.get_by_text("Collected: 6 of 6 accounts are finished").wait_for()


def publish_a_draft(page: Page, url: str) -> None:
    page.goto(f"{url}/drafts")
    page.get_by_role("button", name="Write a draft").click()
    page.get_by_label("Type of post").select_option(index=0)
    page.get_by_label("Text; links").fill("Fresh bread at seven")
    page.get_by_role("button", name="Create draft").click()
    page.get_by_role("button", name="Approve").click()
    assert "approved" in page.inner_text("main").lower()
    page.get_by_role("button", name="Queue or move").click()
    assert "Fresh bread at seven" in page.inner_text("main")


def export(page: Page, folder: Path) -> list[list[str]]:
    """The rows of the first table of the page, as its export has them."""
    with page.expect_download() as download:
        page.locator("a.export").first.click()
    path = folder / "table.csv"
    download.value.save_as(path)
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_first_morning(browser: RealBrowser, agency: Agency, served: str, tmp_path: Path, width: int) -> None:
    agency.meta.api.latency_seconds = 0.02
    with agency.database.write() as session:
        token = create_first_sign_in_link(session, agency.now)
    context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))

    def check() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        assert [(item["id"], item["nodes"][0]["html"]) for item in Axe().run(page).response["violations"]] == []

    page.goto(f"{served}/sign-in/{token}")
    if page.get_by_role("main").get_by_role("button", name="Sign in").count():
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.goto(f"{served}/collection")
    check()
    connect_and_collect(page)
    page.goto(f"{served}/portfolio")
    check()
    rows = export(page, tmp_path)
    assert len(rows) == 4, "a heading and three clients"
    page.get_by_role("link", name=rows[1][0]).first.click()
    assert page.inner_text("h1") == rows[1][0]
    check()
    client = page.url.partition("?")[0]
    publish_a_draft(page, served)
    check()
    page.goto(f"{client}/share")
    page.get_by_label("Name").fill("Baker")
    page.get_by_role("button", name="Create link").click()
    address = page.locator(".notice code").inner_text()
    reader = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    assert reader.goto(f"{served}{address[address.index('/shared/') :]}").status == 200  # type: ignore[union-attr]
    assert reader.inner_text("h1") == rows[1][0]
    assert reader.locator(f"a[href*='{served}/clients']").count() == 0
    reader.context.close()
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    assert page.inner_text("h1") == "Sign in"
    assert problems == []
    context.close()
