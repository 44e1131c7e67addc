"""A refused metric is found beside objects that refuse everything, and what no metric is to blame for is not blamed on one."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.graph.errors import GraphError
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.world.objects import Media

from .conftest import AppState, HouseMaker

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TUESDAY = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)
OLDER = GraphError("Invalid parameter", 100, 2108006)
GONE_QUIET = GraphError("(#100) Zahl nicht lieferbar", 100)
SHORT: dict[str, Any] = {"initial_days": 3}


def refuse(house: AppState, error: GraphError, *words: str, unless: str = "nothing") -> Fault:
    """Answer every GET that has all of these (regular expressions) with the error."""
    patterns = [re.compile(word) for word in ("insights", *words)]
    spared = re.compile(unless)

    def concerns(request: Request) -> bool:
        return all(pattern.search(request.text) for pattern in patterns) and not spared.search(request.text)

    fault = Fault("^GET", status=400, body=error.body("ATrace"), when=concerns)
    house.api.faults.append(fault)
    return fault


def media_of(house: AppState, wanted: Callable[[Media], bool] = lambda _: True) -> list[Media]:
    """The media that Meta lists, newest first."""
    listed = house.world.media(house.world.instagram_accounts[0].id)
    return sorted((m for m in listed if m.created_at <= house.now and wanted(m)), key=lambda m: m.created_at)[::-1]


def stored_names(house: AppState, account: str, post: str) -> set[str]:
    return {key[2] for key in house.stored(account) if key[1] == post}


def statuses(house: AppState) -> set[tuple[str, str]]:
    return {tuple(row) for row in house.rows("SELECT object_kind, metric_name FROM metric_status")}


@pytest.mark.parametrize("odd", [1, 4])
def test_invalid_objects_do_not_end_the_search(make_house: HouseMaker, odd: int) -> None:
    """L4: the newest media are older than the professional account, and a metric is refused: each costs itself."""
    house = make_house(TUESDAY, posts_per_account=60)
    account = house.world.instagram_accounts[0].id
    media = media_of(house)
    for one in media[:odd]:
        house.api.break_insights(one.id, OLDER)
    refuse(house, GONE_QUIET, r"\breposts\b", unless=rf"{account}/insights|stories")
    (outcome,) = house.collect(account, **SHORT)
    assert outcome.status == "ok"
    assert {kind for kind, name in statuses(house) if name == "reposts"} >= {"feed", "carousel", "reel"}
    for one in media[odd:]:
        assert {"reach", "likes", "saved"} <= stored_names(house, account, one.id), one.id
    assert {row[0] for row in house.rows("SELECT object_id FROM refused_objects")} == {m.id for m in media[:odd]}
    assert len(house.rows("SELECT 1 FROM posts WHERE kind <> 'story'")) == len(media)


def test_a_story_with_few_viewers_and_a_refused_metric(make_house: HouseMaker) -> None:
    """L4: stories live for a day; one with too few viewers, the newest, never hides the metrics of the others."""
    house = make_house(TUESDAY, businesses=4, posts_per_account=3)
    account = max(house.world.instagram_accounts, key=lambda one: len(house.world.stories(one.id))).id
    alive = [
        one for one in house.world.stories(account) if timedelta(0) < house.now - one.created_at < timedelta(days=1)
    ]
    alive.sort(key=lambda one: one.created_at)
    assert len(alive) > 1
    house.api.break_insights(alive[-1].id, GraphError("(#10) Not enough viewers for the media to show insights", 10))
    for one in alive[:-1]:
        house.api.simulation.broken.pop(one.id, None)
    refuse(house, GONE_QUIET, r"\breposts\b")
    house.collect(account, **SHORT)
    quiet = {one.id for one in alive if house.truth.has_too_few_viewers(one, house.now)} | {alive[-1].id}
    answering = [one for one in alive if one.id not in quiet]
    for one in answering:
        assert {"reach", "replies"} <= stored_names(house, account, one.id)
    assert (("story", "reposts") in statuses(house)) == bool(answering)
    assert house.rows("SELECT 1 FROM refused_objects") == []


def test_media_older_than_the_account_are_never_asked_again(make_house: HouseMaker) -> None:
    """L4: their insights are refused for good; the pages around them are read whole, at no more cost than a few calls."""
    house = make_house(TUESDAY, posts_per_account=60)
    account = house.world.instagram_accounts[0].id
    media = media_of(house)
    old = media[2]
    house.collect(account, **SHORT)
    house.now += timedelta(days=1)
    (usual,) = house.collect(account)
    house.api.break_insights(old.id, OLDER)
    for _ in range(3):
        house.now += timedelta(days=1)
        house.api.calls.clear()
        (outcome,) = house.collect(account)
        assert outcome.status == "ok"
        assert {"reach", "likes"} <= stored_names(house, account, media[1].id) & stored_names(
            house, account, media[3].id
        )
    assert outcome.calls <= usual.calls + 4 + 2  # a week may have closed
    assert outcome.calls_counted_by_meta <= usual.calls_counted_by_meta + 6
    house.now += timedelta(days=400)
    never = Fault(f"/{old.id}/")
    house.api.faults.append(never)
    house.collect(account)
    assert never.matched == 0


def test_a_single_object_of_its_kind(make_house: HouseMaker) -> None:
    """L4, L5: where there is one reel only, its own metrics tell which of them is refused."""
    house = make_house(TUESDAY, posts_per_account=60)
    account = house.world.instagram_accounts[0].id
    reel, *others = media_of(house, lambda one: one.product_type == "REELS")
    for one in others:
        house.api.delete(one.id, house.now - timedelta(days=1))
    refuse(house, GONE_QUIET, r"\bcrossposted_views\b")
    (outcome,) = house.collect(account, **SHORT)
    assert outcome.status == "ok"
    assert statuses(house) == {("reel", "crossposted_views")}
    assert {"reach", "reels_skip_rate"} <= stored_names(house, account, reel.id)


def test_one_object_that_refuses_one_metric_keeps_the_others(make_house: HouseMaker) -> None:
    """L4: a metric that one medium refuses and others have is not refused for the kind; that medium misses it alone."""
    house = make_house(TUESDAY, posts_per_account=60)
    account = house.world.instagram_accounts[0].id
    reel, other, *_ = media_of(house, lambda one: one.product_type == "REELS")
    refuse(house, GONE_QUIET, r"\bcrossposted_views\b", rf"/{reel.id}/")
    (outcome,) = house.collect(account, **SHORT)
    assert statuses(house) == set()
    assert house.rows("SELECT 1 FROM refused_objects") == []
    assert "crossposted_views" in stored_names(house, account, other.id)
    assert "crossposted_views" not in stored_names(house, account, reel.id)
    assert "reels_skip_rate" in stored_names(house, account, reel.id)
    assert [note for note in outcome.problems if f"{reel.id} crossposted_views" in note["message"]]


def test_a_refused_breakdown_leaves_the_plain_metric(make_house: HouseMaker) -> None:
    """L3: what is refused by breakdown is remembered as that, for media as for the account."""
    house = make_house(TUESDAY, businesses=2, posts_per_account=20)
    page, instagram = house.world.pages[0].id, house.world.business_of(house.world.pages[0].id).instagram.id
    refuse(house, GONE_QUIET, "breakdown=(action_type|is_from_ads)")
    refuse(house, GONE_QUIET, "period=days_28", r"\bpage_total_media_view_unique\b")
    outcomes = house.collect(page, instagram, **SHORT)
    assert {outcome.status for outcome in outcomes} == {"ok"}
    told = {name for _, name in statuses(house)}
    assert told >= {
        "profile_activity by action_type",
        "page_media_view by is_from_ads",
        "page_total_media_view_unique per days_28",
    }
    assert not told & {"profile_activity", "page_media_view", "page_total_media_view_unique"}
    stored = {(key[2], key[3], key[4]) for key in house.stored(page) | house.stored(instagram)}
    assert {("page_media_view", "day", ""), ("page_media_view", "day", "is_from_followers=1")} <= stored
    assert {("page_total_media_view_unique", period, "") for period in ("day", "week")} <= stored
    assert ("profile_activity", "lifetime", "") in stored
    house.api.calls.clear()
    house.now += timedelta(days=1)
    house.collect(page, instagram)
    assert not [call for call in house.api.calls if "is_from_ads" in call.query]


@pytest.mark.parametrize("code", [10, 100, 200, 3])
def test_when_everything_is_refused_no_metric_is(make_house: HouseMaker, code: int) -> None:
    """L3: all names fail alone: then it is a permission, and nothing is remembered; posts and their counts are stored."""
    house = make_house(TUESDAY, posts_per_account=60)
    page = house.world.pages[0].id
    fault = refuse(house, GraphError("Kein Zugang", code))
    (outcome,) = house.collect(page, **SHORT)
    assert outcome.status in {"partial", "failed"}
    assert "Kein Zugang" in str(outcome.problems)
    assert statuses(house) == set()
    assert house.rows("SELECT 1 FROM refused_objects") == []
    assert outcome.calls <= 45
    assert len({key[1] for key in house.stored(page) if key[2] == "comments_count"}) >= 60
    house.api.faults.remove(fault)
    (outcome,) = house.collect(page, **SHORT)
    assert outcome.status == "ok"
    assert {"post_media_view", "page_media_view"} <= {key[2] for key in house.stored(page)}


@pytest.mark.parametrize(("code", "status"), [(2, 500), (1, 500)])
def test_a_fault_that_passes_is_never_divided(make_house: HouseMaker, code: int, status: int) -> None:
    """L6: an outage is no refusal: no call asks for fewer metrics, or for single objects, than an ordinary run."""
    house = make_house(TUESDAY, posts_per_account=60)
    house.collect(**SHORT)
    sizes: list[int] = []

    def fails(request: Request) -> bool:
        found = re.search(r"metric[=(]([\w,]+)", request.text)
        if found:
            sizes.append(found.group(1).count(",") + 1)
        return "insights" in request.text

    error = GraphError("An unexpected error has occurred.", code, status=status)
    house.api.faults.append(Fault("^GET", status=status, body=error.body("ATrace"), when=fails))
    house.now += timedelta(days=1)
    house.api.calls.clear()
    outcomes = house.collect()
    assert statuses(house) == set()
    assert house.rows("SELECT 1 FROM refused_objects") == []
    assert min(sizes) > 1
    assert max(outcome.calls for outcome in outcomes) <= 45
    house.api.faults.clear()
    outcomes = house.collect()
    assert {outcome.status for outcome in outcomes} == {"ok"}


def test_a_field_that_is_refused_in_other_words(make_house: HouseMaker) -> None:
    """L3: comment counts that Meta refuses in unknown words cost themselves; the posts and their insights are stored."""
    house = make_house(TUESDAY, posts_per_account=30)
    page = house.world.pages[0].id
    error = GraphError("(#100) Feld nicht freigegeben", 100)
    house.api.faults.append(Fault(r"published_posts\?.*summary\(true\)", status=400, body=error.body("ATrace")))
    (outcome,) = house.collect(page, **SHORT)
    names = {key[2] for key in house.stored(page)}
    assert {"post_media_view", "post_clicks", "shares_count"} <= names
    assert "comments_count" not in names
    assert "Feld nicht freigegeben" in str(outcome.problems)


def test_items_of_null_are_asked_again(make_house: HouseMaker) -> None:
    """B8: a part of a batch for which Meta had no time is no empty answer."""
    house = make_house(TUESDAY, posts_per_account=40)
    account = house.world.instagram_accounts[0].id
    house.api.faults.append(Fault(r"^GET /v[\d.]+/\d+/insights.*reels_skip_rate", times=2, kind="null"))
    (outcome,) = house.collect(account, **SHORT)
    assert outcome.status == "ok"
    reels = media_of(house, lambda one: one.product_type == "REELS")
    assert all("reels_skip_rate" in stored_names(house, account, one.id) for one in reels)


def test_a_list_that_fails_while_its_objects_answer(make_house: HouseMaker) -> None:
    """L4: when no object is to blame, the rest of the list is read without insights and its objects are asked by id."""
    house = make_house(TUESDAY, posts_per_account=150)
    account = house.world.instagram_accounts[0].id
    refuse(house, OLDER, rf"{account}/media\?")
    (outcome,) = house.collect(account, **SHORT)
    assert outcome.status == "ok"
    assert outcome.calls <= 60
    assert statuses(house) == set()
    assert house.rows("SELECT 1 FROM refused_objects") == []
    assert all("reach" in stored_names(house, account, one.id) for one in media_of(house))
