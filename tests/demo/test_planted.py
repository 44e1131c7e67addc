"""The parts that were planted are those by which the served numbers change."""

from datetime import date, datetime, timedelta
from math import log

import numpy as np
import pytest
from tests.demo.planted import planted_parts

from sophia.demo.meta.truth.attention import posting_exponent
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import BetterContent, Busier
from sophia.demo.meta.world.pacific import days_between
from sophia.demo.meta.world.world import World, build_world

MONDAY = date(2026, 11, 9)
WEEK, EARLIER = (days_between(first, first + timedelta(days=6)) for first in (MONDAY, MONDAY - timedelta(days=7)))
BETTER, BUSIER = 4, 5


def planted_world(now: datetime, seed: int = 7) -> World:
    better, busier = BetterContent(BETTER, MONDAY, 1.6), Busier(BUSIER, MONDAY)
    return build_world(seed, 14, 60, 60, now=now, better_content=better, busier=busier)


def test_each_cause_is_its_own_part(world: World) -> None:
    """Better content is people, publishing twice as much is posting, the algorithm change is platform: and nothing else."""
    planted = planted_world(world.built_at)
    change = planted.algorithm_change.day
    around = [
        days_between(change + timedelta(days=7 * side), change + timedelta(days=7 * side + 6)) for side in (-1, 0)
    ]
    for business in planted.businesses:
        for account in (business.page, business.instagram):
            found = planted_parts(planted, account, EARLIER, WEEK)
            assert found.platform == pytest.approx(0.0)
            exponent = posting_exponent(planted, account)
            assert 0.2 <= exponent <= 0.8
            assert found.posting == pytest.approx(exponent * log(2) if business.number == BUSIER else 0.0)
            assert found.people == pytest.approx(log(1.6) if business.number == BETTER else 0.0)
            # What is left is growth: between 10 % less and 35 % more in a year.
            assert -0.1 / 52 <= found.distribution <= 0.35 / 52 or business.number < 3
            assert planted_parts(planted, account, *around).platform == pytest.approx(log(0.8))


def test_a_change_within_a_window_does_a_part(world: World) -> None:
    """Of a week into which the change falls, so much is less as was looked at after it."""
    change = world.algorithm_change.day
    before, after = (
        days_between(change - timedelta(days=3 + back), change + timedelta(days=3 - back)) for back in (7, 0)
    )
    assert log(0.8) < planted_parts(world, world.pages[2], before, after).platform < 0.0


def test_the_parts_make_the_numbers(world: World) -> None:
    """Together they are the change of the served engagements but for chance, which is none on average."""
    left = []
    for seed in range(5):
        truth = Truth(planted_world(world.built_at, seed))
        for page in truth.world.pages[:-1]:  # the last is so small that whole numbers are coarse
            sums = [
                sum(truth.page_figures(page, day, world.built_at).reactions for day in days) for days in (EARLIER, WEEK)
            ]
            parts = planted_parts(truth.world, page, EARLIER, WEEK)
            whole = parts.platform + parts.distribution + parts.posting + parts.people
            left.append(log(sums[1] / sums[0]) - whole)
    assert max(map(abs, left)) < 0.35
    assert np.mean(left) == pytest.approx(0.0, abs=0.03)
