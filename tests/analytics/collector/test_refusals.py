"""What Meta refuses costs itself: a metric, an object, an account, and nothing beside it."""

import json
from datetime import timedelta

import pytest
from tests.demo.faults import graph_fault

from sophia.analytics.collector.plan import Plan
from sophia.analytics.readings.refusals import ASK_AGAIN_AFTER
from sophia.demo.meta.faults.faults import Fault, fault_of
from sophia.demo.meta.graph.errors import GraphError
from sophia.meta.reporting_zone import reporting_day

from .conftest import AppState, HouseMaker
from .test_truth import truth_of


def names(house: AppState, external_id: str) -> set[str]:
    return {key[2] for key in house.stored(external_id)}


def test_retired_metric_is_learned_once(make_house: HouseMaker) -> None:
    """B3: a metric that Meta retires costs 12 calls at most once, only itself, and nothing on the next run."""
    house = make_house(businesses=2, posts_per_account=150)
    page, other = house.world.pages[0].id, house.world.pages[-1].id
    house.collect(page)
    usual = len(house.api.calls)
    house.now += timedelta(days=1)
    house.api.reset()
    house.collect(page)
    usual = len(house.api.calls)
    house.api.retire("post_clicks_by_type", house.now)
    house.now += timedelta(days=1)
    house.api.reset()
    (outcome,) = house.collect(page)
    assert outcome.status == "ok"
    assert len(house.api.calls) - usual <= 12
    assert [note for note in outcome.problems if "post_clicks_by_type" in note["message"]]
    told = house.rows("SELECT DISTINCT metric_name, account_id FROM metric_status")
    assert ("post_clicks_by_type", None) in [tuple(row) for row in told]
    house.now += timedelta(days=1)
    house.api.reset()
    house.collect(page, other)
    assert not [call for call in house.api.calls if "post_clicks_by_type" in call.query]
    house.now += ASK_AGAIN_AFTER
    house.api.reset()
    house.collect(page)
    assert [call for call in house.api.calls if "post_clicks_by_type" in call.query]


def test_retired_metric_of_the_account(make_house: HouseMaker) -> None:
    """B3: the same for a metric of the account itself; all other metrics of that call are stored."""
    house = make_house()
    instagram = house.world.instagram_accounts[0].id
    house.api.retire("profile_views", house.now - timedelta(days=1))
    (outcome,) = house.collect(instagram)
    assert outcome.status == "ok"
    found = names(house, instagram)
    assert "profile_views" not in found
    assert {"views", "likes", "saves", "website_clicks", "accounts_engaged"} <= found


@pytest.mark.parametrize("kind", ["facebook", "instagram"])
def test_what_meta_gives_again_is_read_from_then_on(make_house: HouseMaker, kind: str) -> None:
    """A13, B3: after a refusal that was a mistake the days between are read, of that metric alone, and only once."""
    house = make_house(posts_per_account=3)
    business = house.world.businesses[0]
    account = business.page.id if kind == "facebook" else business.instagram.id
    metric = "page_views_total" if kind == "facebook" else "profile_views"
    house.collect(account)
    house.now += timedelta(days=1)
    house.api.faults.append(fault_of("100 dead metric", metric))
    house.collect(account)
    house.api.faults.clear()
    for _ in range(2):
        house.now += timedelta(days=8)
        (outcome,) = house.collect(account)
    assert outcome.status == "ok"
    assert outcome.families["regained"]["ended"] == "ok"
    stored = house.stored(account)
    wanted = truth_of(house, account, reporting_day(house.now) - timedelta(days=25))
    days = {key: value for key, value in wanted.items() if key[2] == metric and key[3] == "day"}
    assert len(days) >= 24
    assert {key: stored.get(key) for key in days} == days
    house.api.reset()
    house.now += timedelta(days=1)
    (outcome,) = house.collect(account)
    assert "regained" not in outcome.families


