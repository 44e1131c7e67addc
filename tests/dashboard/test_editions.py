"""Finished reports on pages: keep, correct, note, show and print them, in the language and brand of the client."""

import pytest
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies, Browser
from tests.dashboard.test_contract import squeezed, texts
from tests.dashboard.test_sharing import shared_path
from tests.reporting.reading import missing_texts, pdf_info

from sophia.access.users import UserRole
from sophia.display.languages import LANGUAGES
from sophia.reporting.editions import list_editions
from sophia.reporting.settings import ReportSettings, save_settings

WEEK = {"start_date": "2026-11-09", "end_date": "2026-11-15"}


def keep(agencies: Agencies, browser: Browser, **fields: str) -> str:
    """Keep the report of the last complete week, and return the address of the finished one."""
    answer = browser.post(f"/clients/{agencies.hats}/report/keep", {**WEEK, "language": "en", **fields})
    assert answer.status == 303, answer.text
    return str(answer.headers["location"])


def test_a_finished_report_is_shown_as_page_and_pdf(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.MANAGER, agencies.hats)
    address = keep(agencies, browser)
    answer = browser.get(address)
    assert answer.status == 200
    html = squeezed(answer.text.replace("&#39;", "'").replace("&amp;", "&"))
    assert [text for text in texts(answer.page) if squeezed(text).strip() not in html] == []
    assert answer.page.document.edition == "Edition 1 of 22 November 2026"
    printed = browser.get(answer.page.pdf)
    assert (printed.status, printed.headers["content-type"]) == (200, "application/pdf")
    assert printed.headers["content-disposition"] == 'attachment; filename="report-2026-11-09-2026-11-15.pdf"'
    assert missing_texts(answer.page.document, printed.content) == []
    live = browser.get(f"/clients/{agencies.hats}/report").page
    assert (live.has_edition, [row[0].href for row in live.editions.rows]) == (True, [address])


def test_a_correction_needs_a_reason_and_names_it(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.MANAGER, agencies.hats)
    first = keep(agencies, browser)
    assert keep(agencies, browser) == first
    second = browser.get(keep(agencies, browser, reason="A wrong goal")).page.document
    assert second.edition == "Edition 2 of 22 November 2026, corrects the edition of 22 November 2026: A wrong goal"
    assert browser.get(first).page.document.edition == "Edition 1 of 22 November 2026"


def test_a_refused_report_says_why_and_keeps_what_was_typed(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.MANAGER, agencies.hats)
    path = f"/clients/{agencies.hats}/report/keep"
    answer = browser.post(path, {**WEEK, "language": "en", "reason": "Nothing is kept yet"})
    assert (answer.status, "no edition of this period to correct" in answer.text) == (422, True)
    answer = browser.post(path, {**WEEK, "language": "it"})
    assert (answer.status, "not in &#39;it&#39;" in answer.text) == (422, True)
    answer = browser.post(path, {"start_date": "2026-11-16", "end_date": "2026-11-22", "language": "en"})
    assert (answer.status, "not over yet" in answer.text) == (422, True)
    with agencies.database.read() as session:
        assert list_editions(session, agencies.hats) == []


def test_viewers_read_and_others_see_nothing(agencies: Agencies) -> None:
    address = keep(agencies, agencies.browser(UserRole.MANAGER, agencies.hats))
    viewer = agencies.browser(UserRole.VIEWER, agencies.hats)
    assert viewer.get(address).status == viewer.get(f"{address}/pdf").status == 200
    page = viewer.get(f"/clients/{agencies.hats}/report")
    assert (page.page.can_change, "Keep this report" in page.text) == (False, False)
    assert viewer.post(f"/clients/{agencies.hats}/report/keep", {**WEEK, "language": "en"}).status == 403
    other = agencies.browser(UserRole.MANAGER, agencies.shoes)
    for path in (address, f"{address}/pdf", f"/clients/{agencies.hats}/report.pdf"):
        assert other.get(path).status == 404
    assert other.post(f"/clients/{agencies.hats}/report/note", {**WEEK, "text": "Hello"}).status == 404


def test_a_note_is_shown_at_the_top_of_its_period(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.MANAGER, agencies.hats)
    path = f"/clients/{agencies.hats}/report"
    answer = browser.post(f"{path}/note", {**WEEK, "text": "A good week.\r\n\r\nThe <b>fair</b> helped."})
    assert answer.status == 303
    note = browser.get(str(answer.headers["location"])).page.document.note
    assert note.paragraphs == ("A good week.", "The <b>fair</b> helped.")
    assert note.author.startswith("manager")
    shared = Browser(agencies.app).get(shared_path(agencies, agencies.hats))
    assert "The &lt;b&gt;fair&lt;/b&gt; helped." in shared.text
    assert browser.get(f"{path}?start_date=2026-11-02&end_date=2026-11-08").page.document.note is None
    browser.post(f"{path}/note", {**WEEK, "text": " "})
    assert browser.get(path).page.document.note is None


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_share_link_has_the_language_and_brand_of_the_client(agencies: Agencies, code: str) -> None:
    settings = ReportSettings(name="Studio Norte", colour="#7a1f5b", language=code)  # type: ignore[arg-type]
    with agencies.database.write() as session:
        save_settings(session, None, ReportSettings(name="Inherited", sender="Ana Prates"), NOW)
        save_settings(session, agencies.hats, settings, NOW)
    reader = Browser(agencies.app)
    path = shared_path(agencies, agencies.hats)
    answer = reader.get(path)
    assert f'<html lang="{code}">' in answer.text
    assert "/brand/7a1f5b.css" in answer.text
    assert "Studio Norte" in answer.text.partition("<main")[0]
    assert "Sophia" not in answer.text
    document = answer.page.document
    assert "Ana Prates" in document.prepared_by
    printed = reader.get(f"{path}/pdf")
    assert missing_texts(document, printed.content) == []
    assert pdf_info(printed.content)["Author"] == "Ana Prates"


def test_a_locked_link_prints_nothing_before_its_password(agencies: Agencies) -> None:
    path = shared_path(agencies, agencies.hats, password="correct horse")
    assert Browser(agencies.app).get(f"{path}/pdf").status == 404


def test_sections_are_left_out_of_the_page(agencies: Agencies) -> None:
    with agencies.database.write() as session:
        save_settings(session, agencies.hats, ReportSettings(sections=("needs", "result")), NOW)
    document = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}/report").page.document
    parts = ("result", "changes", "work", "outlook", "needs", "figures")
    assert [name for name in parts if getattr(document, name) is not None] == ["result", "needs"]


def test_the_stylesheet_of_a_brand_has_its_colour_only(agencies: Agencies) -> None:
    browser = Browser(agencies.app)
    answer = browser.get("/brand/7a1f5b.css")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "--brand:#7a1f5b" in answer.text
    for colour in ("ffee00", "7a1f5", "7a1f5b}body{", "red"):
        assert browser.get(f"/brand/{colour}.css").status == 404
