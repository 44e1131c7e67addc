"""What a run is for, and the interface that reports its progress."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from sophia.analytics.readings.runs_store import RunOutcome
from sophia.meta import facebook, instagram


@dataclass(frozen=True, slots=True)
class Plan:
    """The purpose of a run.

    `since` requests days and posts from that day on again, even when they were read. `at_least`: posts up to this age
    are read whether they are due or not. `fresh_only`: the hourly run for stories and new posts. `comments_only`: the
    daily run for comments and competitors.
    """

    trigger: str = "manual"
    since: date | None = None
    fresh_only: bool = False
    comments_only: bool = False
    at_least: timedelta | None = timedelta(days=28)


def history_plan(platform: str, since: date | None, today: date) -> Plan:
    """Return the plan of a run that reads history from `since` on, by default all that Meta has, up to `today`
    (reporting zone).
    """
    days = {"facebook": facebook.HISTORY_DAYS, "instagram": instagram.HISTORY_DAYS}[platform]
    oldest = today - timedelta(days=days - 1)
    return Plan("backfill", since=since or oldest, at_least=timedelta(days=90))


class Progress(Protocol):
    """Receives the progress of a collection. A step is an answer, or a window of days."""

    def started(self, account: str, steps: int) -> None: ...
    def advanced(self, account: str, steps: int, readings: int) -> None: ...
    def finished(self, account: str, outcome: RunOutcome) -> None: ...


class NullProgress:
    """Ignores the progress."""

    def started(self, account: str, steps: int) -> None: ...
    def advanced(self, account: str, steps: int, readings: int) -> None: ...
    def finished(self, account: str, outcome: RunOutcome) -> None: ...
