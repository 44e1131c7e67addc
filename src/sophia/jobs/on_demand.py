"""Collects accounts when a person asks for it on a page, and knows how far each account is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from sophia.analytics.collector.plan import Plan
from sophia.analytics.readings.permissions import ClientScope
from sophia.analytics.readings.runs_store import RunOutcome
from sophia.jobs.collecting import Order, collect_orders
from sophia.jobs.context import JobContext
from sophia.jobs.local import Runner
from sophia.jobs.pictures import fetch_pictures
from sophia.portfolio.service import AccountInfo

# A finished collection is shown this long.
SHOWN_FOR = timedelta(minutes=10)
OPEN = ("waiting", "running")


PlanOf = Callable[[AccountInfo], Plan]


def manual_plan(_account: AccountInfo) -> Plan:
    return Plan("manual")


@dataclass(frozen=True, slots=True)
class AccountProgress:
    """How far the collection of one account is. `status` is *waiting*, *running*, or how the run ended.

    `done` of `steps` requests and windows of days are answered. `problem` is the first problem of an ended run.
    """

    account: AccountInfo
    begun_at: datetime
    status: str = "waiting"
    steps: int = 0
    done: int = 0
    readings: int = 0
    problem: str = ""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class AccountWatch:
    """Receives the progress of one account."""

    def __init__(self, account: AccountInfo, begun_at: datetime) -> None:
        self.state = AccountProgress(account, begun_at)

    def started(self, account: str, steps: int) -> None:  # noqa: ARG002
        self.state = replace(self.state, status="running", steps=steps)

    def advanced(self, account: str, steps: int, readings: int) -> None:  # noqa: ARG002
        self.state = replace(self.state, done=self.state.done + steps, readings=self.state.readings + readings)

    def finished(self, account: str, outcome: RunOutcome) -> None:  # noqa: ARG002
        problem = "" if outcome.status == "ok" else next((item["message"] for item in outcome.problems), "")
        self.state = replace(self.state, status=outcome.status, problem=outcome.action_needed or problem)

    def stopped(self) -> None:
        """Record the end of an account whose run did not report one."""
        if self.state.is_open:
            self.state = replace(self.state, status="failed", problem="The collection was stopped.")


class OnDemandCollection:
    """The collections that pages started in this process."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._watches: dict[int, AccountWatch] = {}
        self._numbers = count(1)

    def begin(self, accounts: Sequence[AccountInfo], plan_of: PlanOf = manual_plan) -> None:
        """Start to collect the accounts, from the event loop. Accounts that a page has begun already are left alone."""
        running = {account_id for account_id, watch in self._watches.items() if watch.state.is_open}
        idle = [account for account in accounts if account.id not in running]
        now = self._runner.context.clock()
        self._watches |= {account.id: AccountWatch(account, now) for account in idle}
        if idle:
            self._runner.begin(f"collect_on_demand_{next(self._numbers)}", partial(self._collect, idle, plan_of))

    def progress(self, allowed_clients: ClientScope, now: datetime) -> list[AccountProgress]:
        """Return how far the accounts of allowed clients are: those that are not finished, and the newly finished."""
        states = [watch.state for watch in list(self._watches.values())]
        return [
            state
            for state in states
            if (allowed_clients is None or state.account.client_id in allowed_clients)
            and (state.is_open or now - state.begun_at < SHOWN_FOR)
        ]

    async def _collect(
        self, accounts: Sequence[AccountInfo], plan_of: PlanOf, context: JobContext
    ) -> Mapping[str, int]:
        watches = {account.id: self._watches[account.id] for account in accounts}
        orders = [Order(account, plan_of(account)) for account in accounts]
        try:
            outcomes = await collect_orders(context.collector(), orders, lambda account: watches[account.id])
        finally:
            for watch in watches.values():
                watch.stopped()
            # A person waits for these figures: the portfolio shows them at once, as it shows changes by requests.
            context.database.versions.count_write()
        pictures = await fetch_pictures(context)
        ok = sum(outcome.status == "ok" for outcome in outcomes)
        return {"accounts": len(outcomes), "ok": ok, "pictures": pictures.get("stored", 0)}
