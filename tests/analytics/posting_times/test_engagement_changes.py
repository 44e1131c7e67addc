"""Who is named among many is no chance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.drivers.drivers import Part
from sophia.analytics.figures.statistics import student_95
from sophia.analytics.posting_times.engagement_changes import EngagementChange, significant_changes

MANY = (9000.0, 9000.0)


def around(
    log: float, half: float = 0.15, *, units: int = 7, engagements: tuple[float, float] = MANY
) -> EngagementChange:
    return EngagementChange(Part(log, log - half, log + half), units, engagements)


def test_only_who_stands_out_is_named() -> None:
    """H12: one that improved, one that got worse, and eighteen that did neither, one of them by chance beyond zero."""
    clients = [around(0.05 * (-1) ** number) for number in range(17)] + [around(0.6), around(-0.7), around(0.18)]
    assert significant_changes(clients) == (17, 18)


def test_a_handful_of_reactions_is_no_news() -> None:
    """Three reactions more on twenty: the days may agree with each other, the counts say nothing."""
    assert significant_changes([around(0.35, 0.05, engagements=(20.0, 28.0))]) == ()
    assert significant_changes([around(0.35, 0.05)]) == (0,)


def test_what_is_sure_and_small_is_not_named() -> None:
    assert significant_changes([around(0.05, 0.005)]) == ()


def test_without_scatter_nobody_is_named() -> None:
    assert significant_changes([]) == ()
    assert (
        significant_changes([EngagementChange(None, 7, MANY), EngagementChange(Part(3.0, None, None), 7, MANY)]) == ()
    )
    assert significant_changes([around(3.0, units=1), around(3.0, engagements=(0.0, 5.0))]) == ()


def test_who_is_named_by_chance() -> None:
    """Of 2,000 portfolios of 20 in which nothing happened, some one in a hundred names anybody, and not two in three."""
    random = np.random.default_rng(5)
    named = 0
    for logs, spreads in zip(random.normal(0, 0.2, (2000, 20)), random.chisquare(6, (2000, 20)), strict=True):
        halves = student_95(6) * 0.2 * np.sqrt(spreads / 6)
        named += bool(
            significant_changes([around(float(log), float(half)) for log, half in zip(logs, halves, strict=True)])
        )
    assert 4 < named < 40


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=30), st.integers(0, 29))
def test_signs_do_not_matter(logs: list[float], place: int) -> None:
    """Turning one change around names the same clients."""
    turned = [-log if number == place else log for number, log in enumerate(logs)]
    assert significant_changes([around(log) for log in logs]) == significant_changes([around(log) for log in turned])
