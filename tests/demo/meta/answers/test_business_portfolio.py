"""Business portfolios, Page tokens, permissions that are taken back, and Pages that were replaced."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.demo.conftest import NOW

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import ALL_SCOPES, World, build_world
from sophia.demo.server import running_server, spawned_server

Ask = Callable[..., httpx.Response]


def code_of(answer: httpx.Response) -> Any:
    return answer.json().get("error", {}).get("code")


def walk(ask: Ask, path: str, token: str, **parameters: str | int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = ask(path, token, **parameters, **after).json()
        rows += answer["data"]
        if "next" not in answer.get("paging", {}):
            return rows
        after = {"after": answer["paging"]["cursors"]["after"]}


def test_pages_of_a_portfolio(ask: Ask, api: GraphApi, world: World) -> None:
    """L11: `/me/accounts` is empty, and the portfolio lists every Page with its own token, owned or a client's."""
    api.hide_accounts()
    assert ask("/me/accounts", world.user_token).json() == {"data": []}
    (business,) = ask("/me/businesses", world.user_token, fields="id,name").json()["data"]
    assert business == {"id": world.portfolio_id, "name": world.portfolio_name}
    fields = "id,name,access_token,instagram_business_account{id}"
    lists = {
        edge: walk(ask, f"/v27.0/{business['id']}/{edge}", world.user_token, fields=fields, limit=1)
        for edge in ("owned_pages", "client_pages")
    }
    assert all(len(rows) == 2 for rows in lists.values())
    tokens = {row["id"]: row["access_token"] for rows in lists.values() for row in rows}
    assert tokens == {page.id: page.access_token for page in world.pages}
    assert code_of(ask(f"/{business['id']}/adaccounts", world.user_token)) == 100
    assert code_of(ask(f"/{business['id']}/owned_pages", world.pages[0].access_token)) == 100
    api.hide_accounts(hidden=False)
    assert len(ask("/me/accounts", world.user_token).json()["data"]) == len(world.pages)


def test_a_portfolio_needs_its_permission(ask: Ask, api: GraphApi, world: World) -> None:
    """L11: without `business_management` each of its edges is refused, with a text for people."""
    api.withdraw_scope("business_management")
    for path in ("/me/businesses", f"/{world.portfolio_id}", f"/{world.portfolio_id}/owned_pages"):
        answer = ask(path, world.user_token)
        assert (answer.status_code, code_of(answer)) == (400, 200)
        assert "business_management" in answer.json()["error"]["message"]
        assert answer.json()["error"]["error_user_msg"]
    api.grant_scope("business_management")
    assert ask("/me/businesses", world.user_token).status_code == 200


def test_a_page_shows_its_own_token(ask: Ask, api: GraphApi, world: World) -> None:
    """L11: to the person and to itself; not to the app, and not where the person has no role."""
    page = world.pages[0]
    for token in (world.user_token, page.access_token):
        shown = ask(f"/{page.id}", token, fields="access_token").json()
        assert shown == {"access_token": page.access_token, "id": page.id}
    assert ask(f"/{page.id}", world.app_token, fields="access_token").json() == {"id": page.id}
    api.withhold_page_token(page.id)
    assert ask(f"/{page.id}", world.user_token, fields="access_token").json() == {"id": page.id}
    rows = ask("/me/accounts", world.user_token, fields="access_token", limit=100).json()["data"]
    assert ["access_token" in row for row in rows] == [False, True, True, True]


def test_debug_token_tells_for_what(ask: Ask, api: GraphApi, world: World) -> None:
    """L2, L11: scopes with the objects that they were given for; a permission that was taken back is gone."""
    api.withdraw_scope("read_insights", of=world.instagram_accounts[1].id)

    def inspect(token: str) -> tuple[list[str], dict[str, list[str]]]:
        data = ask("/debug_token", world.app_token, input_token=token).json()["data"]
        return data["scopes"], {row["scope"]: row["target_ids"] for row in data["granular_scopes"]}

    scopes, targets = inspect(world.user_token)
    assert scopes == list(ALL_SCOPES) == list(targets)
    assert targets["pages_show_list"] == [page.id for page in world.pages]
    assert targets["instagram_basic"] == [account.id for account in world.instagram_accounts]
    assert targets["business_management"] == [world.portfolio_id]
    scopes, targets = inspect(world.pages[1].access_token)
    assert set(ALL_SCOPES) - set(scopes) == {"read_insights"}
    assert "read_insights" not in targets
    assert targets["pages_show_list"] == [world.pages[1].id]


