"""Pages behind a proxy that removes a prefix from their addresses."""

from urllib.parse import urlsplit

import pytest
from tests.conftest import NOW, plain_settings
from tests.dashboard.conftest import Agencies, Browser

from sophia.access.sessions import start_session
from sophia.access.users import UserRole, create_user
from sophia.main import create_app


@pytest.fixture
def browser(agencies: Agencies) -> Browser:
    settings = plain_settings().model_copy(update={"path_prefix": "/sophia"})
    app = create_app(settings, agencies.database, clock=lambda: NOW)
    app.state.chart_drawer = agencies.app.state.chart_drawer
    with agencies.database.write() as session:
        user = create_user(session, "Pia", UserRole.OPERATOR, (), NOW, None)
        return Browser(app, start_session(session, user.id, "Test", NOW))


def test_the_sign_in_leads_back_below_the_prefix(browser: Browser) -> None:
    answer = Browser(browser.app).get("/clients/1/posts?format=reel")
    assert answer.headers["location"] == "/sophia/sign-in?next=/sophia/clients/1/posts%3Fformat%3Dreel"


@pytest.mark.parametrize("path", ["/portfolio", "/clients/1", "/clients/1/posts", "/clients/1/conversions"])
def test_every_address_of_a_page_is_below_the_prefix(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    frame = answer.text.split('"')
    addresses = [frame[index + 1] for index, text in enumerate(frame) if text.endswith((" href=", " action=", " src="))]
    absolute = [address for address in addresses if urlsplit(address).path.startswith("/") and "://" not in address]
    assert absolute
    assert [address for address in absolute if not address.startswith("/sophia/")] == []


def test_the_current_section_is_marked(browser: Browser) -> None:
    assert 'href="/sophia/clients/1/posts" aria-current="page"' in browser.get("/clients/1/posts").text
