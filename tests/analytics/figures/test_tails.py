"""Tails of counts, against their exact probabilities added up one by one."""

from math import exp, lgamma, log
from statistics import NormalDist

import numpy as np
import pytest

from sophia.analytics.figures.statistics import count_scores, student_scores


def exact(count: int, mean: float, dispersion: float) -> float:
    """Z of the mid-p tail of a negative binomial variable."""
    size = 1 / dispersion

    def probability(k: int) -> float:
        logs = lgamma(size + k) - lgamma(size) - lgamma(k + 1) + size * log(size / (size + mean))
        return exp(logs + (k * log(mean / (size + mean)) if k else 0.0))

    below = sum(probability(k) for k in range(count)) + probability(count) / 2
    if below < 0.5:
        return NormalDist().inv_cdf(below)
    above = sum(probability(k) for k in range(count + 1, count + 3000)) + probability(count) / 2
    return -NormalDist().inv_cdf(above)


@pytest.mark.parametrize(
    ("count", "mean", "dispersion"),
    [(0, 0.3, 0.2), (6, 0.3, 0.2), (0, 3, 0.1), (18, 3, 0.1), (0, 20, 0.3), (127, 20, 0.3), (20, 100, 0.05), (258, 100, 0.05), (98, 100, 0.05), (87, 50, 1e-6), (75, 5, 1.0)],
)  # fmt: skip
def test_counts(count: int, mean: float, dispersion: float) -> None:
    found = count_scores(np.array([float(count)]), np.array([mean]), np.array([dispersion]))[0]
    assert found == pytest.approx(exact(count, mean, dispersion), abs=0.03)


def test_no_tail_is_infinite() -> None:
    counts, means = np.array([0.0, 1e9, 0.0, 5.0]), np.array([1e9, 1e-3, 1e-3, 5.0])
    found = count_scores(counts, means, np.array([1e-7, 1e-7, 1e-7, 0.1]))
    assert np.isfinite(found).all()
    assert found[0] < -8
    assert found[1] > 8


@pytest.mark.parametrize(
    ("t", "freedom", "z"), [(3.0, 3.0, 1.898), (5.0, 5.0, 2.870), (4.0, 30.0, 3.552), (-2.0, 4.0, -1.572)]
)
def test_students_t(t: float, freedom: float, z: float) -> None:
    """Values of z are those of tables of the t distribution."""
    assert student_scores(np.array([t]), np.array([freedom]))[0] == pytest.approx(z, abs=0.02)
