"""How fast Sophia may call Meta: usage headers and refusals, budget by budget (C5, C6).

A budget is what Meta counts calls against: the whole application, one token, or one Page or Instagram account. From 75
% on the calls of a budget are spread, at 95 % it rests, and after a refusal it rests as long as Meta says; other
budgets continue. No call waits for a budget that rests: its GraphError holds the moment to try again.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import SecretStr

from sophia.meta.errors import GraphError, LimitScope, Remedy
from sophia.meta.json_text import read_json

log = structlog.get_logger(__name__)

SLOWER_FROM_PERCENT = 75.0
STOP_AT_PERCENT = 95.0
# Between two calls of one budget just before it rests. Twelve calls a minute use little of the remainder.
LONGEST_INTERVAL_SECONDS = 5.0
# How long a budget rests that reached 95 % without a refusal.
PRECAUTION = timedelta(minutes=15)
# Meta's windows are an hour or a day. A longer rest was recorded by a clock that has been set back since.
LONGEST_REST = timedelta(hours=25)
# Waits of seconds in a row, each followed by another refusal, before a budget rests.
MOST_HOLDS = 3
REGAIN = "estimated_time_to_regain_access"
MOST_MINUTES = 24 * 60.0
USAGE_WORDS = ("call_count", "total_cputime", "total_time")


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget of calls. `name`: an object's id, or a token's fingerprint; empty for the application."""

    limit_scope: LimitScope
    name: str = ""

    @property
    def key(self) -> str:
        return f"{self.limit_scope.value}:{self.name}"

    @classmethod
    def of_key(cls, key: str) -> "Budget":
        limit_scope, _, name = key.partition(":")
        return cls(LimitScope(limit_scope), name)


APPLICATION = Budget(LimitScope.APPLICATION)


def token_budget(token: SecretStr) -> Budget:
    """Return the budget of a token, named by a fingerprint that does not reveal the token."""
    return Budget(LimitScope.TOKEN, hashlib.sha256(token.get_secret_value().encode()).hexdigest()[:16])


@dataclass(frozen=True, slots=True)
class Pause:
    """A budget that rests until a moment (aware), and why."""

    budget: Budget
    until: datetime
    reason: str


@dataclass(slots=True)
class Use:
    """How much of a budget is used, in percent, and when its next call may go (seconds of the clock)."""

    percent: float = 0.0
    free_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Hold:
    """A wait of seconds that Meta, or a proxy before it, asked for: its end, and its number in a row."""

    until: float
    round: int


