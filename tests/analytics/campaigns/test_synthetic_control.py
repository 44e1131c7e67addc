"""The lift of a campaign: weights, planted effects, and silence where placebos move as much or too little is known."""

import numpy as np
import pytest

from sophia.analytics.campaigns.synthetic_control import (
    FEWEST_PLACEBOS,
    LEVEL,
    Floats,
    LiftEstimate,
    NoLift,
    control_weights,
    estimate_lift,
)

START, LENGTH, CLIENTS = 26 * 7, 14, 10


def portfolio(seed: int, noise: float = 0.15) -> Floats:
    """Return engagements [client, day] with a common path, a weekday habit of each client, and weekly noise."""
    random = np.random.default_rng(seed)
    days = START + LENGTH
    common = np.cumsum(random.normal(0, 0.02, days))
    habits = random.normal(0, 0.3, (CLIENTS, 7))[:, np.arange(days) % 7]
    weekly = np.repeat(random.normal(0, noise, (CLIENTS, days // 7)), 7, axis=1)
    levels = random.uniform(4, 8, (CLIENTS, 1))
    return random.poisson(np.exp(levels + common + habits + weekly)).astype(float)


def lift_of(days: Floats, start: int = START) -> LiftEstimate | NoLift:
    return estimate_lift(days, 0, start, LENGTH, np.zeros(days.shape, dtype=bool))


def test_weights_find_the_mixture() -> None:
    others = np.random.default_rng(1).normal(0, 1, (4, 40))
    levels = np.vstack([0.7 * others[1] + 0.3 * others[3], others])
    (own, *weights), another = control_weights(levels, np.array([0, 2]))
    assert (own, another[2]) == (0, 0)
    assert [sum(weights), another.sum()] == pytest.approx([1, 1])
    assert min(weights) >= 0
    # The penalty pulls them a little towards equal weights.
    assert weights[1] == pytest.approx(0.7, abs=0.1)
    assert weights[3] == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_planted_effect_is_covered_and_named(factor: float) -> None:
    days = portfolio(3)
    days[0, START:] *= factor
    found = lift_of(days)
    assert isinstance(found, LiftEstimate)
    assert found.low <= np.log(factor) <= found.high
    assert found.p_value <= LEVEL
    assert (found.others, found.weeks) == (CLIENTS - 1, 12)
    assert found.placebos >= FEWEST_PLACEBOS


def test_the_effect_is_measured_against_the_others() -> None:
    """What moves all clients alike is no lift: the same factor for everybody changes the estimate by nothing."""
    days = portfolio(4)
    all_moved = days.copy()
    all_moved[:, START:] *= 3
    before, after = lift_of(days), lift_of(all_moved)
    assert isinstance(before, LiftEstimate)
    assert isinstance(after, LiftEstimate)
    assert after.log == pytest.approx(before.log, abs=0.01)


def test_without_a_campaign_a_lift_is_rare() -> None:
    found = [lift_of(portfolio(seed)) for seed in range(100, 130)]
    estimates = [one for one in found if isinstance(one, LiftEstimate)]
    assert len(estimates) == 30
    assert sum(one.p_value <= LEVEL for one in estimates) <= 4
    assert sum(one.low <= 0 <= one.high for one in estimates) >= 26


def test_too_little_is_no_estimate() -> None:
    days = portfolio(5)
    missing = days.copy()
    missing[0, START:-2] = np.nan
    few = days[:5]
    strange = days.copy()
    strange[0, :START] *= np.repeat(np.exp(np.random.default_rng(6).normal(0, 1.5, START // 7)), 7)
    reasons = []
    for case, start in ((missing, START), (few, START), (days[:, -7 * 7 - LENGTH :], 7 * 7), (strange, START)):
        found = lift_of(case, start)
        assert isinstance(found, NoLift)
        reasons.append(found.reason)
    assert reasons == [
        "most days of the campaign have no figures",
        "4 other clients have figures in these weeks; 5 are needed",
        "7 weeks before the campaign have figures; 8 are needed",
        "the other clients did not move like this client before the campaign",
    ]


def test_other_campaigns_are_no_control() -> None:
    """A client with a campaign of its own in these days is left out, and unknown days of one client are not 0."""
    days, own = portfolio(7), np.zeros((CLIENTS, START + LENGTH), dtype=bool)
    own[1, START:] = True
    days[1, START:] *= 50
    days[2, START - 20 : START - 16] = np.nan
    found = estimate_lift(days, 0, START, LENGTH, own)
    assert isinstance(found, LiftEstimate)
    assert found.others == CLIENTS - 3
    assert abs(found.log) < 0.5
