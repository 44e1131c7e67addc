"""Groups drawn towards each other: to the digits of a worked example, and intervals that hold what is true."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.figures.shrinkage import shrunk_means
from sophia.analytics.posting_times.group_effects import group_effects

SCATTER = 0.5  # of single posts on the log scale, as the demo's agency has it
HOURS, LITTLE_USED = 168, (5, 3, 1, 1, 1, 1)


def test_means_are_shrunk() -> None:
    """Worked numbers, to five digits; the group of which most is known has the narrowest interval."""
    found = shrunk_means((0.30, 0.10, -0.05, 0.45), (4, 25, 10, 3), 0.2)
    assert found.means == pytest.approx((0.12947, 0.10470, 0.07088, 0.13739), abs=5e-6)
    widths = [one.high - one.low for one in found.intervals]
    assert widths[1] == min(widths)


@given(
    st.lists(st.tuples(st.floats(-10, 10), st.integers(1, 50)), min_size=1, max_size=20),
    st.floats(0.01, 10),
)
def test_shrunk_means_lie_between_their_own_and_all(groups: list[tuple[float, int]], within: float) -> None:
    means, sizes = zip(*groups, (0.0, 2), strict=True)
    found = shrunk_means(means, sizes, within)
    for own, shrunk, interval in zip(means, found.means, found.intervals, strict=True):
        assert min(own, found.centre) - 1e-9 <= shrunk <= max(own, found.centre) + 1e-9
        assert interval.low <= shrunk - found.centre <= interval.high


def test_means_without_observations_are_refused() -> None:
    wrong: list[tuple[tuple[float, ...], tuple[int, ...], float]] = [
        ((), (), 1.0),
        ((1.0,), (0,), 1.0),
        ((1.0,), (2,), 0.0),
        ((1.0,), (1, 2), 1.0),
        ((1.0, 2.0), (1, 1), 1.0),
    ]
    for means, sizes, within in wrong:
        with pytest.raises(ValueError, match="empirical Bayes"):
            shrunk_means(means, sizes, within)


def test_many_observations_leave_the_usual_interval() -> None:
    """Of groups that differ much and are known well: the mean of a group less that of all, ± 1.96 standard errors."""
    found = shrunk_means((-3.0, 1.0, 2.0), (400, 400, 400), 1.0)
    half = 1.96 * math.sqrt(1 / 400 - 1 / 1200)
    for mean, interval in zip((-3.0, 1.0, 2.0), found.intervals, strict=True):
        assert tuple(interval) == pytest.approx((mean - half, mean + half), abs=0.005)


def test_one_post_is_no_certainty() -> None:
    """G11: where the differences between groups look like nothing, their size is not known to be nothing."""
    found = shrunk_means((0.0,) * 20, (1,) * 10 + (4,) * 10, 0.25)
    assert found.between_variance == 0
    assert all(one.high - one.low > 0.2 for one in found.intervals)
    assert found.intervals[0].high > found.intervals[-1].high, "one post leaves more doubt than four"


def test_intervals_are_those_of_the_model() -> None:
    """G11: the same by matrices and draws: doubt about the scatter, the centre, and the differences all take part."""
    sizes, means, within = np.array([4, 25, 10, 3]), np.array([0.30, 0.10, -0.05, 0.45]), 0.2
    random, count, freedom = np.random.default_rng(3), 8000, 41
    contrast = np.eye(4) - sizes / sizes.sum()
    drawn, logs = [], []
    for angle in np.linspace(0.002, np.pi / 2 - 0.002, 300):
        between = np.tan(angle) ** 2
        spread = between * np.eye(4) + np.diag(1 / sizes)
        inverse = np.linalg.inv(spread)
        precision = inverse.sum()
        centre = (inverse @ means).sum() / precision
        squares = within * 38 + (means - centre) @ inverse @ (means - centre)
        logs.append(
            np.log(np.sin(angle)) - (np.log(np.linalg.det(spread)) + np.log(precision) + freedom * np.log(squares)) / 2
        )
        scatter = np.sqrt(squares / random.chisquare(freedom, count))[:, None]
        centres = centre + scatter * random.normal(0, 1 / np.sqrt(precision), (count, 1))
        own = between * inverse
        noise = scatter * random.multivariate_normal(np.zeros(4), own @ np.diag(1 / sizes), count)
        drawn.append((centres + (means - centres) @ own.T + noise) @ contrast.T)
    shares = np.exp(np.array(logs) - max(logs))
    taken = np.concatenate([one[: int(count * share)] for one, share in zip(drawn, shares / shares.max(), strict=True)])
    expected = np.quantile(taken, [0.025, 0.975], axis=0).T
    assert np.array(
        [tuple(interval) for interval in shrunk_means(means.tolist(), sizes.tolist(), within).intervals]
    ) == pytest.approx(expected, abs=0.006)


def held(groups: int, posts: int, spread: float, *, rounds: int, seed: int, uses: Sequence[int] | None = None) -> float:
    """The share of intervals in which a group's true factor lies; `uses` says how often each is posted in."""
    random = np.random.default_rng(seed)
    likely = np.array(uses or [1] * groups) / sum(uses or [1] * groups)
    hits = total = 0
    for _ in range(rounds):
        truth = random.normal(0, spread, groups)
        group = random.choice(groups, posts, p=likely)
        values = truth[group] + random.normal(0, SCATTER, posts)
        found = group_effects({number: values[group == number].tolist() for number in range(groups)})
        for number, one in found.items():
            if one.factor.interval is not None:
                total += 1
                true_factor = math.exp(truth[number] - truth[group].mean())
                hits += one.factor.interval.low <= true_factor <= one.factor.interval.high
    return hits / total


@pytest.mark.parametrize(
    ("groups", "posts", "spread", "uses"),
    [(HOURS, 100, 0.2, None), (HOURS, 200, 0.1, None), (4, 40, 0.3, None), (6, 100, 0.3, LITTLE_USED)],
)
def test_intervals_hold_the_truth(groups: int, posts: int, spread: float, uses: tuple[int, ...] | None) -> None:
    """G11: of hours and formats that truly differ, few posts or many: the doubt about how much they differ is in it."""
    rounds = 12 if groups == HOURS else 60
    assert held(groups, posts, spread, rounds=rounds, seed=2026, uses=uses) >= 0.92


@pytest.mark.campaign
@pytest.mark.parametrize("spread", [0.0, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("posts", [40, 100, 200])
def test_intervals_of_hours(posts: int, spread: float) -> None:
    """G11: of 168 hours, few of which have more than one post."""
    assert held(HOURS, posts, spread, rounds=300, seed=posts) >= 0.92


@pytest.mark.campaign
@pytest.mark.parametrize("spread", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("posts", [20, 40, 100, 300])
@pytest.mark.parametrize("uses", [(1, 1), (1, 1, 1, 1), (8, 4, 2, 1), (1, 1, 1, 1, 1, 1), LITTLE_USED])
def test_intervals_of_formats(uses: tuple[int, ...], posts: int, spread: float) -> None:
    """G11: of a few formats or pillars, evenly used or not."""
    assert held(len(uses), posts, spread, rounds=600, seed=posts, uses=uses) >= 0.92
