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
    [button] = shown.page.buttons
    path = f"{page}/{button.route_id}"
    tried = browser.post(f"{path}/test")
    assert (tried.status, tried.page.notice) == (200, "The service accepted the test message.")
    hook.status = 500
    tried = browser.post(f"{path}/test")
    assert (tried.status, tried.page.problems != ()) == (422, True)
    assert browser.post(f"{path}/pause").status == 303
    assert browser.get(page).page.buttons[0].text == "Resume"
    assert browser.post(f"{path}/resume").status == 303
    assert browser.get(page).page.buttons[0].text == "Pause"
    assert browser.post(f"{path}/delete").status == 303
    assert browser.get(page).page.buttons == ()
    assert browser.post(f"{path}/delete").status == 422


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
