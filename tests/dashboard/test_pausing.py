"""Pausing and resuming accounts in the settings of a client."""

from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.portfolio.models import Account
from sophia.portfolio.service import list_accounts


def account_of(agencies: Agencies) -> tuple[int, str]:
    with agencies.database.read() as session:
        account = list_accounts(session, client_id=agencies.hats)[0]
    return account.id, account.status


def test_an_account_is_paused_and_resumed(agencies: Agencies) -> None:
    browser, (account_id, status) = agencies.browser(UserRole.OPERATOR), account_of(agencies)
    assert status == "active"
    base = f"/settings/clients/{agencies.hats}/accounts/{account_id}"
    assert browser.post(f"{base}/pause").status == 303
    assert account_of(agencies) == (account_id, "paused")
    page = browser.get(f"/settings/clients/{agencies.hats}").page
    assert [button.action for button in page.buttons if button.account_id == account_id] == ["resume"]
    assert "paused" in browser.get("/collection").text
    answer = browser.post(f"{base}/pause")
    assert (answer.status, "nothing to pause" in answer.text) == (422, True)
    assert browser.post(f"{base}/resume").status == 303
    assert account_of(agencies) == (account_id, "active")
    assert browser.post(f"{base}/resume").status == 422


def test_a_dead_account_cannot_be_resumed(agencies: Agencies) -> None:
    """Only a new token brings it back."""
    account_id, _ = account_of(agencies)
    with agencies.database.write() as session:
        session.get_one(Account, account_id).status = "needs_reconnect"
    browser = agencies.browser(UserRole.OPERATOR)
    for action in ("pause", "resume"):
        assert browser.post(f"/settings/clients/{agencies.hats}/accounts/{account_id}/{action}").status == 422
    assert account_of(agencies)[1] == "needs_reconnect"


def test_an_account_of_another_client_is_not_found(agencies: Agencies) -> None:
    account_id, _ = account_of(agencies)
    browser = agencies.browser(UserRole.OPERATOR)
    assert browser.post(f"/settings/clients/{agencies.shoes}/accounts/{account_id}/pause").status == 404
    for role in (UserRole.MANAGER, UserRole.VIEWER):
        other = agencies.browser(role, agencies.hats)
        assert other.post(f"/settings/clients/{agencies.hats}/accounts/{account_id}/pause").status == 403
    assert account_of(agencies)[1] == "active"
