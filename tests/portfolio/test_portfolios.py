"""Pages of business portfolios, over a real socket: found, read with their own tokens, or refused with the way round."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from tests.conftest import store_of
from tests.meta.conftest import NOW
from tests.portfolio.conftest import Agency

from sophia.database.engine import Database
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.wire import Receive, Scope, Send
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import ALL_SCOPES, World, build_world
from sophia.demo.server import running_server
from sophia.errors import InvalidInputError
from sophia.meta.page_discovery import find_pages
from sophia.meta.tokens import read_facts
from sophia.portfolio.connecting import store
from sophia.portfolio.models import Account

Answers = dict[str, Callable[[dict[str, list[str]]], Any]]
REFUSED = {"error": {"message": "(#200) Requires business_management permission", "code": 200, "fbtrace_id": "Aa"}}
NOBODY: Answers = {"me/accounts": lambda _: {"data": []}}


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Database:
    request.param = "sqlite"
    return store_of(request)


class Portfolio:
    """The simulated Meta, with some GETs answered as Meta answers people whose Pages belong to a portfolio."""

    def __init__(self, api: GraphApi, answers: Answers) -> None:
        self.api, self.answers = api, answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.answers.get(re.sub(r"^/v\d+\.0/", "", scope["path"]))
        if scope["method"] != "GET" or answer is None:
            await self.api(scope, receive, send)
            return
        body = answer(parse_qs(scope["query_string"].decode()))
        await send({"type": "http.response.start", "status": 400 if "error" in body else 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


@contextmanager
def answering(agency: Agency, answers: Answers, api: GraphApi | None = None) -> Iterator[None]:
    with running_server(Portfolio(api or agency.meta.api, answers)) as url:
        agency.change(graph_base_url=url)
        yield


def stored_tokens(agency: Agency) -> dict[str, str]:
    with agency.database.read() as session:
        rows = session.execute(select(Account.external_id, Account.token_encrypted)).all()
    return {row[0]: agency.vault.decrypt(row[1] or "").get_secret_value() for row in rows}


def portfolio_of(world: World) -> Answers:
    """Two portfolios: the first owns two Pages, on two pages of its list; the second works on one of them and a third."""
    first, second, third = ({"id": page.id, "name": page.name} for page in world.pages)

    def owned(query: dict[str, list[str]]) -> Any:
        if "after" in query:
            return {"data": [second], "paging": {"cursors": {"before": "b", "after": "c"}}}
        return {"data": [first], "paging": {"cursors": {"before": "a", "after": "b"}, "next": "https://x.invalid/"}}

    return {
        **NOBODY,
        "me/businesses": lambda _: {"data": [{"id": "7001", "name": "Holding"}, {"id": "7002", "name": "Agency"}]},
        "7001/owned_pages": owned,
        "7001/client_pages": lambda _: REFUSED,
        "7002/owned_pages": lambda _: {"data": []},
        "7002/client_pages": lambda _: {"data": [second, third]},
    }


def test_pages_of_a_portfolio_are_connected_with_their_own_tokens(agency: Agency) -> None:
    """L11: owned and client Pages, each once, with the Page's token; a refused list is reported and costs itself only."""
    world = agency.meta.world
    with answering(agency, portfolio_of(world)):
        offer = agency.look()
        done = store(agency.database, agency.vault, offer, {p.id: p.name for p in offer.pages}, "UTC", NOW)
    assert sorted(page.id for page in offer.pages) == sorted(page.id for page in world.pages)
    assert not any(one.refused for one in done)
    own = {account.id: b.page.access_token for b in world.businesses for account in (b.page, b.instagram)}
    assert stored_tokens(agency) == own
    (warning,) = [line for line in offer.warnings if "Holding" in line]
    assert "client pages" in warning
    assert "business_management" in warning


