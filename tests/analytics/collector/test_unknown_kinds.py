"""Media of kinds that nobody knows yet, and ids in unusual forms: kept or reported, never dropped in silence."""

import json
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest

from sophia.analytics.collector.plan import Plan
from sophia.cli.progress import describe
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.wire import Receive, Scope, Send
from sophia.demo.server import running_server

from .conftest import AppState, HouseMaker

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
Change = Callable[[dict[str, Any]], None]
BASIC = {"views", "reach", "likes", "comments", "saved", "shares", "total_interactions", "reposts"}


class Changed:
    """The simulated Meta with some of its answers changed, lists and items of batches alike."""

    def __init__(self, api: GraphApi, path: str, change: Change) -> None:
        self.api, self.path, self.change = api, path, change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[MutableMapping[str, Any]] = []

        async def keep(message: MutableMapping[str, Any]) -> None:
            messages.append(message)

        await self.api(scope, receive, keep)
        if not scope["path"].endswith(self.path) or messages[0]["status"] != 200:
            for message in messages:
                await send(message)
            return
        answer = json.loads(b"".join(message.get("body", b"") for message in messages))
        self.change(answer)
        body = json.dumps(answer).encode()
        headers = [pair for pair in messages[0]["headers"] if pair[0] != b"content-length"]
        await send({**messages[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})


def five_unknown(answer: dict[str, Any]) -> None:
    """Three media without a product type, one of a type that is gone, one of a type to come."""
    for item in answer["data"][:3]:
        item.pop("media_product_type", None)
    for item, product in zip(answer["data"][3:5], ("IGTV", "NEW\x1b[2J"), strict=True):
        item["media_product_type"] = product


def longer_ids(answer: Any) -> None:
    """Comment ids with one, two and three parts in turn, as Facebook writes them."""
    lists = [post["comments"]["data"] for post in answer["data"] if "comments" in post]
    for number, comment in enumerate(comment for comments in lists for comment in comments):
        comment["id"] = (comment["id"].replace("_", ""), comment["id"], f"77_{comment['id']}")[number % 3]


def collect_changed(house: AppState, path: str, change: Change, plan: Plan | None = None) -> Any:
    business = house.world.businesses[0]
    account = business.page if business.page.id in path else business.instagram
    with running_server(Changed(house.api, path, change)) as house.base_url:
        (outcome,) = house.collect(account.id, plan=plan)
    return outcome


@ON_SQLITE
def test_media_of_unknown_kinds_are_kept_and_reported(make_house: HouseMaker) -> None:
    """L9: they are posts with the metrics that all media have; the run says once how many and what Meta called them."""
    house = make_house(posts_per_account=12)
    account = house.world.instagram_accounts[0].id
    original_url = house.base_url
    outcome = collect_changed(house, f"/{account}/media", five_unknown)
    media = {medium.id for medium in house.world.media(account) if medium.created_at <= house.now}
    kept = house.rows("SELECT platform_post_id, kind FROM posts WHERE kind <> 'story'")
    assert {row.platform_post_id for row in kept} == media
    others = {row.platform_post_id for row in kept if row.kind == "other"}
    assert len(others) == 5
    names = {(post, name) for (_, post, name, *_) in house.stored(account) if post in others}
    assert names == {(post, name) for post in others for name in BASIC}
    (note,) = [note for note in outcome.problems if note["code"] == "unknown_kind"]
    assert "5 media" in note["message"]
    assert "IGTV" in note["message"]
    assert "no media_product_type" in note["message"]
    assert note["message"].isprintable()
    assert outcome.status == "ok"
    assert "IGTV" in describe(outcome, 1.0)  # the line of `sophia collect`

    house.base_url = original_url  # Meta names all the kinds again
    house.now = house.now.replace(day=house.now.day + 1)
    (later,) = house.collect(account)
    assert not [note for note in later.problems if note["code"] == "unknown_kind"]
    assert house.rows("SELECT 1 FROM posts WHERE kind = 'other'") == []

    house.now = house.now.replace(day=house.now.day + 1)
    collect_changed(house, f"/{account}/media", five_unknown)
    assert house.rows("SELECT 1 FROM posts WHERE kind = 'other'") == []  # what was known once stays known


@ON_SQLITE
def test_comments_are_kept_whatever_the_form_of_their_ids(make_house: HouseMaker) -> None:
    """L9: ids of one, two and three parts are all ids of comments."""
    house = make_house(posts_per_account=12)
    page = house.world.pages[0].id
    house.collect(page)
    outcome = collect_changed(house, f"/{page}/published_posts", longer_ids, Plan("comments", comments_only=True))
    ids = [row.platform_comment_id for row in house.rows("SELECT platform_comment_id FROM comments")]
    assert {name.count("_") for name in ids} == {0, 1, 2}
    assert outcome.saved.new == len(ids)
    assert outcome.saved.quarantined == 0


@ON_SQLITE
def test_an_item_without_a_post_is_reported(make_house: HouseMaker) -> None:
    """L9: an item of a list of comments that names no post is counted, and the run is not called whole."""
    house = make_house(posts_per_account=12)
    page = house.world.pages[0].id
    house.collect(page)

    def nameless(answer: dict[str, Any]) -> None:
        answer["data"][0].pop("id")
        answer["data"].append("odd")

    outcome = collect_changed(house, f"/{page}/published_posts", nameless, Plan("comments", comments_only=True))
    assert outcome.saved.quarantined == 2
    assert outcome.status == "partial"
    assert "names no post" in next(note for note in outcome.problems if note["code"] == "set_aside")["message"]
