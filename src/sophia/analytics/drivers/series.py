"""The input of a split into drivers: the days and posts of each client on one platform, and the same as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.drivers.formats import FormatFactors, format_factors
from sophia.analytics.figures.statistics import Floats
from sophia.errors import InvalidInputError

# Mean ages in days at which posts gather their views; 0 means that all views come on the day of publication.
MEAN_AGES = (0.0, 1.0, 3.0, 7.0)
# Older posts gather nothing.
OLDEST_AGE = 28
# This share of a usual period's potential does not depend on the posts: visits, older posts, recommendations.
BASE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class PublishedPost:
    """A post: its day on the axis of the client's days, its format, and its values at an age that all posts share.

    The values are None if the post was not read at that age.
    """

    day: int
    format: str
    exposure: float | None = None
    engagements: float | None = None


@dataclass(frozen=True, slots=True)
class ClientDays:
    """One client on one platform: consecutive days, oldest first, the same days for all clients.

    `exposure` (views, or reach without views) and `engagements` have a value for each day, None without a reading.
    `listed` are the days (first included, last excluded) on which all posts are known; None if no day is. `special` are the
    holidays of the client's country and the days of its campaigns. `is_organic` tells that views from advertisements, and
    the engagements that they brought, are left out.
    """

    client_id: int
    exposure: tuple[float | None, ...]
    engagements: tuple[float | None, ...]
    posts: tuple[PublishedPost, ...] = ()
    listed: tuple[int, int] | None = None
    special: frozenset[int] = frozenset()
    is_organic: bool = False


@dataclass(frozen=True, slots=True)
class Periods:
    """The first days of the two compared periods on the axis of days, and their common length."""

    before: int
    after: int
    days: int

    def of(self, side: int) -> slice:
        """Return the days of the previous period (0) or of the period (1)."""
        first = (self.before, self.after)[side]
        return slice(first, first + self.days)


@dataclass(frozen=True, slots=True)
class Panel:
    """A portfolio as arrays of shape (client, day), NaN where unknown.

    `potential` has shape (mean age, client, day): the exposure that the posts would get at the usual rates, by the share of
    each age. `responding` is the same, weighted by the usual response to each format. `scatter` is the standard deviation
    of ln engagements of each client's posts about what their format usually gets.
    """

    periods: Periods
    exposure: Floats
    engagements: Floats
    special: NDArray[np.bool_]
    potential: Floats
    responding: Floats
    scatter: Floats

    @property
    def used(self) -> NDArray[np.bool_]:
        """Return the (client, day of the period) pairs that have all readings in both periods (missing is not zero)."""
        known = np.isfinite(self.exposure + self.engagements)
        return known[:, self.periods.of(0)] & known[:, self.periods.of(1)]


def panel_of(clients: Sequence[ClientDays], periods: Periods) -> Panel:
    """Return the portfolio as arrays. Raises InvalidInputError for days that do not match or hold impossible numbers."""
    lengths = {len(column) for client in clients for column in (client.exposure, client.engagements)}
    if len(lengths) > 1:
        raise InvalidInputError(f"All clients need the same days; these have {sorted(lengths)} days.")
    (length,) = lengths
    if not 0 <= periods.before < periods.after <= length - periods.days or periods.days < 1:
        raise InvalidInputError("Both periods must lie within the days, and the previous period must begin first.")
    # Sorted, so that the order of the input has no effect.
    factors = format_factors(
        [sorted(((p.format, p.exposure, p.engagements) for p in client.posts), key=_in_order) for client in clients]
    )
    special = np.zeros((len(clients), length), dtype=bool)
    for row, client in enumerate(clients):
        special[row, [day for day in client.special if 0 <= day < length]] = True
    potential, responding = _potentials(clients, length, factors)
    return Panel(
        periods,
        np.array([_numbers(client.exposure) for client in clients]),
        np.array([_numbers(client.engagements) for client in clients]),
        special,
        potential,
        responding,
        factors.scatter,
    )


def _potentials(clients: Sequence[ClientDays], length: int, factors: FormatFactors) -> tuple[Floats, Floats]:
    """Return the posts' potential and the same weighted by response, in shape (mean age, client, day)."""
    published = np.zeros((2, len(clients), OLDEST_AGE + length))
    code = {name: index for index, name in enumerate(factors.names)}
    for row, client in enumerate(clients):
        for post in sorted(client.posts, key=lambda post: (post.day, post.format)):
            if -OLDEST_AGE <= post.day < length:
                index = code[post.format]
                weight = factors.exposure[row, index]
                published[0, row, OLDEST_AGE + post.day] += weight
                published[1, row, OLDEST_AGE + post.day] += weight * factors.response[row, index]
    unlisted = np.ones((len(clients), length), dtype=bool)
    for row, client in enumerate(clients):
        if client.listed is not None:
            unlisted[row, max(client.listed[0], 0) : max(client.listed[1], 0)] = False
    sums = np.zeros((len(MEAN_AGES), 2, len(clients), length))
    for place, mean_age in enumerate(MEAN_AGES):
        for age, share in enumerate(_age_shares(mean_age)):
            sums[place] += share * published[:, :, OLDEST_AGE - age : OLDEST_AGE - age + length]
    sums[:, :, unlisted] = np.nan
    return sums[:, 0], sums[:, 1]


def _in_order(post: tuple[str, float | None, float | None]) -> tuple[str, float, float]:
    """Return a key by which posts without values can be sorted too."""
    name, exposure, engagements = post
    return name, -1.0 if exposure is None else exposure, -1.0 if engagements is None else engagements


def _age_shares(mean_age: float) -> Floats:
    """Return the share of a post's exposure by its age in days, geometric with this mean."""
    if mean_age == 0.0:
        return np.ones(1)
    shares = (mean_age / (1.0 + mean_age)) ** np.arange(OLDEST_AGE)
    normed: Floats = shares / shares.sum()
    return normed


def _numbers(column: Sequence[float | None]) -> list[float]:
    """Return the column with NaN for None."""
    if not all(value is None or (isfinite(value) and 0 <= value < inf) for value in column):
        raise InvalidInputError("Exposure and engagements must be finite and not negative.")
    return [np.nan if value is None else float(value) for value in column]
