"""Insights answers, written by hand after GRAPH_API §2, become readings; what cannot be believed is set aside alone."""

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from sophia.meta.catalogue import Level, ObjectKind, Period, Platform
from sophia.meta.parsing import InsightsReader
from sophia.meta.records import Reading

TODAY = date(2026, 11, 20)
YESTERDAY = date(2026, 11, 19)
OPENED = date(2004, 1, 1)  # the store refuses days before Facebook opened


def read(
    blocks: Any,
    *,
    platform: Platform = Platform.FACEBOOK,
    level: Level = Level.ACCOUNT,
    today: date = TODAY,
    span: tuple[Period, date] | None = None,
    breakdown: str | None = None,
    kind: ObjectKind | None = None,
) -> InsightsReader:
    reader = InsightsReader(platform, level, today, span, breakdown)
    reader.read(blocks, "900100", "900100_77" if level is Level.POST else None, kind)
    return reader


def instagram(blocks: Any, **options: Any) -> InsightsReader:
    return read(blocks, platform=Platform.INSTAGRAM, **options)


def daily(*values: dict[str, Any], name: str = "page_media_view", period: str = "day") -> dict[str, Any]:
    return {"name": name, "period": period, "values": list(values), "title": None, "id": "1/insights/x/day"}


def lifetime(value: Any, name: str = "post_clicks") -> dict[str, Any]:
    return {"name": name, "period": "lifetime", "values": [{"value": value}]}


def days(reader: InsightsReader) -> dict[date, int | float]:
    return {reading.day: reading.value for reading in reader.readings}


def parts(reader: InsightsReader) -> dict[tuple[str, str], int | float]:
    found = {(reading.metric, reading.breakdown): reading.value for reading in reader.readings}
    assert len(found) == len(reader.readings), "something was read twice"
    return found


# -- values[] with end_time (§2.1, §2.12) ------------------------------------------------------------------------------


def test_a_series_of_days() -> None:
    """A9: a value belongs to the Pacific day that its end_time closes, in summer and in winter time."""
    reader = read(
        [
            daily(
                {"value": 412, "end_time": "2026-08-03T07:00:00+0000"},
                {"end_time": "2026-02-28T08:00:00+0000", "value": 388},
            )
        ]
    )
    assert reader.readings == [
        Reading(None, "page_media_view", Period.DAY, "", date(2026, 8, 2), 412),
        Reading(None, "page_media_view", Period.DAY, "", date(2026, 2, 27), 388),
    ]
    assert reader.oddities == []


