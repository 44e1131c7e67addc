"""Detects unusual days, new levels and gaps in daily series; each day is judged on its past alone (docs/anomalies.md)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from sophia.analytics.anomalies.detector import AnomalyDetector
from sophia.analytics.anomalies.expectation import WINDOW
from sophia.analytics.anomalies.portfolio_events import PortfolioEventDetector
from sophia.analytics.anomalies.records import MonitoringResult, MonitoringState, SeriesDays
from sophia.analytics.anomalies.scoring import SeriesTable
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY

PROVISIONAL_DAYS = 2


def detect_anomalies(
    series: Sequence[SeriesDays],
    state: MonitoringState | None = None,
    *,
    last_day: date | None = None,
    provisional_days: int = PROVISIONAL_DAYS,
) -> MonitoringResult:
    """Judge every day after the state's last day up to `last_day` (by default the latest day of the series).

    All series are of one metric on one platform, one per client: series that move alike on one day form one portfolio
    event. Meta may still restate the last `provisional_days` days: they can show a spike but never a drop, and the next
    call must pass them again, for it judges them again. Days that the state has judged change nothing and may be left
    out. Judging day by day gives the same result as judging a whole history at once. A series that is left out has gaps.
    Raises InvalidInputError for a repeated series, a series whose measure differs from before, and numbers that are not
    finite.
    """
    if last_day is None:
        last_day = max((days.first_day + (len(days.values) - 1) * ONE_DAY for days in series), default=None)
    _check_series(series)
    if state is not None and not state.series:
        state = None
    if last_day is None or not (series or state):
        return MonitoringResult((), (), state or MonitoringState(last_day or date.min, ()))
    table = SeriesTable.of(series, state, last_day)
    detector = AnomalyDetector.of(table, state)
    events = PortfolioEventDetector.of(table, state)
    final = max(table.days - provisional_days, 0)
    for day in range(final):
        scores = table.score_day(day)
        detector.add_day(day, scores, events.add_day(day, scores.scores))
    for day in range(final, table.days):
        detector.add_provisional_day(day, table.score_day(day, tentative=True))
    rows = tuple(replace(table.state_of(row, final), open=detector.open_of(row)) for row in range(len(table.names)))
    next_state = MonitoringState(
        table.date_of(WINDOW + final - 1), rows, events.open, events.level, tuple(events.together)
    )
    return MonitoringResult(detector.anomalies(), events.events(), next_state)


def _check_series(series: Sequence[SeriesDays]) -> None:
    if len({days.series for days in series}) < len(series):
        raise InvalidInputError("A series came twice: give each series once.")
    for days in series:
        if days.posts and len(days.posts) != len(days.values):
            raise InvalidInputError(f"{days.series}: give as many counts of posts as values, or none.")
        numbers = np.array([value for value in (*days.values, *days.posts) if value is not None], dtype=float)
        if not np.isfinite(numbers).all():
            raise InvalidInputError(f"{days.series}: values must be finite; a missing one is None.")
        if days.measured != "signed" and (numbers < 0).any():
            raise InvalidInputError(f"{days.series}: only a series measured as signed may be negative.")
