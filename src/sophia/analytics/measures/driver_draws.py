"""The numbers behind drivers: changes on the log scale for a whole portfolio at once, estimated and drawn many times."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.measures.driver_figures import Units
from sophia.analytics.measures.format_factors import format_factors
from sophia.analytics.measures.weighted_medians import Floats, others_medians

# One client must not be everybody: its voice in the centre counts for at most this many median ones.
_LOUDEST = 3.0
# What is believed of how a day's exposure follows the number of posts, before the portfolio is heard: exponent, doubt.
_EXPONENT, _EXPONENT_DOUBT = 0.5, 0.5
# The portfolio's scatter is worth at most this many degrees of freedom for one client.
_MOST_POOLED = 40.0
# A pool of fewer clients says nothing about the scatter of another one.
_ENOUGH_TO_POOL = 5
# Residuals beyond this many standard deviations pull less (Huber).
_HUBER = 1.345
_MAD_TO_SD = 1.4826


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes on the log scale in shape (rows, clients); the first row is the estimate, the others are draws.

    NaN or infinite where something is missing or zero. `centre` is what the other clients show of `shown`.
    """

    shown: Floats  # exposure beyond what posting explains: platform and distribution
    posting: Floats  # NaN where posts are not known
    people: Floats
    centre: Floats
    comparable: NDArray[np.bool_]  # (clients,): who is heard in the centre