@pytest.mark.parametrize(
    ("end_time", "day"),
    [
        ("2026-03-08T08:00:00+0000", date(2026, 3, 7)),
        ("2026-03-09T07:00:00+0000", date(2026, 3, 8)),  # 23 hours long
        ("2026-03-10T07:00:00+0000", date(2026, 3, 9)),
        ("2026-11-01T07:00:00+0000", date(2026, 10, 31)),
        ("2026-11-02T08:00:00+0000", date(2026, 11, 1)),  # 25 hours long
        ("2026-11-03T08:00:00+0000", date(2026, 11, 2)),
        ("2026-11-02T00:00:00-0800", date(2026, 11, 1)),  # the same moment written in another zone
        ("2026-11-02T08:00:00Z", date(2026, 11, 1)),
        ("2026-11-01T22:00:00-1000", date(2026, 11, 1)),  # Honolulu
        ("2026-11-02T17:00:00+0900", date(2026, 11, 1)),  # Tokyo
    ],
)
def test_days_around_the_change_of_the_clock(end_time: str, day: date) -> None:
    """A9: days of 23 and 25 hours keep their date, in whatever zone the moment is written."""
    assert days(read([daily({"value": 1, "end_time": end_time})])) == {day: 1}


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "Asia/Tokyo", "America/Toronto", "UTC"])
def test_the_zone_of_the_machine_is_irrelevant(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A9, A11: the same datum has the same date wherever the operator's machine stands."""
    import time  # noqa: PLC0415 - only here

    with monkeypatch.context() as patched:
        patched.setenv("TZ", zone)
        time.tzset()
        found = days(read([daily({"value": 5, "end_time": "2026-02-28T08:00:00+0000"})]))
    time.tzset()
    assert found == {date(2026, 2, 27): 5}


@pytest.mark.parametrize(("period", "kept"), [("day", Period.DAY), ("week", Period.WEEK), ("days_28", Period.DAYS_28)])
def test_the_period_is_metas_own(period: str, kept: Period) -> None:
    """A2: rolling totals keep their period and are not taken for days."""
    block = daily({"value": 9, "end_time": "2026-11-19T08:00:00+0000"}, period=period)
    assert [reading.period for reading in read([block]).readings] == [kept]


def test_missing_is_not_zero() -> None:
    """A12: an entry without value says nothing; a 0 that Meta said is a 0; an empty answer is no reading."""
    reader = read(
        [daily({"end_time": "2026-11-18T08:00:00+0000"}, {"value": 0, "end_time": "2026-11-19T08:00:00+0000"})]
    )
    assert days(reader) == {date(2026, 11, 18): 0}
    assert reader.oddities == []
    assert read([]).readings == []
    assert read([]).oddities == []
    assert read([daily()]).readings == []


def test_null_is_set_aside() -> None:
    """A12, A15: null is no number; it is neither 0 nor silently nothing."""
    reader = read([daily({"value": None, "end_time": "2026-11-19T08:00:00+0000"})])
    assert reader.readings == []
    assert [oddity.metric for oddity in reader.oddities] == ["page_media_view"]


def test_days_that_have_not_ended_are_dropped() -> None:
    """A13: windows past now bring invented rows (§2.7); nothing of them is stored, and they are no oddity."""
    reader = read(
        [
            daily(
                {"value": 1, "end_time": "2026-11-20T08:00:00+0000"},
                {"value": 0, "end_time": "2026-11-22T08:00:00+0000"},
                {"value": 0, "end_time": "2030-01-01T08:00:00+0000"},
            )
        ]
    )
    assert days(reader) == {YESTERDAY: 1}
    assert reader.oddities == []


@pytest.mark.parametrize("end_time", ["1970-01-01T00:00:00+0000", "1970-01-02T08:00:00+0000"])
def test_1970_means_not_computed_yet(end_time: str) -> None:
    """A10: an end_time of 1970 dates nothing."""
    assert read([daily({"value": 0, "end_time": end_time})]).readings == []


@pytest.mark.parametrize(
    "end_time",
    [
        "garbage",
        "2026-02-30T08:00:00+0000",
        "2026-11-19T08:00:00",  # names no zone
        "",
        "1795593600",
        1795593600,
        {"year": 2026},
        ["2026-11-19T08:00:00+0000"],
        True,
    ],
)
def test_an_end_time_that_is_no_moment(end_time: Any) -> None:
    """A10: a datum without a believable moment is counted and set aside, never dated today; the others are kept."""
    reader = read(
        [daily({"value": 7, "end_time": end_time}, {"value": 8, "end_time": "2026-11-19T08:00:00+0000"})],
    )
    assert days(reader) == {date(2026, 11, 18): 8}
    assert [oddity.reason for oddity in reader.oddities] == ["end_time is no moment"]


@pytest.mark.parametrize("period", ["day", "week", "days_28"])
def test_a_dated_value_without_end_time(period: str) -> None:
    """A10: only lifetime values may go without a date."""
    reader = read([daily({"value": 7}, period=period)])
    assert reader.readings == []
    assert len(reader.oddities) == 1


# -- lifetime values and dictionaries (§2.2, §2.3) ---------------------------------------------------------------------


def test_lifetime_values_are_dated_by_the_fetch() -> None:
    """A2, A10: a cumulative value is a snapshot of the day on which it was read, and stays lifetime."""
    reader = read([lifetime(16)], level=Level.POST)
    assert reader.readings == [Reading("900100_77", "post_clicks", Period.LIFETIME, "", TODAY, 16)]


REACTIONS = ("like", "love", "wow", "haha", "sorry", "anger")


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        ({"like": 15, "love": 1, "haha": 1}, {"like": 15, "love": 1, "haha": 1}),
        ({"LIKE": 2, "Sorry": 3}, {"like": 2, "sorry": 3}),
        ({}, {}),
        (0, {}),
    ],
)
def test_reactions_absent_are_zero(value: Any, counts: dict[str, int]) -> None:
    """A6, A12: a dictionary becomes one reading per reaction; `{}` and a bare 0 are Meta's way to say none at all."""
    reader = read([lifetime(value, "post_reactions_by_type_total")], level=Level.POST)
    wanted = {(f"post_reactions_by_type_total_{name}", ""): counts.get(name, 0) for name in REACTIONS}
    assert parts(reader) == wanted
    assert reader.oddities == []


