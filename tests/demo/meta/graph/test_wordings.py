"""Metrics that are refused for one kind of object, in wordings that no table can hold."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.graph.request_context import RefusedKind
from sophia.demo.meta.graph.wordings import WORDINGS, choose_wording
from sophia.demo.meta.world.world import World
from sophia.demo.server import spawned_server

Ask = Callable[..., httpx.Response]


def error_of(answer: httpx.Response) -> Any:
    assert answer.status_code == 400
    return answer.json()["error"]


@pytest.mark.parametrize("name", WORDINGS)
def test_a_metric_is_refused_in_each_wording(ask: Ask, api: GraphApi, world: World, name: str) -> None:
    """L3: the whole request fails, in a text that names the metric or does not; without the metric it answers."""
    page, wording = world.pages[0], WORDINGS[name]
    path, metrics = f"/{page.id}/insights", "page_follows,page_media_view,page_views_total"
    assert api.refuse_metric("page_media_view", "page", name) == name
    error = error_of(ask(path, page.access_token, metric=metrics, period="day"))
    assert (error["code"], error.get("error_subcode")) == (wording.code, wording.subcode)
    text = f"{error['message']} {error.get('error_user_msg')}"
    assert ("page_media_view" in text) is wording.names_metric
    assert "{" not in text
    assert error.get("error_user_title") == wording.title
    assert ask(path, page.access_token, metric="page_follows,page_views_total", period="day").status_code == 200
    api.allow_metric("page_media_view", "page")
    assert ask(path, page.access_token, metric=metrics, period="day").status_code == 200


def test_wordings_are_known_and_unknown() -> None:
    """L3: there are public ones and more than eight invented ones, some naming the metric, some not, some for people."""
    invented = [wording for wording in WORDINGS.values() if not wording.is_public]
    assert len(invented) >= 8
    assert {wording.names_metric for wording in invented} == {True, False}
    assert {wording.code for wording in invented} == {10, 100, 200, 3001}
    assert any(wording.title for wording in invented)
    assert not all(wording.message.isascii() for wording in invented)


def test_only_one_kind_refuses(ask: Ask, api: GraphApi, world: World) -> None:
    """L3: reels refuse what albums and pictures still answer; a list that holds a reel fails as a whole."""
    account, token = world.instagram_accounts[0].id, world.pages[0].access_token
    media = [medium for medium in world.media(account) if medium.created_at <= world.built_at][:-1]
    api.refuse_metric("shares", "reels", "cannot be served")
    api.refuse_metric("saved", "carousel", "german")
    for medium in media:
        kinds = {"VIDEO": "reels", "CAROUSEL_ALBUM": "carousel", "IMAGE": "feed"}
        kind = kinds[medium.media_type]
        answers = [ask(f"/{medium.id}/insights", token, metric=f"reach,{name}") for name in ("shares", "saved")]
        assert [answer.status_code == 200 for answer in answers] == [kind != "reels", kind != "carousel"]
    fields = "id,insights.metric(reach,shares)"
    assert error_of(ask(f"/{account}/media", token, fields=fields, limit=30))["code"] == 100


def test_lists_of_valid_names_leave_out_what_is_refused(ask: Ask, api: GraphApi, world: World) -> None:
    """L3: a name in the text's own list is not to blame, even where it was asked for too."""
    page = world.pages[0]
    metrics = ["page_media_view", "page_follows", "page_views_total"]
    api.refuse_metric("page_follows", "page", "parameter with a list")
    api.refuse_metric("page_post_engagements", "page", "german")
    message = error_of(ask(f"/{page.id}/insights", page.access_token, metric=",".join(metrics)))["message"]
    listed = message.partition("one of: ")[2].split(", ")
    assert {"page_media_view", "page_views_total"} <= set(listed)
    assert not {"page_follows", "page_post_engagements"} & set(listed)
    api.refuse_metric("page_follows", "page", "did you mean")
    message = error_of(ask(f"/{page.id}/insights", page.access_token, metric=",".join(metrics)))["message"]
    assert message.endswith("Did you mean: page_media_view, page_views_total?")


def test_a_seed_picks_a_wording(api: GraphApi) -> None:
    """L3: the same for the same seed, and nearly every one for some seed."""
    picked = [choose_wording(seed, "page", "page_media_view") for seed in range(200)]
    assert picked == [choose_wording(seed, "page", "page_media_view") for seed in range(200)]
    assert len(set(picked)) >= len(WORDINGS) - 1
    assert api.refuse_metric("page_media_view", "page", seed=7) == picked[7]


@pytest.mark.parametrize(("kind", "wording"), [("pages", "german"), ("page", "nothing")])
def test_unknown_kinds_and_wordings(api: GraphApi, kind: RefusedKind, wording: str) -> None:
    """L3: a mistyped switch is an error and not a switch without effect."""
    with pytest.raises(ValueError, match="is not a "):
        api.refuse_metric("page_media_view", kind, wording)


def test_refusals_are_switched_from_outside(world: World) -> None:
    """L1, L3: another process refuses a metric and sets the age of the app."""
    with (
        spawned_server(businesses=1, posts=2, now=world.built_at, new_app=True) as meta,
        httpx.Client(base_url=meta.base_url, trust_env=False) as client,
    ):
        page = meta.world.pages[0]
        client.headers["Authorization"] = f"Bearer {page.access_token}"
        path = f"/v22.0/{page.id}/insights?metric=page_media_view"
        refusal = {"metric": "page_media_view", "kind": "page"}
        chosen = client.post("/_sim/refuse_metric", json={**refusal, "seed": 3}).json()["wording"]
        assert client.get(path).json()["error"]["code"] == WORDINGS[chosen].code
        assert client.post("/_sim/refuse_metric", json={**refusal, "wording": "nothing"}).status_code == 422
        assert client.post("/_sim/allow_metric", json=refusal).status_code == 200
        assert client.get(path).status_code == 200
        root = f"/v22.0/?ids={page.id}"
        assert client.get(root).status_code == 400
        client.post("/_sim/new_app", json={"new_app": False})
        assert client.get(root).status_code == 200
        calls = client.get("/_sim/calls").json()
        assert calls["legacy_uses"] == {"multi-id": 2}
        assert calls["counted_by_edge"] == {"insights": 2, "object": 2}
