"""How much of a day's chance lasts into the next day, and what that makes of the scatter of a sum of days."""

import numpy as np

from sophia.analytics.measures.weighted_medians import Floats

# What is believed of the correlation of neighbouring days before the portfolio is heard, and the doubt of it.
_BELIEF, _DOUBT = 0.1, 0.15
# Beyond this a window would hold less than two days' worth of news.
_MOST = 0.8


def lasting_chance(changes: Floats) -> float:
    """The correlation of neighbouring days, one for all clients, between 0 and 0.8.

    `changes` has shape (clients, days): each day's change from the day at its place in the other window on the log
    scale, not finite where there is none. What belongs to a client is taken out first, and that turns the correlation
    of L days down, to about r - (1 + 3.5 r) / L where it is r.
    """
    known = np.isfinite(changes)
    count = known.sum(axis=1)
    enough = count > 2  # noqa: PLR2004  # of two days the rests are opposite, whatever they were
    known, count = known[enough], count[enough]
    kept = np.where(known, changes[enough], 0.0)
    rest = np.where(known, kept - (kept.sum(axis=1) / np.maximum(count, 1))[:, None], 0.0)
    squares = (rest**2).sum(axis=1)
    moved = squares > 0
    if not moved.any():
        return _BELIEF
    found = (rest[:, 1:] * rest[:, :-1]).sum(axis=1)[moved] / squares[moved] + 1 / count[moved]
    told = np.maximum(1 - 3.5 / count[moved], 0.0)
    # A correlation of L days scatters by 1 / √L.
    sure = (told**2 * count[moved]).sum() + _DOUBT**-2
    believed = float(((told * found * count[moved]).sum() + _BELIEF * _DOUBT**-2) / sure)
    return min(max(believed, 0.0), _MOST)


def lasting_variance(correlation: float, count: Floats) -> Floats:
    """By how much the variance of a sum of `count` days exceeds what their own scatter says, as a factor.

    Chance that lasts makes the sum scatter more, and days of one window alike, so that they show less of it.
    """
    longest = int(count.max(initial=1.0))
    apart = np.arange(1, max(longest, 2))[:, None]
    more = 1 + 2 * (np.maximum(1 - apart / np.maximum(count, 1), 0.0) * correlation**apart).sum(axis=0)
    factor: Floats = np.where(count > 1, more * (count - 1) / np.maximum(count - more, 0.5), 1.0)
    return factor
