"""The arrays on which days are judged: all series side by side, each day with the past that it is judged on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.anomalies.expectation import HELD_OUT_DAYS, STEPS, WINDOW, Bools, Past, decay, expect, scores
from sophia.analytics.anomalies.records import Measured, MonitoringState, SeriesDays, SeriesState
from sophia.analytics.figures.estimation import Known
from sophia.analytics.figures.statistics import Floats
from sophia.errors import InvalidInputError

# With fewer readings nothing is expected of a series.
ENOUGH_DAYS = 10
# So long after a step the days since are learnt from at once, or the new level would stay unknown for a week.
_FRESH_STEP_DAYS = 21
# Signed series are brought to a scale on which their usual scatter is that of logarithms.
_USUAL_SCATTER = 0.2
_MAD_TO_SD = 1.4826
_LEAST_RATE = 1e-9
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Judged:
    """One day of all series: z, NaN where there is no reading or no expectation; z if the latest step had not been;
    and what was expected, with a 95 % range.
    """

    scores: Floats
    without_step: Floats
    expected: Floats
    low: Floats
    high: Floats


@dataclass(slots=True)
class Board:
    """Rows are series. Columns are days: WINDOW days of the past, then the new ones from `first_day` on."""

    names: tuple[str, ...]
    measured: tuple[Measured, ...]
    first_day: date
    values: Floats
    posts: Floats
    odd: Bools
    scores: Floats
    steps: NDArray[np.int_]  # (series, STEPS) columns at which the level changed, the newest last; negative for none
    seen: NDArray[np.int_]  # readings before the day that is judged next

    @property
    def days(self) -> int:
        return int(self.values.shape[1]) - WINDOW

    def date_of(self, column: int) -> date:
        return self.first_day + (column - WINDOW) * _ONE_DAY

    # -- judging -------------------------------------------------------------------------------------------------------

    def judge(self, day: int, *, tentative: bool = False) -> Judged:
        """Judge the new day with this number on the days before it; `tentative` leaves no trace."""
        column = WINDOW + day
        judged = Judged(*np.full((5, len(self.names)), np.nan))
        ready = np.flatnonzero(self.seen >= ENOUGH_DAYS)
        if len(ready):
            self._fill(judged, ready, column)
        if not tentative:
            self.scores[:, column] = judged.scores
            self.seen += np.isfinite(self.values[:, column])
        return judged

    def _fill(self, judged: Judged, ready: NDArray[np.intp], column: int) -> None:
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
        judged.scores[ready] = scores(values[:, -1], counts, expected)
        stepped = np.flatnonzero(expected.step != 0.0)
        judged.without_step[ready[stepped]] = scores(
            values[stepped, -1], counts[stepped], expected.without_step(stepped)
        )
        noise = np.where(counts, np.exp(np.where(counts, -expected.middle, 0.0)), 0.0)
        spread = 1.96 * np.sqrt(np.log1p(expected.variance + noise))
        for target, away in ((judged.expected, 0.0), (judged.low, -spread), (judged.high, spread)):
            middle = (expected.middle + away) * scale + centre
            target[ready] = np.where(signed, middle, np.exp(np.where(signed, 0.0, middle)))

    def _logs(self, ready: NDArray[np.intp], window: slice, signed: Bools) -> Floats:
        values = self.values[ready, window]
        logs: Floats = np.where(
            signed[:, None], values, np.log(np.maximum(np.where(signed[:, None], 1.0, values), _LEAST_RATE))
        )
        return logs

    def _weights(self, ready: NDArray[np.intp], column: int) -> Floats:
        """Old days count less, odd days nothing, and the newest days nothing yet, unless they follow a fresh step."""
        columns = np.arange(column - WINDOW, column)
        held_out = np.minimum(HELD_OUT_DAYS, self.seen[ready] // 5)
        newest = columns >= column - held_out[:, None]
        step = self.steps[ready, -1][:, None]
        fresh = (step >= 0) & (column - step <= _FRESH_STEP_DAYS) & (columns >= step)
        weights: Floats = decay(WINDOW) * ~self.odd[ready, column - WINDOW : column] * (~newest | fresh)
        return weights

    def add_step(self, row: int, column: int) -> None:
        """From this column on the row has another level; what was thought odd there is learnt from again."""
        self.steps[row] = [*self.steps[row, 1:], column]
        self.odd[row, column:] = False
        self.scores[row, column:] = np.nan

    def remove_step(self, row: int, until: int) -> None:
        """The level is back: the days of the latest step, until before this column, were odd and nothing else."""
        self.odd[row, self.steps[row, -1] : until] = True
        self.steps[row] = [-1, *self.steps[row, :-1]]

    # -- in and out ----------------------------------------------------------------------------------------------------

    @classmethod
    def of(cls, series: Sequence[SeriesDays], state: MonitoringState | None, last_day: date) -> "Board":
        """Lay out the state's days, then new ones until `last_day`. A series new to the state brings its past along."""
        kept_states = {series_state.series: series_state for series_state in state.series} if state else {}
        new_days = {days.series: days for days in series}
        names = tuple(sorted({*kept_states, *new_days}))
        first = state.last_day + _ONE_DAY if state else min((days.first_day for days in series), default=last_day)
        shape = (len(names), WINDOW + max((last_day - first).days + 1, 0))
        board = cls(
            names=names,
            measured=tuple(_measured(kept_states.get(name), new_days.get(name)) for name in names),
            first_day=first,
            values=np.full(shape, np.nan),
            posts=np.full(shape, np.nan),
            odd=np.zeros(shape, dtype=bool),
            scores=np.full(shape, np.nan),
            steps=np.full((len(names), STEPS), -1),
            seen=np.zeros(len(names), dtype=int),
        )
        for row, name in enumerate(names):
            if name in kept_states:
                board._restore(row, kept_states[name])
            if name in new_days:
                board._lay(row, new_days[name], WINDOW if name in kept_states else 0)
        return board

    def _restore(self, row: int, kept: SeriesState) -> None:
        columns = slice(WINDOW - len(kept.values), WINDOW)
        self.values[row, columns] = _floats(kept.values)
        self.posts[row, columns] = _floats(kept.posts)
        self.odd[row, columns] = kept.odd
        self.scores[row, columns] = _floats(kept.scores)
        for step, day in enumerate(reversed(kept.steps), 1):
            self.steps[row, -step] = WINDOW + (day - self.first_day).days
        self.seen[row] = kept.days_seen

    def _lay(self, row: int, series_days: SeriesDays, least: int) -> None:
        begin = WINDOW + (series_days.first_day - self.first_day).days
        skip = max(least - begin, 0)
        length = max(min(len(series_days.values), self.values.shape[1] - begin), skip)
        columns = slice(begin + skip, begin + length)
        self.values[row, columns] = _floats(series_days.values[skip:length])
        if series_days.posts:
            # The first post of a day matters more than the second.
            self.posts[row, columns] = np.log2(1.0 + _floats(series_days.posts[skip:length]))
        if least == 0:
            self.seen[row] = np.isfinite(self.values[row, :WINDOW]).sum()

    def kept(self, row: int, final: int) -> SeriesState:
        """The row as it stands when the first `final` new days are judged, without what is open."""
        columns = slice(final, final + WINDOW)
        has_data = np.isfinite(self.values[row, columns]) | np.isfinite(self.posts[row, columns])
        columns = slice(final + int(np.argmax(has_data)), final + WINDOW)
        steps = [int(step) for step in self.steps[row] if step > final]
        return SeriesState(
            series=self.names[row],
            measured=self.measured[row],
            last_day=self.date_of(final + WINDOW - 1),
            values=_known(self.values[row, columns]),
            posts=_known(self.posts[row, columns]),
            odd=tuple(bool(odd) for odd in self.odd[row, columns]),
            scores=_known(self.scores[row, columns]),
            steps=tuple(self.date_of(step) for step in steps),
            days_seen=int(self.seen[row]),
        )


def _measured(kept: SeriesState | None, days: SeriesDays | None) -> Measured:
    if kept and days and kept.measured != days.measured:
        raise InvalidInputError(f"{days.series} was measured as {kept.measured} until now, not as {days.measured}.")
    if days:
        return days.measured
    return kept.measured if kept else "count"


def _scales(values: Floats, signed: Bools) -> tuple[Floats, Floats]:
    """Middle and unit of signed series; 0 and 1 for all others. A series that never moved is judged by its size."""
    centre, scale = np.zeros(len(values)), np.ones(len(values))
    for row in np.flatnonzero(signed):
        past = values[row, :-1][np.isfinite(values[row, :-1])]
        if not len(past):
            continue
        middle = float(np.median(past))
        away = np.abs(past - middle)
        today = abs(float(values[row, -1]) - middle) if np.isfinite(values[row, -1]) else 0.0
        usual = _MAD_TO_SD * float(np.median(away)) or float(np.mean(away)) or max(abs(middle) / 50, today / 10) or 1.0
        centre[row], scale[row] = middle, usual / _USUAL_SCATTER
    return centre, scale


def _floats(column: Sequence[Known]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in column], dtype=float)


def _known(column: Floats) -> tuple[Known, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in column)
