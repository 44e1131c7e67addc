"""All jobs, in one table: what they do, when, and for how long a process that begins one keeps others from it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import anyio.to_thread
import structlog

from sophia.analytics.report import keep_weeks
from sophia.analytics.store.retention import forget_raw_answers
from sophia.jobs.collecting import catch_up, collect_daily, collect_fresh
from sophia.jobs.context import JobContext
from sophia.portfolio.checking import check_tokens

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every hour at `minute`, or every day at `minute` of the hour that is `hours_after` the daily hour of the settings,
    in the operator's zone; each time up to `jitter` later, so that not everything begins at once (E9).
    """

    every: Literal["hour", "day"]
    minute: int = 0
    hours_after: int = 0
    jitter: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Job:
    """`alone_for`: after one process has begun it, no other does for this while; must be shorter than the schedule's
    interval. None where what is due says it better.
    """

    name: str
    run: Callable[[JobContext], Awaitable[Mapping[str, int]]]
    schedule: Schedule
    alone_for: timedelta | None = None


async def check_all_tokens(context: JobContext) -> dict[str, int]:
    """Ask Meta about every token, and log what a person should do."""
    check = await check_tokens(context.database, context.vault, context.client, context.settings, context.clock)
    for warning in check.warnings:
        log.warning("action_needed", code=warning.code, message=warning.message, account=warning.account)
    return {"checked": check.checked, "warnings": len(check.warnings)}


async def forget_old_answers(context: JobContext) -> dict[str, int]:
    """Drop raw answers that are older than the settings keep them."""
    before = context.clock() - timedelta(days=context.settings.raw_answer_days)
    return {"forgotten": await anyio.to_thread.run_sync(forget_raw_answers, context.database, before)}


async def keep_closed_weeks(context: JobContext) -> dict[str, int]:
    """Compute the KPIs of weeks that closed, and anew those of weeks whose readings came late or were restated."""
    saved = await anyio.to_thread.run_sync(keep_weeks, context.database, context.clock())
    return {"new": saved.new, "changed": saved.changed, "same": saved.same}


JOBS = (
    Job("collect_daily", collect_daily, Schedule("day")),
    Job("catch_up", catch_up, Schedule("hour", minute=35), alone_for=timedelta(minutes=30)),
    Job("collect_fresh", collect_fresh, Schedule("hour", minute=10), alone_for=timedelta(minutes=30)),
    # Every day: a week closes on Monday in Meta's zone, and Meta restates its last days until Wednesday.
    Job("keep_weeks", keep_closed_weeks, Schedule("day", hours_after=2), alone_for=timedelta(hours=6)),
    Job("check_tokens", check_all_tokens, Schedule("day", minute=30), alone_for=timedelta(hours=6)),
    Job("forget_raw_answers", forget_old_answers, Schedule("day", hours_after=1), alone_for=timedelta(hours=6)),
)