def test_an_unknown_reaction_is_kept() -> None:
    """A7: a reaction that Meta invents tomorrow is stored under a tidy name."""
    reader = read([lifetime({"like": 1, "Super Care!": 4}, "post_reactions_by_type_total")], level=Level.POST)
    assert parts(reader)["post_reactions_by_type_total_super_care_", ""] == 4


def test_a_null_inside_a_dictionary_costs_itself() -> None:
    """A16: `{"LIKE": null}` is one oddity, no zero, and the other reactions are kept."""
    reader = read([lifetime({"LIKE": None, "love": 3}, "post_reactions_by_type_total")], level=Level.POST)
    found = parts(reader)
    assert found["post_reactions_by_type_total_love", ""] == 3
    assert ("post_reactions_by_type_total_like", "") not in found
    assert len(reader.oddities) == 1


@pytest.mark.parametrize("value", [3, 1.5, "12", [1], True, False, None, {"like": {"deep": 1}}])
def test_what_is_no_dictionary(value: Any) -> None:
    """A15, A16: where a dictionary belongs, another value is set aside; `False` is no 0."""
    reader = read([lifetime(value, "post_reactions_by_type_total")], level=Level.POST)
    assert reader.oddities
    assert ("post_reactions_by_type_total_like", "") not in parts(reader)


def test_followers_by_country_keep_their_place() -> None:
    """A16: an open vocabulary is a breakdown; places keep their spelling."""
    block = daily(
        {"value": {"US": 10, "Lima, Peru": 3}, "end_time": "2026-11-19T08:00:00+0000"}, name="page_follows_country"
    )
    assert parts(read([block])) == {
        ("page_follows_country", "country=US"): 10,
        ("page_follows_country", "country=Lima, Peru"): 3,
    }


def test_a_dictionary_of_an_unknown_metric() -> None:
    """A7: what the catalogue does not know is kept key by key, under Meta's name."""
    block = lifetime({"red": 1, "blue": 2}, "page_colours")
    assert parts(read([block])) == {("page_colours", "key=red"): 1, ("page_colours", "key=blue"): 2}


@pytest.mark.parametrize("key", ["", "x" * 120])
def test_a_key_that_makes_no_name(key: str) -> None:
    """A15: `{"": 3}` makes no metric called `…_`, and a name that is too long for its column is set aside, not cut."""
    reader = read([lifetime({key: 3, "like": 1}, "post_reactions_by_type_total")], level=Level.POST)
    assert {name for name, _ in parts(reader)} == {f"post_reactions_by_type_total_{one}" for one in REACTIONS}
    assert len(reader.oddities) == 1


def test_video_metrics_of_a_photo_are_passed_over() -> None:
    """B4: Meta answers video metrics of a photo with 0; they mean nothing there, and are no oddity."""
    reader = read([lifetime(0, "post_video_views"), lifetime(3, "post_clicks")], level=Level.POST, kind=ObjectKind.POST)
    assert parts(reader) == {("post_clicks", ""): 3}
    assert reader.oddities == []


