"""Days on which most of a portfolio moved alike: one event, not one alarm per client."""

from dataclasses import dataclass, field, replace

import numpy as np

from sophia.analytics.measures.anomaly_board import Board
from sophia.analytics.measures.anomaly_records import EventKind, Known, PortfolioEvent
from sophia.analytics.measures.expectation import WINDOW
from sophia.analytics.measures.level_shifts import LONGEST, runs
from sophia.analytics.measures.weighted_medians import Floats

ENOUGH_SERIES = 5
# On such a day so large a share of all series lies at least one standard deviation on the same side.
_MOST, _STILL_MOST = 0.6, 0.5
_ALARM, _GOES_ON, _SHIFT = 4.5, 3.0, 5.0
# A median of n normal variables scatters by this over √n.
_MEDIAN_SD = 1.2533
_CORRELATION = np.array([0.3])


@dataclass(slots=True)
class EventWatch:
    """The portfolio, day by day. `open` is the event that goes on, `together` the latest days' common z."""

    board: Board
    open: PortfolioEvent | None
    together: list[Known]
    _closed: list[PortfolioEvent] = field(default_factory=list)

    def judge(self, day: int, scores: Floats) -> PortfolioEvent | None:
        """The event that this day belongs to. A new level of everybody gives every series a step."""
        column = WINDOW + day
        known = scores[np.isfinite(scores)]
        median = float(np.median(known)) if len(known) >= ENOUGH_SERIES else 0.0
        common = median * len(known) ** 0.5 / _MEDIAN_SD
        sign = 1.0 if median > 0 else -1.0
        alike = int((known * sign >= 1.0).sum())
        self.together = [*self.together, common if len(known) >= ENOUGH_SERIES else None][-LONGEST:]
        since = self._new_level(column)
        if since is not None:
            self.open = None
            kind: EventKind = "rise" if sign > 0 else "fall"
            today = self.board.date_of(column)
            self._closed.append(PortfolioEvent(kind, self.board.date_of(since), today, len(known), alike, median))
            return self._closed[-1]
        goes_on = self.open is not None and (self.open.score > 0) == (sign > 0)
        alarm, most = (_GOES_ON, _STILL_MOST) if goes_on else (_ALARM, _MOST)
        belongs = abs(common) >= alarm and alike >= most * len(known)
        if self.open is not None and not (belongs and goes_on):
            self._closed.append(replace(self.open, until=self.board.date_of(column - 1)))
            self.open = None
        if belongs and self.open is None:
            kind = "spike" if sign > 0 else "drop"
            self.open = PortfolioEvent(kind, self.board.date_of(column), None, len(known), alike, median)
        return self.open

    def found(self) -> tuple[PortfolioEvent, ...]:
        return (*self._closed, self.open) if self.open else tuple(self._closed)

    def _new_level(self, column: int) -> int | None:
        """The column since which all have another level, when this day tells that they have."""
        tells, columns = runs(np.array([[np.nan if one is None else one for one in self.together]]), _CORRELATION)
        if abs(tells[0]) < _SHIFT:
            return None
        since = column - int(columns[0]) + 1
        if self.open is not None:
            since = min(since, WINDOW + (self.open.since - self.board.first_day).days)
        for row in range(len(self.board.names)):
            self.board.add_step(row, max(since, 0))
        self.together = []
        return since
