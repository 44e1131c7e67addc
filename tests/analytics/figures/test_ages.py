"""Values at fixed ages: interpolated between close readings, otherwise missing with the reason."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from sophia.analytics.figures.ages import (
    AGES,
    COMPARED_AGES,
    WIDEST_BRACKET,
    CounterReading,
    SeriesReading,
    compared_age,
    merge_series,
    value_at_age,
    written_age,
)

PUBLISHED = datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = PUBLISHED + 60 * DAY


def read(*pairs: tuple[timedelta, float]) -> list[CounterReading]:
    return [CounterReading(PUBLISHED + age, value) for age, value in pairs]


def test_a_value_between_two_readings_is_interpolated() -> None:
    """Readings at 6.75 and 7.75 days: a quarter of the way from 100 to 120 is 105."""
    aged = value_at_age(read((6 * DAY + 18 * HOUR, 100), (7 * DAY + 18 * HOUR, 120)), PUBLISHED, 7 * DAY, LATER)
    assert (aged.value, aged.reason) == (105.0, None)


def test_a_reading_at_the_age_is_the_value() -> None:
    readings = read((20 * HOUR, 7), (24 * HOUR, 9), (30 * HOUR, 50))
    assert value_at_age(readings, PUBLISHED, DAY, LATER).value == 9


def test_equal_readings_hold_in_between_however_far_apart() -> None:
    readings = read((2 * DAY, 40), (12 * DAY, 40))
    assert value_at_age(readings, PUBLISHED, 7 * DAY, LATER).value == 40


@pytest.mark.parametrize(
    ("readings", "now", "reason"),
    [
        ([], PUBLISHED + 6 * DAY, "The post is younger than 7 days."),
        (read((9 * DAY, 5)), LATER, "The post was not read shortly before an age of 7 days."),
        (
            read((6 * DAY, 5)),
            PUBLISHED + 8 * DAY,
            "The post has not been read since it reached an age of 7 days.",
        ),
        (read((6 * DAY, 5)), LATER, "The post was not read shortly after an age of 7 days."),
        (
            read((5 * DAY, 5), (8 * DAY, 9)),
            LATER,
            "The readings around an age of 7 days are 3 days apart.",
        ),
    ],
)
def test_without_close_readings_the_value_is_missing(
    readings: list[CounterReading], now: datetime, reason: str
) -> None:
    aged = value_at_age(readings, PUBLISHED, 7 * DAY, now)
    assert (aged.value, aged.reason) == (None, reason)


@pytest.mark.parametrize("age", AGES.values())
@pytest.mark.parametrize(
    "growth",
    [
        *(lambda hours, scale=scale: 1 - math.exp(-hours / scale) for scale in (4, 24, 72, 400)),
        *(lambda hours, scale=scale: math.log1p(hours / scale) for scale in (1, 6, 48)),
    ],
)
def test_interpolation_errs_by_less_than_one_percent(growth: object, age: timedelta) -> None:
    """The widest bracket, at any position around the age, against the curve that the post really followed."""
    assert callable(growth)
    width, hours = WIDEST_BRACKET * age, age / HOUR
    for step in range(11):
        first = age - width * step / 10
        readings = read(*((moment, growth(moment / HOUR)) for moment in (first, first + width)))
        aged = value_at_age(readings, PUBLISHED, age, LATER)
        assert aged.value is not None
        assert abs(float(aged.value) / growth(hours) - 1) < 0.01


def test_the_series_of_a_counter_are_added_where_they_were_read() -> None:
    """Loves appear on the second day; likes are unchanged in the second answer, which left no row of them."""
    moments = [PUBLISHED + hours * HOUR for hours in (1, 2, 3)]
    likes = [SeriesReading(1, "media", moments[0], 5), SeriesReading(1, "media", moments[2], 8)]
    loves = [SeriesReading(2, "media", moments[1], 2)]
    evidence = [("media", moment) for moment in moments] + [("comments", PUBLISHED + 90 * HOUR)]
    merged = merge_series([*loves, *likes], evidence)
    assert merged == [CounterReading(moments[0], 5), CounterReading(moments[1], 7), CounterReading(moments[2], 10)]


def test_two_periods_are_compared_at_the_largest_age_that_is_settled() -> None:
    """An age counts once no later reading can change its value: 1.3 ages after publication."""
    now = PUBLISHED + 10 * DAY
    assert compared_age([PUBLISHED, PUBLISHED - 7 * DAY], now) == 7 * DAY
    assert compared_age([PUBLISHED, now - 31 * HOUR], now) is not None
    assert compared_age([now - timedelta(hours=31.2)], now) == DAY
    assert compared_age([now - timedelta(hours=31.1)], now) == 12 * HOUR
    assert compared_age([now - 5 * HOUR], now) is None
    assert compared_age([], now) is None
    assert list(COMPARED_AGES) == sorted(COMPARED_AGES, reverse=True)


def test_ages_are_written_in_hours_and_days() -> None:
    assert [written_age(age) for age in (6 * HOUR, DAY, 2 * DAY, 28 * DAY)] == [
        "6 hours",
        "24 hours",
        "2 days",
        "28 days",
    ]