def changes_of(units: Units, *, seed: int, draws: int) -> Changes:
    """Estimate and draw all parts of all clients.

    Draws come in pairs that exchange what happened to the two windows, so that exchanging the windows turns every sign,
    in the intervals too.
    """
    random = np.random.default_rng(seed)
    half, clients = max(draws // 2, 1), units.posts.shape[1]
    votes = _twice(random.standard_exponential((half, clients)))
    # What is missing or zero becomes NaN or infinite on the log scale, and is recognised by it.
    with np.errstate(divide="ignore", invalid="ignore"):
        shown_factor, reacted_factor = format_factors(units, votes)
        weights = _unit_weights(units, random, half)
        before, after = (_side(units, side, weights[side], shown_factor, reacted_factor) for side in (0, 1))
        shown, people = after[0] - before[0], after[1] - before[1]
        if units.paired:
            posting = _posting_of_days(units, shown[0], random, half)
            shown = shown - np.where(np.isfinite(posting), posting, 0.0)
        else:
            posting = _posting_of_posts(units, shown_factor * reacted_factor)
        posting = np.where(np.isfinite(posting), posting, np.nan)
        comparable = np.isfinite(shown[0]) & np.isfinite(posting[0])
        centre = _centre(shown[0], _voices(units.posts, comparable), votes[: half + 1])
        return Changes(
            _widened(shown, units, random, half),
            posting,
            _widened(people, units, random, half),
            _spread(np.concatenate([centre, centre[1:]]), int(comparable.sum()) - 1, random, half),
            comparable,
        )


def _twice(draws: Floats, first: float = 1.0) -> Floats:
    """A row for the estimate, then the draws, then the same draws again."""
    return np.concatenate([np.full((1, draws.shape[1]), first), draws, draws])


# -- one client's own units --------------------------------------------------------------------------------------------


def _unit_weights(units: Units, random: np.random.Generator, half: int) -> tuple[Floats, Floats]:
    """Bootstrap weights with mean and variance 1 for the units of either window, in shape (rows, units).

    Posts are drawn one by one, days in blocks that keep neighbours together, the same days in both windows. All
    clients share the draws: each is compared with the centre, which is drawn by clients and not by units.
    """
    length = units.used.shape[2]
    if not units.paired:
        first, second = random.standard_exponential((2, half, length))
        one = np.ones((1, length))
        return np.concatenate([one, first, second]), np.concatenate([one, second, first])
    block = _block(length)
    starts = random.gamma(1.0 / block, size=(half, length))
    days = _twice(np.sum([np.roll(starts, shift, axis=1) for shift in range(block)], axis=0))
    return days, days


def _block(length: int) -> int:
    """Days that are drawn together: the cube root of their number."""
    return max(1, int(length ** (1 / 3) + 0.5))


def _side(units: Units, side: int, weights: Floats, shown: Floats, reacted: Floats) -> tuple[Floats, Floats]:
    """For one window, in shape (rows, clients): ln(exposure / potential) and ln(engagements / exposure).

    A post's exposure counts as much as people react to its format, and its potential is what a post of its format
    usually gets; so a change of formats moves neither.
    """
    exposure = potential = np.zeros((weights.shape[0], units.posts.shape[1]))
    for name in range(units.formats):
        mine = units.used[side] * (units.format_of[side] == name)
        exposure = exposure + weights @ (units.exposure[side] * mine).T * reacted[:, [name]]
        potential = potential + weights @ mine.T * (shown * reacted)[:, [name]]
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


def _posting_of_days(units: Units, shown: Floats, random: np.random.Generator, half: int) -> Floats:
    """The change that the number of posts explains: exposure follows posts with an exponent learnt from all clients.

    The exponent is the slope of ln exposure on ln posts across clients, with Huber weights, drawn towards one half.
    """
    more = np.log(units.posts[1] / units.posts[0])
    known = np.isfinite(more) & np.isfinite(shown)
    slope, error, freedom = _slope(more[known], shown[known])
    doubt = _twice(random.standard_normal((half, 1)), first=0.0) * _student(np.array([freedom]), random, half)
    posting: Floats = np.where(np.isfinite(more), (slope + error * doubt) * more, np.nan)
    return posting


def _slope(across: Floats, along: Floats) -> tuple[float, float, float]:
    """The slope, its standard error, and the degrees of freedom of that."""
    slope, error, freedom = _EXPONENT, _EXPONENT_DOUBT, len(across) - 2.0
    if freedom < 1:
        return slope, error, _MOST_POOLED  # what is believed beforehand is not estimated
    weights = np.ones_like(across)
    for _ in range(5):
        x = across - np.average(across, weights=weights)
        y = along - np.average(along, weights=weights)
        residuals = y - slope * x
        scatter = _MAD_TO_SD * float(np.median(np.abs(residuals - np.median(residuals))))
        variance = max(scatter**2 * len(across) / freedom, 1e-6)
        precision = float((weights * x * x).sum()) / variance + _EXPONENT_DOUBT**-2
        slope = (float((weights * x * y).sum()) / variance + _EXPONENT * _EXPONENT_DOUBT**-2) / precision
        error = precision**-0.5
        weights = np.minimum(1.0, _HUBER * variance**0.5 / np.maximum(np.abs(y - slope * x), 1e-12))
    return slope, error, freedom


# -- how far draws spread ----------------------------------------------------------------------------------------------


def _widened(draws: Floats, units: Units, random: np.random.Generator, half: int) -> Floats:
    """Draws about the estimate, with a variance that is drawn towards the portfolio's and corrected for few units.

    Few units know little of their own scatter: that makes the draws Student's, and lends them the scatter of all clients,
    as far as the clients' scatters differ no more than chance would have it (empirical Bayes on their logarithms).
    """
    first, second = units.count
    least = np.minimum(first, second)
    block = _block(units.used.shape[2]) if units.paired else 1
    freedom = np.maximum(first - block if units.paired else first + second - 2, 1.0)
    size = 1 / first if units.paired else 1 / first + 1 / second
    # n weights of variance 1 give a mean the variance s² / (n + 1), and n - 1 times in n s² falls short.
    own = draws[1:].var(axis=0) * (least + 1) / np.maximum(least - block, 1) / size
    usable = np.isfinite(own) & (own > 0) & (least > 1)
    pooled, strength = _pool(np.log(own[usable]), freedom[usable])
    smooth = (strength * pooled + freedom * own) / (strength + freedom)
    spread = np.sqrt(np.where(usable, smooth * size / draws[1:].var(axis=0), 1.0))
    widened: Floats = draws[0] + (draws - draws[0]) * spread * _student(freedom + strength, random, half)
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


def _student(freedom: Floats, random: np.random.Generator, half: int) -> Floats:
    """Factors that turn normal draws into Student's t, in shape (rows, as many as `freedom`)."""
    return _twice(np.sqrt(freedom / random.chisquare(freedom, size=(half, len(freedom)))))


# -- the portfolio -----------------------------------------------------------------------------------------------------


def _voices(posts: Floats, comparable: NDArray[np.bool_]) -> Floats:
    """How much each client counts in the centre: the harmonic mean of its posts in both windows, none too loud."""
    voices = np.where(comparable, 2.0 / (1.0 / posts).sum(axis=0), 0.0)
    if comparable.any():
        voices = np.minimum(voices, _LOUDEST * np.median(voices[comparable]))
    return voices


def _centre(shown: Floats, voices: Floats, votes: Floats) -> Floats:
    """The weighted median of the other clients' changes, in the shape of `votes`; drawn by clients."""
    heard = np.flatnonzero(voices > 0)
    centre = np.full(votes.shape, np.nan)
    if not len(heard):
        return centre
    values, weights = shown[heard], voices[heard] * votes[:, heard]
    centre[:, heard] = others_medians(values, weights)
    if len(heard) < len(voices):
        # Whoever is not heard is compared with all who are: the median without a last element that weighs nothing.
        beside = np.concatenate([weights, np.zeros((len(votes), 1))], axis=1)
        centre[:, voices <= 0] = others_medians(np.append(values, 0.0), beside)[:, [-1]]
    return centre


def _spread(centre: Floats, others: int, random: np.random.Generator, half: int) -> Floats:
    """Draws of the centre about its estimate, corrected for few other clients as those of few units are."""
    if others < 2:  # noqa: PLR2004  # one other client has no scatter
        return centre
    student = _student(np.array([others - 1.0]), random, half)
    spread: Floats = centre[0] + (centre - centre[0]) * student * np.sqrt((others + 1) / (others - 1))
    return spread
