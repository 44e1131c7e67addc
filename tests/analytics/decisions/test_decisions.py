"""Predictions at capture, outcomes at fixed ages, and baselines that were known in time."""

import math
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.invented import post

from sophia.analytics.decisions.predictions import (
    EVENTS,
    RATES,
    Case,
    Chance,
    Point,
    PostReading,
    chances,
    comparable,
    outcomes,
    predictable,
    trailing_median,
    validate_confidence,
    validate_prediction,
)
from sophia.analytics.decisions.scores import Quantiles
from sophia.analytics.figures.ages import AGES
from sophia.errors import InvalidInputError

PUBLISHED = datetime(2026, 9, 1, 15, tzinfo=UTC)
LONG_AFTER = PUBLISHED + timedelta(days=90)
POST = post(1, {}, published_at=PUBLISHED)


def read(metric: str, hours: float, value: float) -> PostReading:
    return PostReading(metric, PUBLISHED + timedelta(hours=hours), value)


def test_predictions() -> None:
    """I5: points, distributions and chances of canonical metrics, rates in percent, and events of this house."""
    given_ = {
        "reach": 900,
        "likes": {"q10": 5, "q50": 9, "q90": 20},
        "saved": {"at_least": 10, "probability": 0.4},
        "save_rate": 1.5,
        "approved": {"probability": 1},
    }
    assert validate_prediction(given_) == {
        "reach": Point(900.0),
        "likes": Quantiles(5.0, 9.0, 20.0),
        "saved": Chance(0.4, 10.0),
        "save_rate": Point(1.5),
        "approved": Chance(1.0, None),
    }
    assert validate_prediction({}) == {}


@pytest.mark.parametrize(
    "predicted",
    [
        {"approval_first_pass": 0.9},
        {"rank_reasoning": "because"},
        {"Reach": 1},
        {"engagement_rate": 0.05},
        {"followers": 10},
        {"reach": "12"},
        {"reach": True},
        {"reach": None},
        {"reach": -1},
        {"reach": math.nan},
        {"reach": math.inf},
        {"reach": 10**5000},
        {"reach": []},
        {"reach": {}},
        {"reach": {"q50": 1}},
        {"reach": {"q10": 2, "q50": 1, "q90": 3}},
        {"reach": {"q10": 1, "q50": 2, "q90": "3"}},
        {"reach": {"at_least": 1, "probability": 7.5}},
        {"reach": {"probability": 0.5}},
        {"save_rate": 101},
        {"approved": 1},
        {"approved": {"probability": -1}},
        {"approved": {"probability": 0.5, "at_least": 1}},
        {"approved": {"probability": math.nan}},
    ],
)
def test_what_could_never_be_compared_is_refused(predicted: dict[str, Any]) -> None:
    """I5, I8: at capture, not when a batch runs; and the message names the entry."""
    with pytest.raises(InvalidInputError, match=next(iter(predicted))):
        validate_prediction(predicted)


def test_too_many_predictions_are_refused() -> None:
    """I8: nothing is cut off in silence."""
    with pytest.raises(InvalidInputError, match="at most 20"):
        validate_prediction({f"metric_{i}": 1 for i in range(21)})


@pytest.mark.parametrize("confidence", [7.5, -1, math.inf, math.nan, "0.5", True])
def test_impossible_confidence_is_refused(confidence: object) -> None:
    """I8: a confidence is a probability."""
    with pytest.raises(InvalidInputError, match="confidence"):
        validate_confidence(confidence)


def test_possible_confidence() -> None:
    assert (validate_confidence(None), validate_confidence(0), validate_confidence(0.7)) == (None, 0.0, 0.7)


def test_what_can_be_predicted_can_be_measured() -> None:
    """I6: every predictable metric is one of a post; levels and unknown names are none."""
    assert {"reach", "views", "likes", "saved", "link_clicks", *RATES} <= predictable()
    assert predictable().isdisjoint({"followers", "video_length", "unfollows", *EVENTS})


def test_outcomes_are_kept_at_each_age() -> None:
    """I2: reach 100 on day 1 and 5,000 on day 7: both stay, and later readings change neither."""
    readings = [read("reach", 23, 100), read("reach", 167, 5000), read("reach", 670, 6000), read("reach", 2000, 9999)]
    found = outcomes(POST, readings, LONG_AFTER)
    assert {age: found[age]["reach"].value for age in AGES} == {"24h": 100, "7d": 5000, "28d": 6000}
    assert outcomes(POST, readings[:2], LONG_AFTER)["24h"] == found["24h"]


