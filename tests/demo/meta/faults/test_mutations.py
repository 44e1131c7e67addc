"""Odd parts in true answers, and the record of what they made unreadable."""

import json
import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.demo.expected import Expected, expected_readings

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.faults.mutations import MUTATIONS, ListMutation, Touched
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.pacific import day_start, last_closed_day
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]
METRICS = "page_media_view,page_actions_post_reactions_total"


def ask_days(ask: Ask, world: World, days: int = 3) -> Any:
    """The last closed days of a number and of a dictionary, the first day of each block first."""
    page, last = world.pages[1], last_closed_day(world.built_at)
    since = int(day_start(last - timedelta(days=days - 1)).timestamp())
    until = int(day_start(last + timedelta(days=1)).timestamp())
    path = f"/{page.id}/insights"
    answer = ask(path, page.access_token, metric=METRICS, period="day", since=since, until=until)
    return json.loads(answer.text)


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isdigit()


VALUES: dict[str, Callable[[Any], bool]] = {
    "null value": lambda value: value is None,
    "nan": lambda value: isinstance(value, float) and math.isnan(value),
    "infinity": lambda value: value == math.inf,
    "number as text": is_text,
    "negative": lambda value: value < 0,
    "boolean": lambda value: value is True,
    "gigantic number": lambda value: value == 10**25,
    "list": lambda value: isinstance(value, list),
    "dictionary": lambda value: list(value) == ["unexpected"],
    "nested dictionary": lambda value: list(value["unexpected"]) == ["deeper"],
}
ENDS: dict[str, Any] = {
    "garbage end_time": "garbage",
    "epoch end_time": 1785654000,
    "end_time in 9999": "9999-12-31T08:00:00+0000",
}


@pytest.mark.parametrize("name", [*VALUES, *ENDS, "missing value", "no end_time"])
def test_the_first_value_of_each_block_is_odd(ask: Ask, api: GraphApi, world: World, name: str) -> None:
    """The others stay true, and what was touched is told: object, metric, period, day (A15, A16, A10)."""
    true, first = ask_days(ask, world)["data"], last_closed_day(world.built_at) - timedelta(days=2)
    fault = Fault("insights", mutation=name)
    api.faults.append(fault)
    odd = ask_days(ask, world)["data"]
    for block, whole in zip(odd, true, strict=True):
        entry = block["values"][0]
        assert entry != whole["values"][0]
        assert block["values"][1:] == whole["values"][1:]
        if name in VALUES:
            value = entry["value"]
            is_mapped = block["name"] != "page_media_view" and name != "null value"
            assert all(map(VALUES[name], value.values())) if is_mapped else VALUES[name](value)
        elif name in ENDS:
            assert entry == {**whole["values"][0], "end_time": ENDS[name]}
        else:
            assert set(whole["values"][0]) - set(entry) == {name.rsplit(maxsplit=1)[-1]}
    page = world.pages[1].id
    assert fault.touched == [Touched(page, block["name"], "day", first, ()) for block in true]


def test_a_share_and_a_metric_can_be_chosen(ask: Ask, api: GraphApi, world: World) -> None:
    """Every second value of one metric, counted through, the same on every call."""
    fault = Fault("insights", mutation="missing value", every=2, metric="page_media.*")
    api.faults.append(fault)
    answers = [ask_days(ask, world, days=5)["data"] for _ in range(2)]
    assert answers[0] == answers[1]
    views, reactions = answers[0]
    assert ["value" in entry for entry in views["values"]] == [False, True, False, True, False]
    assert all("value" in entry for entry in reactions["values"])
    last = last_closed_day(world.built_at)
    days = [touched.day for touched in fault.touched]
    assert days == [last - timedelta(days=ago) for ago in (4, 2, 0)] * 2


def test_large_numbers_get_commas(ask: Ask, api: GraphApi, truth: Truth, world: World) -> None:
    """Only what reaches a thousand is touched."""
    last = last_closed_day(world.built_at)
    truth.restate(world.pages[1].id, "page_media_view", last - timedelta(days=2), 999)
    truth.restate(world.pages[1].id, "page_media_view", last - timedelta(days=1), 1234)
    fault = Fault("insights", mutation="number with comma", metric="page_media_view")
    api.faults.append(fault)
    values = [entry["value"] for entry in ask_days(ask, world)["data"][0]["values"]]
    assert values[:2] == [999, "1,234"]
    assert [touched.day for touched in fault.touched] == [last - timedelta(days=1)]


