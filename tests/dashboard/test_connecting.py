"""Connecting accounts on pages, against a simulated Meta on a socket: its login dialog, and a pasted token."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as RealBrowser
from playwright.sync_api import Page
from sqlalchemy import select
from tests.conftest import PATIENCE_SECONDS
from tests.dashboard.conftest import Agencies
from tests.dashboard.test_collection import signed_in, token
from tests.meta.conftest import meta
from tests.portfolio.conftest import Agency, agency

from sophia.access.users import UserRole
from sophia.dashboard.connecting.view import CANCELLED, NO_CLIENT, NO_JOBS, NO_TOKEN, NOTHING_CHOSEN, OTHER_SESSION
from sophia.demo.server import running_server
from sophia.jobs.schedule import open_runner
from sophia.main import create_app
from sophia.portfolio.models import Account, Client
from sophia.portfolio.service import list_accounts
from sophia.vault import open_vault

__all__ = ["agency", "meta"]


@pytest.fixture
def served(agency: Agency) -> Iterator[str]:
    """The address of a server without accounts, which the simulated Meta's dialog leads back to."""
    agency.vault = open_vault(agency.settings.encryption_key, agency.settings.data_dir)
    agency.change(facebook_login_config_id=agency.meta.world.login_config_id, facebook_login_url=agency.meta.base_url)
    runner = partial(open_runner, agency.settings, agency.database, clock=agency.clock)
    app = create_app(agency.settings, agency.database, clock=agency.clock, on_start=runner)
    with running_server(app, lifespan=True) as address:
        yield address


@pytest.fixture
def operator(agency: Agency, served: str) -> Iterator[httpx.Client]:
    with signed_in(agency, served, UserRole.OPERATOR) as client:
        yield client


def start(client: httpx.Client, **form: str) -> str:
    """Press the button of the login; returns the address of Meta's dialog."""
    answer = client.post("/connect/login", data=form)
    assert answer.status_code == 303
    return answer.headers["location"]


def answer_dialog(dialog: str, *, pages: list[str], allow: bool = True, button: str = "continue") -> str:
    """Press a button of the dialog; returns the address to which it sends the browser."""
    with httpx.Client(timeout=PATIENCE_SECONDS) as person:
        assert person.get(dialog).status_code == 200
        form = {"page": pages, "answer": button} | ({"permissions": "on"} if allow else {})
        answer = person.post(dialog, data=form)
    assert answer.status_code == 302
    return answer.headers["location"].partition("#")[0]


def log_in(client: httpx.Client, agency: Agency, **form: str) -> httpx.Response:
    pages = [page.id for page in agency.meta.world.pages]
    return client.get(answer_dialog(start(client, **form), pages=pages))


def error_on(client: httpx.Client, answer: httpx.Response) -> str:
    """The error of the page to which an answer leads."""
    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    assert page.status_code == 422
    return unescape(re.findall(r'<p class="error" role="alert">(.*?)</p>', page.text, re.DOTALL)[0])


def connected(agency: Agency) -> list[tuple[str, str]]:
    with agency.database.read() as session:
        return [(account.client_name, account.platform) for account in list_accounts(session)]


def choice(client: httpx.Client) -> dict[str, list[str]]:
    """The fields of the form, as a browser would send them unchanged."""
    html = client.get("/connect/choose").text.partition("<main")[2]
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", html):
        attributes = {name: unescape(text) for name, text in re.findall(r'(\w+)="([^"]*)"', tag)}
        if attributes.get("type") != "checkbox" or tag.endswith(" checked>"):
            fields.setdefault(attributes["name"], []).append(attributes["value"])
    return fields


def test_the_dialog_is_opened_as_meta_documents_it(agency: Agency, operator: httpx.Client, served: str) -> None:
    address = urlsplit(start(operator))
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}" == agency.meta.base_url
    assert address.path == f"/{agency.settings.graph_api_version}/dialog/oauth"
    assert len(query.pop("state")) >= 43
    assert query == {
        "client_id": agency.meta.world.app_id,
        "config_id": agency.meta.world.login_config_id,
        "redirect_uri": f"{served}/connect/callback",
        "response_type": "code",
        "override_default_response_type": "true",
    }