# -- Facebook's tagged breakdowns (§2.4) -------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_tags_are_strings_in_any_order(order: int) -> None:
    """B1: "0" and "1" are strings, their order is not fixed, and neither part is the total."""
    values = [{"value": 528, "is_from_ads": "0"}, {"value": 0, "is_from_ads": "1"}][::order]
    block = {"name": "post_media_view", "period": "lifetime", "values": values, "id": "900100_77"}
    assert parts(read([block], level=Level.POST, breakdown="is_from_ads")) == {
        ("post_media_view", "is_from_ads=0"): 528,
        ("post_media_view", "is_from_ads=1"): 0,
    }


def test_a_day_has_an_entry_for_each_tag() -> None:
    """B1: with a breakdown a day has two entries with one end_time; none overwrites the other."""
    end = "2026-11-19T08:00:00+0000"
    block = daily(
        {"value": 3, "end_time": end, "is_from_followers": "1"}, {"value": 4, "end_time": end, "is_from_followers": "0"}
    )
    assert parts(read([block], breakdown="is_from_followers")) == {
        ("page_media_view", "is_from_followers=1"): 3,
        ("page_media_view", "is_from_followers=0"): 4,
    }


def test_the_dictionary_form_of_a_tag() -> None:
    """B1: `{"value": {"1": 12, "0": 300}}` says the same as two tagged entries."""
    block = daily({"value": {"1": 12, "0": 300}, "end_time": "2026-11-19T08:00:00+0000"})
    assert parts(read([block], breakdown="is_from_ads")) == {
        ("page_media_view", "is_from_ads=1"): 12,
        ("page_media_view", "is_from_ads=0"): 300,
    }


# -- Instagram's total_value (§2.5) ------------------------------------------------------------------------------------

SPAN = (Period.WEEK, date(2026, 11, 15))


def total(value: Any, name: str = "reach", period: str = "day", **more: Any) -> dict[str, Any]:
    return {"name": name, "period": period, "title": "x", "total_value": value, "id": "1/insights/x/day", **more}


def split(keys: list[Any], *results: tuple[list[Any], Any]) -> dict[str, Any]:
    return {
        "dimension_keys": keys,
        "results": [{"dimension_values": values, "value": value} for values, value in results],
    }


def test_a_total_belongs_to_the_span_that_was_asked() -> None:
    """B1: a total names no day; the request does."""
    reader = instagram([total({"value": 940})], span=SPAN)
    assert reader.readings == [Reading(None, "reach", Period.WEEK, "", date(2026, 11, 15), 940)]


def test_breakdowns_of_several_dimensions() -> None:
    """B1, A16: results are named by dimension, in whatever order the keys come; the total is left to its own request."""
    block = total(
        {
            "value": 940,
            "breakdowns": [
                split(
                    ["media_product_type", "follow_type"],
                    (["REEL", "FOLLOWER"], 600),
                    (["post", "Non_Follower"], 340),
                )
            ],
        }
    )
    assert parts(instagram([block], span=SPAN, breakdown="media_product_type,follow_type")) == {
        ("reach", "follow_type=follower,media_product_type=reel"): 600,
        ("reach", "follow_type=non_follower,media_product_type=post"): 340,
    }


def test_demographics_have_no_total() -> None:
    """B1: demographics come as breakdowns only; an extra first dimension `timeframe` does not shift them."""
    value = {
        "breakdowns": [
            split(["timeframe", "age", "gender"], (["THIS_MONTH", "25-34", "F"], 7), (["THIS_MONTH", "18-24", "M"], 9))
        ]
    }
    reader = instagram([total(value, "follower_demographics", "lifetime")], breakdown="age,gender")
    assert parts(reader) == {
        ("follower_demographics", "age=25-34,gender=F"): 7,
        ("follower_demographics", "age=18-24,gender=M"): 9,
    }
    assert {(reading.period, reading.day) for reading in reader.readings} == {(Period.LIFETIME, TODAY)}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"breakdowns": []},
        {"breakdowns": [{"dimension_keys": ["age"]}]},
        {"breakdowns": [{"dimension_keys": ["age"], "results": []}]},
        {"breakdowns": None},
        {"breakdowns": [{"dimension_keys": ["age"], "results": [{"dimension_values": ["13-17"]}]}]},
    ],
)
def test_totals_that_say_nothing(value: Any) -> None:
    """A12: `total_value: {}`, breakdowns without results and results without value are missing, not zero, not odd."""
    reader = instagram([total(value, "follower_demographics", "lifetime")], breakdown="age")
    assert reader.readings == []
    assert reader.oddities == []


