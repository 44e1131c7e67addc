"""The pages on which operators set how reports look."""

import io
from typing import Any

import httpx
from PIL import Image
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.reporting.document import SECTIONS
from sophia.reporting.settings import ReportSettings, read_settings, report_look, save_settings

FIELDS: dict[str, Any] = {
    "name": "Studio Norte",
    "sender": "Ana Prates",
    "colour": "#7A1F5B",
    "language": "pt",
    "sections": ["result", "work"],
}


def form_with_logo(content: bytes) -> tuple[bytes, dict[str, str]]:
    """The body and headers of the form with a file, as a browser sends it."""
    request = httpx.Request("POST", "http://pages.test/", data=FIELDS, files={"logo": ("logo.png", content)})
    return request.read(), {"content-type": request.headers["content-type"], "sec-fetch-site": "same-origin"}


def logo() -> bytes:
    content = io.BytesIO()
    Image.new("RGBA", (900, 300), (1, 2, 3, 4)).save(content, "PNG")
    return content.getvalue()


def test_a_client_has_its_own_settings_and_inherits_the_rest(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    path = f"/settings/clients/{agencies.hats}/reports"
    assert (
        browser.post("/settings/reports", {"name": "The agency", "sender": "Team", "sections": list(SECTIONS)}).status
        == 303
    )
    assert browser.post(path, FIELDS | {"sender": ""}).status == 303
    with agencies.database.read() as session:
        own, look = read_settings(session, agencies.hats), report_look(session, agencies.hats)
        other = report_look(session, agencies.shoes)
    assert own == ReportSettings(name="Studio Norte", colour="#7a1f5b", language="pt", sections=("result", "work"))
    assert (look.branding.name, look.branding.sender, look.language) == ("Studio Norte", "Team", "pt")
    assert (other.branding.name, other.language, other.sections) == ("The agency", "en", SECTIONS)
    page = browser.get(path).page
    assert [choice.value for choice in page.sections if choice.selected] == ["result", "work"]
    assert [choice.value for choice in page.languages if choice.selected] == ["pt"]
    assert "sender Team" in page.inherited


def test_a_logo_is_stored_small_and_removed(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    path = f"/settings/clients/{agencies.hats}/reports"
    body, headers = form_with_logo(logo())
    assert browser.send(path, body, headers).status == 303
    page = browser.get(path)
    assert page.page.logo.startswith("data:image/png;base64,")
    assert page.page.logo in page.text
    # Saving without a file keeps it.
    assert browser.post(path, FIELDS).status == 303
    assert browser.get(path).page.logo == page.page.logo
    assert browser.post(path, FIELDS | {"remove_logo": "true"}).status == 303
    assert browser.get(path).page.logo == ""


def test_wrong_fields_change_nothing_and_stay_typed(agencies: Agencies) -> None:
    with agencies.database.write() as session:
        save_settings(session, agencies.hats, ReportSettings(name="Before"), NOW)
    browser = agencies.browser(UserRole.OPERATOR)
    path = f"/settings/clients/{agencies.hats}/reports"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"colour": "#ffee00"}, "too light"),
        ({"colour": "javascript:1"}, "Write a colour like"),
        ({"name": "x" * 121}, "120 printable"),
        ({"sections": ["result", "secrets"]}, "at least one section"),
        ({"sections": []}, "at least one section"),
    ]
    for fields, message in wrong:
        answer = browser.post(path, FIELDS | fields)
        assert (answer.status, message in answer.text) == (422, True), fields
        assert answer.page.sender == "Ana Prates"
    assert browser.post(path, FIELDS | {"language": "it"}).status == 422
    body, headers = form_with_logo(b"<svg/>")
    answer = browser.send(path, body, headers)
    assert (answer.status, "no picture" in answer.text) == (422, True)
    with agencies.database.read() as session:
        assert read_settings(session, agencies.hats) == ReportSettings(name="Before")


def test_only_operators_of_every_client_change_the_brand(agencies: Agencies) -> None:
    for path in ("/settings/reports", f"/settings/clients/{agencies.hats}/reports"):
        manager = agencies.browser(UserRole.MANAGER, agencies.hats)
        assert (manager.get(path).status, manager.post(path, FIELDS).status) == (403, 403)
