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
    """Return the KPI [week] from {Monday: figure}; NaN where it is missing, lacks days or was read late (A12)."""
    return np.array([_value(kpi, figures.get(week.start)) for week in weeks], dtype=np.float64)


def _value(kpi: str, figure: Figure | None) -> float:
    if figure is None or figure.value is None:
        return np.nan
    if figure.coverage is not None and not figure.coverage.is_complete:
        return np.nan
    # A later reading includes what came later.
    if figure.late is not None:
        return np.nan
    if kpi in _EXACT_KPIS and figure.doubt is not None:
        return np.nan
    return float(figure.value)
