"""Instagram's total_value becomes readings, by breakdown."""

from datetime import date
from typing import Any

import pytest
from tests.meta.parsing.answers import SPAN, TODAY, instagram, parts, split, total

from sophia.meta.catalogue.terms import Level, ObjectKind, Period
from sophia.meta.records import Reading


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
    assert reader.rejected_items == []


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
    assert len(reader.rejected_items) == 1
