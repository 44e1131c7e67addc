"""Collecting accounts side by side, whoever asked for it: a job, the start of the server, or a command."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import anyio.to_thread
import structlog

from sophia.analytics.collector.plan import Plan, Progress
from sophia.analytics.collector.portfolio import Collector
from sophia.analytics.readings.account_states import AccountHealth, account_health
from sophia.analytics.readings.run_models import COMMENTS, FRESH
from sophia.analytics.readings.runs_store import RunOutcome
from sophia.jobs.context import JobContext
from sophia.jobs.due import (
    is_due_again,
    is_due_at_start,
    is_due_daily,
    may_be_collected,
    next_resumption,
    was_collected_since,
)
from sophia.portfolio.service import AccountInfo

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """One account and what its run is for. `still_due`, if given, is asked again under the account's lease, in a thread."""

    account: AccountInfo
    plan: Plan
    still_due: Callable[[], bool] | None = None


async def collect_orders(
    collector: Collector, orders: Sequence[Order], watching: Callable[[AccountInfo], Progress] | None = None
) -> list[RunOutcome]:
    """Run every order, as many at a time as the settings allow, and return what became of each, in order.

    Whatever happens to one account, the others go on (C2): a fault of ours ends its run as failed, is logged with its
    traceback, and is an outcome like any other. `watching` makes the progress of one account; it is told of the end of
    a run by the run, and once more here.
    """
    slots = asyncio.Semaphore(collector.settings.concurrency)

    async def collect_order(order: Order) -> RunOutcome:
        progress = watching(order.account) if watching else collector.progress
        order_collector = replace(collector, progress=progress)
        async with slots:
            outcome = await order_collector.collect_safely(order.account.id, order.plan, order.still_due)
        # An account that is skipped has no run that would say so; watchers hear the end of the others twice.
        progress.finished(order.account.label, outcome)
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(collect_order(order)) for order in orders]
    return [task.result() for task in tasks]


async def collect_daily(context: JobContext) -> dict[str, int]:
    """The daily collection: every account that is not through yesterday, or whose posts are due."""
    return await _collect(context, Plan("daily", at_least=None), is_due_daily)


async def catch_up(context: JobContext) -> dict[str, int]:
    """What the last daily collection should have brought and did not: the machine slept, or Meta set a limit."""
    hour, zone = context.settings.daily_hour, context.settings.operator_zone
    return await _collect(
        context, Plan("catch_up", at_least=None), lambda health, now: is_due_again(health, now, hour, zone)
    )


async def collect_at_start(context: JobContext) -> dict[str, int]:
    """At the start of the server: accounts that are not through yesterday."""
    return await _collect(context, Plan("start", at_least=None), is_due_at_start)


async def collect_fresh(context: JobContext) -> dict[str, int]:
    """Stories that are alive now, whose metrics die with them after 24 hours (B5), and posts of the last days (B7)."""
    return await _collect(context, Plan(FRESH, fresh_only=True, at_least=None), _is_active)


async def collect_comments(context: JobContext) -> dict[str, int]:
    """What people wrote under posts, and competitors: a run of its own for each account, so that readings wait for nothing."""
    return await _collect(context, Plan(COMMENTS, comments_only=True, at_least=None), _is_active)


def _is_active(health: AccountHealth, _now: datetime) -> bool:
    return health.account.status == "active"


async def _collect(
    context: JobContext, plan: Plan, is_due: Callable[[AccountHealth, datetime], bool]
) -> dict[str, int]:
    """Collect the accounts that are due; returns {status of the run: how many}."""
    accounts = await anyio.to_thread.run_sync(_account_health, context)
    now = context.clock()
    due = [health for health in accounts if may_be_collected(health) and is_due(health, now)]
    orders = [Order(health.account, plan, partial(_is_still_due, context, health, is_due)) for health in due]
    outcomes = await collect_orders(context.collector(), orders)
    counts: dict[str, int] = {"accounts": len(accounts), "due": len(due)}
    for outcome in outcomes:
        counts[outcome.status] = counts.get(outcome.status, 0) + 1
    return counts


def _is_still_due(
    context: JobContext, before: AccountHealth, is_due: Callable[[AccountHealth, datetime], bool]
) -> bool:
    """Whether the account is due by what the store says now; `before` is what it said when the job began."""
    with context.database.read() as session:
        current = account_health(session, account_id=before.account.id)
    return any(
        may_be_collected(health) and is_due(health, context.clock()) and not was_collected_since(before, health)
        for health in current
    )


def resumption(context: JobContext) -> datetime | None:
    """When the first account may go on that was stopped by a limit or by silence; None when none was."""
    return next_resumption(health for health in _account_health(context) if may_be_collected(health))


def _account_health(context: JobContext) -> list[AccountHealth]:
    with context.database.read() as session:
        return account_health(session)