def test_both_shapes_at_once_count_once() -> None:
    """B1: media metrics with a breakdown carry `values` and `total_value` of the same number."""
    both = total(
        {"value": 9, "breakdowns": [split(["story_navigation_action_type"], (["tap_forward"], 6), (["TAP_EXIT"], 3))]},
        "navigation",
        "lifetime",
        values=[{"value": 9}],
    )
    options: dict[str, Any] = {"level": Level.POST, "kind": ObjectKind.STORY}
    assert parts(instagram([both], **options)) == {("navigation", ""): 9}
    assert parts(instagram([both], breakdown="story_navigation_action_type", **options)) == {
        ("navigation", "story_navigation_action_type=tap_forward"): 6,
        ("navigation", "story_navigation_action_type=tap_exit"): 3,
    }


@pytest.mark.parametrize(
    "result",
    [
        {"dimension_values": ["REEL", "FOLLOWER"], "value": 1},  # one more than there are dimensions
        {"dimension_values": [], "value": 1},
        {"dimension_values": "REEL", "value": 1},
        {"value": 1},
        "REEL",
        None,
        {"dimension_values": ["REEL"], "value": "1"},
    ],
)
def test_a_result_that_does_not_fit_costs_itself(result: Any) -> None:
    """A16: one odd result leaves the others of the breakdown alone."""
    good = {"dimension_values": ["POST"], "value": 5}
    block = total({"breakdowns": [{"dimension_keys": ["media_product_type"], "results": [result, good]}]})
    reader = instagram([block], span=SPAN, breakdown="media_product_type")
    assert parts(reader) == {("reach", "media_product_type=post"): 5}
    assert len(reader.oddities) == 1


# -- odd items (A15, A16) ----------------------------------------------------------------------------------------------

GOOD = daily({"value": 1, "end_time": "2026-11-19T08:00:00+0000"})
ODD_VALUES = [
    math.nan,
    math.inf,
    -math.inf,
    True,
    False,
    "12",
    "1,234",
    -5,
    -0.5,
    12.5,
    [3],
    "",
]


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_odd_values_of_a_count(value: Any) -> None:
    """A15, A17: a count is a finite whole number of zero or more; anything else is one oddity."""
    odd = daily(
        {"value": value, "end_time": "2026-11-18T08:00:00+0000"}, {"value": 2, "end_time": "2026-11-19T08:00:00+0000"}
    )
    reader = read([odd])
    assert days(reader) == {date(2026, 11, 18): 2}
    assert [(oddity.object_id, oddity.metric) for oddity in reader.oddities] == [("900100", "page_media_view")]


def test_numbers_as_json_writes_them() -> None:
    """A15: NaN and Infinity pass Meta's JSON and our parser; they do not pass the reader."""
    body = b'[{"name":"page_media_view","period":"day","values":[{"value":NaN,"end_time":"2026-11-19T08:00:00+0000"}]}]'
    reader = read(from_json(body))
    assert reader.readings == []
    assert len(reader.oddities) == 1


def test_whole_floats_are_counts_and_watch_times_keep_decimals() -> None:
    """A17: 12.0 people are 12; milliseconds and shares may have decimals."""
    reader = read([daily({"value": 12.0, "end_time": "2026-11-19T08:00:00+0000"})])
    assert [(type(reading.value), reading.value) for reading in reader.readings] == [(int, 12)]
    watched = daily({"value": 1234.5, "end_time": "2026-11-19T08:00:00+0000"}, name="page_video_view_time")
    assert [reading.value for reading in read([watched]).readings] == [1234.5]


