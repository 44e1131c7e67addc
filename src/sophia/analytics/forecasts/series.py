"""The weekly series to forecast: KPIs of complete weeks, with unknown weeks where days are missing."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from sophia.analytics.figures.figures import Figure, week_of
from sophia.analytics.forecasts.points import Floats
from sophia.meta.reporting_zone import ONE_WEEK, DateRange

# The number of posts is a figure with a warning on days whose posts were not collected.
_EXACT_KPIS = frozenset({"posts"})


def weeks_before(until: date, count: int) -> tuple[DateRange, ...]:
    """Return the last `count` weeks from Monday to Sunday that are over before `until`, oldest first."""
    end = week_of(until).start
    return tuple(DateRange(end - (index + 1) * ONE_WEEK, end - index * ONE_WEEK) for index in reversed(range(count)))


def week_values(kpi: str, weeks: Sequence[DateRange], figures: Mapping[date, Figure]) -> Floats:
    """Return the KPI [week] from {Monday: figure}; NaN where it is missing or lacks days (A12)."""
    return np.array([_value(kpi, figures.get(week.start)) for week in weeks], dtype=np.float64)


def _value(kpi: str, figure: Figure | None) -> float:
    if figure is None or figure.value is None:
        return np.nan
    if figure.coverage is not None and not figure.coverage.is_complete:
        return np.nan
    if kpi in _EXACT_KPIS and figure.doubt is not None:
        return np.nan
    return float(figure.value)


def levels_before(level: float, changes: Floats) -> Floats:
    """Return a level at the end of each week, from its newest value and the changes of the weeks; NaN before a gap."""
    later = np.concatenate([np.cumsum(changes[::-1])[::-1][1:], [0.0]])
    return level - later
