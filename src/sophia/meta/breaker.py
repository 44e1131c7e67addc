"""Stops requests that fail again and again, so that an outage costs some calls and not hundreds (C9, L6).

Only temporary errors count: no answer, an unreadable one, and Meta's own "try again". Every other error shows that Meta
answers. There are three circuits: one for the host, shared by all accounts, and in each run one for the token and one
for each family of calls (`page_insights`, `published_posts` …).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sophia.meta.errors import GraphError, Remedy

# A call with its retries fails four times, and the search for an invalid object in a page of a hundred four times more.
FAILURES = 10
# Accounts and families that must fail before the host counts as down; fewer may have their own problems.
FEWEST_ACCOUNTS = 3
FEWEST_FAMILIES = 3
REST_SECONDS = 60.0
# A host that answered this recently is not down: at the end of runs only the failing families are still at work.
ANSWERED_RECENTLY_SECONDS = 5.0
# What a "too heavy" counts as a failure. Twenty in a row are more than it takes to halve 90 days of 30 metrics down to
# one day of one metric, so at least one small request was tried.
TOO_HEAVY = 0.5


@dataclass(slots=True)
class Breaker:
    """The circuit of the host. It opens after ten failures in a row and five seconds without an answer, in several
    families of several accounts. A minute later one call may try; if it is answered, all may.
    """

    seconds: Callable[[], float] = time.monotonic
    _accounts: set[str] = field(default_factory=set)
    _families: set[str] = field(default_factory=set)
    _failures: int = 0
    _open_until: float | None = None
    _answered_at: float | None = None
    _reason: str = ""

    def admit(self) -> None:
        """Raise GraphError while the circuit is open."""
        if self._open_until is None:
            return
        if self.seconds() < self._open_until:
            raise GraphError(f"Meta's Graph API fails for every account: {self._reason}", remedy=Remedy.UNREACHABLE)
        self._open_until = self.seconds() + REST_SECONDS  # this call tries, the others wait for it

    def succeeded(self) -> None:
        """Record a call that Meta answered, even with an error about the call."""
        self._failures, self._open_until, self._answered_at = 0, None, self.seconds()
        self._accounts.clear()
        self._families.clear()

    def failed(self, account: str, family: str, reason: str) -> None:
        """Record a call that failed temporarily. `account` names the account or the token of the call."""
        self._failures += 1
        self._accounts.add(account)
        self._families.add(family)
        self._reason = reason
        are_several = len(self._accounts) >= FEWEST_ACCOUNTS and len(self._families) >= FEWEST_FAMILIES
        is_silent = self._answered_at is None or self.seconds() - self._answered_at >= ANSWERED_RECENTLY_SECONDS
        if self._failures >= FAILURES and are_several and is_silent:
            self._open_until = self.seconds() + REST_SECONDS


@dataclass(slots=True)
class TokenCircuit:
    """The circuits of one run with one token: that of the token, and one for each family of calls.

    The circuit of a family opens after ten failures in a row of that family. The circuit of the token opens after ten
    failures in a row of any families: from then on a family gets one attempt, so every run finds a family that works. A
    success closes the circuit of its family and that of the token.
    """

    _failures: float = 0.0
    _by_family: dict[str, float] = field(default_factory=dict)
    _last: GraphError | None = None

    def is_open(self, family: str) -> bool:
        """Return whether further calls of this family are pointless."""
        allowed = FAILURES if self._failures < FAILURES else 1
        return self._by_family.get(family, 0.0) >= allowed

    def admit(self, family: str) -> None:
        """Raise GraphError while calls of this family are pointless."""
        if self._last is None or not self.is_open(family):
            return
        last = self._last
        raise GraphError(
            f"Meta fails on every call of this kind: {last.message}",
            code=last.code,
            subcode=last.subcode,
            trace=last.trace,
            user_title=last.user_title,
            user_message=last.user_message,
            remedy=Remedy.FAILING,
        )

    def succeeded(self, family: str) -> None:
        """Record a call of this family that Meta answered."""
        self._failures, self._by_family[family] = 0.0, 0.0

    def failed(self, family: str, error: GraphError, weight: float = 1.0) -> None:
        """Record a call of this family that failed temporarily."""
        self._failures += weight
        self._by_family[family] = self._by_family.get(family, 0.0) + weight
        self._last = error