@pytest.mark.parametrize(
    "block",
    [
        "a text",
        None,
        7,
        [],
        {},
        {"name": None, "period": "day", "values": []},
        {"name": "", "period": "day", "values": []},
        {"name": " reach", "period": "day", "values": []},
        {"name": "x" * 121, "period": "day", "values": []},
        {"name": "page_follows; DROP", "period": "day", "values": []},
        {"name": "page_follows", "values": []},
        {"name": "page_follows", "period": "fortnight", "values": []},
        {"name": "page_follows", "period": "day"},
        {"name": "page_follows", "period": "day", "values": None},
        {"name": "page_follows", "period": "day", "values": "many"},
        {"name": "page_follows", "period": "day", "values": ["many"]},
        {"name": "page_follows", "period": "day", "total_value": 5},
    ],
    ids=repr,
)
def test_an_odd_item_costs_itself(block: Any) -> None:
    """A16: one odd item is one oddity; what stands before and after it is kept."""
    reader = read([GOOD, block, daily({"value": 4, "end_time": "2026-11-20T08:00:00+0000"})])
    assert sorted(days(reader).values()) == [1, 4]
    assert len(reader.oddities) == 1


@pytest.mark.parametrize("data", [None, "x", 5, {"0": GOOD}])
def test_data_that_is_no_list(data: Any) -> None:
    """A16: `data: null` is one oddity and raises nothing."""
    reader = read(data)
    assert reader.readings == []
    assert [oddity.reason for oddity in reader.oddities] == ["data is not a list"]


@pytest.mark.parametrize(
    "block",
    [
        {"name": "reach", "period": ["day"], "values": []},
        {"name": "reach", "period": {}, "values": []},
        total({"breakdowns": 5}),
        total({"breakdowns": [{"dimension_keys": 5, "results": [{"dimension_values": ["x"], "value": 1}]}]}),
        total({"breakdowns": [{"dimension_keys": ["age"], "results": 5}]}),
        total({"breakdowns": [split([["age"]], (["x"], 1))]}),
    ],
    ids=repr,
)
def test_odd_shapes_deep_inside(block: Any) -> None:
    """A16: a list or a number where a text or a list belongs costs that item."""
    good = total({"value": 3})
    reader = instagram([block, good], span=SPAN)
    assert [reading.value for reading in reader.readings] == [3]
    assert reader.oddities


@pytest.mark.parametrize("end_time", ["0001-01-01T00:00:00+0000", "9999-12-31T23:59:59-1200"])
def test_moments_at_the_ends_of_time(end_time: str) -> None:
    """A10: a moment that no zone can express is set aside like any other."""
    reader = read([daily({"value": 7, "end_time": end_time}, {"value": 8, "end_time": "2026-11-19T08:00:00+0000"})])
    assert days(reader) == {date(2026, 11, 18): 8}


@pytest.mark.parametrize("end_time", ["1969-12-31T08:00:00+0000", "1971-06-01T07:00:00+0000"])
def test_days_before_facebook(end_time: str) -> None:
    """A10, C2: a day that the store refuses is set aside here, or the whole answer would be rolled back."""
    assert days(read([daily({"value": 7, "end_time": end_time})])) == {}


@pytest.mark.parametrize("value", [2**63, 10**30, 1e30])
def test_numbers_that_no_database_holds(value: float) -> None:
    """A15, C2: a number beyond 64 bits is set aside."""
    reader = read([daily({"value": value, "end_time": "2026-11-19T08:00:00+0000"})])
    assert reader.readings == []
    assert len(reader.oddities) == 1


def test_a_total_over_a_window_that_is_no_period() -> None:
    """A2, B1: a total over 30 days is not today's value; without a span, only lifetime totals have a day."""
    assert instagram([total({"value": 30_000}, "views", "day")]).readings == []


