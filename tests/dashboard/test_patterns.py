"""The page of all components is a page of the demo and of tests only."""

from tests.conftest import plain_settings
from tests.dashboard.conftest import Agencies, Browser, clock

from sophia.access.users import UserRole
from sophia.main import create_app


def test_an_installation_has_no_patterns(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    assert browser.get("/patterns").status == 200
    app = create_app(plain_settings(), agencies.database, clock=clock)
    answer = Browser(app, browser.token).get("/patterns")
    assert (answer.status, "sophia demo" in answer.text) == (404, True)


def test_every_state_of_a_card_differs(agencies: Agencies) -> None:
    cards = agencies.browser(UserRole.OPERATOR).get("/patterns").page.cards
    assert len({pattern.card for pattern in cards}) == len(cards)
    tones = {pattern.card.change.tone for pattern in cards if pattern.card.change is not None}
    assert tones == {"up", "down", "flat"}
    by_name = {pattern.name: pattern.card for pattern in cards}
    assert by_name["ratio"].change.text == "3.2 ×"
    compared = by_name["on the days compared"].change
    assert (compared.since, compared.until, compared.days) == ("30K", "33K", "on the same 6 days")
    assert by_name["read after the period"].note == "as of 30 Nov, young"
    assert by_name["bounds"].value.text == "22.7K–28.9K"
    assert by_name["no value"].value.reason
