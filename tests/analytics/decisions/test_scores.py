"""Scores of predictions, to the digits of a worked example, and how often they mislead."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.decisions.scores import (
    ENOUGH,
    NO_SCORES,
    PERFECT_BASELINE,
    Quantiles,
    Verdict,
    brier,
    brier_skill,
    interval_score,
    log_error,
    paired_skill,
    reliability,
    skill,
    spearman,
    typical_factor,
    verdict,
    weighted_interval_score,
)
from sophia.analytics.figures.figures import Figure, FigureUnit, Interval

Y = (100, 40, 250, 10, 60)
Q10, Q50, Q90 = (60, 30, 100, 5, 20), (90, 50, 150, 10, 40), (130, 80, 220, 20, 90)
BASELINE = 70
CHANCES = (0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.6, 0.8)
CAME = (True, True, False, True, False, False, False, True)
COUNTS = st.integers(0, 10**6)


def pinball(actual: float, predicted: float, level: float) -> float:
    """The loss of a predicted quantile; 0 is best."""
    return max(level * (actual - predicted), (level - 1) * (actual - predicted))


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


@pytest.mark.parametrize(("quantiles", "level", "loss"), [(Q10, 0.1, 4.9), (Q50, 0.5, 14.0), (Q90, 0.9, 7.6)])
def test_pinball(quantiles: tuple[int, ...], level: float, loss: float) -> None:
    """Worked numbers."""
    assert mean([pinball(y, q, level) for y, q in zip(Y, quantiles, strict=True)]) == pytest.approx(loss)


def test_interval_scores() -> None:
    """Worked numbers: one of five falls outside."""
    spreads = [Quantiles(*spread) for spread in zip(Q10, Q50, Q90, strict=True)]
    wis = [weighted_interval_score(y, spread) for y, spread in zip(Y, spreads, strict=True)]
    assert wis == pytest.approx([8, 6.6667, 61.3333, 1, 11.3333], abs=5e-5)
    assert mean(wis) == pytest.approx(17.6667, abs=5e-5)
    assert mean([interval_score(y, s.q10, s.q90) for y, s in zip(Y, spreads, strict=True)]) == pytest.approx(125.0)
    assert sum(s.q10 <= y <= s.q90 for y, s in zip(Y, spreads, strict=True)) == 4


def test_skill() -> None:
    """Worked numbers: 28 against 62, and on logarithms."""
    errors, usual = [abs(y - q) for y, q in zip(Y, Q50, strict=True)], [abs(y - BASELINE) for y in Y]
    assert (mean(list(map(float, errors))), mean(list(map(float, usual)))) == (28, 62)
    assert skill(errors, usual) == pytest.approx(0.5484, abs=5e-5)
    logs = [abs(log_error(y, q)) for y, q in zip(Y, Q50, strict=True)]
    assert skill(logs, [abs(log_error(y, BASELINE)) for y in Y]) == pytest.approx(0.7063, abs=5e-5)
    assert spearman(Y, Q50) == pytest.approx(0.900)


def test_probabilities() -> None:
    """Worked numbers; the bins hold each case once."""
    assert brier(CHANCES, CAME) == pytest.approx(0.15375)
    assert brier_skill(CHANCES, CAME) == pytest.approx(0.385)
    bins = reliability(CHANCES, CAME)
    assert [(one.low, one.n, one.observed) for one in bins] == [(0.2, 2, 0.0), (0.6, 3, 1 / 3), (0.8, 3, 1.0)]
    assert all(one.low <= one.predicted <= one.high for one in bins)
    assert all(one.interval.low <= one.observed <= one.interval.high for one in bins)
    assert reliability([1.0], [True])[0].high == 1.0


def test_skill_of_probabilities_is_against_the_usual_share() -> None:
    """I4: always saying what is usual has no skill, also where it is not one half: b (1 − b) is its error."""
    came = (True, False, False, False)
    assert brier_skill((0.25,) * 4, came) == pytest.approx(0)
    assert brier_skill((0.5, 0.0, 0.0, 0.0), came) == pytest.approx(1 - 0.0625 / 0.1875)


def test_twice_is_as_far_off_as_half() -> None:
    """I4: over-delivery is no failure; 2 × the prediction is off by the same factor as ½."""
    assert log_error(199, 99) == -log_error(99, 199) == pytest.approx(math.log(2))
    assert typical_factor([math.log(2), -math.log(2), 0.1]) == pytest.approx(2)


def test_nothing_to_score() -> None:
    """I4: no cases are no score of 0."""
    assert (typical_factor([]), brier([], []), brier_skill([], []), skill([], [])) == (None, None, None, None)
    assert brier_skill([0.5], [True]) is None
    assert (reliability([], []), spearman([1, 2], [1, 2]), spearman([1, 1, 1], [1, 2, 3])) == ((), None, None)
    assert paired_skill([], [], []).reason == NO_SCORES
    assert paired_skill([1.0], [0.0], [1]).reason == PERFECT_BASELINE
    assert paired_skill([1.0], [2.0], [1]).interval is None
    for wrong in (spearman, skill):
        with pytest.raises(ValueError, match="pairs"):
            wrong([1], [1, 2])


@given(COUNTS, COUNTS)
def test_a_point_is_scored_by_its_error(actual: int, predicted: int) -> None:
    point = Quantiles(predicted, predicted, predicted)
    assert weighted_interval_score(actual, point) == pytest.approx(abs(actual - predicted))


@given(COUNTS, st.tuples(COUNTS, COUNTS, COUNTS).map(sorted))
def test_the_interval_score_is_that_of_its_quantiles(actual: int, spread: list[int]) -> None:
    """Two ways to write one score: a third of twice the pinball losses."""
    losses = [pinball(actual, q, level) for q, level in zip(spread, (0.1, 0.5, 0.9), strict=True)]
    assert weighted_interval_score(actual, Quantiles(*spread)) == pytest.approx(2 * sum(losses) / 3)


@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=3, max_size=30))
def test_ranks_do_not_depend_on_scale(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    found = spearman(first, second)
    assert found is None or -1 - 1e-9 <= found <= 1 + 1e-9
    assert spearman([x**3 for x in first], second) == found


def normal(random: Random, spread: float, count: int) -> list[float]:
    return [abs(random.gauss(0, spread)) for _ in range(count)]


def test_the_interval_is_the_same_every_time() -> None:
    """And in any order; what belongs to one post is drawn together, so it is not taken for more evidence."""
    random = Random(1)
    scores, usual = normal(random, 1, 30), normal(random, 2, 30)
    found = paired_skill(scores, usual, range(30))
    order = random.sample(range(30), 30)
    assert paired_skill([scores[i] for i in order], [usual[i] for i in order], order) == found
    copied = paired_skill(scores * 4, usual * 4, [*range(30)] * 4)
    assert copied.n == 30
    assert tuple(copied.interval or ()) == pytest.approx(tuple(found.interval or ()))


def test_luck_is_seldom_called_skill() -> None:
    """Of predictions that are as good as history, about one in twenty is said to be better or worse; true skill is seen."""
    random = Random(7)
    called = sum(
        verdict(paired_skill(normal(random, 1, 15), normal(random, 1, 15), range(15), seed))
        is not Verdict.NOT_ENOUGH_EVIDENCE
        for seed in range(300)
    )
    assert 2 <= called <= 30
    seen = sum(
        verdict(paired_skill(normal(random, 1, 30), normal(random, 3, 30), range(30), seed)) is Verdict.BETTER
        for seed in range(50)
    )
    assert seen >= 48


@pytest.mark.parametrize(
    ("low", "high", "n", "said"),
    [
        (0.1, 0.5, ENOUGH, Verdict.BETTER),
        (0.1, 0.5, ENOUGH - 1, Verdict.NOT_ENOUGH_EVIDENCE),
        (-0.1, 0.5, 500, Verdict.NOT_ENOUGH_EVIDENCE),
        (-0.5, -0.1, ENOUGH, Verdict.WORSE),
        (0.0, 0.5, ENOUGH, Verdict.NOT_ENOUGH_EVIDENCE),
    ],
)
def test_verdicts(low: float, high: float, n: int, said: Verdict) -> None:
    """I5: only with enough posts, and an interval that leaves 0 out."""
    assert verdict(Figure(value=0.0, unit=FigureUnit.RATIO, n=n, interval=Interval(low, high))) is said
    assert verdict(Figure(value=0.9, unit=FigureUnit.RATIO, n=n)) is Verdict.NOT_ENOUGH_EVIDENCE
