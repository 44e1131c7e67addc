"""Estimates from small samples, to the digits of worked examples, and what must hold for any sample."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.figures.statistics import median, percentages, quantile, shrunk_share, wilson, wilson_percent

COUNTS = st.dictionaries(st.text(max_size=4), st.integers(0, 10**9), max_size=30)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"), [(4, 5, 0.3755, 0.9638), (0, 3, 0, 0.5615), (70, 100, 0.6042, 0.7811)]
)
def test_wilson(successes: int, trials: int, low: float, high: float) -> None:
    """Worked numbers."""
    assert tuple(wilson(successes, trials) or ()) == pytest.approx((low, high), abs=5e-5)
    assert tuple(wilson_percent(successes, trials) or ()) == pytest.approx((100 * low, 100 * high), abs=5e-3)


def test_shares_are_shrunk() -> None:
    """Worked numbers: 3/5, 18/30 and 45/60 towards 66/95 with κ = 10."""
    found = [shrunk_share(successes, trials, 66 / 95) for successes, trials in ((3, 5), (18, 30), (45, 60))]
    assert found == pytest.approx([0.66316, 0.62368, 0.74211], abs=5e-6)
    assert shrunk_share(0, 0, 0.5) == 0.5


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_wilson_stays_within_reason(successes: int, failures: int) -> None:
    trials = successes + failures
    found, mirrored = wilson(successes, trials), wilson(failures, trials)
    if found is None or mirrored is None:
        assert trials == 0
        return
    assert 0 <= found.low <= successes / trials <= found.high <= 1
    assert tuple(found or ()) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(successes, trials)


def test_quantiles() -> None:
    assert quantile([1, 2, 3, 4], 0.25) == 1.75
    assert median([4, 1, 3, 2]) == 2.5
    assert (quantile([], 0.5), quantile([7], 0.9)) == (None, 7)


@given(COUNTS)
def test_percentages_add_up(counts: dict[str, int]) -> None:
    """H10: to 100.0, none of them further than a tenth from its own share, whatever the order."""
    found = percentages(counts)
    whole = sum(counts.values())
    if whole == 0:
        assert found == {}
        return
    assert sum(round(10 * value) for value in found.values()) == 1000
    assert round(math.fsum(found.values()), 9) == 100.0
    assert all(abs(found[name] - 100 * count / whole) < 0.1 + 1e-9 for name, count in counts.items())
    assert percentages(dict(reversed(counts.items()))) == found


def test_percentages_of_three_equals() -> None:
    """H10: 33.3 three times is 99.9."""
    assert percentages({"b": 1, "a": 1, "c": 1}) == {"a": 33.4, "b": 33.3, "c": 33.3}
    with pytest.raises(ValueError, match="not below 0"):
        percentages({"a": -1})
