"""Meta's rate limits: budgets, usage headers, and refusals until a budget is regained (GRAPH_API.md, 4)."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sophia.demo.meta.graph.errors import GraphError, as_json
from sophia.demo.meta.graph.meta_errors import META_ERRORS, MetaError
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.world.objects import InstagramAccount
from sophia.demo.meta.world.world import World

# "app": all calls. "token": calls with the Page token of an account. "object": calls about an account and its posts.
Budget = Literal["app", "token", "object"]


@dataclass(frozen=True, slots=True)
class ThrottledCall:
    """A call that ignored an exhausted budget. `text` holds no secrets."""

    budget: Budget
    account_id: str | None
    text: str
    at: datetime


@dataclass(slots=True)
class Limit:
    """A budget of `calls`. It is regained `regain` after its exhaustion, later by `extension` for each call before."""

    budget: Budget
    account_id: str | None
    token: str | None
    calls: int
    regain: timedelta
    extension: timedelta
    error: MetaError
    shows_usage: bool
    refuses: bool
    used: int = 0
    regained_at: datetime | None = None
    has_refused: bool = False
    # Whether an answer has shown the client that the budget is exhausted: by a header of 100 %, or a refusal.
    is_announced: bool = False

    def concerns(self, request: Request, accounts: Mapping[str, int]) -> bool:
        if self.budget == "object":
            return self.account_id in accounts
        return self.budget == "app" or request.token == self.token

    def charge(self, count: int, now: datetime) -> bool:
        """Count calls. Return whether the budget was already exhausted."""
        if self.regained_at is not None and now >= self.regained_at:
            self.used, self.regained_at, self.has_refused, self.is_announced = 0, None, False, False
        if self.regained_at is not None:
            self.regained_at += self.extension if self.is_announced else timedelta(0)
            return True
        self.used += count
        if self.used >= self.calls:
            self.regained_at = now + self.regain
        return False

    @property
    def percent(self) -> int:
        return min(100, self.used * 100 // self.calls)

    def minutes_left(self, now: datetime) -> int:
        """Return the full minutes until the budget is regained; 0 while it is not exhausted."""
        if self.regained_at is None:
            return 0
        return max(0, math.ceil((self.regained_at - now).total_seconds() / 60))


@dataclass(slots=True)
class Limits:
    """All limits of a simulation, and the calls that ignored them."""

    world: World
    limits: list[Limit] = field(default_factory=list)
    throttled: list[ThrottledCall] = field(default_factory=list)

    def add(
        self,
        budget: Budget,
        calls: int,
        regain: timedelta,
        *,
        of: str | None = None,
        error: str | None = None,
        extension: timedelta = timedelta(minutes=1),
        shows_usage: bool = True,
        refuses: bool = True,
    ) -> Limit:
        """Give a budget of `calls`: when it is used up, calls are refused until `regain` has passed on the clock.

        `of` is the account that has the budget: for its token ("token"), or for itself and its posts ("object"). Each
        call that ignores the limit extends it by `extension`. `error` names a row of META_ERRORS; by default code 4 for
        the application, 17 for a token, 80001 or 80002 for a Page or an Instagram account. Without `shows_usage`
        answers lack the budget's header, without `refuses` only the header shows the limit. Raise ValueError if `of` is
        missing, KeyError for an unknown account or error.
        """
        if (of is None) != (budget == "app"):
            raise ValueError("of names the account of a token or object budget, and nothing else")
        token = self.world.business_of(of).page.access_token if of is not None else None
        row = META_ERRORS[error or self._usual_error(budget, of)]
        limit = Limit(budget, of, token, calls, regain, extension, row, shows_usage, refuses)
        self.limits.append(limit)
        return limit

    def _usual_error(self, budget: Budget, account_id: str | None) -> str:
        if budget == "app":
            return "4 app rate limit"
        if budget == "token" or account_id is None:
            return "17 user rate limit"
        is_instagram = isinstance(self.world.account(account_id), InstagramAccount)
        return "80002 instagram rate limit" if is_instagram else "80001 page rate limit"

    def charge(self, request: Request, accounts: Mapping[str, int]) -> GraphError | None:
        """Count each id of a request. Return a refusal if a budget was already exhausted."""
        refusal = None
        for limit in self.limits:
            if not limit.concerns(request, accounts):
                continue
            count = max(1, len(request.ids))
            if limit.budget == "object":
                count = accounts[limit.account_id or ""]
            if not limit.charge(count, request.now):
                continue
            if limit.is_announced:
                self.throttled.append(ThrottledCall(limit.budget, limit.account_id, request.text, request.now))
            if limit.refuses:
                limit.has_refused = True
                refusal = refusal or limit.error.as_error()
        return refusal

    def note_announced(self, request: Request, accounts: Mapping[str, int]) -> None:
        """Note that an answer went out. It announces exhausted budgets to the client, after the whole batch was
        answered.
        """
        for limit in self._concerning(request, accounts):
            if limit.regained_at is not None and (limit.shows_usage or limit.has_refused):
                limit.is_announced = True

    def headers(self, request: Request, accounts: Mapping[str, int], usual: int) -> dict[str, str]:
        """Return the usage headers, on errors too, with `usual` percent for a budget without a limit."""
        headers = {"x-app-usage": as_json(_usage(usual))}
        uses: dict[str, list[dict[str, Any]]] = {}
        for account_id in list(accounts)[:32]:
            kind = "instagram" if isinstance(self.world.account(account_id), InstagramAccount) else "pages"
            uses[account_id] = [{"type": kind, **_usage(usual), "estimated_time_to_regain_access": 0}]
        for limit in self._concerning(request, accounts):
            if limit.budget == "object":
                account_id = limit.account_id or ""
                if not limit.shows_usage:
                    uses.pop(account_id, None)
                elif account_id in uses:
                    left = {"estimated_time_to_regain_access": limit.minutes_left(request.now)}
                    uses[account_id][0] |= {**_usage(limit.percent), **left}
                continue
            name = "x-app-usage" if limit.budget == "app" else "x-page-usage"
            headers.pop(name, None)
            if limit.shows_usage:
                headers[name] = as_json(_usage(limit.percent))
        if uses:
            headers["x-business-use-case-usage"] = as_json(uses)
        return headers

    def _concerning(self, request: Request, accounts: Mapping[str, int]) -> Iterator[Limit]:
        return (limit for limit in self.limits if limit.concerns(request, accounts))


def _usage(percent: int) -> dict[str, int]:
    """Return usage in which time is half of the number of calls, as for small calls."""
    return {"call_count": percent, "total_cputime": percent // 2, "total_time": min(100, percent // 2 + 1)}
