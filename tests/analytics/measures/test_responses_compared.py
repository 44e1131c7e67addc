"""Who is named among many is no chance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.measures.drivers import DriverSplit, Part
from sophia.analytics.measures.responses_compared import really_moved


def split(people: Part | None) -> DriverSplit:
    return DriverSplit(1, None, None, None, None, people, 9, 5, (7, 7), {})


def around(log: float, half: float = 0.2) -> DriverSplit:
    return split(Part(log, log - half, log + half))


def test_only_who_stands_out_is_named() -> None:
    """H12: one that improved, one that got worse, and eighteen that did neither, one of them by chance beyond zero."""
    splits = [around(0.05 * (-1) ** number) for number in range(17)] + [around(0.6), around(-0.7), around(0.21)]
    assert really_moved(splits) == (17, 18)


def test_without_scatter_nobody_is_named() -> None:
    assert really_moved([]) == ()
    assert really_moved([split(None), split(Part(3.0, None, None)), split(Part(0.0, 0.0, 0.0))]) == ()


def test_one_in_a_hundred_is_chance() -> None:
    """Of 4,000 portfolios of 20 in which nothing happened, few name anybody: one in a hundred, not one in three."""
    random = np.random.default_rng(5)
    named = [
        bool(really_moved([around(float(log), 1.96 * 0.1) for log in random.normal(0.0, 0.1, 20)])) for _ in range(4000)
    ]
    assert 0.003 < np.mean(named) < 0.02


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=30), st.integers(0, 29))
def test_signs_do_not_matter(logs: list[float], place: int) -> None:
    """Turning one change around names the same clients."""
    turned = [-log if number == place else log for number, log in enumerate(logs)]
    assert really_moved([around(log) for log in logs]) == really_moved([around(log) for log in turned])