def test_small_page(make_house: HouseMaker) -> None:
    """A12: metrics withheld from a small Page are missing, never zero, with the reason, for that Page alone."""
    house = make_house(businesses=2)
    small = house.world.small_page
    assert small is not None
    (outcome,) = house.collect(small.id)
    assert outcome.status == "ok"
    assert not {"page_total_media_view_unique", "post_total_media_view_unique"} & names(house, small.id)
    assert {"page_media_view", "post_media_view"} <= names(house, small.id)
    status = house.rows("SELECT code, subcode, account_id FROM metric_status WHERE metric_name LIKE '%unique'")
    assert {tuple(row) for row in status} == {(200, 1504029, house.account_ids[small.id])}
    other = next(page.id for page in house.world.pages if page.id != small.id)
    house.collect(other)
    assert "post_total_media_view_unique" in names(house, other)


def test_dead_token_stops_its_account_only(make_house: HouseMaker) -> None:
    """C4: a dead token costs two calls at most and its account; the Instagram account beside it is collected."""
    house = make_house(businesses=2)
    dead, *others = house.account_ids
    house.api.dead_token(dead, house.now - timedelta(hours=1))
    instagram = house.world.business_of(dead).instagram.id
    outcomes = dict(zip(house.account_ids, house.collect(), strict=True))
    assert outcomes[dead].status == "needs_reconnect"
    assert outcomes[dead].calls <= 2
    assert "sophia connect" in (outcomes[dead].action_needed or "")
    alive = [one for one in others if one != instagram]
    assert {outcomes[one].status for one in alive} == {"ok"}
    assert house.rows("SELECT external_id FROM accounts WHERE status = 'needs_reconnect' ORDER BY 1")[0][0]


def test_old_medium_costs_itself(make_house: HouseMaker) -> None:
    """B8: one medium that refuses insights fails a whole page; the other media of that page are stored all the same."""
    house = make_house(old_media=True, posts_per_account=60)
    instagram = house.world.instagram_accounts[0].id
    (outcome,) = house.collect(instagram)
    old = house.world.old_media
    assert old is not None
    stored = {key[1] for key in house.stored(instagram)}
    everything = {medium.id for medium in house.world.media(instagram) if medium.created_at <= house.now}
    assert everything - stored == {old.id}
    assert len(house.rows("SELECT 1 FROM posts WHERE platform_post_id = :old", old=old.id)) == 1
    assert [note for note in outcome.problems if note.get("subcode") == 2108006]


def test_a_batch_that_fails_in_part(make_house: HouseMaker) -> None:
    """B8: when a group of ids fails inside a batch, its members are asked one by one."""
    house = make_house(posts_per_account=40)
    instagram = house.world.instagram_accounts[0].id
    listed = [medium for medium in house.world.media(instagram) if medium.created_at <= house.now]
    reel = next(medium for medium in listed if medium.product_type == "REELS")
    house.api.break_insights(reel.id, GraphError("Object does not exist", 100, 33))
    house.collect(instagram)
    watched = {key[1] for key in house.stored(instagram) if key[2] == "ig_reels_avg_watch_time"}
    reels = {medium.id for medium in listed if medium.product_type == "REELS"}
    assert reels - watched == {reel.id}


def test_kinds_are_asked_what_they_have(make_house: HouseMaker) -> None:
    """B4: feed posts, albums, reels and stories are each asked their own metrics; nothing is refused for its kind."""
    house = make_house(businesses=3, posts_per_account=40)
    house.collect(*(account.id for account in house.world.instagram_accounts))
    assert not [call for call in house.api.calls if call.status >= 400 and "stories" not in call.path]
    kinds = {row[0] for row in house.rows("SELECT DISTINCT kind FROM posts")}
    assert kinds == {"feed", "carousel", "reel", "story"}


def test_story_with_too_few_viewers(make_house: HouseMaker) -> None:
    """B5: «not enough viewers» is no error of the account; it says "no data yet", and other stories are stored."""
    house = make_house(businesses=4)
    instagram = next(
        account.id
        for account in house.world.instagram_accounts
        if any(story.few_viewers for story in house.world.stories(account.id))
    )
    (outcome,) = house.collect(instagram, plan=Plan(trigger="fresh", fresh_only=True, at_least=None))
    assert outcome.status == "ok"
    assert outcome.calls <= 8
    few = {story.id for story in house.world.stories(instagram) if story.few_viewers}
    stored = {key[1] for key in house.stored(instagram)}
    assert not few & stored
    house.now += timedelta(hours=30)
    house.api.reset()
    house.collect(instagram, plan=Plan(trigger="fresh", fresh_only=True, at_least=None))
    asked = " ".join(call.path + call.query for call in house.api.calls)
    assert not [story for story in few | stored if story is not None and story in asked]


