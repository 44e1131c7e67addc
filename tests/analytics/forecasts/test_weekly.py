"""Forecasts of weekly series: no look ahead, trends and seasons, unknown weeks, and intervals and chances that hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophia.analytics.forecasts.intervals import past_errors, spread_of
from sophia.analytics.forecasts.points import Floats, candidates, combine, flat, season, trending
from sophia.analytics.forecasts.weekly import chance_of_level, chance_of_total, fit, outlook

Generator = np.random.Generator


def noisy(random: Generator, weeks: int, spread: float = 0.3, level: float = 1000.0) -> Floats:
    return np.asarray(np.round(level * np.exp(random.normal(0, spread, weeks))), dtype=np.float64)


@given(st.integers(0, 10**6), st.integers(60, 130))
@settings(max_examples=20, deadline=None)
def test_a_forecast_uses_no_later_week(seed: int, cut: int) -> None:
    random = np.random.default_rng(seed)
    logs = np.cumsum(random.normal(0, 0.2, 156))
    logs[random.random(156) < 0.05] = np.nan
    for is_level in (False, True):
        every = candidates(logs, 12, is_level=is_level)
        early = candidates(logs[:cut], 12, is_level=is_level)
        np.testing.assert_allclose(every[:, :cut], early, atol=1e-12)
        np.testing.assert_allclose(combine(logs, every)[:cut], combine(logs[:cut], early), atol=1e-9)


def test_smoothing_by_hand() -> None:
    """Gain 0.5: 10; the mean of 10 and 20; then halfway to 40; an unknown week keeps the level."""
    levels = flat(np.array([10.0, 20.0, 40.0, np.nan]), 0.5, 2)
    np.testing.assert_allclose(levels, np.array([[10, 10], [15, 15], [27.5, 27.5], [27.5, 27.5]]))


def test_a_trend_by_hand() -> None:
    """Gain 1, slope gain 0.5, damping 0.9: after 10 and 20 the slope is 5, and the next weeks add 4.5 and 4.05."""
    forecasts = trending(np.array([10.0, 20.0]), 1.0, 0.5, 0.9, 2)
    np.testing.assert_allclose(forecasts[1], [20 + 4.5, 20 + 4.5 + 4.05])


def test_the_season_is_the_change_of_last_year() -> None:
    logs = np.zeros(60)
    logs[10] = 1.0
    changes = season(logs, 0, 5)
    # A year before week 59 is week 7, and week 10 came three weeks later.
    np.testing.assert_allclose(changes[59], [0, 0, 1, 0, 0])
    np.testing.assert_allclose(changes[53], 0)


def test_a_constant_series_stays() -> None:
    fitted = fit(np.full(40, 500.0), 8)
    assert fitted is not None
    result = outlook(fitted)
    assert result is not None
    np.testing.assert_allclose(result.middle, 500, rtol=1e-6)
    np.testing.assert_allclose(result.high - result.low, 0, atol=0.1)


def test_followers_keep_their_growth() -> None:
    """1 % a week: in ten weeks about 10 % more, and within the interval."""
    followers = 1000 * np.asarray(1.01 ** np.arange(60), dtype=np.float64)
    fitted = fit(followers, 10, is_level=True)
    assert fitted is not None
    result = outlook(fitted)
    assert result is not None
    truth = followers[-1] * 1.01**10
    assert result.middle[-1] == pytest.approx(truth, rel=0.02)
    assert chance_of_level(fitted, 10, followers[-1] * 1.2) == pytest.approx(0.02, abs=0.02)


def test_few_weeks_have_no_forecast() -> None:
    values = np.full(30, np.nan)
    values[:9] = 5.0
    assert fit(values, 4) is None
    values[9] = 5.0
    assert fit(values[:13], 4) is not None
    # The newest value is five weeks old.
    assert fit(values[:15], 4) is None


def test_unknown_weeks_are_no_zeros() -> None:
    random = np.random.default_rng(3)
    values = noisy(random, 60)
    gaps = values.copy()
    gaps[[20, 33, 34, 58]] = np.nan
    complete, with_gaps = fit(values, 6), fit(gaps, 6)
    assert complete is not None
    assert with_gaps is not None
    first, second = outlook(complete), outlook(with_gaps)
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(second.middle, first.middle, rtol=0.15)


def test_errors_are_those_of_weeks_that_came() -> None:
    logs = np.arange(8.0)
    errors = past_errors(logs, np.zeros((8, 3)))
    assert np.isnan(errors[:4]).all()
    np.testing.assert_allclose(errors[4], [5, 6, 7])
    np.testing.assert_allclose(errors[6, 0], 7)
    assert np.isnan(errors[6, 1:]).all()
    assert np.isnan(errors[7]).all()
    assert spread_of(errors[:6]) is None


def test_intervals_hold_in_four_of_five_weeks() -> None:
    """Independent weeks: the share of 1,200 forecasts inside is 80 % within its chance error and the small-sample margin."""
    inside = []
    for seed in range(150):
        values = noisy(np.random.default_rng(seed), 48)
        fitted = fit(values[:40], 8)
        assert fitted is not None
        result = outlook(fitted)
        assert result is not None
        inside.append((result.low <= values[40:]) & (values[40:] <= result.high))
    assert 0.75 <= np.mean(inside) <= 0.87


def test_chances_are_how_often_it_happens() -> None:
    """Totals of six weeks against a target that half of them reach, and one that a tenth reaches."""
    for target, share in ((6 * 1046.0, 0.5), (6 * 1046.0 * 1.17, 0.1)):
        chances, reached = [], []
        for seed in range(120):
            values = noisy(np.random.default_rng(seed), 56)
            fitted = fit(values[:50], 6)
            assert fitted is not None
            chance = chance_of_total(fitted, np.ones(6), target)
            assert chance is not None
            chances.append(chance)
            reached.append(values[50:].sum() >= target)
        assert np.mean(reached) == pytest.approx(share, abs=0.1)
        # A forecast that follows changes overstates the spread of independent weeks.
        assert np.mean(chances) == pytest.approx(np.mean(reached), abs=0.17)


def test_a_chance_falls_with_the_target_and_is_never_certain() -> None:
    fitted = fit(noisy(np.random.default_rng(1), 60), 4)
    assert fitted is not None
    chances = [
        chance_of_total(fitted, np.array([1.0, 1.0, 1.0, 0.5]), target) for target in (0, 2000, 3500, 5000, 10**6)
    ]
    assert all(chance is not None for chance in chances)
    numbers = [chance for chance in chances if chance is not None]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] >= 0.95
    assert numbers[-1] == 0.02


def test_a_chance_needs_past_totals() -> None:
    """Of eleven weeks only errors of one week are known: they serve for eight weeks, not for nine."""
    fitted = fit(noisy(np.random.default_rng(1), 11), 9)
    assert fitted is not None
    assert chance_of_total(fitted, np.ones(9), 1.0) is None
    assert chance_of_total(fitted, np.ones(8), 1.0) is not None
    tenth = fit(noisy(np.random.default_rng(1), 10), 1)
    assert tenth is not None
    assert chance_of_total(tenth, np.ones(1), 1.0) is None
