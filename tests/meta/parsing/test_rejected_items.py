"""What cannot be believed is set aside alone, whatever Meta sends."""

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json
from tests.meta.parsing.answers import GOOD, SPAN, TODAY, daily, days, instagram, read, split, total

from sophia.meta.catalogue.terms import Level, Platform
from sophia.meta.parsing import InsightsReader

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
    assert [(rejected.object_id, rejected.metric) for rejected in reader.rejected_items] == [
        ("900100", "page_media_view")
    ]


def test_numbers_as_json_writes_them() -> None:
    """A15: NaN and Infinity pass Meta's JSON and our parser; they do not pass the reader."""
    body = b'[{"name":"page_media_view","period":"day","values":[{"value":NaN,"end_time":"2026-11-19T08:00:00+0000"}]}]'
    reader = read(from_json(body))
    assert reader.readings == []
    assert len(reader.rejected_items) == 1


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
    assert len(reader.rejected_items) == 1


@pytest.mark.parametrize("data", [None, "x", 5, {"0": GOOD}])
def test_data_that_is_no_list(data: Any) -> None:
    """A16: `data: null` is one oddity and raises nothing."""
    reader = read(data)
    assert reader.readings == []
    assert [rejected.reason for rejected in reader.rejected_items] == ["data is not a list"]


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
    assert reader.rejected_items


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
    assert len(reader.rejected_items) == 1


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
    assert [rejected.metric for rejected in reader.rejected_items] == ["media_count"]


def test_oddities_are_short() -> None:
    """A14, A16: what is set aside shows its beginning, not all of it."""
    reader = read([{"name": "page_follows", "period": "day", "values": "x" * 100_000}])
    assert [len(rejected.excerpt) for rejected in reader.rejected_items] == [500]


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
