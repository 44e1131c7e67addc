"""The daily look at tokens, over a real socket and into both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from tests.conftest import ON_POSTGRESQL_BY_HAND, store_of
from tests.demo.faults import graph_fault
from tests.portfolio.conftest import Agency

from sophia.database.engine import Database
from sophia.errors import ConfigurationError
from sophia.meta.errors import GraphError
from sophia.portfolio.checking import TokenCheck, check_tokens
from sophia.portfolio.service import AccountInfo, list_accounts
from sophia.vault import Vault


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/portfolio/test_checking.py -m campaign`: what is asked there has tests on both of its own."""
    return store_of(request)


def check(agency: Agency) -> TokenCheck:
    return agency.run(lambda c: check_tokens(c.database, c.vault, c.client, c.settings, c.clock))


def accounts(agency: Agency) -> list[AccountInfo]:
    with agency.database.read() as session:
        return list_accounts(session)


def test_tokens_that_live_are_noted_and_nobody_is_bothered(agency: Agency) -> None:
    """B11: a Page and its Instagram account share a token, which is asked about once; fifty tokens are one call."""
    agency.connect()
    agency.meta.api.reset()
    agency.now += timedelta(hours=5)
    assert check(agency) == TokenCheck(6, ())
    assert [one.token_checked_at for one in accounts(agency)] == [agency.now] * 6
    assert len(agency.meta.api.calls) == 1
    assert agency.meta.api.calls[0].counted == 3


def test_a_dead_token_asks_for_a_new_connection(agency: Agency) -> None:
    """B11, C10: both accounts of the Page say so; the others are as they were."""
    agency.connect()
    page = agency.meta.world.pages[1]
    agency.meta.api.dead_token(page.id, agency.now - timedelta(hours=1))
    found = check(agency)
    assert [(warning.code, warning.account) for warning in found.warnings] == [("invalid", page.name)] * 2
    states = [(one.client_name == page.name, one.status) for one in accounts(agency)]
    assert states == [(dead, "needs_reconnect" if dead else "active") for dead, _ in states]


def test_a_permission_that_was_taken_away_is_announced(agency: Agency) -> None:
    """L2: a token without read_insights lives and answers with nothing; the daily check names what is missing."""
    agency.connect()
    simulation = agency.meta.api.simulation
    whole = simulation.world
    simulation.world = replace(whole, scopes=tuple(scope for scope in whole.scopes if scope != "read_insights"))
    found = check(agency).warnings
    simulation.world = whole
    assert {warning.code for warning in found} == {"permissions"}
    assert {warning.account for warning in found} == {page.name for page in whole.pages[:3]}
    assert len(found) == 3, "the Instagram accounts need another permission"
    assert "read_insights" in found[0].message
    assert "sophia connect" in found[0].message
    states = {one.platform: "read_insights" in one.scopes for one in accounts(agency)}
    assert states["facebook"] is False
    assert check(agency).warnings == ()


def test_the_end_is_announced_as_early_as_the_settings_say(agency: Agency) -> None:
    """B11: data access ends 70 days after this world begins; 14 days before is not too early and 15 is."""
    agency.connect()
    end = agency.meta.world.built_at + timedelta(days=70)
    agency.now = end - timedelta(days=15)
    assert check(agency).warnings == ()
    agency.now = end - timedelta(days=14)
    found = check(agency).warnings
    assert {warning.code for warning in found} == {"data_access_ends"}
    assert {warning.ends_at for warning in found} == {end}
    assert f"ends on {end.date()}" in found[0].message
    agency.now = end + timedelta(days=1)
    assert f"ended on {end.date()}" in check(agency).warnings[0].message


def test_the_end_of_the_version_is_announced(agency: Agency) -> None:
    """B9: v22.0 ends on 2027-05-20."""
    agency.now = datetime(2027, 3, 1, tzinfo=UTC)
    agency.change(graph_api_version="v22.0")
    assert [warning.code for warning in check(agency).warnings] == ["version"]
    agency.change(graph_api_version="v23.0")
    assert check(agency).warnings == ()


def test_without_an_app_it_says_that_nothing_was_checked(agency: Agency) -> None:
    """B11: silence would look like health."""
    agency.connect()
    agency.change(facebook_app_id=None)
    found = check(agency)
    assert found.checked == 0
    assert [warning.code for warning in found.warnings] == ["unchecked"]


def test_when_meta_cannot_be_asked_nothing_is_stored(agency: Agency) -> None:
    """C10: an outage is no verdict about tokens."""
    agency.connect()
    agency.meta.api.faults.append(graph_fault("debug_token|POST", 2, "Service temporarily unavailable", status=503))
    with pytest.raises(GraphError):
        check(agency)
    assert {one.status for one in accounts(agency)} == {"active"}


def test_a_lost_key_is_a_matter_of_configuration(agency: Agency) -> None:
    """D5: the message says which key to bring back, and holds none."""
    agency.connect()
    agency.vault = Vault(["dJ2PdnYC1ol4CnGPXXBuKsdJvRjlyVQ3lPBOcyyvQYg="])
    with pytest.raises(ConfigurationError, match="SOPHIA_ENCRYPTION_KEY"):
        check(agency)


def test_no_secret_is_stored_in_clear(agency: Agency) -> None:
    """D2, D5: after connecting and checking, no token and no app secret stands in any account."""
    agency.connect()
    check(agency)
    shown = str(accounts(agency)) + str(agency.meta.addresses)
    assert agency.meta.world.app_secret not in shown
    assert not any(page.access_token in shown for page in agency.meta.world.pages)
    assert SecretStr(agency.meta.world.user_token).get_secret_value() not in shown
