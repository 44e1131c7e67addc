"""The page of alerts and their routes."""

from tests.alerts.conftest import SECRET, Hook, hook
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole

__all__ = ["hook"]


def test_the_page_adds_tries_pauses_and_deletes_a_route(agencies: Agencies, hook: Hook) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    page = "/settings/alerts"
    form = {"name": "Team", "address": hook.address, "timezone": "Europe/Berlin", "kinds": ["token", "goal"]}
    form |= {"client_id": "", "quiet_from": "22", "quiet_until": "7", "digest_hour": ""}
    assert browser.post(page, form).status == 303
    shown = browser.get(page)
    assert SECRET not in shown.text
    assert "at once, quiet 22:00–07:00 (Europe/Berlin)" in shown.text
    [choice] = shown.page.choices
    route = {"route_id": choice.value}

    def state() -> str:
        return str(browser.get(page).page.routes.rows[0][-1].value.text)

    assert state() == "not used yet"
    tried = browser.post(f"{page}/test", route)
    assert (tried.status, tried.page.notice) == (200, "The service accepted the test message.")
    assert state() == "works"
    hook.status = 500
    tried = browser.post(f"{page}/test", route)
    assert (tried.status, tried.page.error) == (422, "The service refused the message, or could not be reached.")
    assert "failed: " in state()
    assert browser.post(f"{page}/pause", route).status == 303
    assert state() == "paused"
    assert browser.post(f"{page}/resume", route).status == 303
    assert "failed: " in state()
    assert browser.post(f"{page}/delete", route).status == 303
    assert browser.get(page).page.choices == ()
    assert browser.post(f"{page}/delete", route).status == 422


def test_a_refused_form_keeps_everything_but_the_address(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    form = {"name": "Night shift", "address": f"slack://{SECRET}", "timezone": "UTC", "kinds": ["goal"]}
    refused = browser.post("/settings/alerts", form | {"digest_hour": "9"})
    assert refused.status == 422
    assert "slack:// is incomplete or wrong" in refused.page.error
    assert SECRET not in refused.text
    assert 'value="Night shift"' in refused.text
    assert refused.text.count(" checked") == 1
    for wrong in ({"timezone": "Mars"}, {"digest_hour": "99"}, {"digest_hour": "x"}, {"kinds": ["nonsense"]}):
        answer = browser.post("/settings/alerts", form | {"address": "json://127.0.0.1:9/x"} | wrong)
        assert answer.status == 422, wrong
