"""When jobs run: APScheduler in memory, started and stopped with the server.

A job's entry holds only its name. Nothing is pickled or written to disk (D1, D6). A run that was missed by hours,
because the machine slept, still happens, once (E4).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import anyio.to_thread
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from sophia.config import Settings
from sophia.database.engine import Database
from sophia.jobs.alerts import then_alerts
from sophia.jobs.collecting import catch_up, collect_at_start, resumption
from sophia.jobs.context import JobContext, graph_client
from sophia.jobs.local import Runner
from sophia.jobs.run_times import Schedule
from sophia.jobs.table import JOBS, Job
from sophia.jobs.triggers import RunTimes
from sophia.vault import open_vault

log = structlog.get_logger(__name__)
GRACE = timedelta(hours=6)
# The shortest wait before a stopped collection is resumed.
SHORTEST_WAIT = timedelta(minutes=5)
# Started by an event and not by the clock: the start of the server, and the end of a limit of Meta's.
AT_START = Job("collect_at_start", then_alerts(collect_at_start), Schedule("day"))
RESUME = Job("resume", then_alerts(catch_up), Schedule("hour"))
UNPLANNED = (AT_START, RESUME)


def utc_now() -> datetime:
    return datetime.now(UTC)


def build_scheduler(settings: Settings, run: Callable[[str], object]) -> AsyncIOScheduler:
    """Return a scheduler that calls `run` with the name of the job whose time has come. It is not started yet.

    The scheduler itself runs in UTC: only the run times of `RunTimes` know the operator's zone.
    """
    scheduler = AsyncIOScheduler(timezone=UTC)
    for job in JOBS:
        scheduler.add_job(
            run,
            RunTimes(job.schedule, settings.daily_hour, settings.operator_zone),
            args=[job.name],
            id=job.name,
            name=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=int(GRACE.total_seconds()),
        )
    return scheduler


@asynccontextmanager
async def open_runner(
    settings: Settings, database: Database, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Runner]:
    """Yield a runner that runs nothing by the clock. At the end, its jobs are cancelled, their runs closed and their
    leases released.
    """
    async with graph_client(settings, clock) as client:
        vault = open_vault(settings.encryption_key, settings.data_dir)
        runner = Runner(JobContext(database, vault, client, settings, clock))
        try:
            yield runner
        finally:
            await runner.stop()


@asynccontextmanager
async def run_jobs(
    settings: Settings, database: Database, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Runner]:
    """Run jobs while the block runs. First, accounts that are not complete through yesterday are collected."""
    async with AsyncExitStack() as stack:
        runner = await stack.enter_async_context(open_runner(settings, database, clock=clock))
        by_name = {job.name: job for job in (*JOBS, *UNPLANNED)}

        async def fire(name: str) -> None:
            job = by_name[name]
            await runner.run(job)
            if job.schedule.every == "minute":
                return
            moment = await anyio.to_thread.run_sync(resumption, runner.context)
            if moment is not None:
                wait = max(moment - clock(), SHORTEST_WAIT)
                later = DateTrigger(utc_now() + wait)
                scheduler.add_job(fire, later, args=[RESUME.name], id=RESUME.name, replace_existing=True)

        scheduler = build_scheduler(settings, fire)
        scheduler.start()
        stack.callback(scheduler.shutdown, wait=False)
        scheduler.add_job(fire, args=[AT_START.name], id=AT_START.name)
        for job in JOBS:
            next_run = scheduler.get_job(job.name).next_run_time.astimezone(settings.operator_zone)
            log.info("job_planned", job=job.name, next_run=str(next_run))
        yield runner
