"""What each day's scores mean for each series: anomalies that begin, go on, turn into a new level, and end."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.anomalies.expectation import WINDOW
from sophia.analytics.anomalies.records import Anomaly, AnomalyKind, MonitoringState, PortfolioEvent
from sophia.analytics.anomalies.scoreboard import Board, Judged
from sophia.analytics.figures.statistics import Floats

# The z of an alarm (below, above); stricter while a series is younger than eight weeks.
ALARM = (3.0, 3.5)
# Posts that nobody counted reach up and never down, and so the upper tail is heavier than it seems, the lower lighter.
ALARM_WITHOUT_POSTS = (2.75, 3.9)
_YOUNG_DAYS, _YOUNG_MORE = 56, 0.7
# A day that goes on, and a new level.
_GOES_ON = 1.0
SHIFT = 3.9
_SHIFT_GOING_ON = 3.0
# A level that goes back within so many days was none.
_NO_LEVEL_DAYS = 14
# Going back: far from the new level, not far from the old one.
_FAR_FROM_NEW, _NEAR_TO_OLD = 3.0, 2.0
# From this mean on a day of nothing is an outage, and below it bad luck.
_OUTAGE_FROM = 5.0

Slot = Literal["point", "level", "gap"]


@dataclass(slots=True)
class Journal:
    """Anomalies of this watch by their number; which of them are open, by row and slot."""

    board: Board
    _entries: list[Anomaly]
    _open: dict[tuple[int, Slot], int]

    @classmethod
    def of(cls, board: Board, state: MonitoringState | None) -> "Journal":
        """Take up what was open."""
        journal = cls(board, [], {})
        for series_state in state.series if state else ():
            for anomaly in series_state.open:
                journal._enter(board.names.index(series_state.series), anomaly)
        return journal

    def note(self, day: int, judged: Judged, event: PortfolioEvent | None) -> None:
        """Write down what a final day tells."""
        column = WINDOW + day
        self._note_gaps(column)
        if event is not None:
            self._explain(column, judged.scores, event)
        self._end_outages(column, judged.scores)
        tells, lengths = self._runs(column)
        drop, spike = self._alarms(column)
        for row in np.flatnonzero(np.isfinite(judged.scores)).tolist():
            run, alarm = float(tells[row]), float((spike if judged.scores[row] > 0 else drop)[row])
            if not (
                self._went_back(row, column, judged)
                or (abs(run) > self._enough(row, run) and self._new_level(row, column, int(lengths[row]), run, judged))
            ):
                self._note_point(row, column, judged, alarm, event)
        self._end_usual_levels(column)

    def note_provisional(self, day: int, judged: Judged) -> None:
        """A day that may be restated can only show more than usual."""
        column = WINDOW + day
        _, spike = self._alarms(column)
        for row in np.flatnonzero(np.nan_to_num(judged.scores) > spike):
            if (int(row), "point") not in self._open:
                self._entries.append(replace(self._point(int(row), column, "spike", judged), provisional=True))

    def found(self) -> tuple[Anomaly, ...]:
        return tuple(sorted(self._entries, key=lambda anomaly: (anomaly.noticed, anomaly.series, anomaly.kind)))

    def open_of(self, row: int) -> tuple[Anomaly, ...]:
        return tuple(self._entries[number] for (where, _), number in sorted(self._open.items()) if where == row)

    # -- entries -------------------------------------------------------------------------------------------------------

    def _enter(self, row: int, anomaly: Anomaly) -> None:
        slot: Slot = "gap" if anomaly.kind == "gap" else "level" if anomaly.kind in {"rise", "fall"} else "point"
        self._open[row, slot] = len(self._entries)
        self._entries.append(anomaly)

    def _at(self, row: int, slot: Slot) -> Anomaly | None:
        number = self._open.get((row, slot))
        return None if number is None else self._entries[number]

    def _put(self, row: int, slot: Slot, anomaly: Anomaly) -> None:
        self._entries[self._open[row, slot]] = anomaly

    def _close(self, row: int, slot: Slot, until: date) -> None:
        open_one = self._at(row, slot)
        if open_one is not None:
            self._put(row, slot, replace(open_one, until=max(until, open_one.since)))
            del self._open[row, slot]

    def _point(self, row: int, column: int, kind: AnomalyKind, judged: Judged) -> Anomaly:
        today = self.board.date_of(column)
        return Anomaly(
            self.board.names[row],
            kind,
            since=today,
            noticed=today,
            worst=today,
            value=float(self.board.values[row, column]),
            score=float(judged.scores[row]),
            expected=float(judged.expected[row]),
            low=float(judged.low[row]),
            high=float(judged.high[row]),
        )

    # -- what a day tells ----------------------------------------------------------------------------------------------

    def _alarms(self, column: int) -> tuple[Floats, Floats]:
        """The sizes of z that are an alarm below and above, for each row."""
        young = _YOUNG_MORE * np.clip(1.0 - self.board.seen / _YOUNG_DAYS, 0.0, 1.0)
        counted = np.isfinite(self.board.posts[:, column - WINDOW : column]).any(axis=1)
        below, above = (np.where(counted, *pair) for pair in zip(ALARM, ALARM_WITHOUT_POSTS, strict=True))
        return below + young, above + young

    def _runs(self, column: int) -> tuple[Floats, np.ndarray]:
        board = self.board
        window = slice(column - WINDOW, column)
        correlation = correlations(board.scores[:, window], board.odd[:, window])
        return runs(board.scores[:, column - LONGEST + 1 : column + 1], correlation)

    def _enough(self, row: int, run: float) -> float:
        """The z of a run that is a new level; less is enough where the run began with an alarm that is still open."""
        point = self._at(row, "point")
        begun = point is not None and point.score is not None and point.score * run > 0
        return _SHIFT_GOING_ON if begun else SHIFT

    def _note_gaps(self, column: int) -> None:
        missing = np.isnan(self.board.values[:, column])
        today = self.board.date_of(column)
        for row, name in enumerate(self.board.names):
            if missing[row] and self.board.seen[row] > 0 and (row, "gap") not in self._open:
                self._enter(row, Anomaly(name, "gap", since=today, noticed=today))
        for row in [row for row, slot in self._open if slot == "gap" and not missing[row]]:
            self._close(row, "gap", self.board.date_of(column - 1))

    def _note_point(self, row: int, column: int, judged: Judged, alarm: float, event: PortfolioEvent | None) -> None:
        score = float(judged.scores[row])
        open_one = self._at(row, "point")
        if open_one is not None and open_one.score is not None:
            if score * open_one.score > 0 and abs(score) > _GOES_ON:
                self.board.odd[row, column] = True
                worse = abs(score) > abs(open_one.score)
                self._put(row, "point", self._worse(row, column, open_one, judged) if worse else open_one)
                return
            self._close(row, "point", self.board.date_of(column - 1))
        if abs(score) <= alarm:
            return
        self.board.odd[row, column] = True
        nothing = self.board.values[row, column] == 0 and judged.expected[row] >= _OUTAGE_FROM
        kind: AnomalyKind = "spike" if score > 0 else "outage" if nothing else "drop"
        explained = event is not None and event.score * score > 0 and abs(score - event.score) <= alarm
        anomaly = self._point(row, column, kind, judged)
        self._enter(row, replace(anomaly, event_since=event.since if event and explained else None))

    def _worse(self, row: int, column: int, open_one: Anomaly, judged: Judged) -> Anomaly:
        anomaly = self._point(row, column, open_one.kind, judged)
        return replace(anomaly, since=open_one.since, noticed=open_one.noticed, event_since=open_one.event_since)

    def _new_level(self, row: int, column: int, length: int, tells: float, judged: Judged) -> bool:
        """Whether the last `length` days are a new level; days of nothing are an outage."""
        board, step = self.board, column - length + 1
        point = self._at(row, "point")
        if board.measured[row] == "count" and board.values[row, column] == 0:
            return self._outage(row, column, judged)
        beginning = point is not None and point.score is not None and point.score * tells > 0
        if point is not None and beginning:
            step = min(step, WINDOW + (point.since - board.first_day).days)
        self._close(row, "level", board.date_of(step - 1))
        anomaly = self._point(row, column, "rise" if tells > 0 else "fall", judged)
        anomaly = replace(anomaly, since=board.date_of(step), score=tells)
        board.add_step(row, max(step, 0))
        if point is not None and beginning:
            # What looked like a spike or drop was the beginning.
            number = self._open[row, "level"] = self._open.pop((row, "point"))
            self._entries[number] = replace(anomaly, noticed=point.noticed, event_since=point.event_since)
        else:
            self._close(row, "point", board.date_of(column - 1))
            self._enter(row, anomaly)
        return True

    def _outage(self, row: int, column: int, judged: Judged) -> bool:
        """Days of nothing end, however long they last: they are no level. True when this day tells of them."""
        if (row, "point") in self._open:
            return False
        zeros = self.board.values[row, : column + 1] == 0
        since = column - int(np.argmin(zeros[::-1])) + 1
        self.board.odd[row, since : column + 1] = True
        self._enter(row, replace(self._point(row, column, "outage", judged), since=self.board.date_of(since)))
        return True

    def _went_back(self, row: int, column: int, judged: Judged) -> bool:
        """Whether a level that is some days old has ended: it was a longer spike or drop."""
        level, board = self._at(row, "level"), self.board
        if level is None or level.score is None or board.date_of(int(board.steps[row, -1])) != level.since:
            return False
        score, before = float(judged.scores[row]), float(judged.without_step[row])
        lasted = (board.date_of(column) - level.since).days
        opposite = score * level.score < 0 and abs(score) > _FAR_FROM_NEW
        if lasted > _NO_LEVEL_DAYS or not (opposite and abs(before) < _NEAR_TO_OLD):
            return False
        self._put(row, "level", replace(level, kind="spike" if level.kind == "rise" else "drop"))
        self._close(row, "level", board.date_of(column - 1))
        board.remove_step(row, column)
        board.scores[row, column] = before
        return True

    def _end_outages(self, column: int, scores: Floats) -> None:
        """An outage ends with the first day of something; what it explains is no sign of a lower level."""
        for row in [row for row, slot in self._open if slot == "point" and scores[row] >= -_GOES_ON]:
            outage = self._at(row, "point")
            if outage is not None and outage.kind == "outage" and self.board.values[row, column] > 0:
                self._close(row, "point", self.board.date_of(column - 1))
                since = WINDOW + (outage.since - self.board.first_day).days
                self.board.scores[row, max(since, 0) : column] = np.nan

    def _end_usual_levels(self, column: int) -> None:
        today = self.board.date_of(column)
        for row in [row for row, slot in self._open if slot == "level"]:
            level = self._at(row, "level")
            if level is not None and (today - level.since).days >= USUAL_AFTER_DAYS:
                self._close(row, "level", today)

    def _explain(self, column: int, scores: Floats, event: PortfolioEvent) -> None:
        """A day of everybody's is no day to learn from; a new level of everybody's ends what it explains."""
        alike = np.flatnonzero(np.nan_to_num(scores) * np.sign(event.score) >= 1.0)
        if not event.is_level:
            self.board.odd[alike, column] = True
            return
        for row in [row for row, slot in self._open if slot == "point"]:
            point = self._at(row, "point")
            if point is not None and point.score is not None and point.score * event.score > 0:
                self._put(row, "point", replace(point, event_since=event.since))
                self._close(row, "point", self.board.date_of(column))


SHORTEST, LONGEST = 3, 7
# After so many days a new level is the usual one.
USUAL_AFTER_DAYS = 28
_LAGS = np.arange(1, LONGEST)
# One spike among usual days must not make a shift.
_CLIP = 4.0
# What is believed of the correlation of neighbouring days, with the strength of how many days.
_USUAL_CORRELATION, _CORRELATION_DAYS = 0.2, 20.0


def runs(scores: Floats, correlation: Floats) -> tuple[Floats, NDArray[np.int_]]:
    """For each row the most telling of its last 3 to 7 days, as z, and the number of columns that it covers.

    `scores` are z, NaN where there is none, the newest last. z is Σz / √(m + what correlated days repeat), 0 where
    signs disagree.
    """
    best, columns = np.zeros(len(scores)), np.full(len(scores), SHORTEST)
    has_score = np.isfinite(scores)
    clipped = np.where(has_score, np.clip(scores, -_CLIP, _CLIP), 0.0)
    for length in range(SHORTEST, min(LONGEST, scores.shape[1]) + 1):
        part, there = clipped[:, -length:], has_score[:, -length:]
        days = there.sum(axis=1)
        total = part.sum(axis=1)
        agree = (np.where(there, np.sign(part), np.sign(total)[:, None]) == np.sign(total)[:, None]).all(axis=1)
        tells = np.where(
            agree & (days >= SHORTEST) & there[:, 0],
            total / np.sqrt(np.maximum(_repeated(days, correlation), 1.0)),
            0.0,
        )
        better = np.abs(tells) > np.abs(best)
        best, columns = np.where(better, tells, best), np.where(better, length, columns)
    return best, columns


def correlations(scores: Floats, odd: NDArray[np.bool_]) -> Floats:
    """Of neighbouring days' z, row by row, drawn towards a usual value."""
    usable = np.where(odd | ~np.isfinite(scores), 0.0, np.clip(np.nan_to_num(scores), -_CLIP, _CLIP))
    both = (usable[:, 1:] != 0) & (usable[:, :-1] != 0)
    products = (usable[:, 1:] * usable[:, :-1] * both).sum(axis=1)
    squares = ((usable[:, 1:] ** 2 + usable[:, :-1] ** 2) / 2 * both).sum(axis=1)
    floats: Floats = (products + _USUAL_CORRELATION * _CORRELATION_DAYS) / (squares + _CORRELATION_DAYS)
    return np.minimum(np.maximum(floats, 0.0), 0.8)


def _repeated(days: NDArray[np.int_], correlation: Floats) -> Floats:
    """The variance of a sum of so many correlated z."""
    pairs = np.maximum(days[:, None] - _LAGS, 0)
    floats: Floats = days + 2.0 * (pairs * correlation[:, None] ** _LAGS).sum(axis=1)
    return floats