def test_insights_without_read_insights_are_empty(ask: Ask, api: GraphApi, world: World) -> None:
    """L2: 200 and `data: []` for this token alone, on Page, post and video; in lists the key is missing."""
    page, other = world.pages[0], world.pages[1]
    api.withdraw_scope("read_insights", of=page.id)
    posts = [post for post in world.posts(page.id) if post.created_at <= NOW]
    video = next(post.video_id for post in posts if post.is_video)
    requests = (
        (page.id, "insights", "page_follows"),
        (posts[0].id, "insights", "post_clicks"),
        (video, "video_insights", "total_video_views"),
    )
    for object_id, edge, metric in requests:
        answer = ask(f"/{object_id}/{edge}", page.access_token, metric=metric)
        assert (answer.status_code, answer.json()) == (200, {"data": []})
    fields = "id,insights.metric(post_clicks)"
    rows = ask(f"/{page.id}/published_posts", page.access_token, fields=fields).json()["data"]
    assert all(set(row) == {"id"} for row in rows)
    assert ask(f"/{other.id}/insights", other.access_token, metric="page_follows").json()["data"]


def test_all_insights_of_an_account_may_be_empty(ask: Ask, api: GraphApi, world: World) -> None:
    """L2: on Instagram too, for the account and its media, until it is ended."""
    account, token = world.instagram_accounts[0], world.pages[0].access_token
    medium = next(medium for medium in world.media(account.id) if medium.created_at <= NOW)
    reach = {"metric": "reach", "period": "day"}
    api.silence_insights(account.id)
    assert ask(f"/{account.id}/insights", token, **reach).json() == {"data": []}
    assert ask(f"/{medium.id}/insights", token, metric="reach").json() == {"data": []}
    rows = ask(f"/{account.id}/media", token, fields="id,insights.metric(reach)", limit=3).json()["data"]
    assert all(set(row) == {"id"} for row in rows)
    api.silence_insights(account.id, silent=False)
    assert ask(f"/{account.id}/insights", token, **reach).json()["data"]


def test_a_page_gets_another_id(ask: Ask, api: GraphApi, world: World, clock: SettableClock) -> None:
    """L10: the old id is error 21 with both ids in the text; the new one answers and is listed, posts keep theirs."""
    page, new_id = world.pages[0], "109999999999999"
    api.migrate_page(page.id, new_id, NOW + timedelta(hours=1))
    assert ask(f"/{page.id}", page.access_token, fields="id").json() == {"id": page.id}
    assert code_of(ask(f"/{new_id}", page.access_token)) == 100
    clock.moment = NOW + timedelta(hours=1)
    for path in (f"/{page.id}", f"/{page.id}/insights", f"/{page.id}/published_posts"):
        error = ask(path, page.access_token, metric="page_follows").json()["error"]
        assert error["code"] == 21
        assert page.id in error["message"]
        assert new_id in error["message"]
        assert error["error_user_title"]
    assert ask(f"/{new_id}", page.access_token, fields="name").json() == {"name": page.name, "id": new_id}
    assert ask("/me", page.access_token, fields="id").json() == {"id": new_id}
    listed = ask("/me/accounts", world.user_token, fields="id", limit=1).json()["data"]
    assert listed == [{"id": new_id}]
    assert ask(f"/{new_id}/insights", page.access_token, metric="page_follows").json()["data"]
    posts = walk(ask, f"/{new_id}/published_posts", page.access_token, fields="id", limit=20)
    assert [row["id"] for row in posts] == [post.id for post in world.posts(page.id) if post.created_at <= clock()]


