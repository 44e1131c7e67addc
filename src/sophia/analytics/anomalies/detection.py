"""Unusual days, new levels and gaps of daily series, each day judged on its own past alone (docs/anomalies.md)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from sophia.analytics.anomalies.expectation import WINDOW
from sophia.analytics.anomalies.journal import Journal
from sophia.analytics.anomalies.portfolio_events import PortfolioEventDetector
from sophia.analytics.anomalies.records import MonitoringResult, MonitoringState, SeriesDays
from sophia.analytics.anomalies.scoreboard import Board
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY

PROVISIONAL_DAYS = 2


def watch(
    series: Sequence[SeriesDays],
    state: MonitoringState | None = None,
    *,
    last_day: date | None = None,
    provisional_days: int = PROVISIONAL_DAYS,
) -> MonitoringResult:
    """Judge every day that the state has not judged, up to `last_day` (by default the latest day given).

    One metric on one platform, one series a client: series that move alike on one day are one portfolio event. The last
    `provisional_days` days may still be restated: they can show a spike, never a drop, and are judged again with the
    next call, which must give them again. Days that the state has judged may be given or left out; they change nothing.
    Judging day by day finds the same as judging a history at once. A series that is no longer given has gaps.
    InvalidInputError for a series given twice, or under another measure than before, and for numbers that are not finite.
    """
    if last_day is None:
        last_day = max((one.first_day + (len(one.values) - 1) * ONE_DAY for one in series), default=None)
    check(series)
    if state is not None and not state.series:
        state = None
    if last_day is None or not (series or state):
        return MonitoringResult((), (), state or MonitoringState(last_day or date.min, ()))
    board = Board.of(series, state, last_day)
    journal = Journal.of(board, state)
    events = PortfolioEventDetector.of(board, state)
    final = max(board.days - provisional_days, 0)
    for day in range(final):
        judged = board.judge(day)
        journal.note(day, judged, events.judge(day, judged.scores))
    for day in range(final, board.days):
        journal.note_provisional(day, board.judge(day, tentative=True))
    rows = tuple(replace(board.kept(row, final), open=journal.open_of(row)) for row in range(len(board.names)))
    next_state = MonitoringState(
        board.date_of(WINDOW + final - 1), rows, events.open, events.level, tuple(events.together)
    )
    return MonitoringResult(journal.found(), events.found(), next_state)


def check(series: Sequence[SeriesDays]) -> None:
    if len({one.series for one in series}) < len(series):
        raise InvalidInputError("A series came twice: give each series once.")
    for one in series:
        if one.posts and len(one.posts) != len(one.values):
            raise InvalidInputError(f"{one.series}: give as many counts of posts as values, or none.")
        numbers = np.array([value for value in (*one.values, *one.posts) if value is not None], dtype=float)
        if not np.isfinite(numbers).all():
            raise InvalidInputError(f"{one.series}: values must be finite; a missing one is None.")
        if one.measured != "signed" and (numbers < 0).any():
            raise InvalidInputError(f"{one.series}: only a series measured as signed may be negative.")