def test_without_business_management_the_message_names_it_and_the_way_round(agency: Agency) -> None:
    """L11: all that the person did so far was right, so the message names what is missing instead of repeating it."""
    scopes = tuple(scope for scope in ALL_SCOPES if scope != "business_management")
    world = build_world(businesses=1, posts_per_account=1, days=3, now=NOW, scopes=scopes)
    api = GraphApi(world, Truth(world), clock=lambda: NOW)
    api.hide_targets()
    with answering(agency, NOBODY, api), pytest.raises(InvalidInputError) as raised:
        agency.look(world.user_token)
    assert "business_management" in str(raised.value)
    assert "SOPHIA_FACEBOOK_PAGE_ID" in str(raised.value)
    assert not [call for call in api.calls if "businesses" in call.path]


def test_with_business_management_and_no_page_the_message_names_both_ways(agency: Agency) -> None:
    """L11: the permission is there and lists nothing, so the role in the portfolio is missing."""
    agency.meta.api.hide_targets()
    with (
        answering(agency, {**NOBODY, "me/businesses": lambda _: {"data": []}}),
        pytest.raises(InvalidInputError) as raised,
    ):
        agency.look()
    assert "business_management" in str(raised.value)
    assert "a role" in str(raised.value)
    assert "SOPHIA_FACEBOOK_PAGE_ID" in str(raised.value)


def test_pages_that_the_token_names_are_found(agency: Agency) -> None:
    """L11: the granular scopes of a token name the Pages that the person chose, whatever /me/accounts lists."""
    world = agency.meta.world
    ids = [page.id for page in world.pages[:2]]
    scopes = [{"scope": "pages_show_list", "target_ids": ids}, {"scope": "instagram_basic", "target_ids": ["9"]}, "odd"]
    facts = read_facts({"data": {"is_valid": True, "granular_scopes": scopes}})
    assert facts.page_ids == set(ids)
    token = SecretStr(world.user_token)
    with answering(agency, NOBODY):
        found = agency.run(lambda context: find_pages(context.client.caller(token), (), [*ids, "404"]))
    assert {page.id: page.token.get_secret_value() for page in found.pages} == {
        page.id: page.access_token for page in world.pages[:2]
    }
    (warning,) = found.warnings
    assert "404" in warning


def from_settings(agency: Agency, token: str) -> str:
    """Connect the first Page as the settings name it; returns its id."""
    page = agency.meta.world.pages[0]
    agency.change(facebook_access_token=SecretStr(token), facebook_page_id=page.id)
    agency.run(lambda context: agency.connecting(context).connect_from_settings("My client"))
    return page.id


def test_a_page_named_in_the_settings_gets_its_own_token(agency: Agency) -> None:
    """L11: also when /me/accounts does not list it, which is when the settings name it."""
    with answering(agency, NOBODY):
        page_id = from_settings(agency, agency.meta.world.user_token)
    assert stored_tokens(agency) == {page_id: agency.meta.world.pages[0].access_token}


@pytest.mark.parametrize("has_app", [True, False])
def test_a_persons_token_is_never_stored_for_a_page(agency: Agency, has_app: bool) -> None:
    """L11: where Meta gives no token for the Page, nothing is stored and the message says what is missing."""
    if not has_app:
        agency.change(facebook_app_id=None, facebook_app_secret=None)
    page = agency.meta.world.pages[0]
    answers: Answers = {page.id: lambda _: {"id": page.id, "name": page.name}}
    with answering(agency, answers), pytest.raises(InvalidInputError, match="ANALYZE"):
        from_settings(agency, agency.meta.world.user_token)
    assert stored_tokens(agency) == {}


@pytest.mark.parametrize("has_app", [True, False])
def test_a_pages_own_token_is_taken_as_it_is(agency: Agency, has_app: bool) -> None:
    """L11: whoever gives the Page's token need not be given another one."""
    if not has_app:
        agency.change(facebook_app_id=None, facebook_app_secret=None)
    page = agency.meta.world.pages[0]

    def without_token(query: dict[str, list[str]]) -> Any:
        return {"id": page.id, "name": page.name} if "access_token" in query["fields"][0] else {"id": page.id}

    with answering(agency, {page.id: without_token}):
        from_settings(agency, page.access_token)
    assert stored_tokens(agency) == {page.id: page.access_token}
