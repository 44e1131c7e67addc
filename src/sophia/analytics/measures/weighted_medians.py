"""Weighted medians of everybody else, for everybody at once."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def others_medians(values: Floats, weights: Floats) -> Floats:
    """For each element the weighted median of all other elements, under each row of weights.

    `values` has shape (n,), or (rows, n) where every row has its own; `weights` (rows, n), none negative; the result has
    the shape of `weights`. A value's place
    is the middle of its weight, and between two places the median is interpolated: so it turns its sign with the
    values, does not depend on their order, and with equal weights is the usual median. NaN where the others weigh
    nothing.
    """
    rows, count = weights.shape
    line = np.arange(rows)[:, None]
    order = np.broadcast_to(np.argsort(values, axis=-1, kind="stable"), weights.shape)
    ordered, heavy = np.broadcast_to(values, weights.shape)[line, order], weights[line, order]
    total = heavy.sum(axis=1, keepdims=True)
    safe = np.where(total > 0, total, 1.0)
    places = (np.cumsum(heavy, axis=1) - heavy / 2) / safe
    share = heavy / safe
    rank = np.arange(count)
    # Without element r, places above it move down by its weight, and the middle by half of it.
    middle = (1.0 - share) / 2
    above = _first_above(places, middle)
    above = np.where(above < rank, above, np.maximum(_first_above(places, middle + share), rank + 1))
    below = np.where(above - 1 == rank, rank - 1, above - 1)
    low, high = np.clip(below, 0, count - 1), np.clip(above, 0, count - 1)
    low, high = np.where(below < 0, high, low), np.where(above >= count, low, high)
    from_place = places[line, low] - share * (low > rank)
    to_place = places[line, high] - share * (high > rank)
    width = to_place - from_place
    part = np.where(width > 0, (middle - from_place) / np.where(width > 0, width, 1.0), 0.5)
    found = ordered[line, low] + np.clip(part, 0.0, 1.0) * (ordered[line, high] - ordered[line, low])
    found = np.where((share < 1.0) & (total > 0) & (count > 1), found, np.nan)
    result = np.empty_like(found)
    result[line, order] = found
    return result


def _first_above(places: Floats, targets: Floats) -> NDArray[np.intp]:
    """For each target the first place of its row that lies beyond it; as many as there are when none does."""
    rows, count = places.shape
    # All rows in one search: each is lifted clear of the one before, for places lie between 0 and 1.
    lift = 2.0 * np.arange(rows)[:, None]
    found = np.searchsorted((places + lift).ravel(), (targets + lift).ravel(), side="right").reshape(rows, count)
    first: NDArray[np.intp] = found - count * np.arange(rows)[:, None]
    return first
