"""The exponent with which exposure follows posts: found, and doubted when one client alone speaks for it."""

from math import log

import numpy as np
import pytest

from sophia.analytics.drivers.factors import posting_of_days
from sophia.analytics.figures.statistics import Floats

HALF = 400
# What 95 % of draws lie between.
TAILS = (0.025, 0.975)


def drawn(posts: Floats, exposed: Floats, seed: int = 0) -> Floats:
    return posting_of_days(posts, exposed, np.random.default_rng(seed), HALF)


@pytest.mark.parametrize("clients", [6, 8, 12, 20])
def test_intervals_hold_the_exponent(clients: int) -> None:
    """However few clients there are, of a hundred intervals at least ninety hold what was planted."""
    held = []
    for seed in range(300):
        random = np.random.default_rng((clients, seed))
        posts = random.integers(4, 16, (2, clients)).astype(float)
        exponent, more = random.uniform(0.1, 0.8), np.log(posts[1] / posts[0])
        odd = (random.random(clients) < 0.15) * random.normal(0.0, 0.3, clients)
        exposed = exponent * more + odd + random.normal(0.1, 0.1, clients)
        low, high = np.quantile(drawn(posts, exposed, seed)[1:], TAILS, axis=0)
        most = int(np.abs(more).argmax())
        held.append(low[most] <= exponent * more[most] <= high[most])
    assert np.mean(held) >= 0.9


def test_one_busy_client_does_not_speak_for_all() -> None:
    """Whoever doubles its posts shows what posting does to it; of the others, who differ by a post, little is known."""
    random = np.random.default_rng(6)
    found = []
    for _ in range(100):
        posts = np.array([[7.0] * 14, [8.0, 6.0, 7.0, 8.0, 6.0, 7.0, 8.0, 6.0, 7.0, 8.0, 6.0, 8.0, 6.0, 14.0]])
        exposed = random.normal(0.0, 0.05, 14)
        exposed[-1] += 0.5 * log(2)
        low, high = np.quantile(drawn(posts, exposed)[1:], TAILS, axis=0)
        found.append(low[0] <= 0.0 <= high[0])
    assert np.mean(found) >= 0.9


def test_few_draws_know_the_ends() -> None:
    """One exponent is everybody's: a hundred draws give the interval of ten thousand, whatever the seed."""
    random = np.random.default_rng(8)
    posts = random.integers(4, 16, (2, 14)).astype(float)
    exposed = 0.5 * np.log(posts[1] / posts[0]) + random.normal(0.0, 0.1, 14)
    most = int(np.abs(np.log(posts[1] / posts[0])).argmax())
    widths = []
    for seed, draws in [(0, 10_000), *((seed, 100) for seed in range(50))]:
        found = posting_of_days(posts, exposed, np.random.default_rng(seed), draws)[1:, most]
        low, high = np.quantile(found, TAILS, method="weibull")
        widths.append(high - low)
    assert widths[1:] == pytest.approx([widths[0]] * 50, rel=0.06)


def test_without_clients_the_belief_stands() -> None:
    """Two clients make every line: the exponent is ½, with all the doubt of it."""
    posting = drawn(np.array([[5.0, 5.0, np.nan], [10.0, 5.0, 3.0]]), np.array([3.0, 0.0, 1.0]))
    assert posting[0, :2] == pytest.approx([0.5 * log(2), 0.0])
    assert np.isnan(posting[:, 2]).all()
    assert posting[1:, 0].std() == pytest.approx(0.5 * log(2), rel=0.1)
