"""Tokens, permissions, versions and the objects of the agency's person."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.graph.access import proof_of
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import ALL_SCOPES, World, build_world
from sophia.demo.server import running_server

Ask = Callable[..., httpx.Response]


def _error(response: httpx.Response) -> tuple[int, int, int | None]:
    error = response.json()["error"]
    return response.status_code, error["code"], error.get("error_subcode")


def test_discovery_lists_every_page_with_its_instagram_account(client: httpx.Client, world: World) -> None:
    """`/me/accounts` pages by cursor and names Page tokens and linked accounts."""
    found: list[tuple[str, str, str]] = []
    link = (
        "/v22.0/me/accounts?limit=3&fields=id,name,access_token,tasks,"
        "instagram_business_account{id,username,followers_count,media_count}"
    )
    while link:
        answer = client.get(link, headers={"Authorization": f"Bearer {world.user_token}"}).json()
        for row in answer["data"]:
            assert row["instagram_business_account"]["media_count"] == 30
            found.append((row["id"], row["access_token"], row["instagram_business_account"]["id"]))
        link = answer["paging"].get("next")
    assert found == [(each.page.id, each.page.access_token, each.instagram.id) for each in world.businesses]


def test_me_is_the_holder_of_the_token(ask: Ask, world: World) -> None:
    """A person for a user token, the Page for a Page token."""
    assert ask("/me", world.user_token, fields="id,name").json() == {"id": world.user_id, "name": world.user_name}
    assert ask("/me", world.pages[0].access_token, fields="id").json() == {"id": world.pages[0].id}


def test_accounts_show_their_profiles(ask: Ask, world: World, truth: Truth) -> None:
    """Followers of a Page and an Instagram account are those at the end of the last closed day (A8)."""
    business = world.businesses[0]
    page = ask(f"/{business.page.id}", world.user_token, fields="followers_count,fan_count,name,username").json()
    assert page["followers_count"] == truth.followers_now(business.page, world.built_at) == business.page.followers
    account = ask(f"/{business.instagram.id}", business.page.access_token, fields="followers_count,username").json()
    assert account["followers_count"] == business.instagram.followers


def test_tokens_are_told_apart(ask: Ask, client: httpx.Client, world: World) -> None:
    """None is 104, an unknown one 190, a user's on a Page 190 / 2069032, another Page's 100 / 33 (C3)."""
    page, other = world.pages[0], world.pages[1]
    assert _error(client.get(f"/{page.id}")) == (400, 104, None)
    assert _error(ask(f"/{page.id}", "nonsense")) == (400, 190, None)
    for edge in ("insights?metric=page_follows", "published_posts", "stories"):
        assert _error(ask(f"/{page.id}/{edge}", world.user_token)) == (400, 190, 2069032)
    assert _error(ask(f"/{page.id}/insights", other.access_token, metric="page_follows")) == (400, 100, 33)
    assert ask(f"/{world.instagram_accounts[0].id}/media", world.user_token, limit=1).status_code == 200
    assert _error(ask("/123456", page.access_token)) == (400, 100, 33)
    assert ask("/123456", page.access_token).json()["error"]["fbtrace_id"]
    assert _error(ask(f"/{page.id}/insights/x", page.access_token)) == (400, 2500, None)


def test_a_token_dies_when_told(ask: Ask, api: GraphApi, world: World, clock: SettableClock) -> None:
    """From its moment on every call with it is 190, other accounts go on (C4)."""
    page = world.pages[0]
    api.dead_token(world.instagram_accounts[0].id, world.built_at + timedelta(hours=1), subcode=463)
    assert ask(f"/{page.id}", page.access_token).status_code == 200
    clock.moment = world.built_at + timedelta(hours=1)
    assert _error(ask(f"/{page.id}", page.access_token)) == (400, 190, 463)
    assert ask(f"/{world.pages[1].id}", world.pages[1].access_token).status_code == 200


def test_a_deleted_post_is_gone(ask: Ask, api: GraphApi, world: World) -> None:
    """100 / 33, and no list shows it (B7)."""
    page = world.pages[0]
    post = next(post for post in world.posts(page.id) if post.created_at <= world.built_at)
    api.delete(post.id, world.built_at)
    assert _error(ask(f"/{post.id}/insights", page.access_token, metric="post_clicks")) == (400, 100, 33)
    assert post.id not in ask(f"/{page.id}/published_posts", page.access_token, limit=100, fields="id").text


def test_tokens_can_be_inspected_and_exchanged(ask: Ask, client: httpx.Client, world: World) -> None:
    """`debug_token` tells life and scopes; a short user token becomes a long one (B11)."""
    told = ask("/debug_token", world.app_token, input_token=world.pages[0].access_token).json()["data"]
    assert (told["is_valid"], told["type"], told["expires_at"]) == (True, "PAGE", 0)
    assert told["scopes"] == list(ALL_SCOPES)
    assert ask("/debug_token", world.app_token, input_token="gone").json()["data"]["is_valid"] is False
    exchange = {
        "grant_type": "fb_exchange_token",
        "client_id": world.app_id,
        "client_secret": world.app_secret,
        "fb_exchange_token": world.short_user_token,
    }
    answer = client.get("/oauth/access_token", params=exchange).json()
    assert answer == {"access_token": world.user_token, "token_type": "bearer", "expires_in": 5183944}
    assert _error(client.get("/oauth/access_token", params={**exchange, "client_secret": "x"}))[1] == 1


def test_the_exchange_takes_its_parameters_in_the_body(client: httpx.Client, api: GraphApi, world: World) -> None:
    """A POST answers as a GET does, and no secret stands in a URL."""
    given = {
        "grant_type": "fb_exchange_token",
        "client_id": world.app_id,
        "client_secret": world.app_secret,
        "fb_exchange_token": world.short_user_token,
    }
    answer = client.post("/v22.0/oauth/access_token", data=given)
    assert answer.json()["access_token"] == world.user_token
    assert client.post("/oauth/access_token", data={**given, "client_secret": "x"}).json()["error"]["code"] == 1
    assert api.urls_seen == ["/v22.0/oauth/access_token", "/oauth/access_token"]


def test_urls_are_kept_as_they_came(client: httpx.Client, api: GraphApi, world: World) -> None:
    """Tokens and proofs in a URL can be found there by a test, encoded as they were."""
    page = world.pages[0]
    query = f"fields=id%2Cname&access_token={page.access_token}&appsecret_proof=abc"
    client.get(f"/v22.0/{page.id}?{query}")
    assert api.urls_seen == [f"/v22.0/{page.id}?{query}"]
    api.reset()
    assert api.urls_seen == []


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/v19.0", "v22.0"),
        ("/v22.0", "v22.0"),
        ("/v24.0", "v24.0"),
        ("/v26.0", "v26.0"),
        ("/v31.0", "v27.0"),
        ("", "v27.0"),
    ],
)
def test_old_versions_are_silently_served_by_the_oldest_usable(ask: Ask, world: World, asked: str, served: str) -> None:
    """The answer's header tells which version really answered (B9)."""
    answer = ask(f"{asked}/me", world.user_token)
    assert answer.status_code == 200
    assert answer.headers["facebook-api-version"] == served


