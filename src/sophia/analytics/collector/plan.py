"""What a run is for, and who hears how far it is."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from sophia.analytics.readings.runs_store import RunOutcome


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is for.

    `since` asks for days, and posts, from then on, also for those read already. `at_least` is the age up to which posts
    are read whether they are due or not. `fresh_only` is the hourly look at stories and new posts, `comments_only` the
    daily one at comments and competitors.
    """

    trigger: str = "manual"
    since: date | None = None
    fresh_only: bool = False
    comments_only: bool = False
    at_least: timedelta | None = timedelta(days=28)


class Progress(Protocol):
    """Who wants to know how far a collection is. A step is an answer, or a window of days."""

    def started(self, account: str, steps: int) -> None: ...
    def advanced(self, account: str, steps: int, readings: int) -> None: ...
    def finished(self, account: str, outcome: RunOutcome) -> None: ...


class NullProgress:
    """Nobody wants to know."""

    def started(self, account: str, steps: int) -> None: ...
    def advanced(self, account: str, steps: int, readings: int) -> None: ...
    def finished(self, account: str, outcome: RunOutcome) -> None: ...