def test_a_login_connects_and_collects_the_chosen_accounts(agency: Agency, operator: httpx.Client) -> None:
    answer = log_in(operator, agency)
    assert (answer.status_code, answer.headers["location"]) == (303, "/connect/choose")
    fields = choice(operator)
    assert len(fields["accounts"]) == 6
    first, second, _ = agency.meta.world.businesses
    fields["accounts"] = [f"facebook:{first.page.id}", f"instagram:{second.instagram.id}"]
    fields["clients"][0] = "Bakery"
    answer = operator.post("/connect/choose", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/collection")
    assert connected(agency) == [("Bakery", "facebook"), (second.name, "instagram")]
    assert "2 accounts" in operator.get("/collection").text
    with operator.stream("GET", "/collection/progress") as stream:
        last = [line for line in stream.iter_lines() if line.startswith("data: ")][-1]
    assert '"is_open": false' in last
    assert last.count("ok, ") == 2


def test_a_stored_token_is_the_pages_own_and_appears_nowhere(agency: Agency, operator: httpx.Client) -> None:
    log_in(operator, agency)
    pages = [operator.get("/connect/choose").text]
    operator.post("/connect/choose", data=choice(operator))
    pages.append(operator.get("/collection").text)
    world = agency.meta.world
    with agency.database.read() as session:
        stored = [agency.vault.decrypt(text or "") for text in session.scalars(select(Account.token_encrypted))]
    assert {token.get_secret_value() for token in stored} == {page.access_token for page in world.pages}
    secrets = {page.access_token for page in world.pages} | set(agency.meta.api.simulation.logins.tokens)
    assert len(secrets) == 5
    assert not any(secret in text for secret in secrets for text in [*pages, *agency.meta.api.urls_seen])
    assert not any("client_secret" in url or "code=" in url for url in agency.meta.api.urls_seen)


def test_only_chosen_pages_are_offered(agency: Agency, operator: httpx.Client) -> None:
    agency.meta.api.withdraw_scope("business_management")
    operator.get(answer_dialog(start(operator), pages=[agency.meta.world.pages[1].id]))
    assert choice(operator)["page_ids"] == [agency.meta.world.pages[1].id]


def test_a_cancelled_login_says_so(agency: Agency, operator: httpx.Client) -> None:
    back = answer_dialog(start(operator), pages=[], button="cancel")
    assert "error_reason=user_denied" in back
    assert error_on(operator, operator.get(back)) == CANCELLED
    assert operator.get("/connect").status_code == 200


def test_no_page_chosen_at_meta(agency: Agency, operator: httpx.Client) -> None:
    agency.meta.api.withdraw_scope("business_management")
    back = answer_dialog(start(operator), pages=[])
    assert "This token gives access to no Page" in error_on(operator, operator.get(back))


def test_declined_permissions_are_named_with_where_to_grant_them(agency: Agency, operator: httpx.Client) -> None:
    back = answer_dialog(start(operator), pages=[page.id for page in agency.meta.world.pages], allow=False)
    answer = operator.get(back)
    page = operator.get(answer.headers["location"])
    assert "The permission read_insights is missing" in page.text
    assert "add the permission to the configuration" in page.text
    # The next login asks for them again.
    assert 'name="asks_again" value="true"' in page.text
    assert "auth_type=rerequest" in start(operator, asks_again="true")


def test_a_missing_permission_is_shown_in_the_table(agency: Agency, operator: httpx.Client) -> None:
    agency.meta.api.withdraw_scope("instagram_manage_insights")
    log_in(operator, agency)
    html = operator.get("/connect/choose").text
    row = re.findall(r"<tr>(?:(?!</tr>).)*instagram_manage_insights.*?</tr>", html, re.DOTALL)[0]
    assert ("missing" in row, "coral" in row) == (True, True)
    assert all(key.startswith("facebook:") for key in choice(operator)["accounts"])


def test_a_wrong_state_is_refused_without_asking_meta(agency: Agency, operator: httpx.Client) -> None:
    back = answer_dialog(start(operator), pages=[])
    calls = agency.meta.api.http_calls
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert error_on(operator, operator.get(back.replace(state, "x" * len(state)))) == OTHER_SESSION
    assert error_on(operator, operator.get("/connect/callback?code=AQforged")) == OTHER_SESSION
    assert agency.meta.api.http_calls == calls


def test_a_login_of_another_session_is_refused(agency: Agency, operator: httpx.Client, served: str) -> None:
    """An attacker who is an operator too sends the address of his own login to another operator."""
    pages = [page.id for page in agency.meta.world.pages]
    back = answer_dialog(start(operator), pages=pages)
    value = token(agency, UserRole.OPERATOR, name="victim")
    with httpx.Client(base_url=served, cookies={"sophia_session": value}, timeout=PATIENCE_SECONDS) as victim:
        start(victim)
        assert error_on(victim, victim.get(back)) == OTHER_SESSION
        assert victim.get("/connect/choose").headers["location"] == "/connect"


def test_a_code_works_once(agency: Agency, operator: httpx.Client) -> None:
    back = answer_dialog(start(operator), pages=[page.id for page in agency.meta.world.pages])
    assert operator.get(back).headers["location"] == "/connect/choose"
    assert error_on(operator, operator.get(back)) == OTHER_SESSION
    # With the state of a new login, Meta refuses the used code itself.
    old, new = (parse_qs(urlsplit(url).query)["state"][0] for url in (back, start(operator)))
    error = error_on(operator, operator.get(back.replace(old, new)))
    assert error.startswith("Meta, error 100/36009: This authorization code has been used.")


def test_an_old_login_and_an_old_offer_end(agency: Agency, operator: httpx.Client) -> None:
    back = answer_dialog(start(operator), pages=[page.id for page in agency.meta.world.pages])
    agency.now += timedelta(minutes=16)
    assert error_on(operator, operator.get(back)) == OTHER_SESSION
    log_in(operator, agency)
    agency.now += timedelta(minutes=16)
    assert operator.get("/connect/choose").headers["location"] == "/connect"


def test_the_simulated_meta_takes_no_verifier_and_no_foreign_address(agency: Agency, operator: httpx.Client) -> None:
    """Meta's own rules: only an allowed address gets a redirect, and the exchange refuses a PKCE verifier."""
    dialog = start(operator)
    assert "code_challenge" not in dialog
    own = quote("http://127.0.0.1", safe="")
    assert own in dialog
    with httpx.Client(timeout=PATIENCE_SECONDS) as person:
        foreign = person.get(dialog.replace(own, quote("http://evil.example", safe="")))
        assert (foreign.status_code, "URL Blocked" in foreign.text) == (400, True)
        form = {
            "client_id": agency.meta.world.app_id,
            "client_secret": agency.meta.world.app_secret,
            "redirect_uri": "http://127.0.0.1/",
            "code": "AQ",
            "code_verifier": "v" * 43,
        }
        refused = person.post(f"{agency.meta.base_url}/v27.0/oauth/access_token", data=form)
    assert "without a code_challenge" in refused.json()["error"]["message"]


def test_the_callback_is_no_open_redirect(operator: httpx.Client) -> None:
    for path in (
        "/connect/callback?next=https://evil.example",
        "/connect/callback?redirect_uri=//evil.example&state=x",
    ):
        assert operator.get(path).headers["location"] == "/connect"


def test_a_pasted_token_is_checked_and_connects(agency: Agency, operator: httpx.Client) -> None:
    answer = operator.post("/connect/token", data={"token": f" {agency.meta.world.user_token}\n"})
    assert answer.headers["location"] == "/connect/choose"
    operator.post("/connect/choose", data=choice(operator))
    assert len(connected(agency)) == 6


@pytest.mark.parametrize("text", ["", "   ", "two words", "tökén"])
def test_what_is_no_token_is_refused(operator: httpx.Client, text: str) -> None:
    answer = operator.post("/connect/token", data={"token": text})
    assert (answer.status_code, NO_TOKEN in unescape(answer.text)) == (422, True)


def test_a_refused_token_is_not_shown_again(agency: Agency, operator: httpx.Client) -> None:
    secret = "EAAthisTokenIsNotKnownToMeta0123456789"
    answer = operator.post("/connect/token", data={"token": secret})
    assert (answer.status_code, secret in answer.text) == (422, False)
    assert "not valid" in answer.text
    assert not any(secret in url for url in agency.meta.api.urls_seen)


def test_a_choice_without_account_or_client_keeps_what_was_typed(agency: Agency, operator: httpx.Client) -> None:
    log_in(operator, agency)
    fields = choice(operator)
    answer = operator.post("/connect/choose", data=fields | {"accounts": [], "clients": ["Typed", "", ""]})
    assert (answer.status_code, NOTHING_CHOSEN in unescape(answer.text)) == (422, True)
    assert ('value="Typed"' in answer.text, " checked>" in answer.text) == (True, False)
    answer = operator.post("/connect/choose", data=fields | {"clients": ["", "", ""]})
    assert (answer.status_code, NO_CLIENT in unescape(answer.text)) == (422, True)
    assert " checked>" in answer.text
    answer = operator.post("/connect/choose", data=fields | {"timezone": "Nowhere/Town"})
    assert (answer.status_code, "not a time zone" in answer.text) == (422, True)
    assert connected(agency) == []


def test_accounts_that_were_not_offered_cannot_be_chosen(agency: Agency, operator: httpx.Client) -> None:
    agency.meta.api.withdraw_scope("business_management")
    first, second, _ = agency.meta.world.pages
    operator.get(answer_dialog(start(operator), pages=[first.id]))
    form = {"accounts": [f"facebook:{second.id}"], "page_ids": [second.id], "clients": ["X"], "timezone": "UTC"}
    assert operator.post("/connect/choose", data=form).status_code == 422
    assert connected(agency) == []


def test_an_account_of_another_client_is_refused_and_the_rest_connected(agency: Agency, operator: httpx.Client) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(agency.connect, 1).result()
    log_in(operator, agency)
    fields = choice(operator)
    fields["clients"][0] = "Another client"
    answer = operator.post("/connect/choose", data=fields)
    assert (answer.status_code, "belongs to the client" in answer.text) == (422, True)
    assert len(connected(agency)) == 6
    with agency.database.read() as session:
        assert session.scalar(select(Client.id).where(Client.name == "Another client")) is None


def test_a_dead_account_is_reconnected_with_one_button(agency: Agency, operator: httpx.Client) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(agency.connect).result()
    with agency.database.write() as session:
        account = session.scalars(select(Account).order_by(Account.id)).first()
        assert account is not None
        account.status, account.status_reason, account_id = "needs_reconnect", "The password was changed.", account.id
    page = operator.get("/collection")
    assert ("Reconnect</button>" in page.text, 'action="/connect/login"' in page.text) == (True, True)
    assert f"form-action 'self' {agency.meta.base_url}" in page.headers["content-security-policy"]
    answer = log_in(operator, agency, account_id=str(account_id))
    assert (answer.status_code, answer.headers["location"]) == (303, "/collection")
    with agency.database.read() as session:
        assert {account.status for account in list_accounts(session)} == {"active"}
    assert len(connected(agency)) == 6


def test_a_login_without_the_account_does_not_reconnect_it(agency: Agency, operator: httpx.Client) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(agency.connect, 1).result()
    agency.meta.api.withdraw_scope("business_management")
    other = agency.meta.world.pages[2]
    back = answer_dialog(start(operator, account_id="1"), pages=[other.id])
    answer = operator.get(back)
    assert answer.headers["location"] == "/connect?account_id=1"
    assert "gives no access to" in error_on(operator, answer)
    assert operator.post("/connect/login", data={"account_id": "999"}).status_code == 404


@pytest.mark.parametrize("role", [UserRole.MANAGER, UserRole.VIEWER])
def test_only_operators_connect(agencies: Agencies, role: UserRole) -> None:
    browser = agencies.browser(role, agencies.hats)
    for path in ("/connect", "/connect/choose", "/connect/callback?code=x&state=y"):
        assert browser.get(path).status == 403
    for path in ("/connect/login", "/connect/token", "/connect/choose"):
        assert browser.post(path).status == 403
    assert "Connect accounts" not in browser.get("/collection").text


def test_a_process_without_jobs_says_so(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    assert browser.get("/connect").page.unavailable == NO_JOBS
    assert browser.post("/connect/token", {"token": "EAA"}).status == 422
    assert browser.get("/connect/choose").status == 409


def test_another_site_cannot_start_a_login(operator: httpx.Client) -> None:
    for path in ("/connect/login", "/connect/token", "/connect/choose"):
        assert operator.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_for_connecting_fit_and_follow_the_rules_of_axe(
    browser: RealBrowser, agency: Agency, served: str, width: int
) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(agency.connect, 1).result()
    with agency.database.write() as session:
        session.scalars(select(Account)).first().status = "needs_reconnect"  # type: ignore[union-attr]
    agency.meta.api.withdraw_scope("instagram_manage_comments")
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": "sophia_session", "value": token(agency, UserRole.OPERATOR), "url": served}])
    page = context.new_page()
    for path in ("/collection", "/connect", "/connect?account_id=1"):
        page.goto(f"{served}{path}")
        check(page, width)
    page.goto(f"{served}/connect")
    page.get_by_label("Access token").fill("no token of Meta's")
    page.get_by_role("button", name="Check this token").click()
    assert page.get_by_role("alert").inner_text() == NO_TOKEN
    check(page, width)
    page.get_by_role("button", name="Log in with Facebook").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Choose accounts").wait_for()
    check(page, width)
    context.close()


def check(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    violations = Axe().run(page).response["violations"]
    assert [(item["id"], item["nodes"][0]["html"]) for item in violations] == [], page.url


@pytest.mark.parametrize("has_javascript", [True, False])
def test_connect_and_collect_in_a_browser(
    browser: RealBrowser, agency: Agency, served: str, has_javascript: bool
) -> None:
    agency.meta.api.latency_seconds = 0.05
    context = browser.new_context(java_script_enabled=has_javascript)
    context.add_cookies([{"name": "sophia_session", "value": token(agency, UserRole.OPERATOR), "url": served}])
    page = context.new_page()
    page.goto(f"{served}/collection")
    page.get_by_role("link", name="Connect accounts").click()
    page.get_by_role("button", name="Log in with Facebook").click()
    page.get_by_role("heading", name="Continue as").wait_for()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Choose accounts").wait_for()
    assert "code=" not in page.url
    page.get_by_role("button", name="Connect and collect").click()
    assert page.locator("progress").count() == 6
    if has_javascript:
        page.get_by_text("Collected: 6 of 6 accounts are finished").wait_for()
    while not has_javascript and page.get_by_text("Collecting").count():
        page.get_by_role("link", name="Reload to see the newest state").click()
    assert len(connected(agency)) == 6
    context.close()
