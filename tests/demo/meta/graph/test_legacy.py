"""Legacy features: who is refused what, in which words, and how often they were asked for."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]
# Each feature and a parameter that asks for it.
FEATURES: dict[str, dict[str, str]] = {
    "field alias": {"fields": "id,name.as(title)"},
    "date format": {"date_format": "U"},
    "method override": {"method": "delete"},
    "jsonp": {"callback": "show"},
}


def post_ids(world: World) -> str:
    return ",".join(post.id for post in world.posts(world.pages[0].id)[-3:])


def code_of(answer: httpx.Response) -> int | None:
    code: int | None = answer.json().get("error", {}).get("code")
    return code


def test_new_apps_get_no_multi_id_request(ask: Ask, api: GraphApi, world: World) -> None:
    """L1: refused on every version, at the root and on edges, with five codes in turn and other words for each."""
    api.new_app, token, ids = True, world.pages[0].access_token, post_ids(world)
    paths = ["/v22.0/", "/v23.0/insights", "/v25.0/comments", "/v26.0/", "/"]
    answers = [ask(path, token, ids=ids, metric="post_clicks") for path in paths]
    assert [answer.status_code for answer in answers] == [400] * 5
    assert [code_of(answer) for answer in answers] == [3, 10, 12, 100, 2500]
    assert len({answer.json()["error"]["message"] for answer in answers}) == 5
    assert code_of(ask("/v22.0/", token, ids=ids)) == 3
    assert api.legacy_uses == {"multi-id": 6}
    api.reset()
    assert not api.legacy_uses


def test_ordinary_requests_are_no_legacy(client: httpx.Client, ask: Ask, api: GraphApi, world: World) -> None:
    """L1: batches and field expansion stay."""
    api.new_app, page = True, world.pages[0]
    fields = "id,message,insights.metric(post_clicks).period(lifetime){name,values}"
    assert ask(f"/v26.0/{page.id}/published_posts", page.access_token, fields=fields).status_code == 200
    batch = json.dumps([{"method": "GET", "relative_url": f"{page.id}?fields=id"}] * 3)
    answer = client.post("/v26.0/", data={"batch": batch, "access_token": page.access_token})
    assert [item["code"] for item in answer.json()] == [200] * 3
    assert not api.legacy_uses


@pytest.mark.parametrize("new_app", [True, False])
@pytest.mark.parametrize("name", FEATURES)
def test_the_other_features_are_refused(ask: Ask, api: GraphApi, world: World, name: str, new_app: bool) -> None:
    """L1: to new apps, and to older ones, which never used them and may not begin to."""
    api.new_app, page = new_app, world.pages[0]
    assert code_of(ask(f"/v22.0/{page.id}", page.access_token, **FEATURES[name])) == 3
    assert code_of(ask(f"/v22.0/{page.id}", page.access_token, fields="id,name")) is None
    assert api.legacy_uses == {name: 1}


def test_batch_items_are_refused_singly(client: httpx.Client, api: GraphApi, world: World) -> None:
    """L1: the other items are answered; an asynchronous batch is refused as a whole."""
    api.new_app, page = True, world.pages[0]
    urls = [f"?ids={post_ids(world)}", f"{page.id}?fields=id", f"insights?ids={post_ids(world)}&metric=post_clicks"]
    items = json.dumps([{"method": "GET", "relative_url": url} for url in urls])
    given = {"batch": items, "access_token": page.access_token}
    codes = [item["code"] for item in client.post("/v25.0/", data=given).json()]
    assert codes == [400, 200, 400]
    answer = client.post("/v25.0/", data={"asyncbatch": items, "access_token": page.access_token})
    assert code_of(answer) == 12
    assert api.legacy_uses == {"multi-id": 2, "asynchronous batch": 1}


def test_calls_are_counted_twice(client: httpx.Client, ask: Ask, api: GraphApi, world: World) -> None:
    """L1: as HTTP requests and as Meta counts them, each by edge."""
    page = world.pages[0]
    posts = [post.id for post in world.posts(page.id)[-3:]]
    urls = [f"{page.id}?fields=id", *(f"{post}/insights?metric=post_clicks" for post in posts), "999/insights"]
    items = json.dumps([{"method": "GET", "relative_url": url} for url in urls])
    client.post("/v25.0/", data={"batch": items, "access_token": page.access_token})
    ask(f"/{page.id}/insights", page.access_token, metric="page_follows")
    ask(f"/{page.id}/published_posts", page.access_token, fields="id,insights.metric(post_clicks)")
    assert (api.http_calls, api.counted_calls) == (3, 7)
    assert api.http_calls_by_edge == {"batch": 1, "insights": 1, "published_posts": 1}
    assert api.counted_calls_by_edge == {"object": 1, "insights": 5, "published_posts": 1}


def test_an_older_app_keeps_multi_id_requests(ask: Ask, api: GraphApi, world: World) -> None:
    """L1: `?ids=` still answers up to v25, and is refused by v26 and v27."""
    api.new_app, token = False, world.pages[0].access_token
    for version in ("v22.0", "v25.0"):
        answer: Any = ask(f"/{version}/", token, ids=post_ids(world), fields="id").json()
        assert ",".join(answer) == post_ids(world)
    for version in ("v26.0", "v27.0"):
        assert ask(f"/{version}/", token, ids=post_ids(world), fields="id").status_code == 400
    assert api.legacy_uses == {"multi-id": 4}


def test_an_app_is_new_unless_said_otherwise(ask: Ask, world: World) -> None:
    """L1: who follows a README today makes a new app."""
    assert code_of(ask("/v22.0/", world.pages[0].access_token, ids=post_ids(world))) == 3
