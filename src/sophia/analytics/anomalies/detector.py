"""Turns the scores of each day into anomalies: they begin, continue, become a new level, and end."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.anomalies.expectation import WINDOW
from sophia.analytics.anomalies.records import Anomaly, AnomalyKind, MonitoringState, PortfolioEvent
from sophia.analytics.anomalies.scoring import DayScores, SeriesTable
from sophia.analytics.figures.statistics import Floats

# The z of an alarm (below, above); stricter while a series is younger than eight weeks.
ALARM = (3.0, 3.5)
# Without counts of posts, posts raise values and never lower them: the upper tail is heavier, the lower lighter.
ALARM_WITHOUT_POSTS = (2.75, 3.9)
_YOUNG_DAYS, _YOUNG_MORE = 56, 0.7
# Counts below this mean come in lumps, and differences of large numbers have heavy tails: their thresholds are higher.
_SPARSE_BELOW, _SPARSE_MORE, _SIGNED_MORE = 5.0, 0.8, 1.0
# The z of a day that continues an anomaly, and of a run that is a new level.
_CONTINUES = 1.0
LEVEL_SHIFT = 3.9
_SHIFT_CONTINUED = 3.0
# A level that ends within so many days was a longer spike or drop.
_SHORT_LEVEL_DAYS = 14
# A level has ended when several days fit the old level better than the new one, by this log-likelihood ratio.
_RETURNED, _RETURNED_DAYS = 3.0, 2
# Limits each day's part of it, so that one day alone is no return.
_RETURNED_A_DAY = 2.0
# A day of 0 is an outage if at least this mean was expected; below it, 0 happens by chance.
_OUTAGE_FROM = 5.0

Slot = Literal["point", "level", "gap"]


@dataclass(slots=True)
class AnomalyDetector:
    """All anomalies of one call, and which of them are open. `_open` is {(row, slot): index of the entry}."""

    table: SeriesTable
    _entries: list[Anomaly]
    _open: dict[tuple[int, Slot], int]

    @classmethod
    def of(cls, table: SeriesTable, state: MonitoringState | None) -> "AnomalyDetector":
        """Return a detector that continues the open anomalies of the state."""
        detector = cls(table, [], {})
        for series_state in state.series if state else ():
            for anomaly in series_state.open:
                detector._add(table.names.index(series_state.series), anomaly)
        return detector

    def add_day(self, day: int, day_scores: DayScores, event: PortfolioEvent | None) -> None:
        """Detect the anomalies that a final day begins, continues or ends."""
        column = WINDOW + day
        self._detect_gaps(column)
        if event is not None:
            self._apply_event(column, day_scores.scores, event)
        self._end_outages(column, day_scores.scores)
        run_scores, lengths = self._run_scores(column)
        drop, spike = self._alarm_thresholds(column, day_scores.expected)
        for row in np.flatnonzero(np.isfinite(day_scores.scores)).tolist():
            run, alarm = float(run_scores[row]), float((spike if day_scores.scores[row] > 0 else drop)[row])
            if not (
                self._level_ended(row, column, run, int(lengths[row]))
                or (
                    abs(run) > self._level_threshold(row, run)
                    and self._new_level(row, column, int(lengths[row]), run, day_scores)
                )
            ):
                self._detect_point(row, column, day_scores, alarm, event)
        self._end_old_levels(column)

    def add_provisional_day(self, day: int, day_scores: DayScores) -> None:
        """Detect spikes on a day that Meta may still restate; its other values decide nothing yet."""
        column = WINDOW + day
        _, spike = self._alarm_thresholds(column, day_scores.expected)
        for row in np.flatnonzero(np.nan_to_num(day_scores.scores) > spike):
            if (int(row), "point") not in self._open:
                self._entries.append(replace(self._point(int(row), column, "spike", day_scores), provisional=True))

    def anomalies(self) -> tuple[Anomaly, ...]:
        return tuple(sorted(self._entries, key=lambda anomaly: (anomaly.noticed, anomaly.series, anomaly.kind)))

    def open_of(self, row: int) -> tuple[Anomaly, ...]:
        return tuple(self._entries[number] for (open_row, _), number in sorted(self._open.items()) if open_row == row)

    # -- entries -------------------------------------------------------------------------------------------------------

    def _add(self, row: int, anomaly: Anomaly) -> None:
        slot: Slot = "gap" if anomaly.kind == "gap" else "level" if anomaly.kind in {"rise", "fall"} else "point"
        self._open[row, slot] = len(self._entries)
        self._entries.append(anomaly)

    def _at(self, row: int, slot: Slot) -> Anomaly | None:
        number = self._open.get((row, slot))
        return None if number is None else self._entries[number]

    def _replace(self, row: int, slot: Slot, anomaly: Anomaly) -> None:
        self._entries[self._open[row, slot]] = anomaly

    def _close(self, row: int, slot: Slot, until: date) -> None:
        open_anomaly = self._at(row, slot)
        if open_anomaly is not None:
            self._replace(row, slot, replace(open_anomaly, until=max(until, open_anomaly.since)))
            del self._open[row, slot]

    def _point(self, row: int, column: int, kind: AnomalyKind, day_scores: DayScores) -> Anomaly:
        today = self.table.date_of(column)
        return Anomaly(
            self.table.names[row],
            kind,
            since=today,
            noticed=today,
            worst=today,
            value=float(self.table.values[row, column]),
            score=float(day_scores.scores[row]),
            expected=float(day_scores.expected[row]),
            low=float(day_scores.low[row]),
            high=float(day_scores.high[row]),
        )

    # -- judging a day ----------------------------------------------------------------------------------------------

    def _alarm_thresholds(self, column: int, expected: Floats) -> tuple[Floats, Floats]:
        """Return the sizes of z that are an alarm below and above, for each row."""
        young = _YOUNG_MORE * np.clip(1.0 - self.table.reading_counts / _YOUNG_DAYS, 0.0, 1.0)
        counted = np.isfinite(self.table.posts[:, column - WINDOW : column]).any(axis=1)
        below, above = (np.where(counted, *pair) for pair in zip(ALARM, ALARM_WITHOUT_POSTS, strict=True))
        signed = np.array(self.table.measured) == "signed"
        sparse = ~signed & (np.nan_to_num(expected, nan=_SPARSE_BELOW) < _SPARSE_BELOW)
        more = young + _SIGNED_MORE * signed
        return below + more, above + more + _SPARSE_MORE * sparse

    def _run_scores(self, column: int) -> tuple[Floats, np.ndarray]:
        table = self.table
        window = slice(column - WINDOW, column)
        correlation = correlations(table.scores[:, window], table.unusual[:, window])
        return runs(table.scores[:, column - LONGEST + 1 : column + 1], correlation)

    def _level_threshold(self, row: int, run: float) -> float:
        """Return the z from which a run is a new level; it is lower if the run began with an alarm that is still open."""
        point = self._at(row, "point")
        begun = point is not None and point.score is not None and point.score * run > 0
        return _SHIFT_CONTINUED if begun else LEVEL_SHIFT

    def _detect_gaps(self, column: int) -> None:
        missing = np.isnan(self.table.values[:, column])
        today = self.table.date_of(column)
        for row, name in enumerate(self.table.names):
            if missing[row] and self.table.reading_counts[row] > 0 and (row, "gap") not in self._open:
                self._add(row, Anomaly(name, "gap", since=today, noticed=today))
        for row in [row for row, slot in self._open if slot == "gap" and not missing[row]]:
            self._close(row, "gap", self.table.date_of(column - 1))

    def _detect_point(
        self, row: int, column: int, day_scores: DayScores, alarm: float, event: PortfolioEvent | None
    ) -> None:
        score = float(day_scores.scores[row])
        open_anomaly = self._at(row, "point")
        if open_anomaly is not None and open_anomaly.score is not None:
            if score * open_anomaly.score > 0 and abs(score) > _CONTINUES:
                self.table.unusual[row, column] = True
                worse = abs(score) > abs(open_anomaly.score)
                self._replace(
                    row, "point", self._with_worst(row, column, open_anomaly, day_scores) if worse else open_anomaly
                )
                return
            self._close(row, "point", self.table.date_of(column - 1))
        if abs(score) <= alarm or self._returns(row, day_scores, alarm):
            return
        self.table.unusual[row, column] = True
        is_outage = self.table.values[row, column] == 0 and day_scores.expected[row] >= _OUTAGE_FROM
        kind: AnomalyKind = "spike" if score > 0 else "outage" if is_outage else "drop"
        explained = event is not None and event.score * score > 0 and abs(score - event.score) <= alarm
        anomaly = self._point(row, column, kind, day_scores)
        self._add(row, replace(anomaly, event_since=event.since if event and explained else None))

    def _with_worst(self, row: int, column: int, open_anomaly: Anomaly, day_scores: DayScores) -> Anomaly:
        anomaly = self._point(row, column, open_anomaly.kind, day_scores)
        return replace(
            anomaly, since=open_anomaly.since, noticed=open_anomaly.noticed, event_since=open_anomaly.event_since
        )

    def _new_level(self, row: int, column: int, length: int, run: float, day_scores: DayScores) -> bool:
        """Record the last `length` days as a new level, or as an outage if they are 0; return whether anything was recorded."""
        table, step = self.table, column - length + 1
        point = self._at(row, "point")
        if table.measured[row] == "count" and table.values[row, column] == 0:
            return self._outage(row, column, day_scores)
        beginning = point is not None and point.score is not None and point.score * run > 0
        if point is not None and beginning:
            step = min(step, WINDOW + (point.since - table.first_day).days)
        self._close(row, "level", table.date_of(step - 1))
        anomaly = self._point(row, column, "rise" if run > 0 else "fall", day_scores)
        anomaly = replace(anomaly, since=table.date_of(step), score=run)
        table.add_step(row, max(step, 0))
        if point is not None and beginning:
            # The open spike or drop was the beginning of the level.
            number = self._open[row, "level"] = self._open.pop((row, "point"))
            self._entries[number] = replace(anomaly, noticed=point.noticed, event_since=point.event_since)
        else:
            self._close(row, "point", table.date_of(column - 1))
            self._add(row, anomaly)
        return True

    def _outage(self, row: int, column: int, day_scores: DayScores) -> bool:
        """Open an outage for the days of 0, which are no level however long they last; return False if one is open."""
        if (row, "point") in self._open:
            return False
        zeros = self.table.values[row, : column + 1] == 0
        since = column - int(np.argmin(zeros[::-1])) + 1
        self.table.unusual[row, since : column + 1] = True
        self._add(row, replace(self._point(row, column, "outage", day_scores), since=self.table.date_of(since)))
        return True

    def _level_ended(self, row: int, column: int, run: float, length: int) -> bool:
        """End a level from which the series has returned to the old one; return whether it ended.

        The return is an end and no anomaly of its own. A level of two weeks or less was a longer spike or drop.
        """
        level, table = self._at(row, "level"), self.table
        if level is None or level.score is None or table.date_of(int(table.steps[row, -1])) != level.since:
            return False
        first = max(int(table.steps[row, -1]) + 1, column - LONGEST + 1)
        columns = slice(first, column + 1)
        days = returned_days(table.scores[row, columns], table.without_step[row, columns])
        if not days and run * level.score < 0 and abs(run) > LEVEL_SHIFT:
            # The series moves away from the level: it returns if the old level explains these days better.
            columns = slice(max(first, column - length + 1), column + 1)
            evidence = _return_evidence(table.scores[row, columns], table.without_step[row, columns])
            days = len(evidence) if evidence.sum() > 0 else 0
        if not days:
            return False
        until = table.date_of(column - days)
        if (until - level.since).days < _SHORT_LEVEL_DAYS:
            self._replace(row, "level", replace(level, kind="spike" if level.kind == "rise" else "drop"))
        self._close(row, "level", until)
        table.remove_step(row, column - days + 1)
        return True

    def _returns(self, row: int, day_scores: DayScores, alarm: float) -> bool:
        """Whether a day far from an open level is usual at the old level."""
        level, score = self._at(row, "level"), float(day_scores.scores[row])
        if level is None or level.score is None or level.score * score >= 0:
            return False
        return abs(float(day_scores.without_step[row])) <= alarm

    def _end_outages(self, column: int, scores: Floats) -> None:
        """End outages on the first day with a value; the scores of their days do not count towards a lower level."""
        for row in [row for row, slot in self._open if slot == "point" and scores[row] >= -_CONTINUES]:
            outage = self._at(row, "point")
            if outage is not None and outage.kind == "outage" and self.table.values[row, column] > 0:
                self._close(row, "point", self.table.date_of(column - 1))
                since = WINDOW + (outage.since - self.table.first_day).days
                self.table.scores[row, max(since, 0) : column] = np.nan

    def _end_old_levels(self, column: int) -> None:
        today = self.table.date_of(column)
        for row in [row for row, slot in self._open if slot == "level"]:
            level = self._at(row, "level")
            if level is not None and (today - level.since).days >= LEVEL_DAYS:
                self._close(row, "level", today)

    def _apply_event(self, column: int, scores: Floats, event: PortfolioEvent) -> None:
        """Exclude the day of a portfolio event from learning; a new level of the portfolio ends the alarms that it explains."""
        alike = np.flatnonzero(np.nan_to_num(scores) * np.sign(event.score) >= 1.0)
        if not event.is_level:
            self.table.unusual[alike, column] = True
            return
        for row in [row for row, slot in self._open if slot == "point"]:
            point = self._at(row, "point")
            if point is not None and point.score is not None and point.score * event.score > 0:
                self._replace(row, "point", replace(point, event_since=event.since))
                self._close(row, "point", self.table.date_of(column))


SHORTEST, LONGEST = 3, 7
# After so many days a new level counts as usual.
LEVEL_DAYS = 28
_LAGS = np.arange(1, LONGEST)
# Limits each day, so that one spike among usual days is no new level.
_CLIP = 4.0
# Prior correlation of neighbouring days, and its weight in days.
_USUAL_CORRELATION, _CORRELATION_DAYS = 0.2, 20.0


def runs(scores: Floats, correlation: Floats) -> tuple[Floats, NDArray[np.int_]]:
    """Return, for each row, the most extreme z of its runs of the last 3 to 7 days, and the length of that run.

    `scores` are z with the newest day last, NaN for a missing one. The z of a run of m days is
    Σz / √(m + covariance of the days), and 0 where signs disagree.
    """
    best, columns = np.zeros(len(scores)), np.full(len(scores), SHORTEST)
    has_score = np.isfinite(scores)
    clipped = np.where(has_score, np.clip(scores, -_CLIP, _CLIP), 0.0)
    for length in range(SHORTEST, min(LONGEST, scores.shape[1]) + 1):
        part, present = clipped[:, -length:], has_score[:, -length:]
        days = present.sum(axis=1)
        total = part.sum(axis=1)
        agree = (np.where(present, np.sign(part), np.sign(total)[:, None]) == np.sign(total)[:, None]).all(axis=1)
        run = np.where(
            agree & (days >= SHORTEST) & present[:, 0],
            total / np.sqrt(np.maximum(_repeated(days, correlation), 1.0)),
            0.0,
        )
        better = np.abs(run) > np.abs(best)
        best, columns = np.where(better, run, best), np.where(better, length, columns)
    return best, columns


def correlations(scores: Floats, unusual: NDArray[np.bool_]) -> Floats:
    """Return the correlation of neighbouring days' z for each row, shrunk towards the prior."""
    usable = np.where(unusual | ~np.isfinite(scores), 0.0, np.clip(np.nan_to_num(scores), -_CLIP, _CLIP))
    both = (usable[:, 1:] != 0) & (usable[:, :-1] != 0)
    products = (usable[:, 1:] * usable[:, :-1] * both).sum(axis=1)
    squares = ((usable[:, 1:] ** 2 + usable[:, :-1] ** 2) / 2 * both).sum(axis=1)
    floats: Floats = (products + _USUAL_CORRELATION * _CORRELATION_DAYS) / (squares + _CORRELATION_DAYS)
    return np.minimum(np.maximum(floats, 0.0), 0.8)


def returned_days(scores: Floats, without_step: Floats) -> int:
    """Return how many of the last days belong to a return to the old level, 0 if the series has not returned.

    `scores` are z at the new level, `without_step` z at the old one, the newest day last.
    """
    evidence = np.cumsum(_return_evidence(scores, without_step)[::-1])[_RETURNED_DAYS - 1 :]
    if not len(evidence) or evidence.max() < _RETURNED:
        return 0
    return int(np.argmax(evidence)) + _RETURNED_DAYS


def _return_evidence(scores: Floats, without_step: Floats) -> Floats:
    """Return each day's log-likelihood ratio of the old level to the new one, limited; 0 for a missing day."""
    ratios: Floats = np.clip((scores**2 - without_step**2) / 2, -_RETURNED_A_DAY, _RETURNED_A_DAY)
    return np.nan_to_num(ratios)


def _repeated(days: NDArray[np.int_], correlation: Floats) -> Floats:
    """Return the variance of a sum of so many correlated z."""
    pairs = np.maximum(days[:, None] - _LAGS, 0)
    floats: Floats = days + 2.0 * (pairs * correlation[:, None] ** _LAGS).sum(axis=1)
    return floats
