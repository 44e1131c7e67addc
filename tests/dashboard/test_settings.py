"""Settings show clients, users and keys, and their forms change them. Only operators may."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from tests.dashboard.conftest import Agencies, Browser

from sophia.access.keys import identify, list_keys
from sophia.access.roles import Role
from sophia.access.users import UserRecord, UserRole, list_users
from sophia.analytics.links.queries import client_domains
from sophia.portfolio.models import Client
from sophia.portfolio.service import list_clients


def users(agencies: Agencies) -> dict[str, UserRecord]:
    with agencies.database.read() as session:
        return {user.name: user for user in list_users(session)}


def test_tables_are_those_of_the_commands(agencies: Agencies) -> None:
    page = agencies.browser(UserRole.OPERATOR).get("/settings").page
    with agencies.database.read() as session:
        clients = [(client.name, client.status, str(client.accounts)) for client in list_clients(session)]
    assert [tuple(cell.value.text for cell in row[:3]) for row in page.clients.rows] == clients
    assert [row[0].value.text for row in page.users.rows] == list(users(agencies))
    assert page.keys.rows == ()


def test_a_client_is_created_once(agencies: Agencies) -> None:
    browser, form = agencies.browser(UserRole.OPERATOR), {"name": "Gloves", "timezone": "Europe/Lisbon"}
    assert browser.post("/settings/clients", form).headers["location"] == "/settings"
    again = browser.post("/settings/clients", form)
    assert (again.status, again.page.error) == (422, "There is a client named 'Gloves' already.")
    assert browser.post("/settings/clients", {"name": "Scarves", "timezone": "Mars/Base"}).status == 422


def test_a_new_user_signs_in_with_the_shown_address(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    answer = browser.post("/settings/users", {"name": "Mia", "role": "manager", "client_ids": [agencies.hats]})
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert users(agencies)["Mia"].client_ids == frozenset({agencies.hats})
    address = answer.page.secrets[0].secret
    assert address.startswith("http://pages.test/sign-in/")
    assert Browser(agencies.app).post(urlsplit(address).path).status == 303
    assert address not in browser.get("/settings").text
    link = browser.post("/settings/users/link", {"name": "Mia"}).page.secrets[0].secret
    assert Browser(agencies.app).post(urlsplit(link).path).status == 303


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"name": "Mia", "role": "viewer"}, "Name at least one client"),
        ({"name": "Mia", "role": "operator", "client_ids": [1]}, "An operator sees every client"),
        ({"name": "Mia", "role": "viewer", "client_ids": [999]}, "There is no client '999'"),
    ],
)
def test_a_user_that_cannot_be_is_refused(agencies: Agencies, form: dict[str, object], message: str) -> None:
    answer = agencies.browser(UserRole.OPERATOR).post("/settings/users", form)
    assert (answer.status, message in answer.page.error, "Mia" in users(agencies)) == (422, True, False)


def test_a_disabled_user_is_signed_out(agencies: Agencies) -> None:
    browser, other = agencies.browser(UserRole.OPERATOR), agencies.browser(UserRole.VIEWER, agencies.hats)
    own, name = users(agencies)
    assert browser.post("/settings/users/disable", {"name": name}).status == 303
    assert (other.get("/portfolio").status, users(agencies)[name].disabled_at is None) == (303, False)
    assert browser.post("/settings/users/link", {"name": name}).status == 422
    refused = browser.post("/settings/users/disable", {"name": own})
    assert (refused.status, refused.page.error) == (422, "You cannot disable yourself. Ask another operator.")


def test_a_key_is_shown_once_and_revoked(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    form = {"name": "reports", "role": "read", "client_ids": [agencies.hats]}
    key = browser.post("/settings/keys", form).page.secrets[0].secret
    with agencies.database.read() as session:
        viewer = identify(session, key)
    assert viewer is not None
    assert (viewer.name, viewer.client_ids, viewer.role) == ("reports", frozenset({agencies.hats}), Role.READ)
    page = browser.get("/settings")
    assert (key in page.text, page.page.keys.rows[0][1].value.text) == (False, key[:15])
    assert browser.post("/settings/keys", form).status == 422
    assert browser.post("/settings/keys/role", {"name": "reports", "role": "write"}).status == 303
    with agencies.database.read() as session:
        assert list_keys(session)[0].role == "write"
    assert browser.post("/settings/keys/revoke", {"name": "reports"}).status == 303
    with agencies.database.read() as session:
        assert identify(session, key) is None
    assert browser.post("/settings/keys", form | {"name": " "}).page.error.startswith("A key's name must have 1 to 100")


def test_settings_of_a_client_are_saved_together(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/settings/clients/{agencies.hats}"
    form = {
        "name": "Caps",
        "timezone": "Europe/Lisbon",
        "industry": "retail",
        "domains": "caps.example.com\r\ncaps.org",
    }
    assert browser.post(path, form).headers["location"] == path
    with agencies.database.read() as session:
        client = session.get_one(Client, agencies.hats)
        assert (client.name, client.timezone, client.industry) == ("Caps", "Europe/Lisbon", "retail")
        assert client_domains(session, agencies.hats) == ["caps.example.com", "caps.org"]
    wrong = browser.post(path, form | {"name": "Berets", "domains": "not a host"})
    assert (wrong.status, wrong.page.fields.name, wrong.page.stored_name) == (422, "Berets", "Caps")


def test_a_client_is_archived_restored_and_deleted(agencies: Agencies) -> None:
    browser, path = agencies.browser(UserRole.OPERATOR), f"/settings/clients/{agencies.hats}"
    for action, status in (("archive", "archived"), ("restore", "active")):
        assert browser.post(f"{path}/{action}").status == 303
        with agencies.database.read() as session:
            assert session.get_one(Client, agencies.hats).status == status
    assert browser.post(f"{path}/delete", {"typed_name": "Shoes"}).status == 422
    assert browser.post(f"{path}/delete", {"typed_name": "Hats"}).headers["location"] == "/settings"
    with agencies.database.read() as session:
        assert session.scalar(select(Client).where(Client.name == "Hats")) is None
    assert browser.get(path).status == 404


@pytest.mark.parametrize("role", [UserRole.MANAGER, UserRole.VIEWER])
def test_others_have_no_settings(agencies: Agencies, role: UserRole) -> None:
    browser = agencies.browser(role, agencies.hats)
    assert 'href="/settings' not in browser.get("/portfolio").text
    assert browser.get("/settings").status == 403
    client = f"/settings/clients/{agencies.hats}"
    assert browser.get(client).status == 403
    paths = (
        "/settings/clients",
        "/settings/users",
        "/settings/users/link",
        "/settings/users/disable",
        "/settings/keys",
    )
    for path in (
        *paths,
        "/settings/keys/role",
        "/settings/keys/revoke",
        client,
        f"{client}/archive",
        f"{client}/delete",
    ):
        form = {"name": "Mia", "role": "operator", "timezone": "UTC", "typed_name": "Hats"}
        assert browser.post(path, form).status == 403
    assert "Mia" not in users(agencies)
