"""Share links show one client's report, and nothing of others."""

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies, Browser

from sophia.access.users import UserRole
from sophia.main import create_app

FORM = {"label": "For the owner", "valid_days": "30"}


def shared_path(agencies: Agencies, client_id: int, **form: str) -> str:
    answer = agencies.browser(UserRole.OPERATOR).post(f"/clients/{client_id}/share", FORM | form)
    assert answer.status == 200, answer.text
    path: str = answer.page.address.removeprefix("http://pages.test")
    return path


def test_a_link_shows_the_report_and_leads_nowhere(agencies: Agencies) -> None:
    path = shared_path(agencies, agencies.hats)
    answer = Browser(agencies.app).get(path)
    assert (answer.status, answer.page.document.name) == (200, "Hats")
    assert "Other" not in re.sub(r"\bother clients?\b", "", answer.text)
    links = re.findall(r'href="([^"#]*)"', answer.text.partition("<main")[2])
    assert [link for link in links if not link.startswith(("?export=", "?sort="))] == [f"{path}/pdf"]
    assert Browser(agencies.app).get("/portfolio").status == 303


def test_a_link_opens_nothing_else(agencies: Agencies) -> None:
    token = shared_path(agencies, agencies.hats).rpartition("/")[2]
    browser = Browser(agencies.app, token)
    for path in ("/portfolio", f"/clients/{agencies.hats}", f"/sign-in/{token}"):
        assert browser.get(path).status in (200, 303)
        assert "Hats" not in browser.get(path).text
    assert browser.post(f"/sign-in/{token}").status == 401


def test_an_expired_or_revoked_link_shows_nothing(agencies: Agencies) -> None:
    path = shared_path(agencies, agencies.hats, valid_days="1")
    late: Any = create_app(
        agencies.app.state.app_state.settings, agencies.database, clock=lambda: NOW + timedelta(days=2)
    )
    assert Browser(late).get(path).status == 404
    operator = agencies.browser(UserRole.MANAGER, agencies.hats)
    assert operator.post(f"/clients/{agencies.hats}/share/1/revoke").status == 303
    answer = Browser(agencies.app).get(path)
    assert (answer.status, "Hats" in answer.text) == (404, False)


def test_a_password_is_asked_for_once(agencies: Agencies) -> None:
    path = shared_path(agencies, agencies.hats, password="a long password")
    browser = Browser(agencies.app)
    asked = browser.get(path)
    assert (asked.status, "Hats" in asked.text) == (200, False)
    assert browser.post(path, {"password": "wrong"}).status == 401
    opened = browser.post(path, {"password": "a long password"})
    assert opened.status == 303
    browser.headers = {"cookie": opened.headers["set-cookie"].partition(";")[0]}
    assert browser.get(path).page.document.name == "Hats"


def test_only_users_who_may_write_create_links_of_their_clients(agencies: Agencies) -> None:
    viewer = agencies.browser(UserRole.VIEWER, agencies.hats)
    assert viewer.post(f"/clients/{agencies.hats}/share", FORM).status == 403
    manager = agencies.browser(UserRole.MANAGER, agencies.shoes)
    assert manager.post(f"/clients/{agencies.hats}/share", FORM).status == 404
    assert manager.post(f"/clients/{agencies.shoes}/share", FORM | {"start_date": "2026-11-09"}).status == 422
    assert manager.post(f"/clients/{agencies.shoes}/share", FORM | {"valid_days": "0"}).status == 422


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [("2030-01-01", "2030-02-01", "has not begun"), ("2010-01-01", "2026-11-20", "Request at most")],
)
def test_days_that_no_report_shows_are_refused(agencies: Agencies, start: str, end: str, words: str) -> None:
    form = {"label": "Reader", "valid_days": "30", "start_date": start, "end_date": end}
    answer = agencies.browser(UserRole.OPERATOR).post(f"/clients/{agencies.hats}/share", form)
    assert answer.status == 422
    assert words in answer.text
