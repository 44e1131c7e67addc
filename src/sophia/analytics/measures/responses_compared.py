"""Whose posts people really answered more, or less, than before: of many clients, those whom chance does not explain."""

from collections.abc import Iterable
from statistics import NormalDist

from sophia.analytics.measures.drivers import DriverSplit, Part

# Among a hundred that are named, about one is by chance (Benjamini and Hochberg 1995).
FALSE_SHARE = 0.01
_STANDARD = NormalDist()
_ENDS = _STANDARD.inv_cdf(0.975)


def really_moved(splits: Iterable[DriverSplit]) -> tuple[int, ...]:
    """The places of the splits whose people part is no chance, in the order given; whichever way it points.

    Of a hundred clients five have an interval that leaves zero out by chance alone. So the clients are judged
    together, by how many of their intervals lie that far from zero and how many would by chance.
    """
    chances = sorted((_chance(one.people), place) for place, one in enumerate(splits))
    told = 0
    for rank, (chance, _) in enumerate(chances, 1):
        if chance <= FALSE_SHARE * rank / len(chances):
            told = rank
    return tuple(sorted(place for _, place in chances[:told]))


def _chance(part: Part | None) -> float:
    """How likely chance alone brings a change so large, either way; 1 where the scatter is not known."""
    if part is None or part.low is None or part.high is None:
        return 1.0
    half = part.log - part.low if part.log > 0 else part.high - part.log
    if half <= 0.0:
        return 1.0
    return 2.0 * _STANDARD.cdf(-_ENDS * abs(part.log) / half)