def test_values_come_twice(ask: Ask, api: GraphApi, world: World) -> None:
    """The same value twice loses nothing; another one leaves nobody knowing which is true."""
    true = ask_days(ask, world)["data"][0]["values"]
    api.faults.append(Fault("insights", mutation="repeated value"))
    assert ask_days(ask, world)["data"][0]["values"] == [*true, true[0]]
    assert api.faults[0].touched == []
    api.faults[:] = [Fault("insights", mutation="contradicting value")]
    values = ask_days(ask, world)["data"][0]["values"]
    assert values == [*true, {**true[0], "value": true[0]["value"] + 1}]
    assert len(api.faults[0].touched) == 2


def test_blocks_are_odd(ask: Ask, api: GraphApi, world: World) -> None:
    """A name that is null or unknown costs its block; order, foreign ids and texts between the blocks cost nothing."""
    true = ask_days(ask, world)["data"]

    def odd(name: str) -> tuple[Any, list[Touched]]:
        api.faults[:] = [Fault("insights", mutation=name)]
        return ask_days(ask, world)["data"], api.faults[0].touched

    for name, told in (("null name", None), ("unknown name", "metric_of_next_year")):
        blocks, touched = odd(name)
        assert blocks == [{**true[0], "name": told}, true[1]]
        assert [(each.metric, each.object_id) for each in touched] == [("page_media_view", world.pages[1].id)] * 3
    assert odd("blocks in another order") == (true[::-1], [])
    assert odd("text among blocks") == ([true[0], "unexpected", true[1]], [])
    (first, second), touched = odd("foreign block")
    foreign = world.posts(world.pages[0].id)[-1].id
    assert (first["id"], second, touched) == (f"{foreign}/insights/page_media_view/day", true[1], [])
    blocks, touched = odd("null data")
    assert (blocks, len(touched)) == (None, 6)


def test_insights_are_empty(ask: Ask, api: GraphApi, world: World) -> None:
    """L2: `data: []` where there is something, as a token without `read_insights` gets; what is lost is recorded."""
    fault = Fault("insights", mutation="empty data")
    api.faults.append(fault)
    answer = ask_days(ask, world)
    assert answer["data"] == []
    assert len(fault.touched) == 6


@pytest.mark.parametrize(("name", "shown"), [("missing product type", None), ("unknown product type", "HOLOGRAM")])
def test_media_show_another_product(ask: Ask, api: GraphApi, world: World, name: str, shown: str | None) -> None:
    """L9: every second medium of a list, and no other field of it."""
    path, fields = f"/{world.instagram_accounts[1].id}/media", "id,media_type,media_product_type"
    true = ask(path, world.pages[1].access_token, fields=fields, limit=9).json()["data"]
    api.faults.append(Fault("media", mutation=name))
    rows = ask(path, world.pages[1].access_token, fields=fields, limit=9).json()["data"]
    assert [row.get("media_product_type") for row in rows[::2]] == [shown] * 5
    assert rows[1::2] == true[1::2]
    assert [row["media_type"] for row in rows] == [row["media_type"] for row in true]


def test_lists_of_objects_are_odd(ask: Ask, api: GraphApi, world: World) -> None:
    """Somebody else's post, a text, or nothing at all among the posts."""
    page = world.pages[1]

    def posts(name: str | None) -> list[Any] | None:
        api.faults[:] = [] if name is None else [Fault("published_posts", mutation=name)]
        fields = "id,attachments,insights.metric(post_clicks)"
        answer = ask(f"/{page.id}/published_posts", page.access_token, limit=3, fields=fields).json()
        return answer["data"]  # type: ignore[no-any-return]

    true = posts(None)
    assert true is not None
    foreign = {**true[0], "id": world.posts(world.pages[0].id)[-1].id}
    assert posts("foreign object") == [true[0], foreign, *true[1:]]
    assert posts("text among objects") == [true[0], "unexpected", *true[1:]]
    assert posts("null objects") is None
    assert {touched.object_id for touched in api.faults[0].touched} == {row["id"] for row in true}


