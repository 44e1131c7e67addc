"""The numbers behind drivers: changes on the log scale for a whole portfolio at once, estimated and drawn many times."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.drivers.factors import format_factors, lasting_chance, lasting_variance, posting_of_days
from sophia.analytics.drivers.units import Units
from sophia.analytics.figures.statistics import Floats, again, others_medians, spread, student, twice

# One client must not be everybody: its voice in the centre counts for at most this many median ones.
_LOUDEST = 3.0
# The portfolio's scatter is worth at most this many degrees of freedom for one client.
_MOST_POOLED = 40.0
# A pool of fewer clients says nothing about the scatter of another one.
_ENOUGH_TO_POOL = 5


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes on the log scale in shape (rows, clients); the first row is the estimate, the others are draws.

    NaN or infinite where something is missing or zero. `centre` is what the other clients show of `exposure`.
    """

    exposure: Floats  # exposure beyond what posting explains: platform and distribution
    posting: Floats  # NaN where posts are not known
    people: Floats
    centre: Floats
    comparable: NDArray[np.bool_]  # (clients,): who is heard in the centre


def changes_of(units: Units, *, seed: int, draws: int) -> Changes:
    """Estimate and draw all parts of all clients.

    Draws of posts come in pairs that exchange what happened to the two windows, so that exchanging the windows turns every
    sign, in the intervals too. Days, of which both windows draw the same, do so with one of each pair: half as many draws.
    """
    random = np.random.default_rng(seed)
    half, clients = max(draws // 2, 1), units.posts.shape[1]
    votes = twice(random.standard_exponential((half, clients)))
    # What is missing or zero becomes NaN or infinite on the log scale, and is recognised by it.
    with np.errstate(divide="ignore", invalid="ignore"):
        shown_factor, reacted_factor = (
            np.exp(spread(np.log(factors), clients, random, half)) for factors in format_factors(units, votes)
        )
        exposure, people = (
            _widened(drawn, units, lasts, random, half)
            for drawn, lasts in zip(
                _changes(units, shown_factor, reacted_factor, random, half), _lasting(units), strict=True
            )
        )
        if units.paired:
            posting = posting_of_days(units.posts, exposure[0], random, half)
            explained = np.where(np.isfinite(posting), posting, 0.0)
        else:
            posting = _posting_of_posts(units, shown_factor * reacted_factor)
            explained = np.zeros_like(posting)
        exposed, exposure = exposure[0], exposure - explained
        posting = np.where(np.isfinite(posting), posting, np.nan)
        comparable = np.isfinite(exposed) & np.isfinite(posting[0])
        voices = _voices(units.posts, comparable)
        others = _centre(exposure[0], voices, votes[: half + 1])
        centre = spread(others if units.paired else again(others), int(comparable.sum()) - 1, random, half)
        if units.paired:
            # What is not known of the posting that was taken out of everybody.
            centre += _centre(exposed - explained, voices, np.ones_like(centre)) - centre[0]
        return Changes(exposure, posting, people, centre, comparable)


# -- one client's own units --------------------------------------------------------------------------------------------


def _changes(
    units: Units, exposure_factor: Floats, reacted: Floats, random: np.random.Generator, half: int
) -> tuple[Floats, Floats]:
    """Changes of exposure for its potential, and of engagements for exposure, units drawn again with random weights.

    Weights have mean and variance 1; days have the same in both windows. All clients share the draws: each is compared
    with the centre, which is drawn by clients and not by units.
    """
    length = units.used.shape[2]
    first = random.standard_exponential((half, length))
    unweighted = np.ones((1, length))
    if units.paired:  # both halves of the draws would be equal
        weights = (np.concatenate([unweighted, first]),) * 2
    else:
        second = random.standard_exponential((half, length))
        weights = np.concatenate([unweighted, first, second]), np.concatenate([unweighted, second, first])
    rows = len(weights[0])
    before, after = (_side(units, side, weights[side], exposure_factor[:rows], reacted[:rows]) for side in (0, 1))
    return after[0] - before[0], after[1] - before[1]


def _side(units: Units, side: int, weights: Floats, exposure_factor: Floats, reacted: Floats) -> tuple[Floats, Floats]:
    """For one window, in shape (rows, clients): ln(exposure / potential) and ln(engagements / exposure).

    A post's exposure counts as much as people react to its format, and its potential is what a post of its format
    usually gets; so a change of formats moves neither.
    """
    exposure = potential = np.zeros((weights.shape[0], units.posts.shape[1]))
    for name in range(units.formats):
        of_format = units.used[side] * (units.format_of[side] == name)
        exposure = exposure + weights @ (units.exposure[side] * of_format).T * reacted[:, [name]]
        potential = potential + weights @ of_format.T * (exposure_factor * reacted)[:, [name]]
    engagements = weights @ units.engagements[side].T
    return np.log(exposure / potential), np.log(engagements / exposure)


def _posting_of_posts(units: Units, potential: Floats) -> Floats:
    """The change of what the posts published could expect, by their number and formats."""
    sums = [
        sum(
            (units.used[side] * (units.format_of[side] == name)).sum(axis=1) * potential[:, [name]]
            for name in range(units.formats)
        )
        for side in (0, 1)
    ]
    change: Floats = np.log(sums[1] / sums[0])
    return change


# -- how far draws spread ----------------------------------------------------------------------------------------------


def _lasting(units: Units) -> tuple[Floats, Floats]:
    """How much more exposure, and engagements per exposure, scatter because a day's chance lasts into the next one."""
    if not units.paired:
        alone = np.ones(units.posts.shape[1])
        return alone, alone
    exposure = np.where(units.used > 0, np.log(units.exposure), np.nan)
    response = np.log(units.engagements) - exposure
    exposed, reacted = (
        lasting_variance(lasting_chance(logs[1] - logs[0]), units.count[0]) for logs in (exposure, response)
    )
    return exposed, reacted


def _widened(draws: Floats, units: Units, lasting: Floats, random: np.random.Generator, half: int) -> Floats:
    """Draws about the estimate, with a variance that is drawn towards the portfolio's and corrected for few units.

    Few units know little of their own scatter: that makes the draws Student's, and lends them the scatter of all clients,
    as far as the clients' scatters differ no more than chance would have it (empirical Bayes on their logarithms).
    """
    first, second = units.count
    least = np.minimum(first, second)
    freedom = np.maximum(first - 1 if units.paired else first + second - 2, 1.0)
    size = 1 / first if units.paired else 1 / first + 1 / second
    # n weights of variance 1 give a mean the variance s² / (n + 1), and n - 1 times in n s² falls short.
    own = draws[1:].var(axis=0) * (least + 1) / np.maximum(least - 1, 1) / size
    usable = np.isfinite(own) & (own > 0) & (least > 1)
    pooled, strength = _pool(np.log(own[usable]), freedom[usable])
    smooth = (strength * pooled + freedom * own) / (strength + freedom)
    wider = np.sqrt(np.where(usable, lasting * smooth * size / draws[1:].var(axis=0), 1.0))
    factors = student(freedom + strength, random, half)[: len(draws)]
    widened: Floats = draws[0] + (draws - draws[0]) * wider * factors
    return widened


def _pool(logs: Floats, freedom: Floats) -> tuple[float, float]:
    """The portfolio's variance, and how many degrees of freedom it is worth for one client; 0 when clients are few.

    ln s² of d degrees of freedom varies by trigamma(d/2). What it varies beyond that belongs to the clients.
    """
    if len(logs) < _ENOUGH_TO_POOL:
        return 0.0, 0.0
    excess = max(float(logs.var(ddof=1) - _trigamma(freedom / 2).mean()), 2.0 / _MOST_POOLED)
    strength = (1 + (1 + 2 * excess) ** 0.5) / excess  # twice the x whose trigamma is the excess
    return float(np.exp((logs + 1 / freedom).mean() - 1 / strength)), strength


def _trigamma(x: Floats) -> Floats:
    return 1 / x + 1 / (2 * x**2) + 1 / (6 * x**3)


# -- the portfolio -----------------------------------------------------------------------------------------------------


def _voices(posts: Floats, comparable: NDArray[np.bool_]) -> Floats:
    """How much each client counts in the centre: the harmonic mean of its posts in both windows, none too loud."""
    voices = np.where(comparable, 2.0 / (1.0 / posts).sum(axis=0), 0.0)
    if comparable.any():
        voices = np.minimum(voices, _LOUDEST * np.median(voices[comparable]))
    return voices


def _centre(exposure: Floats, voices: Floats, votes: Floats) -> Floats:
    """The weighted median of the other clients' changes, in the shape of `votes`; drawn by clients."""
    heard = np.flatnonzero(voices > 0)
    centre = np.full(votes.shape, np.nan)
    if not len(heard):
        return centre
    values, weights = exposure[..., heard], voices[heard] * votes[:, heard]
    centre[:, heard] = others_medians(values, weights)
    if len(heard) < len(voices):
        # Whoever is not heard is compared with all who are: the median without a last element that weighs nothing.
        beside = np.concatenate([weights, np.zeros((len(votes), 1))], axis=1)
        values = np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)
        centre[:, voices <= 0] = others_medians(values, beside)[:, [-1]]
    return centre