def test_back_filled_rows_change_nothing() -> None:
    """I3: the newest reading up to the age counts, in whatever order they come; one that is too old does not."""
    readings = [read("reach", hours, 10 * hours) for hours in (1, 20, 23.5, 24.5, 30, 150, 160)]
    found = outcomes(POST, Random(2).sample(readings, len(readings)), LONG_AFTER)
    assert (found["24h"]["reach"].value, found["7d"]["reach"].value) == (235, 1600)
    assert found["28d"] == {}
    assert outcomes(POST, [read("reach", 17, 9)], LONG_AFTER)["24h"] == {}
    daily = [outcomes(POST, [read("reach", hours, 9)], LONG_AFTER)["7d"] for hours in (131, 143.9, 168, 168.1)]
    assert [bool(found) for found in daily] == [False, True, True, False], "a run may be late by hours"


def test_an_age_that_has_not_passed_has_no_outcome() -> None:
    """I2: nothing is frozen too early."""
    readings = [read("reach", 23, 100), read("reach", 25, 120)]
    assert outcomes(POST, readings, PUBLISHED + timedelta(hours=23, minutes=59)) == {}
    assert set(outcomes(POST, readings, PUBLISHED + timedelta(days=7))) == {"24h", "7d"}


def test_rates_are_computed_from_the_same_readings() -> None:
    """I6, A12: in percent; without reach, or with a part missing, there is no rate."""
    parts = {"reach": 1000, "likes": 40, "comments": 5, "shares": 3, "saved": 2}
    whole = outcomes(POST, [read(name, 23, value) for name, value in parts.items()], LONG_AFTER)["24h"]
    assert {name: whole[name].value for name in RATES} == {
        "engagement_rate_on_reached": 5.0,
        "save_rate": 0.2,
        "share_rate": 0.3,
    }
    without = [read(name, 23, value) for name, value in parts.items() if name != "likes"]
    assert "engagement_rate_on_reached" not in outcomes(POST, without, LONG_AFTER)["24h"]
    assert "save_rate" not in outcomes(POST, [read("saved", 23, 2)], LONG_AFTER)["24h"]
    assert "save_rate" not in outcomes(POST, [read("saved", 23, 2), read("reach", 23, 0)], LONG_AFTER)["24h"]


def test_the_baseline_knows_no_future() -> None:
    """The median of the newest twenty known before the decision; none of fewer than five."""
    history = [(PUBLISHED + timedelta(days=i), float(i)) for i in range(30)]
    assert trailing_median(history, PUBLISHED + timedelta(days=25)) == 14.5
    assert trailing_median(reversed(history), PUBLISHED + timedelta(days=5)) == 2.0
    assert trailing_median(history, PUBLISHED + timedelta(days=4)) is None
    assert trailing_median([], PUBLISHED) is None


def case(
    post_id: int, prediction: Point | Quantiles | Chance, actual: float | None, baseline: float | None = 1
) -> Case:
    return Case(post_id=post_id, stage="angle", metric="reach", prediction=prediction, actual=actual, baseline=baseline)


def test_what_cannot_be_compared_is_left_out() -> None:
    """I4: without an outcome or a baseline there is no score, neither 0 nor 1; NaN is no perfect prediction."""
    point = Point(5.0)
    cases = [case(i, point, value) for i, value in enumerate((None, math.nan, math.inf, -1.0))]
    assert comparable([*cases, case(5, point, 1, None), case(6, Chance(0.5, 1), 1)]) == []
    good = case(7, Quantiles(1, 2, 3), 4)
    assert comparable([good, good]) == [(good, Quantiles(1, 2, 3), 4, 1)]


def test_chances_come_about_or_not() -> None:
    happened = [case(1, Chance(0.9, 100), 100), case(2, Chance(0.2, 100), 99), case(3, Chance(0.5, 100), None)]
    event = Case(post_id=4, stage="gate", metric="approved", prediction=Chance(0.7, None), actual=0)
    probabilities, came = chances([*happened, *happened, event])
    assert sorted(zip(probabilities, came, strict=True)) == [(0.2, False), (0.7, False), (0.9, True)]


@given(st.dictionaries(st.text(max_size=5) | st.sampled_from(["reach", "approved"]), st.from_type(object), max_size=3))
def test_any_input_is_taken_or_refused(predicted: dict[str, Any]) -> None:
    """I8: nothing else happens."""
    with suppress(InvalidInputError):
        assert set(validate_prediction(predicted)) == set(predicted)
