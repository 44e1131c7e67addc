"""Whose posts people really answered more, or less, than before: of many clients, those whom chance does not explain."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p, sqrt
from statistics import NormalDist

import numpy as np

from sophia.analytics.measures.drivers import Part
from sophia.analytics.measures.scores import student_95
from sophia.analytics.measures.tails import student_scores

# Among a hundred that are named, about one is by chance (Benjamini and Hochberg, J. R. Stat. Soc. B 57, 1995).
FALSE_SHARE = 0.01
# Less than this nobody would act on, however sure it is.
WORTH_NAMING = log1p(0.10)
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True)
class Answered:
    """How people's answers to one client changed on one platform: the people part of its split, from how many days or
    posts in the smaller window, and the engagements of either window.
    """

    people: Part | None
    units: int
    engagements: tuple[float, float]


def really_moved(clients: Sequence[Answered]) -> tuple[int, ...]:
    """The places of those whom chance does not explain, in the order given; whichever way they moved.

    Of a hundred clients five have an interval that leaves zero out by chance alone. So the clients are judged
    together: by how many of them lie that far from zero, and how many would by chance.
    """
    chances = sorted((_chance(one), place) for place, one in enumerate(clients))
    told = 0
    for rank, (chance, _) in enumerate(chances, 1):
        if chance <= FALSE_SHARE * rank / len(chances):
            told = rank
    return tuple(sorted(place for _, place in chances[:told] if _is_worth_naming(clients[place].people)))


def _chance(one: Answered) -> float:
    """How likely chance alone brings a change so large, either way; 1 where the scatter is not known."""
    part, freedom = one.people, one.units - 1
    if part is None or part.low is None or part.high is None or freedom < 1 or min(one.engagements) <= 0:
        return 1.0
    half = part.log - part.low if part.log > 0 else part.high - part.log
    # A handful of reactions scatters at least as counts do, whatever the days seem to say.
    scatter = max(half / student_95(freedom), sqrt(sum(1 / count for count in one.engagements)))
    score = student_scores(np.array([part.log / scatter]), np.array([float(freedom)]))
    return 2.0 * _STANDARD.cdf(-abs(float(score[0])))


def _is_worth_naming(part: Part | None) -> bool:
    return part is not None and abs(part.log) >= WORTH_NAMING
