"""Signing in: by password, by a one-time address, with sessions that can be listed and ended."""

from datetime import timedelta

import pytest
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies, Browser

from sophia.access.passwords import hash_password
from sophia.access.sessions import create_sign_in_link, find_session, start_session
from sophia.access.users import User, UserRole, create_user, find_user
from sophia.dashboard.signing_in.view import USED_LINK, WRONG, inside

PASSWORD = "correct horse battery"


def with_password(agencies: Agencies, name: str = "Olga") -> int:
    with agencies.database.write() as session:
        return create_user(session, name, UserRole.OPERATOR, (), NOW, hash_password(PASSWORD)).id


def token_of(set_cookie: str) -> str:
    return set_cookie.partition("=")[2].partition(";")[0]


def test_without_a_session_every_page_leads_to_the_sign_in(agencies: Agencies) -> None:
    answer = agencies.browser(None).get("/portfolio?start_date=2026-11-01")
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in?next=/portfolio%3Fstart_date%3D2026-11-01")


def test_a_password_opens_a_session_whose_token_is_stored_nowhere(agencies: Agencies) -> None:
    with_password(agencies)
    form = {"name": " olga ", "password": PASSWORD, "next": "/clients/1"}
    answer = Browser(agencies.app).post("/sign-in", form)
    assert (answer.status, answer.headers["location"]) == (303, "/clients/1")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    token = token_of(cookie)
    assert Browser(agencies.app, token).get("/portfolio").status == 200
    with agencies.database.read() as session:
        rows = session.connection().exec_driver_sql("SELECT * FROM user_sessions").all()
    assert len(rows) == 1
    assert token not in str(rows)


def test_a_wrong_password_and_an_unknown_name_look_the_same(agencies: Agencies) -> None:
    with_password(agencies)
    browser = Browser(agencies.app)
    for name in ("Olga", "Nobody"):
        answer = browser.post("/sign-in", {"name": name, "password": "wrong"})
        assert (answer.status, answer.page.error, "set-cookie" in answer.headers) == (401, WRONG, False)


def test_attempts_are_throttled(agencies: Agencies, monkeypatch: pytest.MonkeyPatch) -> None:
    with_password(agencies)
    browser = Browser(agencies.app)
    # On a busy machine, ten attempts take longer than the time after which the next is allowed.
    monkeypatch.setattr(agencies.app.state.app_state.sign_in_limits, "_seconds", lambda: 0.0)
    statuses = [browser.post("/sign-in", {"name": "Olga", "password": "wrong"}).status for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert browser.post("/sign-in", {"name": "Olga", "password": PASSWORD}).status == 429


def test_a_one_time_address_signs_in_once(agencies: Agencies) -> None:
    user_id = with_password(agencies)
    with agencies.database.write() as session:
        token = create_sign_in_link(session, user_id, NOW)
        late = create_sign_in_link(session, user_id, NOW - timedelta(minutes=16))
    browser = Browser(agencies.app)
    assert browser.get(f"/sign-in/{token}").status == 200
    first, second = (browser.post(f"/sign-in/{token}") for _ in range(2))
    assert (first.status, second.status, second.page.error) == (303, 401, USED_LINK)
    assert browser.post(f"/sign-in/{late}").status == 401


def test_signing_out_ends_the_session(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    assert browser.post("/sign-out").status == 303
    assert browser.get("/portfolio").status == 303


def test_a_new_password_ends_all_other_sessions(agencies: Agencies) -> None:
    with_password(agencies)
    first, second = (
        Browser(agencies.app, token_of(Browser(agencies.app).post("/sign-in", form).headers["set-cookie"]))
        for form in 2 * [{"name": "Olga", "password": PASSWORD}]
    )
    wrong = first.post("/account/password", {"password": "wrong", "new_password": "another good one"})
    short = first.post("/account/password", {"password": PASSWORD, "new_password": "short"})
    assert (wrong.status, short.status) == (422, 422)
    changed = first.post("/account/password", {"password": PASSWORD, "new_password": "another good one"})
    assert changed.status == 303
    assert second.get("/portfolio").status == 303
    assert Browser(agencies.app, token_of(changed.headers["set-cookie"])).get("/portfolio").status == 200


def test_a_disabled_user_has_no_session(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    with agencies.database.write() as session:
        session.query(User).update({"disabled_at": NOW})
    assert browser.get("/portfolio").status == 303


def test_a_session_ends_when_it_is_not_used(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    assert browser.token is not None
    with agencies.database.read() as session:
        assert find_session(session, browser.token, NOW + timedelta(hours=11)) is not None
        assert find_session(session, browser.token, NOW + timedelta(hours=13)) is None


def test_a_form_of_another_site_changes_nothing(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    assert browser.post("/sign-out", headers={"sec-fetch-site": "cross-site"}).status == 403
    browser.headers = {"origin": "https://evil.example"}
    assert browser.get("/portfolio").status == 200


def test_the_next_page_is_one_of_this_server() -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"):
        assert inside("", target) == "/portfolio"
    assert inside("/sophia", "/sophia/clients/1?start_date=2026-11-01") == "/sophia/clients/1?start_date=2026-11-01"


def test_a_session_does_not_open_the_api_and_a_key_no_page(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    assert browser.get("/api/analytics/accounts").status == 401
    browser.token = None
    browser.headers = {"authorization": "Bearer sophia_12345678_abc"}
    assert browser.get("/portfolio").status == 303


def test_the_limit_counts_a_name_however_it_is_spaced(agencies: Agencies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agencies.app.state.app_state.sign_in_limits, "_seconds", lambda: 0.0)
    with_password(agencies, "Olga Maria")
    statuses = []
    for number in range(12):
        browser = Browser(agencies.app, headers={"x-forwarded-for": f"203.0.113.{number}"})
        name = f"{' ' * number}olga{' ' * (number + 1)}MARIA"
        statuses.append(browser.post("/sign-in", {"name": name, "password": "wrong"}).status)
    assert statuses == [401] * 10 + [429] * 2


def test_a_stolen_session_cannot_guess_the_old_password(agencies: Agencies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agencies.app.state.app_state.sign_in_limits, "_seconds", lambda: 0.0)
    with_password(agencies)
    with agencies.database.write() as session:
        token = start_session(session, find_user(session, "Olga").id, "Test", NOW)
    browser = Browser(agencies.app, token)
    form = {"password": "wrong", "new_password": "another good password"}
    statuses = [browser.post("/account/password", form).status for _ in range(12)]
    assert statuses == [422] * 10 + [429] * 2


@pytest.mark.parametrize("target", ["//[", "http://[", "//evil.example", "/\\evil.example"])
def test_a_strange_next_page_leads_to_the_portfolio(agencies: Agencies, target: str) -> None:
    with_password(agencies)
    answer = Browser(agencies.app).post("/sign-in", {"name": "Olga", "password": PASSWORD, "next": target})
    assert (answer.status, answer.headers["location"]) == (303, "/portfolio")


def test_a_form_after_the_session_ended_leads_back_to_its_page(agencies: Agencies) -> None:
    headers = {"referer": "http://pages.test/clients/1/goals?start_date=2026-11-09"}
    answer = Browser(agencies.app).post("/clients/1/goals", {"name": "More"}, headers)
    assert answer.headers["location"] == "/sign-in?next=/clients/1/goals%3Fstart_date%3D2026-11-09"
