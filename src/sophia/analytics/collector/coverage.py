"""Which days of a family are due, and which days its watermark covers: only days that Meta answered (A13)."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from sophia.analytics.collector.due import DueAccount
from sophia.analytics.collector.storing import AnswerStore
from sophia.analytics.figures.schedule import due_days
from sophia.analytics.readings.account_states import DAY_FAMILIES
from sophia.analytics.readings.runs_store import cover_days
from sophia.config import Settings
from sophia.meta.reporting_zone import ONE_DAY, DateRange

# Meta's values may be 48 hours late (GRAPH_API §1d), so missing values of the newest two days prove nothing.
DAYS_LATE = 2
# The number of days to request first of a family that gave no value in the last run.
PROBED_DAYS = 3


@dataclass(slots=True)
class Coverage:
    """The days of one account's families during one run. `today` is the reporting day.

    A window counts as covered through the newest day with an answer. A window without any answer waits in
    `_unanswered`. It is covered once a newer day was answered: then Meta does answer, and has no value for the older
    days.
    """

    account: DueAccount
    settings: Settings
    since: date | None
    today: date
    now: datetime
    storing: AnswerStore
    first_asked: dict[str, date] = field(default_factory=dict)  # by family
    _restarted: dict[str, date] = field(default_factory=dict)  # families whose watermark restarts, and its first day
    _unanswered: dict[str, DateRange] = field(default_factory=dict)

    @property
    def yesterday(self) -> date:
        return self.today - ONE_DAY

    def due(self, family: str, longest: int, history: int) -> list[DateRange]:
        """Return the windows to request, at most `longest` days each and at most `history` days back."""
        oldest = self.today - (history - 1) * ONE_DAY
        return due_days(
            self._covered(family, oldest),
            self.today,
            initial_days=min(self.settings.initial_days, history - 1),
            restated_days=self.settings.restatement_days,
            since=max(self.since, oldest) if self.since else None,
            longest=longest,
        )

    def _covered(self, family: str, oldest: date) -> DateRange | None:
        """Return the days that need no new request, or None when the whole history is due."""
        covered = self.account.covered.get(family)
        if covered is None:
            return None
        # Weeks are not due every day, so only a run that requested some can show that they are silent.
        was_asked = family in DAY_FAMILIES or family in self.account.silent
        never_answered = was_asked and family not in self.account.answered_before
        if covered.end < oldest or covered.start >= self.today or never_answered:
            # The machine slept for longer than Meta keeps days, or a clock ran ahead, or the watermark moved although Meta
            # never gave a value. The watermark restarts.
            self._restarted[family] = date.max
            return None
        if covered.end > self.today:
            # A clock that ran ahead wrote this. The requested days are unknown, so the run reads the usual history.
            self._restarted[family] = covered.start
            certain_end = self.today - self.settings.initial_days * ONE_DAY
            return DateRange(covered.start, max(covered.start + ONE_DAY, certain_end))
        return covered

    def probe(self, family: str, windows: list[DateRange]) -> DateRange | None:
        """Return the days to request first of a family that was silent in the last run; while it is, nothing else."""
        if family not in self.account.silent or not windows:
            return None
        oldest = min(window.start for window in windows)
        return DateRange(max(oldest, self.today - PROBED_DAYS * ONE_DAY), self.today)

    async def note(self, family: str, window: DateRange, newest: date) -> None:
        """Move the watermark over the requested window through `newest`, the newest day with an answer.

        After a rejected item the watermark stays, so that the next run requests these days again.
        """
        self.first_asked[family] = min(window.start, self.first_asked.get(family, window.start))
        if self.storing.evidence(family).has_rejected_items:
            if self.account.persistently_invalid:
                await self._cover(family, window)
            return
        covered = self.account.covered.get(family)
        is_over = covered is not None and newest + ONE_DAY < covered.end <= self.today
        if newest < self._late_since and not is_over:
            # A clock that runs ahead takes today, which Meta answers too, for a complete day.
            newest = max(newest, date.min + ONE_DAY) - ONE_DAY
        unanswered = self._unanswered.pop(family, None)
        if unanswered is not None and unanswered.end == window.start:
            window = DateRange(unanswered.start, window.end)
        answered_end = newest + ONE_DAY
        if answered_end < window.end:
            self._unanswered[family] = DateRange(max(window.start, answered_end), window.end)
        if answered_end > window.start:
            await self._cover(family, DateRange(window.start, min(window.end, answered_end)))

    async def _cover(self, family: str, days: DateRange) -> None:
        restart = family in self._restarted
        start = min(days.start, self._restarted.pop(family, days.start))

        def change(session: Session) -> None:
            cover_days(session, self.account.id, family, DateRange(start, days.end), self.now, restart=restart)

        await self.storing.write(change)

    def is_silent(self, family: str) -> bool:
        """Return whether a family that was requested through yesterday gave no value for the last days."""
        evidence = self.storing.evidence(family)
        if evidence.expected == 0 or evidence.has_rejected_items:
            return False
        return evidence.newest_day < self._late_since

    @property
    def _late_since(self) -> date:
        """The oldest day whose value Meta may still owe."""
        return self.yesterday - DAYS_LATE * ONE_DAY
