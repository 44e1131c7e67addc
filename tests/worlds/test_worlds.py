"""The invented portfolios: reproducible, complete, and with a truth that adds up and reacts to single causes only."""

from datetime import date

import numpy as np
import pytest
from benchmarks.worlds import KINDS, SCENARIOS, World, parts_between, parts_of_weeks, portfolio, window_starts
from benchmarks.worlds.calendars import easter, public_holidays
from benchmarks.worlds.clients import Saturation

DAYS = 182


@pytest.fixture(scope="module", params=sorted(SCENARIOS))
def world(request: pytest.FixtureRequest) -> World:
    return portfolio(request.param, 6, 5, days=DAYS, platform="instagram")


def test_the_same_arguments_return_the_same_world(world: World) -> None:
    again = portfolio(world.scenario, 6, 5, days=DAYS, platform="instagram")
    other = portfolio(world.scenario, 6, 6, days=DAYS, platform="instagram")
    np.testing.assert_array_equal(again.observed.views, world.observed.views)
    np.testing.assert_array_equal(again.observed.posts.interactions, world.observed.posts.interactions)
    assert not np.array_equal(other.truth.true_views, world.truth.true_views)


@pytest.mark.parametrize("days", [7, 28])
def test_the_parts_add_up_to_the_change_of_organic_interactions(world: World, days: int) -> None:
    parts = parts_of_weeks(world, days)
    for week, start in enumerate(window_starts(world, days)):
        later = world.truth.true_interactions[:, start : start + days].sum(axis=1)
        earlier = world.truth.true_interactions[:, start - days : start].sum(axis=1)
        happened = (later > 0) & (earlier > 0)
        change = np.log(later[happened] / earlier[happened])
        np.testing.assert_allclose(parts.five()[happened, week].sum(axis=-1), change, atol=1e-9)
        np.testing.assert_allclose(parts.four()[happened, week].sum(axis=-1), change, atol=1e-9)


def test_observed_days_are_the_true_counts_or_missing(world: World) -> None:
    observed, truth = world.observed, world.truth
    stored = ~np.isnan(observed.views)
    assert stored.mean() > 0.9
    np.testing.assert_array_equal(observed.views[stored], (truth.true_views + truth.true_paid_views)[stored])
    assert (observed.reach[stored] <= observed.views[stored]).all()
    assert (observed.interactions[stored] <= observed.views[stored]).all()


def test_counts_of_posts_grow_with_age_and_end_with_the_world(world: World) -> None:
    posts = world.observed.posts
    assert set(np.unique(posts.kind)) <= set(range(len(KINDS["instagram"])))
    known = ~np.isnan(posts.views)
    age_ends = posts.day[:, None] + np.arange(1, posts.views.shape[1] + 1) + (posts.hour > 0)[:, None]
    np.testing.assert_array_equal(known, age_ends <= DAYS)
    assert (np.diff(posts.views, axis=1)[known[:, 1:]] >= 0).all()
    assert (posts.paid_views[known] <= posts.views[known]).all()


def test_posts_and_days_agree() -> None:
    """What posts gather on the days of their lives, with visits of profiles, is what the accounts gather."""
    world = portfolio("calm", 4, 2, days=DAYS)
    posts = world.observed.posts
    settled = slice(60, DAYS - 60)
    of_posts = np.nansum(posts.views[:, -1][(posts.day >= 60) & (posts.day < DAYS - 60)])
    of_days = world.truth.true_views[:, settled].sum()
    assert 0.7 * of_days < of_posts < 1.05 * of_days


def test_nothing_happens_in_the_null_world() -> None:
    world = portfolio("null", 5, 3, days=DAYS)
    for days in (7, 28):
        parts = parts_of_weeks(world, days)
        for part in (parts.platform, parts.posting, parts.calendar, parts.paid):
            np.testing.assert_allclose(part, 0, atol=1e-9)
        counted = np.stack(
            [world.truth.true_interactions[:, s - days : s + days].sum(1) for s in window_starts(world, days)], axis=1
        )
        assert (np.abs(parts.people - parts.response_luck) < 12 / np.sqrt(counted)).all()


def test_a_cause_moves_its_part_only() -> None:
    calm = parts_of_weeks(portfolio("calm", 8, 4, days=DAYS), 28)
    shocked = portfolio("platform_shock", 8, 4, days=DAYS)
    parts = parts_of_weeks(shocked, 28)
    assert np.abs(parts.platform).max() > 2 * np.abs(calm.platform).max()
    assert np.abs(parts.calendar).max() < 0.15
    follow = shocked.mechanism.platform
    for week, start in enumerate(window_starts(shocked, 28)):
        expected = follow[:, start : start + 28].mean(axis=1) - follow[:, start - 28 : start].mean(axis=1)
        np.testing.assert_allclose(parts.platform[:, week], expected, atol=0.12)


def test_a_platform_that_treats_kinds_differently_has_no_part_once_it_stays() -> None:
    world = portfolio("format_shock", 6, 8, days=DAYS)
    truth = world.truth
    constant = np.ptp(truth.platform_by_source - truth.platform_by_source[:, -1:], axis=2)
    assert constant.max() > 0.2
    same = parts_between(world, 40, 40, 7)
    np.testing.assert_allclose(same.five(), 0, atol=1e-12)


def test_saturation_is_relative_to_the_usual_number() -> None:
    power = Saturation("power", 0.5, 4.0)
    np.testing.assert_allclose(power.per_post(np.array([1.0, 4.0, 16.0])), [2, 1, 0.5])
    assert power.exponent == pytest.approx(0.5)
    capped = Saturation("capped", 1.5, 4.0)
    np.testing.assert_allclose(capped.per_post(np.array([2.0, 6.0, 12.0])), [1, 1, 0.55])
    assert capped.exponent == pytest.approx(1)
    assert 0 < Saturation("logarithm", 1.0, 4.0).exponent < 1


@pytest.mark.parametrize(
    ("year", "day"), [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2038, date(2038, 4, 25))]
)
def test_easter(year: int, day: date) -> None:
    assert easter(year) == day


def test_movable_holidays() -> None:
    assert date(2025, 11, 27) in public_holidays("US", 2025)
    assert date(2025, 5, 26) in public_holidays("GB", 2025)
    assert date(2025, 6, 9) in public_holidays("DE", 2025)
