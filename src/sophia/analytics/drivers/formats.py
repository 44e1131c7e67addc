"""Estimates each client's usual exposure of and response to each format from its posts and those of the portfolio."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sophia.analytics.figures.statistics import Floats

# The prior that formats do not differ, and the prior that a client's formats perform like those of the portfolio, weigh
# as much as this many posts.
_DOUBT_POSTS = 4.0
_OWN_DOUBT_POSTS = 6.0
# The scatter of posts without values.
_USUAL_SCATTER = 0.3

PostValues = tuple[str, float | None, float | None]


@dataclass(frozen=True, slots=True)
class FormatFactors:
    """Factors of a post's exposure, and of its engagements per exposure, in shape (clients, formats); `names` are the formats.

    `scatter` is the standard deviation of ln engagements of each client's posts about what their format usually gets.
    """

    names: tuple[str, ...]
    exposure: Floats
    response: Floats
    scatter: Floats


def format_factors(clients: Sequence[Sequence[PostValues]]) -> FormatFactors:
    """Return the factors of each format from (format, exposure, engagements) of each client's posts at one age.

    Both come from the model ln x = client + format + (client and format), so that a client's size has no effect. The last
    term is shrunk towards 0. Exposure is a mean of logarithms over posts, so that a viral post counts once. Posts without
    values count as usual ones.
    """
    names = tuple(sorted({name for posts in clients for name, _, _ in posts}))
    code = {name: index for index, name in enumerate(names)}
    sums = np.zeros((6, len(clients), len(names)))
    for row, posts in enumerate(clients):
        for name, exposure, engagements in posts:
            if exposure and engagements is not None:
                log = np.log(engagements + 0.5)
                sums[:, row, code[name]] += 1.0, np.log(exposure), exposure, engagements, log, log * log
    counts, logs, exposures, engagement_sums, reactions, squares = sums
    reacted = engagement_sums > 0
    response = np.log(np.where(reacted, engagement_sums, 1.0) / np.where(reacted, exposures, 1.0))
    freedom = np.maximum(counts - 1, 0.0).sum(axis=1)
    within = (squares - reactions**2 / np.maximum(counts, 1.0)).sum(axis=1)
    pooled = (within.sum() + _USUAL_SCATTER**2 * _DOUBT_POSTS) / (freedom.sum() + _DOUBT_POSTS)
    return FormatFactors(
        names,
        _fit(counts, logs / np.maximum(counts, 1.0)),
        _fit(counts * reacted, response),
        np.sqrt((within + pooled * _OWN_DOUBT_POSTS) / (freedom + _OWN_DOUBT_POSTS)),
    )


def _fit(weights: Floats, logs: Floats) -> Floats:
    """Return exp of the effects of (client, format) by weighted least squares with one free level for each client."""
    total = weights.sum(axis=1, keepdims=True)
    share = weights / np.where(total > 0, total, 1.0)
    level = (share * logs).sum(axis=1, keepdims=True)
    # Without each client's level these normal equations contain the formats alone.
    squares = (weights[:, :, None] * (np.eye(weights.shape[1]) - share[:, None, :])).sum(axis=0)
    sides = (weights * (logs - level)).sum(axis=0)
    common = np.linalg.solve(squares + _DOUBT_POSTS * np.eye(len(sides)), sides)
    rest = logs - common
    own_level = (share * rest).sum(axis=1, keepdims=True)
    own = (rest - own_level) * weights / (weights + _OWN_DOUBT_POSTS)
    factors: Floats = np.exp(common + own)
    return factors
