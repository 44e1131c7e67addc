"""How much a format is shown, and how people react to it, compared with a client's other posts of the same window."""

import numpy as np

from sophia.analytics.measures.driver_figures import Units
from sophia.analytics.measures.weighted_medians import Floats

# Posts that speak for "a format is like any other" before the portfolio's own posts are heard.
_DOUBT_POSTS = 0.5


def format_factors(units: Units, votes: Floats) -> tuple[Floats, Floats]:
    """(shown, reacted): factors around 1 for each format, in shape (rows, formats), for each row of clients' `votes`.

    Both come from a model with one level for each client and window, ln x = level + format: what multiplies all posts
    of a window leaves them as they are. Shown is a mean of logarithms over posts, so that a viral post counts once.
    """
    rows = votes.shape[0]
    if units.formats == 1:
        return np.ones((rows, 1)), np.ones((rows, 1))
    seen = units.used * (units.exposure > 0)
    logs = np.log(np.where(seen > 0, units.exposure, 1.0))
    counts, shown, exposure, engagements = (
        _by_format(units, column) for column in (seen, logs * seen, units.exposure * seen, units.engagements * seen)
    )
    reacted = engagements > 0
    response = np.log(np.where(reacted, engagements, 1.0) / np.where(reacted, exposure, 1.0))
    mean_log = shown / np.maximum(counts, 1.0)
    return _fit(counts, mean_log, votes), _fit(counts * reacted, response, votes)


def _by_format(units: Units, column: Floats) -> Floats:
    """Sums of a column by (window and client, format)."""
    sums = [(column * (units.format_of == name)).sum(axis=2) for name in range(units.formats)]
    return np.stack(sums, axis=2).reshape(-1, units.formats)


def _fit(weights: Floats, logs: Floats, votes: Floats) -> Floats:
    """Weighted least squares with one free level for each line of `logs`; exp of the formats' effects."""
    total = weights.sum(axis=1, keepdims=True)
    share = weights / np.where(total > 0, total, 1.0)
    level = (share * logs).sum(axis=1, keepdims=True)
    # Taking each line's level out leaves these normal equations in the formats alone.
    squares = weights[:, :, None] * (np.eye(weights.shape[1]) - share[:, None, :])
    sides = weights * (logs - level)
    both = np.concatenate([votes, votes], axis=1)
    left = np.einsum("rl,lfg->rfg", both, squares) + _DOUBT_POSTS * np.eye(weights.shape[1])
    found = np.linalg.solve(left, (both @ sides)[:, :, None])[:, :, 0]
    factors: Floats = np.exp(found)
    return factors
