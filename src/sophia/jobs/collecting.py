"""Collects accounts side by side, for a job, the start of the server, or a command."""

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
from sophia.jobs.pictures import fetch_pictures
from sophia.portfolio.service import AccountInfo

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """One account and the plan of its run. `still_due` is called again in a thread, under the account's lease."""

    account: AccountInfo
    plan: Plan
    still_due: Callable[[], bool] | None = None


async def collect_orders(
    collector: Collector, orders: Sequence[Order], watching: Callable[[AccountInfo], Progress] | None = None
) -> list[RunOutcome]:
    """Run every order, as many at a time as the settings allow, and return the outcomes in the same order.

    An account that fails affects no other (C2): an unexpected exception ends its run as failed, is logged with its
    traceback, and is an outcome like any other. `watching` creates the progress of one account, which receives the end
    of a run from the run, and again here.
    """
    slots = asyncio.Semaphore(collector.settings.concurrency)

    async def collect_order(order: Order) -> RunOutcome:
        progress = watching(order.account) if watching else collector.progress
        order_collector = replace(collector, progress=progress)
        async with slots:
            outcome = await order_collector.collect_safely(order.account.id, order.plan, order.still_due)
        # A skipped account has no run to report its end; the others report it twice.
        progress.finished(order.account.label, outcome)
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(collect_order(order)) for order in orders]
    return [task.result() for task in tasks]


async def collect_daily(context: JobContext) -> dict[str, int]:
    """Run the daily collection: every account that is not complete through yesterday, or whose posts are due."""
    return await _collect(context, Plan("daily", at_least=None), is_due_daily)


async def catch_up(context: JobContext) -> dict[str, int]:
    """Collect what the last daily collection missed because the machine slept or Meta set a limit."""
    hour, zone = context.settings.daily_hour, context.settings.operator_zone
    return await _collect(
        context, Plan("catch_up", at_least=None), lambda health, now: is_due_again(health, now, hour, zone)
    )


async def collect_at_start(context: JobContext) -> dict[str, int]:
    """Collect accounts that are not complete through yesterday, when the server starts."""
    return await _collect(context, Plan("start", at_least=None), is_due_at_start)


async def collect_fresh(context: JobContext) -> dict[str, int]:
    """Collect current stories, whose metrics end with them after 24 hours (B5), and posts of the last days (B7)."""
    return await _collect(context, Plan(FRESH, fresh_only=True, at_least=None), _is_active)


async def collect_comments(context: JobContext) -> dict[str, int]:
    """Collect comments and competitors in a run of their own per account, so that no reading waits for them."""
    return await _collect(context, Plan(COMMENTS, comments_only=True, at_least=None), _is_active)


def _is_active(health: AccountHealth, _now: datetime) -> bool:
    return health.account.status == "active"


async def _collect(
    context: JobContext, plan: Plan, is_due: Callable[[AccountHealth, datetime], bool]
) -> dict[str, int]:
    """Collect the accounts that are due. Return {status of the run: count}."""
    accounts = await anyio.to_thread.run_sync(_account_health, context)
    now = context.clock()
    due = [health for health in accounts if may_be_collected(health) and is_due(health, now)]
    orders = [Order(health.account, plan, partial(_is_still_due, context, health, is_due)) for health in due]
    outcomes = await collect_orders(context.collector(), orders)
    counts: dict[str, int] = {"accounts": len(accounts), "due": len(due)}
    for outcome in outcomes:
        counts[outcome.status] = counts.get(outcome.status, 0) + 1
    if outcomes:
        await fetch_pictures(context)
    return counts


def _is_still_due(
    context: JobContext, before: AccountHealth, is_due: Callable[[AccountHealth, datetime], bool]
) -> bool:
    """Return whether the account is due by the current state of the store; `before` is its state when the job began."""
    with context.database.read() as session:
        current = account_health(session, account_id=before.account.id)
    return any(
        may_be_collected(health) and is_due(health, context.clock()) and not was_collected_since(before, health)
        for health in current
    )


def resumption(context: JobContext) -> datetime | None:
    """Return when the first account may continue that a limit or a silent host stopped; None if none was stopped."""
    return next_resumption(health for health in _account_health(context) if may_be_collected(health))


def _account_health(context: JobContext) -> list[AccountHealth]:
    with context.database.read() as session:
        return account_health(session)