def test_unknown_metric_is_unclassified(make_house: HouseMaker) -> None:
    """A7: a name that Meta returns and the catalogue does not hold is kept, unclassified, and reported."""
    house = make_house()
    page = house.world.pages[0].id
    body = {
        "data": [
            {
                "name": "page_telepathy",
                "period": "day",
                "values": [{"value": 7, "end_time": "2026-11-19T08:00:00+0000"}],
            }
        ]
    }
    house.api.faults.append(Fault(pattern=r"period=days_28", body=json.dumps(body), status=200, times=1))
    (outcome,) = house.collect(page)
    assert [note for note in outcome.problems if note["code"] == "unclassified" and "page_telepathy" in note["message"]]
    rows = house.rows("SELECT classification, canonical FROM metrics WHERE metric_name = 'page_telepathy'")
    assert [tuple(row) for row in rows] == [("unclassified", None)]


def test_odd_items_are_set_aside(make_house: HouseMaker) -> None:
    """A10, A15, A16: what cannot be believed goes to quarantine with the reason; the good part of the answer is kept."""
    house = make_house()
    page = house.world.pages[0].id
    good = {"value": 5, "end_time": "2026-11-19T08:00:00+0000"}
    odd = [
        {"value": "1,234", "end_time": "2026-11-18T08:00:00+0000"},
        {"value": -3, "end_time": "2026-11-17T08:00:00+0000"},
        {"value": True, "end_time": "2026-11-16T08:00:00+0000"},
        {"value": 9, "end_time": "30 February"},
        {"value": 9},
        "nonsense",
    ]
    block = {"name": "page_total_media_view_unique", "period": "days_28", "values": [*odd, good]}
    body = json.dumps({"data": [block, "nothing", {"name": None}]}).replace("-3", "NaN")
    house.api.faults.append(Fault(pattern=r"period=days_28", body=body, status=200, times=1))
    (outcome,) = house.collect(page)
    assert outcome.status == "partial"
    assert outcome.saved.quarantined == len(odd) + 2
    assert len(house.rows("SELECT 1 FROM quarantined_items")) == len(odd) + 2
    values = {key[5].isoformat(): v for key, v in house.stored(page).items() if key[2:4] == (block["name"], "days_28")}
    assert values == {"2026-11-18": 5}


def test_reduce_the_amount_of_data(make_house: HouseMaker) -> None:
    """C3: «reduce the amount of data» never goes through again; half the page does."""
    house = make_house(posts_per_account=120)
    page = house.world.pages[0].id
    heavy = graph_fault(
        r"published_posts\?.*limit=100", 1, "Please reduce the amount of data you're asking for", status=500
    )
    house.api.faults.append(heavy)
    (outcome,) = house.collect(page)
    assert outcome.status == "ok"
    sizes = [call.query.rsplit("limit=", 1)[1][:3] for call in house.api.calls if "published_posts" in call.path]
    assert sizes[0] == "100"
    assert "50" in sizes[1]
    assert len(house.rows("SELECT 1 FROM posts WHERE kind <> 'story'")) >= 120


def test_post_that_vanished(make_house: HouseMaker) -> None:
    """B7: a post that Meta no longer lists is marked as gone and keeps its readings; back again, it lives on."""
    house = make_house(posts_per_account=20)
    page = house.world.pages[0].id
    house.collect(page)
    post = house.world.posts(page)[-1].id
    readings = len([key for key in house.stored(page) if key[1] == post])
    house.now += timedelta(days=1)
    house.api.delete(post, house.now)
    house.collect(page, plan=Plan(at_least=timedelta(days=400)))
    gone = house.rows("SELECT platform_post_id, gone_reason FROM posts WHERE gone_at IS NOT NULL")
    assert [row[0] for row in gone] == [post]
    assert len([key for key in house.stored(page) if key[1] == post]) == readings > 0