@pytest.fixture
def odd() -> Iterator[tuple[World, GraphApi, httpx.Client]]:
    """A world of its own, for its media are changed."""
    world = build_world(businesses=1, posts_per_account=9, now=NOW)
    api = GraphApi(world, Truth(world), clock=SettableClock(NOW))
    headers = {"Authorization": f"Bearer {world.pages[0].access_token}"}
    with running_server(api) as base_url, httpx.Client(base_url=base_url, trust_env=False, headers=headers) as client:
        yield world, api, client


def test_media_of_products_that_nobody_knows(odd: tuple[World, GraphApi, httpx.Client]) -> None:
    """L9: the truth says so too; they answer what posts and reels have in common, and refuse the rest."""
    world, api, client = odd
    account = world.instagram_accounts[0].id
    media = [medium.id for medium in world.media(account) if medium.created_at <= NOW]
    names: list[str | None] = ["IGTV", "CLIPS", "HOLOGRAM", None]
    for medium_id, name in zip(media, names, strict=False):
        api.show_product_type(medium_id, name)
    fields = {"fields": "id,media_type,media_product_type"}
    rows = client.get(f"/{account}/media", params=fields).json()["data"]
    assert [row.get("media_product_type") for row in rows][:4] == names
    assert "media_product_type" not in rows[3]
    assert all(row["media_type"] for row in rows)
    assert {row["media_product_type"] for row in rows[4:]} <= {"FEED", "REELS"}
    truth = [world.node(medium_id) for medium_id in media[:4]]
    assert [medium.shown_product_type for medium in truth] == names  # type: ignore[union-attr]
    for medium_id in media[:4]:
        common = {"metric": "views,reach,likes,comments,saved,shares,total_interactions"}
        assert len(client.get(f"/{medium_id}/insights", params=common).json()["data"]) == 7
        for metric in ("profile_visits", "reels_skip_rate"):
            answer = client.get(f"/{medium_id}/insights", params={"metric": metric})
            assert "media product type" in answer.json()["error"]["message"]
    with pytest.raises(KeyError):
        api.show_product_type(account, "IGTV")


def test_the_switches_work_from_outside() -> None:
    """L2, L9, L10, L11: as JSON, from another process; a wrong argument is an error."""
    with (
        spawned_server(businesses=1, posts=4, now=NOW) as meta,
        httpx.Client(base_url=meta.base_url, trust_env=False) as client,
    ):
        page, account = meta.world.pages[0], meta.world.instagram_accounts[0]
        client.headers["Authorization"] = f"Bearer {page.access_token}"
        medium = next(medium.id for medium in meta.world.media(account.id) if medium.created_at <= NOW)

        def switch(action: str, **given: object) -> int:
            return client.post(f"/_sim/{action}", json=given).status_code

        assert switch("show_product_type", medium_id=medium, name="IGTV") == 200
        assert client.get(f"/{medium}?fields=media_product_type").json()["media_product_type"] == "IGTV"
        assert switch("withdraw_scope", scope="read_insights") == 200
        assert client.get(f"/{page.id}/insights?metric=page_follows").json() == {"data": []}
        assert switch("grant_scope", scope="read_insights") == 200
        assert client.get(f"/{page.id}/insights?metric=page_follows").json()["data"]
        assert switch("silence_insights", account_id=account.id) == 200
        assert client.get(f"/{medium}/insights?metric=reach").json() == {"data": []}
        assert switch("withhold_page_token", page_id=page.id) == 200
        assert client.get(f"/{page.id}?fields=access_token").json() == {"id": page.id}
        assert switch("hide_accounts") == 200
        headers = {"Authorization": f"Bearer {meta.user_token}"}
        assert client.get("/me/accounts", headers=headers).json() == {"data": []}
        assert switch("migrate_page", page_id=page.id, new_id="109999", at=NOW.isoformat()) == 200
        assert client.get(f"/{page.id}").json()["error"]["code"] == 21
        assert switch("show_product_type", medium=medium) == 422
