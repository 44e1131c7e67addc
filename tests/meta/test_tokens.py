"""What Meta says of tokens, asked over a real socket, in four endings each: answer, error, no connection, unreadable."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr
from tests.demo.faults import graph_fault

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.faults.wire import Scope
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import build_world
from sophia.demo.server import running_server
from sophia.meta.client import GraphClient
from sophia.meta.errors import GraphError, Remedy
from sophia.meta.page_discovery import find_pages
from sophia.meta.tokens import (
    App,
    debug_token,
    debug_tokens,
    exchange_long_lived,
    granted_permissions,
    read_facts,
)

from .conftest import NOW, Meta

SECRET = SecretStr("EAAverysecrettokenofsomebody")
Work = Callable[[GraphClient], Awaitable[Any]]


def calls(meta: Meta) -> dict[str, Work]:
    return {
        "debug": lambda client: debug_token(client, meta.app, SECRET),
        "exchange": lambda client: exchange_long_lived(client, meta.app, SECRET),
        "accounts": lambda client: find_pages(client.caller(SECRET), ()),
    }


def test_a_living_token_is_described(meta: Meta) -> None:
    """B11: validity, kind, permissions and end of a person's token."""
    facts = meta.ask(lambda client: debug_token(client, meta.app, SecretStr(meta.world.user_token)))
    assert facts.is_valid
    assert facts.type == "USER"
    assert facts.scopes == set(meta.world.scopes)
    assert facts.user_id == meta.world.user_id
    assert facts.app_id == meta.world.app_id
    assert facts.expires_at is not None
    assert facts.ends_at == min(facts.expires_at, facts.data_access_expires_at or facts.expires_at)


def test_a_page_token_never_expires_but_its_data_access_does(meta: Meta) -> None:
    """B11: 0 means never, and is not the year 1970."""
    facts = meta.ask(lambda client: debug_token(client, meta.app, SecretStr(meta.world.pages[0].access_token)))
    assert facts.type == "PAGE"
    assert facts.expires_at is None
    assert facts.data_access_expires_at == facts.ends_at == meta.world.built_at + timedelta(days=70)


def test_a_dead_token_is_described_not_raised(meta: Meta) -> None:
    meta.api.dead_token(meta.world.pages[0].id, NOW - timedelta(days=1))
    facts = meta.ask(lambda client: debug_token(client, meta.app, SecretStr(meta.world.pages[0].access_token)))
    assert not facts.is_valid
    assert facts.problem


def test_many_tokens_are_few_calls_and_stay_in_order(meta: Meta) -> None:
    """B8: fifty tokens a call."""
    tokens = [SecretStr(meta.world.pages[index % 3].access_token) for index in range(120)]
    tokens[77] = SecretStr("nobodys")
    facts = meta.ask(lambda client: debug_tokens(client, meta.app, tokens))
    assert [index for index, one in enumerate(facts) if not one.is_valid] == [77]
    assert len(meta.addresses) == 3


def test_a_short_lived_token_is_exchanged(meta: Meta) -> None:
    given = SecretStr(meta.world.short_user_token)
    longer, ends_at = meta.ask(lambda client: exchange_long_lived(client, meta.app, given))
    assert longer.get_secret_value() == meta.world.user_token
    assert ends_at == NOW + timedelta(seconds=5183944)


def test_pages_come_with_their_tokens_and_instagram_accounts(meta: Meta) -> None:
    pages = meta.ask(lambda client: find_pages(client.caller(SecretStr(meta.world.user_token)), ())).pages
    assert [page.token.get_secret_value() for page in pages] == [page.access_token for page in meta.world.pages]
    assert [page.instagram and page.instagram.id for page in pages] == [a.id for a in meta.world.instagram_accounts]
    assert all("ANALYZE" in page.tasks for page in pages)


def test_a_portfolio_of_more_than_one_page_of_pages_is_read_to_its_end() -> None:
    """B8: cursors are followed."""
    world = build_world(businesses=130, posts_per_account=1, days=3, now=NOW)
    served = Meta(GraphApi(world, Truth(world), clock=lambda: NOW))
    with running_server(served) as served.base_url:
        pages = served.ask(lambda client: find_pages(client.caller(SecretStr(world.user_token)), ())).pages
    assert len({page.id for page in pages}) == 130


@pytest.mark.parametrize("name", ["debug", "exchange", "accounts"])
@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        (graph_fault("", 190, "Malformed access token EAAverysecrettokenofsomebody", subcode=463), Remedy.RECONNECT),
        (graph_fault("", 4, "(#4) Application request limit reached", status=403), Remedy.PAUSE),
        (Fault("", status=502, body="<html>bad gateway</html>"), Remedy.AGAIN),
        (Fault("", body="{"), Remedy.AGAIN),
    ],
)
def test_errors_keep_their_remedy_and_lose_the_secret(meta: Meta, name: str, fault: Fault, remedy: Remedy) -> None:
    """C3, D2: Meta repeats a malformed token in its message; we do not."""
    meta.api.faults.append(fault)
    with pytest.raises(GraphError) as raised:
        meta.ask(calls(meta)[name])
    assert raised.value.remedy is remedy
    if name != "accounts":
        assert SECRET.get_secret_value() not in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize("name", ["debug", "exchange", "accounts"])
def test_no_connection_is_worth_another_try(meta: Meta, name: str) -> None:
    meta.base_url = "http://127.0.0.1:9"
    with pytest.raises(GraphError) as raised:
        meta.ask(calls(meta)[name])
    assert raised.value.remedy is Remedy.AGAIN


@pytest.mark.parametrize("said", [{}, {"data": []}, {"data": {"is_valid": "yes"}}])
def test_facts_that_are_none_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(GraphError):
        read_facts(said)


def test_secrets_travel_in_the_body_and_in_no_address(meta: Meta) -> None:
    """D2: neither the token asked about nor the app's secret stands in an address, which proxies log."""
    seen: list[dict[str, list[str]]] = []

    def meta_proper(scope: Scope, body: bytes) -> tuple[int, bytes] | None:
        if not scope["path"].endswith("oauth/access_token"):
            return None
        seen.append(parse_qs(body.decode()))
        return 200, json.dumps({"access_token": "EAAlonger", "token_type": "bearer"}).encode()

    meta.answer = meta_proper
    token, ends_at = meta.ask(lambda client: exchange_long_lived(client, meta.app, SECRET))
    assert (token.get_secret_value(), ends_at) == ("EAAlonger", None)
    meta.answer = None
    meta.ask(lambda client: debug_token(client, meta.app, SECRET))
    assert seen[0]["fb_exchange_token"] == [SECRET.get_secret_value()]
    assert len(meta.addresses) == 2
    for address in meta.addresses:
        assert SECRET.get_secret_value() not in address
        assert meta.world.app_secret not in address


def test_the_apps_own_token_is_a_secret() -> None:
    app = App("12", SecretStr("hush"))
    assert app.token.get_secret_value() == "12|hush"
    assert "hush" not in f"{app} {app.token!r}"


def test_permissions_of_a_person_are_read_and_of_a_page_unknown(meta: Meta) -> None:
    said = {"data": [{"permission": "a", "status": "granted"}, {"permission": "b", "status": "declined"}, "odd"]}
    meta.answer = lambda _scope, _body: (200, json.dumps(said).encode())
    assert meta.ask(lambda client: granted_permissions(client.caller(SECRET))) == frozenset({"a"})
    meta.answer = None
    page = SecretStr(meta.world.pages[0].access_token)
    assert meta.ask(lambda client: granted_permissions(client.caller(page))) is None
