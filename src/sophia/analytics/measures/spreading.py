"""Draws about an estimate that spread as far as few observations leave open.

A first row holds the estimate. Draws of posts come in two halves, for the two ways round of two windows; days, which are
drawn the same in both windows, need the first half only.
"""

import numpy as np

from sophia.analytics.measures.weighted_medians import Floats


def again(rows: Floats) -> Floats:
    """Behind the estimate and half of the draws, the same draws again."""
    return np.concatenate([rows, rows[1:]])


def twice(draws: Floats) -> Floats:
    """A row of ones for the estimate, then the draws, then the same draws again."""
    return again(np.concatenate([np.ones((1, draws.shape[1])), draws]))


def student(freedom: Floats, random: np.random.Generator, half: int) -> Floats:
    """Factors that turn normal draws into Student's t, in shape (rows, as many as `freedom`)."""
    return twice(np.sqrt(freedom / random.chisquare(freedom, size=(half, len(freedom)))))


def spread(draws: Floats, clients: int, random: np.random.Generator, half: int) -> Floats:
    """Draws that were made by weighing `clients` at random, corrected for how few they are.

    n exponential weights give a mean the variance s² / (n + 1), where s² knows n - 1 degrees of freedom.
    """
    if clients < 2:  # noqa: PLR2004  # one client has no scatter
        return draws
    wider = student(np.array([clients - 1.0]), random, half)[: len(draws)]
    found: Floats = draws[0] + (draws - draws[0]) * wider * np.sqrt((clients + 1) / (clients - 1))
    return found
