"""Runs jobs in this process, one at a time each; the failure of a job affects no other."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import anyio.to_thread
import structlog

from sophia.analytics.readings.runs_store import take_lease
from sophia.jobs.context import JobContext
from sophia.jobs.table import Job

log = structlog.get_logger(__name__)
# The greatest difference between the clocks of several machines.
SKEW = timedelta(minutes=5)
MOST_RESULTS = 100


def is_from_the_future(now: datetime, holder: str) -> bool:
    """Return whether a clock that ran ahead made a claim, which would otherwise block the job until that time."""
    claimed = holder.rpartition(":")[2]
    return claimed.isdigit() and int(claimed) > (now + SKEW).timestamp()


@dataclass(frozen=True, slots=True)
class JobResult:
    """How the newest run of a job in this process ended (aware, UTC). `counts` is None for a run that failed."""

    ended_at: datetime
    counts: Mapping[str, int] | None


class Runner:
    """Tracks the running jobs, so that they end in order when the process stops."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        self._results: dict[str, JobResult] = {}
        self._running: dict[str, asyncio.Task[object]] = {}

    async def run(self, job: Job) -> bool:
        """Run the job unless it runs here already or another process has begun it. Return whether it ran."""
        if job.name in self._running:
            log.info("job_runs_already", job=job.name)
            return False
        if job.alone_for is not None and not await anyio.to_thread.run_sync(self._claim, job):
            log.info("job_runs_elsewhere", job=job.name)
            return False
        await self.begin(job.name, job.run, quiet=job.is_quiet)
        return True

    def run_now(self, job: Job) -> bool:
        """Start the job for a person, whenever it ran last. Return False if it runs here already."""
        if self.is_running(job.name):
            return False
        self.begin(job.name, job.run)
        return True

    def result_of(self, name: str) -> JobResult | None:
        """Return how the newest run of a job in this process ended, or None if none has ended."""
        return self._results.get(name)

    def is_running(self, name: str) -> bool:
        return name in self._running

    def begin(
        self, name: str, work: Callable[[JobContext], Awaitable[Mapping[str, int]]], *, quiet: bool = False
    ) -> "asyncio.Task[object]":
        """Start work under a name; it ends at the latest when `stop` is called."""
        task: asyncio.Task[object] = asyncio.create_task(self._guarded(name, work, quiet), name=name)
        self._running[name] = task
        task.add_done_callback(lambda _: self._running.pop(name, None))
        return task

    async def stop(self) -> None:
        """Cancel running jobs, and wait until their transactions and leases are closed."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def _claim(self, job: Job) -> bool:
        """Take a lease that expires by time, before the job's next run."""
        if job.alone_for is None:
            return True
        with self.context.database.write() as session:
            # A holder may renew its lease, so each attempt needs its own holder.
            now = self.context.clock()
            holder = f"{self.context.holder}:{time.monotonic_ns()}:{int(now.timestamp())}"
            stale = partial(is_from_the_future, now)
            return take_lease(session, f"job:{job.name}", holder, now, job.alone_for, is_dead=stale)

    async def _guarded(
        self, name: str, work: Callable[[JobContext], Awaitable[Mapping[str, int]]], quiet: bool
    ) -> None:
        """Run a job; an exception is logged with its traceback, and the next run starts as planned."""
        began = time.monotonic()
        say = log.debug if quiet else log.info
        say("job_started", job=name)
        try:
            counts = await work(self.context)
        except asyncio.CancelledError:
            log.info("job_stopped", job=name)
            raise
        except Exception:
            log.exception("job_failed", job=name, seconds=round(time.monotonic() - began, 1))
            self._keep(name, None)
        else:
            self._keep(name, counts)
            say("job_finished", job=name, seconds=round(time.monotonic() - began, 1), **counts)

    def _keep(self, name: str, counts: Mapping[str, int] | None) -> None:
        """Keep the result of the newest runs only: work that a person starts has a new name each time."""
        self._results.pop(name, None)
        self._results[name] = JobResult(self.context.clock(), counts)
        for oldest in list(self._results)[:-MOST_RESULTS]:
            del self._results[oldest]
