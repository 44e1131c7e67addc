"""Medians of everybody else, against the plain way of computing them one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophia.analytics.figures.statistics import Floats, others_medians


def one_by_one(values: Floats, weights: Floats) -> Floats:
    found = np.full(weights.shape, np.nan)
    for row, (line, mine) in enumerate(zip(weights, np.broadcast_to(values, weights.shape), strict=True)):
        for place in range(len(mine)):
            rest = np.delete(np.arange(len(mine)), place)
            order = rest[np.argsort(mine[rest])]
            places = np.cumsum(line[order]) - line[order] / 2
            found[row, place] = np.interp(line[order].sum() / 2, places, mine[order])
    return found


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 40), each_its_own=st.booleans())
def test_the_same_as_one_by_one(seed: int, count: int, *, each_its_own: bool) -> None:
    random = np.random.default_rng(seed)
    values, weights = random.normal(size=(7, count) if each_its_own else count), random.exponential(size=(7, count))
    found = others_medians(values, weights)
    assert found == pytest.approx(one_by_one(values, weights), abs=1e-9)
    assert others_medians(-values, weights) == pytest.approx(-found, abs=1e-9)


def test_equal_weights_give_the_usual_median() -> None:
    values = np.array([5.0, 1.0, 9.0, 3.0])
    assert others_medians(values, np.ones((1, 4))).tolist() == [[3.0, 5.0, 3.0, 5.0]]


def test_nobody_else() -> None:
    assert np.isnan(others_medians(np.array([1.0]), np.ones((2, 1)))).all()
