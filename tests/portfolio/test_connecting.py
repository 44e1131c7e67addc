"""The way from a token to connected accounts, over a real socket and into both databases."""

import re
from dataclasses import replace

import pytest
from pydantic import SecretStr
from tests.conftest import ON_POSTGRESQL_BY_HAND, plain_settings, store_of
from tests.meta.conftest import NOW
from tests.portfolio.conftest import Agency

from sophia.analytics.collector.plan import Plan
from sophia.database.engine import Database
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import ALL_SCOPES, build_world
from sophia.demo.server import running_server
from sophia.errors import ConfigurationError, InvalidInputError
from sophia.meta.tokens import App, debug_token
from sophia.portfolio import scopes
from sophia.portfolio.connecting import (
    CANNOT_CHECK,
    Connected,
    expect_usable,
    missing_on_page,
    pairs,
    store,
    usable_platforms,
)
from sophia.portfolio.service import AccountInfo, list_accounts


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/portfolio/test_connecting.py -m campaign`: what is asked there has tests on both of its own."""
    return store_of(request)


def accounts(agency: Agency) -> list[AccountInfo]:
    with agency.database.read() as session:
        return list_accounts(session)


def from_settings(agency: Agency, client: str | None = None) -> list[Connected]:
    return agency.run(lambda context: agency.connecting(context).connect_from_settings(client))


def test_every_page_and_its_instagram_account_become_a_client(agency: Agency) -> None:
    """A3, B11: each account has its Page's token, what it may and when it ends; connecting again changes no account."""
    done = agency.connect()
    assert [one.refused for one in done] == [None] * 6
    assert all(one.is_new for one in done)
    known = accounts(agency)
    names = [business.name for business in agency.meta.world.businesses]
    assert [(one.client_name, one.platform) for one in known] == [
        (n, p) for n in names for p in ("facebook", "instagram")
    ]
    assert all(one.scopes == set(ALL_SCOPES) and one.token_checked_at == NOW for one in known)
    assert all(one.token_expires_at is None and one.data_access_expires_at for one in known)
    again = agency.connect()
    assert [one.account_id for one in again] == [one.account_id for one in done]
    assert not any(one.is_new for one in again)


def test_an_account_of_another_client_is_refused_and_the_rest_is_connected(agency: Agency) -> None:
    """A3: a Page that belongs to another client costs itself only, and no client is made for it."""
    agency.connect()
    offer = agency.look()
    first, second = offer.pages[:2]
    assert offer.owners[first.id] == first.name
    done = store(agency.database, agency.vault, offer, {first.id: "Somebody", second.id: second.name}, "UTC", NOW)
    assert [one.refused is None for one in done] == [False, False, True, True]
    assert first.name in str(done[0].refused)
    assert "Somebody" not in {one.client_name for one in accounts(agency)}


def test_a_short_lived_token_is_made_long_lived_first(agency: Agency) -> None:
    """B11: a Page's token made from a short-lived one dies with it, so the exchange comes before the Pages."""
    agency.look(agency.meta.world.short_user_token)
    paths = [re.sub(r"^/v\d+\.0/", "", call.path) for call in agency.meta.api.calls if call.status == 200]
    assert paths.index("oauth/access_token") < paths.index("me/accounts")


def test_a_dead_token_is_refused_before_anything_else(agency: Agency) -> None:
    with pytest.raises(InvalidInputError, match="not valid"):
        agency.look("EAAnobodysuser0000000000")


def test_a_token_of_another_app_is_refused(agency: Agency) -> None:
    """B11: it works today and cannot be checked or extended ever."""
    facts = agency.run(
        lambda context: debug_token(context.client, agency.meta.app, SecretStr(agency.meta.world.user_token))
    )
    with pytest.raises(InvalidInputError, match=agency.meta.world.app_id):
        expect_usable(facts, App("77", SecretStr("x")))


def test_without_an_app_the_token_is_taken_on_trust_and_said_so(agency: Agency) -> None:
    """B11, L2: no check is possible, so `connect` says so, and names every permission that is needed."""
    agency.change(facebook_app_id=None, facebook_app_secret=None)
    offer = agency.look()
    assert "could not be verified" in CANNOT_CHECK
    assert all(scope in CANNOT_CHECK for needed in scopes.NEEDED.values() for scope in needed)
    assert CANNOT_CHECK in offer.warnings
    [page, *_] = offer.connections[offer.pages[0].id]
    assert page.checked_at is None
    assert page.scopes == scopes.ALL, "assumed, so that the collector asks and learns"


@pytest.mark.parametrize("scope", sorted(scopes.ALL))
def test_every_missing_permission_is_named_with_its_loss(scope: str) -> None:
    """B11: a token without read_insights answers with empty data and no error, so it is said beforehand."""
    warnings: list[str] = []
    have = scopes.ALL - {scope}
    if scope in ("pages_show_list", "pages_read_engagement"):
        with pytest.raises(InvalidInputError, match=scope):
            usable_platforms(have, warnings)
        return
    usable = usable_platforms(have, warnings)
    assert [scope in line for line in warnings] == [True]
    lost = {platform for platform, needed in scopes.NEEDED.items() if scope in needed}
    assert usable == {"facebook", "instagram"} - lost


def test_a_platform_without_its_permissions_is_left_out(agency: Agency) -> None:
    """B11: without instagram_manage_insights the Pages are connected and the Instagram accounts are not."""
    world = build_world(
        businesses=1,
        posts_per_account=1,
        days=3,
        now=NOW,
        scopes=tuple(set(ALL_SCOPES) - {"instagram_manage_insights"}),
    )
    with running_server(GraphApi(world, Truth(world), clock=lambda: NOW)) as url:
        agency.change(graph_base_url=url)
        offer = agency.look(world.user_token)
    assert [one.platform for one in offer.connections[world.pages[0].id]] == ["facebook"]
    assert any("instagram_manage_insights" in warning for warning in offer.warnings)


def test_a_pages_own_token_is_verified_too(agency: Agency) -> None:
    """L2: what the person allowed may be missing from the token of a Page, which is what Sophia reads with."""
    page = agency.look().pages[0]
    facts = agency.run(lambda context: debug_token(context.client, agency.meta.app, page.token))
    both = frozenset({"facebook", "instagram"})
    assert missing_on_page(page, both, facts) == []
    assert missing_on_page(page, both, None) == []
    [line] = missing_on_page(page, both, replace(facts, scopes=facts.scopes - {"read_insights", "pages_show_list"}))
    assert line.startswith(f"{page.name}: The permission read_insights is missing")


# -- from the settings -------------------------------------------------------------------------------------------------


def named(agency: Agency, *, page_token: str, instagram: bool = True) -> None:
    """Settings that name the second client's accounts."""
    business = agency.meta.world.businesses[2]
    agency.change(facebook_access_token=SecretStr(page_token), facebook_page_id=business.page.id)
    if instagram:
        agency.change(
            instagram_access_token=SecretStr(business.page.access_token),
            instagram_business_account_id=business.instagram.id,
        )


def test_settings_connect_one_account_each_and_again_without_change(agency: Agency) -> None:
    """D5: the four variables of the specification are enough, no question is asked, and twice is as good as once."""
    business = agency.meta.world.businesses[2]
    named(agency, page_token=business.page.access_token)
    done = from_settings(agency)
    assert [(one.client, one.platform, one.is_new) for one in done] == [
        (business.name, "facebook", True),
        (business.name, "instagram", True),
    ]
    assert [one.is_new for one in from_settings(agency)] == [False, False]
    assert len(accounts(agency)) == 2


def test_settings_with_a_persons_token_end_with_the_pages_own(agency: Agency) -> None:
    """A Page's insights want the Page's token, whichever was given."""
    named(agency, page_token=agency.meta.world.user_token, instagram=False)
    [one] = from_settings(agency, "My client")
    assert one.client == "My client"
    assert agency.run(lambda context: context.collector().collect([one.account_id], Plan()))[0].status == "ok"


def test_settings_keep_the_client_that_has_the_account(agency: Agency) -> None:
    """A3: a restart with another account name makes no second client."""
    business = agency.meta.world.businesses[2]
    named(agency, page_token=business.page.access_token)
    from_settings(agency, "My client")
    assert {one.client for one in from_settings(agency)} == {"My client"}


@pytest.mark.parametrize(
    ("given", "absent"),
    [
        ({"facebook_access_token": "x"}, "SOPHIA_FACEBOOK_PAGE_ID"),
        ({"facebook_page_id": "1"}, "SOPHIA_FACEBOOK_ACCESS_TOKEN"),
        ({"instagram_access_token": "x"}, "SOPHIA_INSTAGRAM_BUSINESS_ACCOUNT_ID"),
        ({"instagram_business_account_id": "1"}, "SOPHIA_INSTAGRAM_ACCESS_TOKEN"),
    ],
)
def test_half_a_pair_names_its_other_half(given: dict[str, str], absent: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{absent} is not"):
        pairs(plain_settings(**given))


def test_an_id_that_is_none_is_refused_before_it_is_asked() -> None:
    """B10: what stands in the settings may become part of an address only if it is an id."""
    with pytest.raises(ConfigurationError, match="SOPHIA_FACEBOOK_PAGE_ID"):
        pairs(plain_settings(facebook_access_token="x").model_copy(update={"facebook_page_id": "1/../me"}))