@dataclass(slots=True)
class Pacing:
    """The budgets of one application. `clock` returns aware moments; `seconds` never goes back."""

    clock: Callable[[], datetime]
    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    _uses: dict[Budget, Use] = field(default_factory=dict)
    _pauses: dict[Budget, Pause] = field(default_factory=dict)
    _holds: dict[Budget, Hold] = field(default_factory=dict)

    async def admit(self, budgets: Iterable[Budget]) -> None:
        """Return when a call against these budgets may go. Raises GraphError while one of them rests."""
        call_budgets = tuple(budgets)
        if not self._uses and not self._pauses and not self._holds:
            return
        self.refuse_if_resting(call_budgets)
        now = self.seconds()
        uses = [
            use for budget in call_budgets if (use := self._uses.get(budget)) and use.percent >= SLOWER_FROM_PERCENT
        ]
        holds = [hold.until for budget in call_budgets if (hold := self._holds.get(budget))]
        start = max([use.free_at for use in uses] + holds, default=now)
        for use in uses:
            use.free_at = max(start, now) + interval_seconds(use.percent)
        if start > now:
            await self.sleep(start - now)
            self.refuse_if_resting(call_budgets)  # during the wait another call may have used the budget up

    def refuse_if_resting(self, budgets: Iterable[Budget]) -> None:
        """Raise GraphError, with the moment to try again, while one of the budgets rests."""
        resting = [pause for budget in budgets if (pause := self.pause_of(budget))]
        if resting:
            longest = max(resting, key=lambda pause: pause.until)
            raise GraphError(longest.reason, remedy=Remedy.PAUSE, resume_at=longest.until)

    def pause_of(self, budget: Budget) -> Pause | None:
        pause = self._pauses.get(budget)
        if pause is None:
            return None
        now = self.clock()
        if now < pause.until <= now + LONGEST_REST:
            return pause
        del self._pauses[budget]
        self._uses.pop(budget, None)
        return None

    def pauses(self) -> list[Pause]:
        """Return the current pauses."""
        return [pause for budget in list(self._pauses) if (pause := self.pause_of(budget))]

    def rest(self, pause: Pause) -> None:
        """Let a budget rest; of two rests the longer counts."""
        current = self._pauses.get(pause.budget)
        if current is None or current.until < pause.until:
            self._pauses[pause.budget] = pause
            log.debug("budget_rests", budget=pause.budget.key, until=pause.until.isoformat())

    def hold(self, budget: Budget, wait_seconds: float) -> bool:
        """Let the next calls of a budget wait for some seconds. Return False if its calls waited three times in a row
        and were refused each time: then waiting for seconds does not help.

        Refusals of calls that went out side by side belong to one wait.
        """
        now, hold = self.seconds(), self._holds.get(budget)
        count = 1 if hold is None else hold.round + (now >= hold.until)
        if count > MOST_HOLDS:
            del self._holds[budget]
            return False
        self._holds[budget] = Hold(max(now + wait_seconds, hold.until if hold else now), count)
        return True

    def release(self, budgets: Iterable[Budget]) -> None:
        """Record that a call of these budgets was answered after its wait."""
        now = self.seconds()
        for budget in budgets if self._holds else ():
            hold = self._holds.get(budget)
            if hold is not None and now >= hold.until:
                del self._holds[budget]

    def percent_used(self, budgets: Iterable[Budget]) -> float:
        """Return the usage of the most used of these budgets, in percent of Meta's limit; 0 if Meta sent none yet."""
        return max((use.percent for budget in budgets if (use := self._uses.get(budget))), default=0.0)

    def learn(self, headers: Mapping[str, str], token: Budget) -> dict[Budget, timedelta]:
        """Read the usage headers of any answer to a call with this token.

        Return how long Meta wants budgets to rest, if it says so.
        """
        regain: dict[Budget, timedelta] = {}
        if "x-app-usage" in headers:
            self._note(APPLICATION, read_usage(headers["x-app-usage"]))
        if "x-page-usage" in headers:
            self._note(token, read_usage(headers["x-page-usage"]))
        for budget, percent, minutes in read_business_usage(headers.get("x-business-use-case-usage")):
            if minutes > 0:
                regain[budget] = timedelta(minutes=minutes)
            self._note(budget, percent, regain.get(budget))
        return regain

    def _note(self, budget: Budget, percent: float | None, regain: timedelta | None = None) -> None:
        if percent is None:
            return
        self._uses.setdefault(budget, Use()).percent = percent
        if percent >= STOP_AT_PERCENT:
            reason = f"Meta's limit for {budget_text(budget)} is used up to {percent:.0f} %."
            self.rest(Pause(budget, self.clock() + (regain or PRECAUTION), reason))


def budget_text(budget: Budget) -> str:
    """Return the budget in words for people."""
    if budget.limit_scope is LimitScope.OBJECT:
        return f"account {budget.name}"
    return "the whole app" if budget.limit_scope is LimitScope.APPLICATION else "this token"


def interval_seconds(percent: float) -> float:
    """Return the time between two calls of a budget: none below 75 %, then quadratically up to five seconds at 95 %."""
    share = (percent - SLOWER_FROM_PERCENT) / (STOP_AT_PERCENT - SLOWER_FROM_PERCENT)
    return LONGEST_INTERVAL_SECONDS * min(1.0, max(0.0, share)) ** 2


def read_usage(text: str) -> float | None:
    """Return the largest of `{"call_count":28,"total_cputime":25,"total_time":25}`, in percent; None if unreadable."""
    return largest(parsed(text))


def read_business_usage(text: str | None) -> list[tuple[Budget, float | None, float]]:
    """Return (budget, percent, minutes until access is regained) of each object in X-Business-Use-Case-Usage."""
    usage = parsed(text) if text else None
    if not isinstance(usage, dict):
        return []
    usages: list[tuple[Budget, float | None, float]] = []
    for name, listed in usage.items():
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        percents = [percent for entry in entries if (percent := largest(entry)) is not None]
        minutes = [min(number(entry.get(REGAIN)) or 0.0, MOST_MINUTES) for entry in entries]
        if percents:
            usages.append((Budget(LimitScope.OBJECT, str(name)), max(percents), max(minutes)))
    return usages


def parsed(text: str) -> Any:
    try:
        return read_json(text.encode())
    except ValueError:
        return None


def largest(usage: Any) -> float | None:
    if not isinstance(usage, dict):
        return None
    return max((value for word in USAGE_WORDS if (value := number(usage.get(word))) is not None), default=None)


def number(value: Any) -> float | None:
    """Return a finite number that is not negative, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        return None
    return float(value)
