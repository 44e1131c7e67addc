"""Finds the clients whose engagement changed by more than chance explains."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p, sqrt
from statistics import NormalDist

import numpy as np

from sophia.analytics.drivers.drivers import Part
from sophia.analytics.figures.statistics import student_95, student_scores

# About one in a hundred reported clients is reported by chance (Benjamini and Hochberg, J. R. Stat. Soc. B 57, 1995).
FALSE_SHARE = 0.01
# A smaller change is not worth acting on, however certain it is.
SMALLEST_CHANGE = log1p(0.10)
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True)
class EngagementChange:
    """The people part of one client's change on one platform.

    `units` is the number of days or posts in the smaller window; `engagements` are those of the two windows.
    """

    people: Part | None
    units: int
    engagements: tuple[float, float]


def significant_changes(changes: Sequence[EngagementChange]) -> tuple[int, ...]:
    """Return the indexes of the changes that chance does not explain, in ascending order, whatever their direction.

    By chance alone, the intervals of five in a hundred clients leave out zero. So all clients are judged together: by how
    many lie that far from zero, against how many would by chance.
    """
    p_values = sorted((_p_value(change), index) for index, change in enumerate(changes))
    count = 0
    for rank, (p_value, _) in enumerate(p_values, 1):
        if p_value <= FALSE_SHARE * rank / len(p_values):
            count = rank
    return tuple(sorted(index for _, index in p_values[:count] if _is_large(changes[index].people)))


def _p_value(change: EngagementChange) -> float:
    """Return how likely chance alone brings a change this large in either direction; 1 if the scatter is unknown."""
    part, freedom = change.people, change.units - 1
    if part is None or part.low is None or part.high is None or freedom < 1 or min(change.engagements) <= 0:
        return 1.0
    half_width = part.log - part.low if part.log > 0 else part.high - part.log
    # A handful of reactions scatters at least as much as counts do, even if the days look steady.
    scatter = max(half_width / student_95(freedom), sqrt(sum(1 / count for count in change.engagements)))
    score = student_scores(np.array([part.log / scatter]), np.array([float(freedom)]))
    return 2.0 * _STANDARD.cdf(-abs(float(score[0])))


def _is_large(part: Part | None) -> bool:
    return part is not None and abs(part.log) >= SMALLEST_CHANGE