@pytest.mark.parametrize(
    ("day", "served"),
    [
        ("2027-05-19", ["v22.0", "v23.0", "v24.0"]),
        ("2027-05-21", ["v23.0", "v23.0", "v24.0"]),
        ("2027-10-09", ["v24.0", "v24.0", "v24.0"]),
        ("2028-02-19", ["v25.0", "v25.0", "v25.0"]),
        ("2028-07-30", ["v26.0", "v26.0", "v26.0"]),
    ],
)
def test_versions_expire(ask: Ask, world: World, clock: SettableClock, day: str, served: list[str]) -> None:
    """L1: v22 ends on 20 May 2027, v23 in October, v24 and v25 in 2028; then the next usable version answers."""
    clock.moment = datetime.fromisoformat(f"{day}T20:00:00+00:00")
    answers = [ask(f"/{version}/me", world.user_token) for version in ("v22.0", "v23.0", "v24.0")]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.headers["facebook-api-version"] for answer in answers] == served


def test_usage_comes_with_every_answer(ask: Ask, world: World) -> None:
    """Usage headers on success and on errors (C6)."""
    page = world.pages[0]
    for path in (f"/{page.id}", f"/{page.id}/insights"):
        headers = ask(path, page.access_token).headers
        assert '"call_count":' in headers["x-app-usage"]
        assert '"type":"pages"' in headers["x-business-use-case-usage"]


@pytest.fixture
def restricted() -> Iterator[tuple[World, httpx.Client]]:
    """A world whose token may read neither insights nor what users wrote, and that demands proofs."""
    now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    scopes = tuple(scope for scope in ALL_SCOPES if scope not in {"read_insights", "pages_read_user_content"})
    world = build_world(businesses=1, posts_per_account=3, now=now, scopes=scopes, require_appsecret_proof=True)
    api = GraphApi(world, Truth(world), clock=lambda: now)
    with running_server(api) as base_url, httpx.Client(base_url=base_url, trust_env=False) as client:
        yield world, client


def test_proofs_and_scopes(restricted: tuple[World, httpx.Client]) -> None:
    """Proof missing or wrong is 104; no `read_insights` is an empty 200; gated fields fail the page with #10 (B11)."""
    world, client = restricted
    page = world.pages[0]
    headers = {"Authorization": f"Bearer {page.access_token}"}
    assert _error(client.get(f"/{page.id}", headers=headers)) == (400, 104, None)
    wrong = {"appsecret_proof": proof_of(world.user_token, world.app_secret)}
    assert _error(client.get(f"/{page.id}", params=wrong, headers=headers)) == (400, 104, None)
    proof = {"appsecret_proof": proof_of(page.access_token, world.app_secret)}

    def get(path: str, **parameters: str) -> httpx.Response:
        return client.get(path, params={**proof, **parameters}, headers=headers)

    assert get(f"/{page.id}/insights", metric="page_follows").json() == {"data": []}
    posts = get(f"/{page.id}/published_posts", fields="id,insights.metric(post_clicks)").json()["data"]
    assert all(set(post) == {"id"} for post in posts)
    gated = get(f"/{page.id}/published_posts", fields="id,comments.summary(true).limit(0)")
    assert _error(gated) == (400, 10, None)
    assert "pages_read_user_content" in gated.text
