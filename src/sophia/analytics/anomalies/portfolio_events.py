"""Detects days on which most of a portfolio moved alike: one event, not one alarm per client."""

from dataclasses import dataclass, field, replace

import numpy as np

from sophia.analytics.anomalies.detector import LEVEL_DAYS, LONGEST, runs
from sophia.analytics.anomalies.expectation import WINDOW
from sophia.analytics.anomalies.records import EventKind, MonitoringState, PortfolioEvent
from sophia.analytics.anomalies.scoring import SeriesTable
from sophia.analytics.figures.statistics import Floats

ENOUGH_SERIES = 5
# The share of series that must lie at least one standard deviation on the same side, on the day of an event or on the
# days of a new level together; the second number applies while an event continues.
_SHARE, _SHARE_CONTINUED = 0.6, 0.5
_ALIKE = 1.0
_ALARM, _CONTINUES, _SHIFT = 4.5, 3.0, 5.0
# The standard deviation of a median of n normal variables is this over √n.
_MEDIAN_SD = 1.2533
_CORRELATION = np.array([0.3])


@dataclass(slots=True)
class PortfolioEventDetector:
    """Judges a portfolio day by day.

    `open` is the event that continues, `level` the new level that is not usual yet, `together` the common z of the
    latest days.
    """

    table: SeriesTable
    open: PortfolioEvent | None
    level: PortfolioEvent | None
    together: list[float | None]
    _closed: list[PortfolioEvent] = field(default_factory=list)

    @classmethod
    def of(cls, table: SeriesTable, state: MonitoringState | None) -> "PortfolioEventDetector":
        """Return a detector that continues the open event and level of the state."""
        return cls(table, None, None, []) if state is None else cls(table, state.event, state.level, [*state.together])

    def add_day(self, day: int, scores: Floats) -> PortfolioEvent | None:
        """Return the event that this day belongs to; a new level of the portfolio gives every series a step."""
        column = WINDOW + day
        judged_scores = scores[np.isfinite(scores)]
        median = float(np.median(judged_scores)) if len(judged_scores) >= ENOUGH_SERIES else 0.0
        common = median * len(judged_scores) ** 0.5 / _MEDIAN_SD
        self.together = [*self.together, common if len(judged_scores) >= ENOUGH_SERIES else None][-LONGEST:]
        if self.level is not None and (self.table.date_of(column) - self.level.since).days >= LEVEL_DAYS:
            self._end_level(column)
        portfolio_event = self._new_level(column, median)
        if portfolio_event is not None:
            return portfolio_event
        sign = 1.0 if median > 0 else -1.0
        alike = int((judged_scores * sign >= _ALIKE).sum())
        continues = self.open is not None and (self.open.score > 0) == (sign > 0)
        alarm, share = (_CONTINUES, _SHARE_CONTINUED) if continues else (_ALARM, _SHARE)
        belongs = abs(common) >= alarm and alike >= share * len(judged_scores)
        if self.open is not None and not (belongs and continues):
            self._closed.append(replace(self.open, until=self.table.date_of(column - 1)))
            self.open = None
        if belongs and self.open is None:
            kind: EventKind = "spike" if sign > 0 else "drop"
            self.open = PortfolioEvent(kind, self.table.date_of(column), None, len(judged_scores), alike, median)
        return self.open

    def events(self) -> tuple[PortfolioEvent, ...]:
        return (*self._closed, *(event for event in (self.level, self.open) if event is not None))

    def _new_level(self, column: int, median: float) -> PortfolioEvent | None:
        """Return the level that most series have kept for some days, if this day reveals one."""
        run_scores, columns = runs(
            np.array([[np.nan if score is None else score for score in self.together]]), _CORRELATION
        )
        if abs(run_scores[0]) < _SHIFT:
            return None
        since = max(column - int(columns[0]) + 1, 0)
        sign = 1.0 if run_scores[0] > 0 else -1.0
        alike, judged = self._alike(since, column, sign)
        if alike < _SHARE * judged:
            return None
        if self.open is not None:
            since = min(since, max(WINDOW + (self.open.since - self.table.first_day).days, 0))
            self.open = None
        for row in range(len(self.table.names)):
            self.table.add_step(row, since)
        self.together = []
        if self.level is not None:
            self._end_level(since - 1)
        kind: EventKind = "rise" if sign > 0 else "fall"
        self.level = PortfolioEvent(kind, self.table.date_of(since), None, judged, alike, median)
        return self.level

    def _alike(self, since: int, column: int, sign: float) -> tuple[int, int]:
        """Return how many series lie on this side on these days together, and how many were judged on any of them."""
        scores = self.table.scores[:, since : column + 1]
        days = np.isfinite(scores).sum(axis=1)
        together = np.nansum(scores, axis=1)[days > 0] / days[days > 0] ** 0.5
        return int((together * sign >= _ALIKE).sum()), len(together)

    def _end_level(self, column: int) -> None:
        if self.level is not None:
            until = max(self.table.date_of(column), self.level.since)
            self._closed.append(replace(self.level, until=until))
            self.level = None