def test_fields_of_the_object() -> None:
    """A8, A15: followers_count is a level dated by the fetch; a missing field is nothing, an odd one is set aside."""
    reader = InsightsReader(Platform.INSTAGRAM, Level.ACCOUNT, TODAY)
    reader.add_field("followers_count", 120, "1")
    reader.add_field("follows_count", None, "1")
    reader.add_field("media_count", "12", "1")
    reader.add_field("no_such_field", 3, "1")
    assert [(reading.metric, reading.day, reading.value) for reading in reader.readings] == [
        ("followers_count", TODAY, 120)
    ]
    assert [oddity.metric for oddity in reader.oddities] == ["media_count"]


def test_oddities_are_short() -> None:
    """A14, A16: what is set aside shows its beginning, not all of it."""
    reader = read([{"name": "page_follows", "period": "day", "values": "x" * 100_000}])
    assert [len(oddity.excerpt) for oddity in reader.oddities] == [500]


# -- anything at all ---------------------------------------------------------------------------------------------------

MOMENTS = st.one_of(
    st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S+0000")),
    st.sampled_from(["2026-11-19T08:00:00+0000", "2026-11-21T08:00:00+0000", "0001-01-01T00:00:00+0000", "x"]),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), MOMENTS)
KEYS = st.one_of(
    st.sampled_from(
        [
            "name",
            "period",
            "values",
            "value",
            "end_time",
            "total_value",
            "breakdowns",
            "dimension_keys",
            "dimension_values",
            "results",
            "is_from_ads",
            "like",
        ]
    ),
    st.text(max_size=6),
)
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5))
NAMES = st.sampled_from(
    ["page_media_view", "page_follows_country", "post_reactions_by_type_total", "reach", "navigation", "unheard_of"]
)
PERIODS = st.sampled_from(["day", "week", "days_28", "lifetime"])
RESULTS = st.fixed_dictionaries(
    {"dimension_values": st.lists(st.text(max_size=4), max_size=2)}, optional={"value": ANYTHING}
)
ENTRIES = st.fixed_dictionaries({}, optional={"value": ANYTHING, "end_time": MOMENTS, "is_from_ads": LEAVES})
TOTALS = st.fixed_dictionaries(
    {},
    optional={
        "value": ANYTHING,
        "breakdowns": st.lists(
            st.fixed_dictionaries(
                {"dimension_keys": st.lists(st.text(max_size=4), max_size=2), "results": st.lists(RESULTS, max_size=3)}
            ),
            max_size=2,
        ),
    },
)
# Nearly right: the deep places are reached, which chance alone would not find.
BLOCKS = st.fixed_dictionaries(
    {"name": NAMES, "period": PERIODS},
    optional={"values": st.lists(ENTRIES | ANYTHING, max_size=4), "total_value": TOTALS | ANYTHING},
)
FAST = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def believable(reader: InsightsReader) -> None:
    for reading in reader.readings:
        assert type(reading.value) in (int, float)
        assert math.isfinite(reading.value)
        assert reading.value >= 0
        assert reading.day <= TODAY
        assert reading.metric


def read_every_way(blocks: Any) -> None:
    for platform in Platform:
        for level in Level:
            for breakdown in (None, "is_from_ads", "age"):
                believable(read(blocks, platform=platform, level=level, breakdown=breakdown))


@FAST
@given(st.lists(BLOCKS, max_size=3))
@example([total({"value": 1e308})])
@example([{"name": "reach", "period": []}])
def test_nearly_right_answers_never_raise(blocks: Any) -> None:
    """A15, A16: whatever stands in the places of an answer, nothing is raised and every reading can be believed."""
    read_every_way(blocks)


@FAST
@given(ANYTHING)
def test_arbitrary_json_never_raises(thing: Any) -> None:
    """A16: any JSON at all is read or set aside."""
    read_every_way(thing)
    read_every_way([thing])
