"""What the simulated Meta takes, refuses and shows afterwards, asked over HTTP as anybody may."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.demo.conftest import NOW

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import World, build_world
from sophia.demo.server import running_server

PICTURE, VIDEO = "https://cdn.example/a.jpg", "https://cdn.example/a.mp4"
Send = Callable[..., httpx.Response]


@pytest.fixture
def world() -> World:
    """A world of this test's own, for publishing changes it. The second Page answers under another id."""
    return build_world(businesses=2, posts_per_account=3, days=10, now=NOW)


@pytest.fixture
def send(client: httpx.Client, world: World) -> Send:
    def send(method: str, path: str, *, page: int = 0, **values: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {world.pages[page].access_token}"}
        options: dict[str, Any] = {"data": values} if method == "POST" else {"params": values}
        return client.request(method, f"/v22.0/{path}", headers=headers, **options)

    return send


def code(answer: httpx.Response) -> tuple[int, int | None]:
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode")


@pytest.mark.parametrize("page", [0, 1])
def test_a_post_is_listed_and_measured_from_then_on(
    send: Send, world: World, truth: Truth, clock: SettableClock, page: int
) -> None:
    account = world.pages[page].id
    made = send("POST", f"{account}/feed", page=page, message="Hello").json()["id"]
    listed = send("GET", f"{account}/published_posts", page=page, fields="id,message").json()["data"]
    assert listed[0] == {"id": made, "message": "Hello"}
    clock.moment = NOW + timedelta(days=2)
    (views,) = send("GET", f"{made}/insights", page=page, metric="post_media_view").json()["data"]
    (post,) = (one for one in world.posts(account) if one.id == made)
    assert views["values"][0]["value"] == truth.post_lifetime(post, "post_media_view", clock())
    assert views["values"][0]["value"] > 0


def test_a_photo_is_not_its_post_and_a_video_has_its_own_id(send: Send, world: World) -> None:
    page = world.pages[0].id
    photo = send("POST", f"{page}/photos", url=PICTURE, message="x").json()
    assert photo["id"] != photo["post_id"]
    video = send("POST", f"{page}/videos", file_url=VIDEO, description="y").json()["id"]
    (first, second) = send("GET", f"{page}/published_posts", fields="id,attachments").json()["data"][:2]
    assert {first["id"], second["id"]} >= {photo["post_id"]}
    targets = [one["attachments"]["data"][0]["target"]["id"] for one in (first, second)]
    assert video in targets
    assert send("GET", f"{page}/videos", fields="id,description").json()["data"][0]["description"] == "y"


def test_a_reel_in_three_steps(send: Send, world: World, client: httpx.Client) -> None:
    page = world.pages[0]
    started = send("POST", f"{page.id}/video_reels", upload_phase="start").json()
    video = started["video_id"]
    finish = {"upload_phase": "finish", "video_id": video, "video_state": "PUBLISHED", "description": "z"}
    assert code(send("POST", f"{page.id}/video_reels", **finish)) == (100, None)
    headers = {"Authorization": f"OAuth {page.access_token}", "file_url": VIDEO}
    assert client.post(started["upload_url"], headers=headers).json() == {"success": True}
    phases = send("GET", video, fields="id,status").json()["status"]
    assert phases["uploading_phase"]["status"] == "complete"
    assert phases["publishing_phase"]["status"] == "not_started"
    assert send("POST", f"{page.id}/video_reels", **finish).json() == {"success": True}
    assert send("GET", video, fields="status").json()["status"]["publishing_phase"]["status"] == "complete"
    assert send("GET", f"{page.id}/video_reels").json()["data"][0]["id"] == video
    assert code(send("POST", f"{page.id}/video_reels", **finish)) == (100, None)


def test_a_container_becomes_one_medium(send: Send, world: World, api: GraphApi) -> None:
    account = world.instagram_accounts[0].id
    container = send("POST", f"{account}/media", image_url=PICTURE, caption="Hello").json()["id"]
    assert code(send("POST", f"{account}/media_publish", creation_id=container)) == (9007, 2207027)
    states = [send("GET", container, fields="status_code").json()["status_code"] for _ in range(2)]
    assert states == ["IN_PROGRESS", "FINISHED"]
    medium = send("POST", f"{account}/media_publish", creation_id=container).json()["id"]
    assert send("GET", container, fields="status_code").json()["status_code"] == "PUBLISHED"
    assert code(send("POST", f"{account}/media_publish", creation_id=container)) == (100, None)
    first = send("GET", f"{account}/media", fields="id,caption,media_type").json()["data"][0]
    assert first == {"id": medium, "caption": "Hello", "media_type": "IMAGE"}
    assert send("GET", f"{account}/content_publishing_limit").json()["data"][0]["quota_usage"] == 1


def test_what_ends_and_what_is_used_up(send: Send, world: World, api: GraphApi, clock: SettableClock) -> None:
    account = world.instagram_accounts[0].id
    desk = api.simulation.upload_store
    desk.polls = 0
    desk.bad_urls.add("https://cdn.example/bad.jpg")
    bad = send("POST", f"{account}/media", image_url="https://cdn.example/bad.jpg").json()["id"]
    assert send("GET", bad, fields="status_code,status").json()["status_code"] == "ERROR"
    first, second = (send("POST", f"{account}/media", image_url=PICTURE).json()["id"] for _ in range(2))
    desk.cap = 1
    assert send("POST", f"{account}/media_publish", creation_id=first).status_code == 200
    assert code(send("POST", f"{account}/media_publish", creation_id=second)) == (9, 2207042)
    clock.moment = NOW + timedelta(hours=25)
    assert send("GET", second, fields="status_code").json()["status_code"] == "EXPIRED"
    assert code(send("POST", f"{account}/media_publish", creation_id=second)) == (24, 2207008)


def test_albums_and_stories(send: Send, world: World, api: GraphApi) -> None:
    account = world.instagram_accounts[0].id
    api.simulation.upload_store.polls = 0
    parts = [
        send("POST", f"{account}/media", image_url=PICTURE, is_carousel_item="true").json()["id"] for _ in range(2)
    ]
    assert code(send("POST", f"{account}/media", media_type="CAROUSEL", children=parts[0])) == (100, None)
    album = send("POST", f"{account}/media", media_type="CAROUSEL", children=",".join(parts), caption="Two").json()[
        "id"
    ]
    medium = send("POST", f"{account}/media_publish", creation_id=album).json()["id"]
    assert len(send("GET", medium, fields="children").json()["children"]["data"]) == 2
    story = send("POST", f"{account}/media", media_type="STORIES", video_url=VIDEO).json()["id"]
    medium = send("POST", f"{account}/media_publish", creation_id=story).json()["id"]
    assert send("GET", f"{account}/stories").json()["data"][0]["id"] == medium
    assert medium not in {one["id"] for one in send("GET", f"{account}/media").json()["data"]}


def test_what_is_refused(send: Send, world: World) -> None:
    page, other = world.pages[0].id, world.pages[1].id
    account = world.instagram_accounts[0].id
    assert send("POST", f"{page}/feed", message="Once").status_code == 200
    assert code(send("POST", f"{page}/feed", message="Once")) == (506, None)
    assert code(send("POST", f"{page}/feed")) == (100, None)
    assert code(send("POST", f"{other}/feed", message="x")) == (100, 33)
    assert code(send("POST", f"{account}/media", image_url=PICTURE, caption="x" * 2201)) == (100, None)
    assert code(send("POST", f"{account}/media", image_url=VIDEO)) == (100, None)
    assert code(send("POST", f"{page}/insights", metric="x")) == (100, 33)


def test_without_the_permission_nothing_is_published() -> None:
    world = build_world(businesses=1, posts_per_account=1, days=5, now=NOW, scopes=("read_insights", "pages_show_list"))
    api = GraphApi(world, Truth(world), clock=lambda: NOW)
    headers = {"Authorization": f"Bearer {world.pages[0].access_token}"}
    with running_server(api) as base_url, httpx.Client(base_url=base_url, headers=headers, trust_env=False) as client:
        assert code(client.post(f"/{world.pages[0].id}/feed", data={"message": "x"})) == (200, None)
        answer = client.post(f"/{world.instagram_accounts[0].id}/media", data={"image_url": PICTURE})
        assert code(answer) == (10, None)


def test_faults_strike_posts_too(send: Send, world: World, api: GraphApi) -> None:
    """One that replaces the answer keeps Meta from doing it; one that breaks the connection comes after it is done."""
    page = world.pages[0].id
    api.faults.append(Fault("POST .*/feed", times=1, status=500, body="<html>"))
    assert send("POST", f"{page}/feed", message="One").status_code == 500
    assert send("GET", f"{page}/published_posts", fields="message").json()["data"][0]["message"] != "One"
    api.faults.append(Fault("POST .*/feed", times=1, kind="reset"))
    with pytest.raises(httpx.TransportError):
        send("POST", f"{page}/feed", message="Two")
    assert send("GET", f"{page}/published_posts", fields="message").json()["data"][0]["message"] == "Two"
