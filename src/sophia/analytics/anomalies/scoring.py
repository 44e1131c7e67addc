"""Holds all series as arrays and scores each day on its past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.anomalies.expectation import HELD_OUT_DAYS, STEPS, WINDOW, Bools, Past, decay, expect, scores
from sophia.analytics.anomalies.records import Measured, MonitoringState, SeriesDays, SeriesState
from sophia.analytics.figures.statistics import Floats
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY

# A series with fewer readings has no expectation.
ENOUGH_DAYS = 10
# For so long after a step its days are used for learning at once; otherwise the new level is unknown for a week.
_FRESH_STEP_DAYS = 21
# Signed series are scaled so that their usual scatter is that of logarithms.
_USUAL_SCATTER = 0.2
_MAD_TO_SD = 1.4826
_LEAST_RATE = 1e-9


@dataclass(frozen=True, slots=True)
class DayScores:
    """The scores of all series for one day.

    `scores` are z, NaN without a reading or an expectation; `without_step` are z if the latest step had not happened;
    `expected` is the expected value with its 95 % range from `low` to `high`.
    """

    scores: Floats
    without_step: Floats
    expected: Floats
    low: Floats
    high: Floats


@dataclass(slots=True)
class SeriesTable:
    """All series: rows are series, columns are WINDOW past days and then the new days from `first_day` on."""

    names: tuple[str, ...]
    measured: tuple[Measured, ...]
    first_day: date
    values: Floats
    posts: Floats
    unusual: Bools
    expected_days: Bools  # new days that are no anomaly and that nothing is learned from
    scores: Floats
    without_step: Floats  # the scores if the latest step had not happened
    steps: NDArray[np.int_]  # (series, STEPS) columns at which the level changed, the newest last; negative without one
    reading_counts: NDArray[np.int_]  # readings before the next day to score

    @property
    def days(self) -> int:
        return int(self.values.shape[1]) - WINDOW

    def date_of(self, column: int) -> date:
        return self.first_day + (column - WINDOW) * ONE_DAY

    # -- judging -------------------------------------------------------------------------------------------------------

    def score_day(self, day: int, *, tentative: bool = False) -> DayScores:
        """Score the new day with this index on the days before it; a `tentative` score is not stored."""
        column = WINDOW + day
        day_scores = DayScores(*np.full((5, len(self.names)), np.nan))
        ready = np.flatnonzero(self.reading_counts >= ENOUGH_DAYS)
        if len(ready):
            self._fill(day_scores, ready, column)
        day_scores.scores[self.expected_days[:, column]] = np.nan
        if not tentative:
            self.unusual[:, column] |= self.expected_days[:, column]
            self.scores[:, column] = day_scores.scores
            self.without_step[:, column] = day_scores.without_step
            self.reading_counts += np.isfinite(self.values[:, column])
        return day_scores

    def _fill(self, day_scores: DayScores, ready: NDArray[np.intp], column: int) -> None:
        kinds = np.array(self.measured)[ready]
        counts, signed = kinds == "count", kinds == "signed"
        window = slice(column - WINDOW, column + 1)
        centre, scale = _scales(self.values[ready, window], signed)
        values = np.where(counts[:, None], self.values[ready, window], self._logs(ready, window, signed))
        values = (values - centre[:, None]) / scale[:, None]
        posts = self.posts[ready, window]
        has_count = np.isfinite(posts)
        usual = np.where(has_count, posts, 0.0).sum(axis=1) / np.maximum(has_count.sum(axis=1), 1)
        posts = np.where(has_count, posts, usual[:, None])
        steps = np.maximum(self.steps[ready] - column + WINDOW, 0)
        past = Past(values[:, :-1], self._weights(ready, column), posts[:, :-1], steps, counts)
        expected = expect(past, self.date_of(column).weekday(), posts[:, -1])
        day_scores.scores[ready] = scores(values[:, -1], counts, expected)
        stepped = np.flatnonzero(expected.step != 0.0)
        day_scores.without_step[ready[stepped]] = scores(
            values[stepped, -1], counts[stepped], expected.without_step(stepped)
        )
        noise = np.where(counts, np.exp(np.where(counts, -expected.middle, 0.0)), 0.0)
        spread = 1.96 * np.sqrt(np.log1p(expected.variance + noise))
        for target, offset in ((day_scores.expected, 0.0), (day_scores.low, -spread), (day_scores.high, spread)):
            middle = (expected.middle + offset) * scale + centre
            target[ready] = np.where(signed, middle, np.exp(np.where(signed, 0.0, middle)))

    def _logs(self, ready: NDArray[np.intp], window: slice, signed: Bools) -> Floats:
        values = self.values[ready, window]
        logs: Floats = np.where(
            signed[:, None], values, np.log(np.maximum(np.where(signed[:, None], 1.0, values), _LEAST_RATE))
        )
        return logs

    def _weights(self, ready: NDArray[np.intp], column: int) -> Floats:
        """Return the weight of each past day: old days weigh less, unusual ones 0, the newest 0 unless they follow a step."""
        columns = np.arange(column - WINDOW, column)
        held_out = np.minimum(HELD_OUT_DAYS, self.reading_counts[ready] // 5)
        newest = columns >= column - held_out[:, None]
        step = self.steps[ready, -1][:, None]
        age = column - step
        # A change soon after the step cannot explain itself: half of the days since the step are held out.
        learned = columns < column - np.minimum(age // 2, HELD_OUT_DAYS)
        fresh = (step >= 0) & (age <= _FRESH_STEP_DAYS) & (columns >= step) & learned
        weights: Floats = decay(WINDOW) * ~self.unusual[ready, column - WINDOW : column] * (~newest | fresh)
        return weights

    def add_step(self, row: int, column: int) -> None:
        """Start a new level at this column; its days are used for learning even if they were unusual."""
        self.steps[row] = [*self.steps[row, 1:], column]
        # Expected days have no score and stay unusual.
        self.unusual[row, column:] &= np.isnan(self.scores[row, column:])
        self.scores[row, column:] = np.nan
        self.without_step[row, column:] = np.nan

    def remove_step(self, row: int, until: int) -> None:
        """Remove the latest step; its days before the column `until` become unusual days, later ones are as before it."""
        self.unusual[row, max(self.steps[row, -1], 0) : until] = True
        self.scores[row, until:] = self.without_step[row, until:]
        self.without_step[row, until:] = np.nan
        self.steps[row] = [-1, *self.steps[row, :-1]]

    # -- in and out ----------------------------------------------------------------------------------------------------

    @classmethod
    def of(cls, series: Sequence[SeriesDays], state: MonitoringState | None, last_day: date) -> "SeriesTable":
        """Return the table of the state's days and the new days until `last_day`; a new series includes its past."""
        kept_states = {series_state.series: series_state for series_state in state.series} if state else {}
        new_days = {days.series: days for days in series}
        names = tuple(sorted({*kept_states, *new_days}))
        first = state.last_day + ONE_DAY if state else min((days.first_day for days in series), default=last_day)
        shape = (len(names), WINDOW + max((last_day - first).days + 1, 0))
        table = cls(
            names=names,
            measured=tuple(_measured(kept_states.get(name), new_days.get(name)) for name in names),
            first_day=first,
            values=np.full(shape, np.nan),
            posts=np.full(shape, np.nan),
            unusual=np.zeros(shape, dtype=bool),
            expected_days=np.zeros(shape, dtype=bool),
            scores=np.full(shape, np.nan),
            without_step=np.full(shape, np.nan),
            steps=np.full((len(names), STEPS), -1),
            reading_counts=np.zeros(len(names), dtype=int),
        )
        for row, name in enumerate(names):
            if name in kept_states:
                table._restore(row, kept_states[name])
            if name in new_days:
                table._write(row, new_days[name], WINDOW if name in kept_states else 0)
        return table

    def _restore(self, row: int, kept: SeriesState) -> None:
        columns = slice(WINDOW - len(kept.values), WINDOW)
        self.values[row, columns] = _floats(kept.values)
        self.posts[row, columns] = _floats(kept.posts)
        self.unusual[row, columns] = kept.unusual
        self.scores[row, columns] = _floats(kept.scores)
        if kept.without_step:
            self.without_step[row, columns] = _floats(kept.without_step)
        for step, day in enumerate(reversed(kept.steps), 1):
            self.steps[row, -step] = WINDOW + (day - self.first_day).days
        self.reading_counts[row] = kept.days_seen

    def _write(self, row: int, series_days: SeriesDays, least: int) -> None:
        begin = WINDOW + (series_days.first_day - self.first_day).days
        skip = max(least - begin, 0)
        length = max(min(len(series_days.values), self.values.shape[1] - begin), skip)
        columns = slice(begin + skip, begin + length)
        self.values[row, columns] = _floats(series_days.values[skip:length])
        if series_days.posts:
            # The first post of a day has more effect than the second.
            self.posts[row, columns] = np.log2(1.0 + _floats(series_days.posts[skip:length]))
        for day in series_days.expected_days:
            place = WINDOW + (day - self.first_day).days
            if max(least, 0) <= place < self.values.shape[1]:
                self.expected_days[row, place] = True
                self.unusual[row, place] |= place < WINDOW
        if least == 0:
            self.reading_counts[row] = np.isfinite(self.values[row, :WINDOW]).sum()

    def state_of(self, row: int, final: int) -> SeriesState:
        """Return the state of a row after the first `final` new days, without its open anomalies."""
        columns = slice(final, final + WINDOW)
        has_data = np.isfinite(self.values[row, columns]) | np.isfinite(self.posts[row, columns])
        columns = slice(final + int(np.argmax(has_data)), final + WINDOW)
        steps = [int(step) for step in self.steps[row] if step > final]
        return SeriesState(
            series=self.names[row],
            measured=self.measured[row],
            last_day=self.date_of(final + WINDOW - 1),
            values=_optional(self.values[row, columns]),
            posts=_optional(self.posts[row, columns]),
            unusual=tuple(bool(unusual) for unusual in self.unusual[row, columns]),
            scores=_optional(self.scores[row, columns]),
            without_step=_optional(self.without_step[row, columns]),
            steps=tuple(self.date_of(step) for step in steps),
            days_seen=int(self.reading_counts[row]),
        )


def _measured(kept: SeriesState | None, days: SeriesDays | None) -> Measured:
    if kept and days and kept.measured != days.measured:
        raise InvalidInputError(f"{days.series} was measured as {kept.measured} until now, not as {days.measured}.")
    if days:
        return days.measured
    return kept.measured if kept else "count"


def _scales(values: Floats, signed: Bools) -> tuple[Floats, Floats]:
    """Return centre and scale of signed series, 0 and 1 of others; the scale of a constant series is a share of its size."""
    centre, scale = np.zeros(len(values)), np.ones(len(values))
    for row in np.flatnonzero(signed):
        past = values[row, :-1][np.isfinite(values[row, :-1])]
        if not len(past):
            continue
        middle = float(np.median(past))
        deviations = np.abs(past - middle)
        today = abs(float(values[row, -1]) - middle) if np.isfinite(values[row, -1]) else 0.0
        usual = (
            _MAD_TO_SD * float(np.median(deviations))
            or float(np.mean(deviations))
            or max(abs(middle) / 50, today / 10)
            or 1.0
        )
        centre[row], scale[row] = middle, usual / _USUAL_SCATTER
    return centre, scale


def _floats(column: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in column], dtype=float)


def _optional(column: Floats) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in column)
