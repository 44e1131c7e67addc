"""What small samples allow to be said: intervals, quantiles, and percentages that add up to 100."""

import math
from collections.abc import Mapping, Sequence

from sophia.analytics.measures.figures import Interval

Z_95 = 1.959963984540054
# A result of few is drawn to the usual one as if so many more had gone as usual.
KAPPA = 10.0


def wilson(successes: int, trials: int) -> Interval | None:
    """Wilson's interval of 95 % for a share, as fractions; None without trials. Raises ValueError for impossible counts."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    if trials == 0:
        return None
    z = Z_95
    centre = (successes + z * z / 2) / (trials + z * z)
    width = z / (trials + z * z) * math.sqrt(successes * (trials - successes) / trials + z * z / 4)
    # At the edges the formula gives 0 and 1 but for rounding.
    return Interval(0.0 if successes == 0 else centre - width, 1.0 if successes == trials else centre + width)


def wilson_percent(successes: int, trials: int) -> Interval | None:
    """Wilson's interval in percent."""
    found = wilson(successes, trials)
    return None if found is None else Interval(100 * found.low, 100 * found.high)


def shrunk_share(successes: float, trials: float, usual: float) -> float:
    """A share drawn towards the usual one: as if KAPPA more trials had gone as trials usually do (beta-binomial)."""
    return (successes + KAPPA * usual) / (trials + KAPPA)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The quantile by linear interpolation between order statistics (type 7); None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def median(values: Sequence[float]) -> float | None:
    return quantile(values, 0.5)


def percentages(counts: Mapping[str, float]) -> dict[str, float]:
    """The share of each count in percent, to one decimal, by largest remainders: together exactly 100.0 (H10).

    Empty when the counts add up to nothing. Raises ValueError for a count below 0.
    """
    if any(count < 0 or not math.isfinite(count) for count in counts.values()):
        raise ValueError("percentages are made of counts that are not below 0")
    whole = math.fsum(counts.values())
    if whole == 0:
        return {}
    exact = {name: 1000 * (count / whole) for name, count in counts.items()}
    tenths = {name: math.floor(value) for name, value in exact.items()}
    # Ties go by size and then by name, so that the order in which counts come does not matter.
    by_remainder = sorted(exact, key=lambda name: (tenths[name] - exact[name], -counts[name], name))
    for name in by_remainder[: 1000 - sum(tenths.values())]:
        tenths[name] += 1
    return {name: value / 10 for name, value in tenths.items()}
