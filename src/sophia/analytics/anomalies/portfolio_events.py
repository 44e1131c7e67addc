"""Days on which most of a portfolio moved alike: one event, not one alarm per client."""

from dataclasses import dataclass, field, replace

import numpy as np

from sophia.analytics.anomalies.expectation import WINDOW
from sophia.analytics.anomalies.journal import LONGEST, USUAL_AFTER_DAYS, runs
from sophia.analytics.anomalies.records import EventKind, MonitoringState, PortfolioEvent
from sophia.analytics.anomalies.scoreboard import Board
from sophia.analytics.figures.estimation import Known
from sophia.analytics.figures.statistics import Floats

ENOUGH_SERIES = 5
# On such a day, or on the days of a new level together, so large a share of all series lies at least one standard
# deviation on the same side.
_MOST, _STILL_MOST = 0.6, 0.5
_ALIKE = 1.0
_ALARM, _GOES_ON, _SHIFT = 4.5, 3.0, 5.0
# A median of n normal variables scatters by this over √n.
_MEDIAN_SD = 1.2533
_CORRELATION = np.array([0.3])


@dataclass(slots=True)
class PortfolioEventDetector:
    """The portfolio, day by day. `open` are the days that go on, `level` is the new level that is not usual yet,
    `together` the latest days' common z.
    """

    board: Board
    open: PortfolioEvent | None
    level: PortfolioEvent | None
    together: list[Known]
    _closed: list[PortfolioEvent] = field(default_factory=list)

    @classmethod
    def of(cls, board: Board, state: MonitoringState | None) -> "PortfolioEventDetector":
        """Take up what was open."""
        return cls(board, None, None, []) if state is None else cls(board, state.event, state.level, [*state.together])

    def judge(self, day: int, scores: Floats) -> PortfolioEvent | None:
        """The event that this day belongs to. A new level of everybody gives every series a step."""
        column = WINDOW + day
        judged_scores = scores[np.isfinite(scores)]
        median = float(np.median(judged_scores)) if len(judged_scores) >= ENOUGH_SERIES else 0.0
        common = median * len(judged_scores) ** 0.5 / _MEDIAN_SD
        self.together = [*self.together, common if len(judged_scores) >= ENOUGH_SERIES else None][-LONGEST:]
        if self.level is not None and (self.board.date_of(column) - self.level.since).days >= USUAL_AFTER_DAYS:
            self._end_level(column)
        portfolio_event = self._new_level(column, median)
        if portfolio_event is not None:
            return portfolio_event
        sign = 1.0 if median > 0 else -1.0
        alike = int((judged_scores * sign >= _ALIKE).sum())
        goes_on = self.open is not None and (self.open.score > 0) == (sign > 0)
        alarm, most = (_GOES_ON, _STILL_MOST) if goes_on else (_ALARM, _MOST)
        belongs = abs(common) >= alarm and alike >= most * len(judged_scores)
        if self.open is not None and not (belongs and goes_on):
            self._closed.append(replace(self.open, until=self.board.date_of(column - 1)))
            self.open = None
        if belongs and self.open is None:
            kind: EventKind = "spike" if sign > 0 else "drop"
            self.open = PortfolioEvent(kind, self.board.date_of(column), None, len(judged_scores), alike, median)
        return self.open

    def found(self) -> tuple[PortfolioEvent, ...]:
        return (*self._closed, *(event for event in (self.level, self.open) if event is not None))

    def _new_level(self, column: int, median: float) -> PortfolioEvent | None:
        """The level that most have since some days, when this day tells that they have."""
        tells, columns = runs(np.array([[np.nan if score is None else score for score in self.together]]), _CORRELATION)
        if abs(tells[0]) < _SHIFT:
            return None
        since = max(column - int(columns[0]) + 1, 0)
        sign = 1.0 if tells[0] > 0 else -1.0
        alike, judged = self._alike(since, column, sign)
        if alike < _MOST * judged:
            return None
        if self.open is not None:
            since = min(since, max(WINDOW + (self.open.since - self.board.first_day).days, 0))
            self.open = None
        for row in range(len(self.board.names)):
            self.board.add_step(row, since)
        self.together = []
        if self.level is not None:
            self._end_level(since - 1)
        kind: EventKind = "rise" if sign > 0 else "fall"
        self.level = PortfolioEvent(kind, self.board.date_of(since), None, judged, alike, median)
        return self.level

    def _alike(self, since: int, column: int, sign: float) -> tuple[int, int]:
        """How many series lie that way on these days together, and how many were judged on any of them."""
        scores = self.board.scores[:, since : column + 1]
        days = np.isfinite(scores).sum(axis=1)
        together = np.nansum(scores, axis=1)[days > 0] / days[days > 0] ** 0.5
        return int((together * sign >= _ALIKE).sum()), len(together)

    def _end_level(self, column: int) -> None:
        if self.level is not None:
            until = max(self.board.date_of(column), self.level.since)
            self._closed.append(replace(self.level, until=until))
            self.level = None
