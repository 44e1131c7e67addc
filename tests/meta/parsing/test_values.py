"""Values with an end_time, lifetime values and dictionaries become readings; missing is not zero."""

from datetime import date
from typing import Any

import pytest
from tests.meta.parsing.answers import TODAY, YESTERDAY, daily, days, instagram, lifetime, parts, read

from sophia.meta.catalogue.terms import Level, ObjectKind, Period
from sophia.meta.records import Reading

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
    assert reader.rejected_items == []


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
    assert reader.rejected_items == []
    assert read([]).readings == []
    assert read([]).rejected_items == []
    assert read([daily()]).readings == []


def test_null_is_set_aside() -> None:
    """A12, A15: null is no number; it is neither 0 nor silently nothing."""
    reader = read([daily({"value": None, "end_time": "2026-11-19T08:00:00+0000"})])
    assert reader.readings == []
    assert [rejected.metric for rejected in reader.rejected_items] == ["page_media_view"]


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
    assert reader.rejected_items == []


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
    assert [rejected.reason for rejected in reader.rejected_items] == ["end_time is no moment"]


@pytest.mark.parametrize("period", ["day", "week", "days_28"])
def test_a_dated_value_without_end_time(period: str) -> None:
    """A10: only lifetime values may go without a date."""
    reader = read([daily({"value": 7}, period=period)])
    assert reader.readings == []
    assert len(reader.rejected_items) == 1


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
    assert reader.rejected_items == []


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
    assert len(reader.rejected_items) == 1


@pytest.mark.parametrize("value", [3, 1.5, "12", [1], True, False, None, {"like": {"deep": 1}}])
def test_what_is_no_dictionary(value: Any) -> None:
    """A15, A16: where a dictionary belongs, another value is set aside; `False` is no 0."""
    reader = read([lifetime(value, "post_reactions_by_type_total")], level=Level.POST)
    assert reader.rejected_items
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
    assert len(reader.rejected_items) == 1


def test_video_metrics_of_a_photo_are_passed_over() -> None:
    """B4: Meta answers video metrics of a photo with 0; they mean nothing there, and are no oddity."""
    reader = read([lifetime(0, "post_video_views"), lifetime(3, "post_clicks")], level=Level.POST, kind=ObjectKind.POST)
    assert parts(reader) == {("post_clicks", ""): 3}
    assert reader.rejected_items == []


NO_DIMENSION = {"dimension_values": [], "value": 7}

# -- Facebook's tagged breakdowns (§2.4) -------------------------------------------------------------------------------


@pytest.mark.parametrize("breakdown", ["is_from_ads", "is_from_followers"])
def test_a_part_without_its_tag_is_no_total(breakdown: str) -> None:
    """A15: a value that does not say which part it is would pass for the whole; it is set aside, its neighbour kept."""
    stamp = "2026-11-19T08:00:00+0000"
    good = {"value": 4, "end_time": stamp, breakdown: "1"}
    found = read([daily(good, {"value": 300, "end_time": stamp})], breakdown=breakdown)
    assert parts(found) == {("page_media_view", f"{breakdown}=1"): 4}
    assert len(found.rejected_items) == 1
    assert parts(read([lifetime(12, "post_media_view")], level=Level.POST, breakdown=breakdown)) == {}


def test_values_in_place_of_a_breakdown_are_no_total() -> None:
    """A15: Instagram's answer to a breakdown holds parts; a lone number, or a result of no dimension, is none of them."""
    lone = lifetime(7, "profile_activity")
    nameless = {**lone, "total_value": {"value": 7, "breakdowns": [{"dimension_keys": [], "results": [NO_DIMENSION]}]}}
    for block in (lone, nameless):
        found = instagram([block], level=Level.POST, breakdown="action_type")
        assert found.readings == []
        assert len(found.rejected_items) == 1


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