def keys(readings: list[Expected]) -> set[Touched]:
    return {
        Touched(each.post_id or each.account_id, each.metric, each.period, each.day, each.breakdown)
        for each in readings
    }


def expected(world: World, truth: Truth, account_id: str, first: date, now: datetime, *metrics: str) -> list[Expected]:
    found = expected_readings(world, truth, account_id, first, now.date(), now, 22)
    chosen = [each for each in found if each.metric in metrics]
    assert {each.metric for each in chosen} == set(metrics)
    return chosen


def test_what_is_touched_has_the_words_of_the_enumeration(ask: Ask, api: GraphApi, world: World, truth: Truth) -> None:
    """With every value missing, what was touched is all that a store could have had: days, posts, videos, breakdowns."""
    now, last = world.built_at, last_closed_day(world.built_at)
    page, account = world.pages[1], world.instagram_accounts[1]
    fault = Fault("insights", mutation="missing value", every=1)
    api.faults.append(fault)

    def touched() -> set[Touched]:
        found = set(fault.touched)
        fault.touched.clear()
        return found

    ask_days(ask, world)
    readings = expected(world, truth, page.id, last - timedelta(days=2), now, *METRICS.split(","))
    assert touched() == {each for each in keys(readings) if each.period == "day" and not each.breakdown}

    fields = "id,insights.metric(post_clicks,post_reactions_by_type_total)"
    for _ in (1, 2):
        ask(f"/{page.id}/published_posts", page.access_token, limit=100, fields=fields)
    readings = expected(world, truth, page.id, last, now, "post_clicks", "post_reactions_by_type_total")
    assert touched() == keys(readings)

    videos = [post for post in world.posts(page.id) if post.is_video and post.created_at <= now]
    ids = ",".join(post.video_id or "" for post in videos)
    api.new_app = False
    ask("/v25.0/video_insights", page.access_token, ids=ids, metric="total_video_views", period="lifetime")
    assert touched() == keys(expected(world, truth, page.id, last, now, "total_video_views"))

    window = {"since": int(day_start(last).timestamp()), "until": int(day_start(last + timedelta(days=1)).timestamp())}
    total = {"metric_type": "total_value", "period": "day", "metric": "reach,views", **window}
    token = page.access_token
    ask(f"/{account.id}/insights", token, **total)
    ask(f"/{account.id}/insights", token, **total, breakdown="media_product_type")
    found = touched()
    wanted = {
        each for each in keys(expected(world, truth, account.id, last, now, "reach", "views")) if each.day == last
    }
    simple = {each for each in wanted if [name for name, _ in each.breakdown] in ([], ["media_product_type"])}
    assert found == {each for each in simple if each.period == "day"}


def test_every_mutation_changes_an_answer(ask: Ask, api: GraphApi, world: World, truth: Truth) -> None:
    """None of the names does nothing, and those that lose something say what."""
    page = world.pages[1]
    truth.restate(page.id, "page_media_view", last_closed_day(world.built_at), 1_000_000)

    def text(path: str, **parameters: str) -> str:
        return ask(path, page.access_token, **parameters).text

    for name, mutation in MUTATIONS.items():
        is_of_objects = isinstance(mutation, ListMutation) and not mutation.of_blocks
        path = f"/{page.id}/{'published_posts' if is_of_objects else 'insights'}"
        more = {"fields": "id,insights.metric(post_clicks)"} if is_of_objects else {"metric": METRICS, "period": "day"}
        if name.endswith("product type"):
            path, more = f"/{world.instagram_accounts[1].id}/media", {"fields": "id,media_product_type"}
        api.faults.clear()
        true = text(path, **more)
        api.faults.append(Fault(path, mutation=name))
        assert text(path, **more) != true, name
        assert bool(api.faults[0].touched) is mutation.loses, name


def test_unknown_names_are_refused() -> None:
    for wrong in ({"mutation": "nothing"}, {"paging": "nothing"}, {"bad_body": "nothing"}):
        with pytest.raises(ValueError, match="is none of"):
            Fault("insights", **wrong)  # type: ignore[arg-type]
